"""The meminfo_numa collector: memory by NUMA node, from /sys/devices/system/node."""

import re
from collections.abc import Iterator

from barograph.collectors.attributes import Attributes, listed
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading
from barograph.model.batch import Family
from barograph.model.errors import CollectError, NoDataError

_NODE = re.compile(r"node(\d+)")
_KIB = 1024.0


class MeminfoNumaConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the meminfo_numa collector: only those of every collector."""


class MeminfoNumaCollector(PlainCollector):
    """Fills some thirty values for each node. See `model.protocols.Collector`."""

    name = "meminfo_numa"

    def __init__(self, host: Host, config: MeminfoNumaConfig) -> None:
        del config  # nothing of its own
        super().__init__()
        self._folder = host.paths.sysfs / "devices/system/node"
        self._names: list[str] = []
        self._nodes: list[tuple[str, Attributes]] = []
        self._families: dict[str, Family] = {}
        self._specs: dict[tuple[str, str], SeriesSpec] = {}

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        names = listed(self._folder)
        if names != self._names:
            self.close()
            self._names = names
            found = [(match[1], name) for name in names if (match := _NODE.fullmatch(name))]
            self._nodes = [(number, Attributes(self._folder / name, ("meminfo", "numastat"))) for number, name in found]
        if not self._nodes:
            raise NoDataError(f"{self._folder} holds no node")
        try:
            return [reading for number, files in self._nodes for reading in self._node(number, files)]
        except (ValueError, IndexError) as error:
            raise CollectError(f"{self._folder}: a file is not as the kernel writes it: {error}") from error

    def close(self) -> None:
        """Close what is open."""
        for _, files in self._nodes:
            files.close()
        self._names = []

    def _node(self, number: str, files: Attributes) -> Iterator[Reading]:
        meminfo, numastat = files.read()
        for line in (meminfo or b"").split(b"\n"):
            words = line.split()  # Node 0 Active(anon): 5 kB
            if len(words) >= 4:
                name = text_of(words[2]).removesuffix(":").replace("(", "_").removesuffix(")")
                scale = _KIB if words[4:] == [b"kB"] else 1.0
                yield self._spec(name, number, is_counter=False), int(words[3]) * scale
        for line in (numastat or b"").split(b"\n"):
            words = line.split()
            if len(words) == 2:
                yield self._spec(f"{text_of(words[0])}_total", number, is_counter=True), float(int(words[1]))

    def _spec(self, name: str, node: str, *, is_counter: bool) -> SeriesSpec:
        found = self._specs.get((name, node))
        if found is None:
            made = counter if is_counter else gauge
            metric = f"node_memory_numa_{name}"
            family = self._families.setdefault(name, made(metric, f"{name.removesuffix('_total')} of a NUMA node."))
            found = self._specs[name, node] = SeriesSpec(family, {"node": node})
        return found


ENTRY = CollectorEntry(
    factory=MeminfoNumaCollector,
    section=MeminfoNumaConfig,
    default=False,
    summary="Memory by NUMA node",
    files=("/sys/devices/system/node/node*/meminfo", "/sys/devices/system/node/node*/numastat"),
    families=(
        gauge("node_memory_numa_*", "A line of meminfo, in bytes"),
        counter("node_memory_numa_*_total", "A line of numastat"),
    ),
)
