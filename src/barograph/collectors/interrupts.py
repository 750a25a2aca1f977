"""The interrupts collector: interrupts by CPU, type and device, from /proc/interrupts."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import NameFilter
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading

_TOTAL = counter("node_interrupts_total", "Interrupts, by CPU, type and device.")


class InterruptsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the interrupts collector.

    Attributes:
        name_include: A regex (RE2); only interrupts whose `type;info;devices` it is found in.
        name_exclude: A regex (RE2); not those whose it is found in.
        include_zeros: Show those that never occurred.
    """

    name_include: str = ""
    name_exclude: str = ""
    include_zeros: bool = True


class InterruptsCollector(FileCollector):
    """Fills one value for each interrupt and CPU. See `model.protocols.Collector`."""

    name = "interrupts"

    def __init__(self, host: Host, config: InterruptsConfig) -> None:
        super().__init__(KeptFile(host.paths.procfs / "interrupts", single=False), self._parse_file)
        self._filter = NameFilter("collectors.interrupts.name", config.name_include, config.name_exclude)
        self._includes_zeros = config.include_zeros
        self._specs: dict[tuple[bytes, bytes, int], list[SeriesSpec]] = {}

    def _parse_file(self, data: bytes) -> Sequence[Reading]:
        head, *lines = data.split(b"\n")
        cpus = [text_of(word).removeprefix("CPU") for word in head.split()]
        readings: list[Reading] = []
        for line in lines:
            name, separator, rest = line.partition(b":")
            words = rest.split(None, len(cpus))
            # ERR and MIS are of no CPU
            if not separator or len(words) < len(cpus) + 1:
                continue
            specs = self._of(name.strip(), words[-1], cpus)
            for spec, word in zip(specs, words, strict=False):
                value = float(int(word))
                if value or self._includes_zeros:
                    readings.append((spec, value))
        return readings

    def _of(self, name: bytes, rest: bytes, cpus: list[str]) -> list[SeriesSpec]:
        found = self._specs.get((name, rest, len(cpus)))
        if found is None:
            labels = _labels(text_of(name), text_of(rest))
            shown = self._filter.keeps(";".join((labels["type"], labels["info"], labels["devices"])))
            found = [SeriesSpec(_TOTAL, {**labels, "cpu": cpu}) for cpu in cpus] if shown else []
            self._specs[name, rest, len(cpus)] = found
        return found


def _labels(name: str, rest: str) -> dict[str, str]:
    """Return an interrupt's labels: a numbered one has a controller and devices, others have words."""
    if name.isdecimal():
        controller, *devices = rest.split()
        return {"type": name, "info": controller, "devices": " ".join(devices)}
    return {"type": name, "info": " ".join(rest.split()), "devices": ""}


ENTRY = CollectorEntry(
    factory=InterruptsCollector,
    section=InterruptsConfig,
    default=False,
    summary="Interrupts by CPU and device",
    files=("/proc/interrupts",),
    families=(_TOTAL,),
)
