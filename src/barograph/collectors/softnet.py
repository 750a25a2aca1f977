"""The softnet collector: packets that each CPU took off the network devices, from /proc/net/softnet_stat."""

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import lines_of
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

# each family with its column (net/core/net-procfs.c) and the number of columns that kernels with it write at least
_COLUMNS = (
    (counter("node_softnet_processed_total", "Number of processed packets"), 0, 9),
    (counter("node_softnet_dropped_total", "Number of dropped packets"), 1, 9),
    (counter("node_softnet_times_squeezed_total", "Number of times processing packets ran out of quota"), 2, 9),
    (
        counter(
            "node_softnet_cpu_collision_total",
            "Number of collision occur while obtaining device lock while transmitting",
        ),
        8,
        9,
    ),
    (counter("node_softnet_received_rps_total", "Number of times cpu woken up received_rps"), 9, 10),
    (counter("node_softnet_flow_limit_count_total", "Number of times flow limit has been reached"), 10, 11),
    (gauge("node_softnet_backlog_len", "Softnet backlog status"), 11, 13),
)
_LEAST_COLUMNS = 9
_CPU_COLUMN = 12
FAMILIES = tuple(family for family, _, _ in _COLUMNS)


class SoftnetConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the softnet collector: only those of every collector."""


class SoftnetCollector:
    """Fills a matrix of families and CPUs. See `model.protocols.Collector`."""

    name = "softnet"

    def __init__(self, host: Host, config: SoftnetConfig) -> None:
        del config  # nothing of its own
        self._file = KeptFile(host.paths.procfs / "net/softnet_stat", single=False)
        self._frame = Frame(self.name)
        self._shape: tuple[int, list[bytes]] = (-1, [])
        self._cpu_places: list[int] = []
        self._slots: list[int] = []
        self._places: list[int] = []

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        content = self._file.read()
        tokens = content.split()
        if (len(tokens), [tokens[i] for i in self._cpu_places if i < len(tokens)]) != self._shape:
            self._learn(content, tokens)
        try:
            self._frame.values[self._slots] = [int(tokens[i], 16) for i in self._places]
        except ValueError as error:
            raise CollectError(f"{self._file.path}: a counter is not a number: {error}") from error
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._file.close()

    def _learn(self, content: bytes, tokens: list[bytes]) -> None:
        """Find the CPUs: from 5.10 on a line says its CPU, before that the CPUs that are online stand in order."""
        lines = lines_of(content)
        widths = [len(words) for words in lines]
        if not lines or min(widths) < _LEAST_COLUMNS:
            raise CollectError(
                f"{self._file.path} is not a table of {_LEAST_COLUMNS} columns or more: {content[:60]!r}"
            )
        starts = [sum(widths[:i]) for i in range(len(widths))]
        cpus = [str(i) if width <= _CPU_COLUMN else _cpu(lines[i]) for i, width in enumerate(widths)]
        specs: list[SeriesSpec] = []
        self._slots, self._places = [], []
        for family, column, least in _COLUMNS:
            for cpu, start, width in zip(cpus, starts, widths, strict=True):
                if width >= least:
                    self._slots.append(len(specs))
                    self._places.append(start + column)
                specs.append(SeriesSpec(family, {"cpu": cpu}))
        # what this kernel does not count is 0, as node_exporter has it
        self._frame.reshape(specs)[:] = 0.0
        wide = [start for start, width in zip(starts, widths, strict=True) if width > _CPU_COLUMN]
        self._cpu_places = [start + _CPU_COLUMN for start in wide]
        self._shape = (len(tokens), [tokens[i] for i in self._cpu_places])


def _cpu(words: list[bytes]) -> str:
    try:
        return str(int(words[_CPU_COLUMN], 16))
    except ValueError as error:
        raise CollectError(f"softnet_stat: the CPU of a line is not a number: {words[_CPU_COLUMN]!r}") from error


ENTRY = CollectorEntry(
    factory=SoftnetCollector,
    section=SoftnetConfig,
    default=True,
    summary="Packets taken off network devices, by CPU",
    files=("/proc/net/softnet_stat",),
    families=FAMILIES,
)
