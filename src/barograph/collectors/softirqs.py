"""The softirqs collector: soft interrupts by kind and CPU, from /proc/softirqs. Off by default, as node_exporter's."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, lines_of, unsigned

FAMILY = counter("node_softirqs_functions_total", "Softirq counts per CPU.")


class SoftirqsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the softirqs collector: only those of every collector."""


class SoftirqsCollector(FileCollector):
    """Fills ten values for each CPU. See `model.protocols.Collector`."""

    name = "softirqs"

    def __init__(self, host: Host, config: SoftirqsConfig) -> None:
        del config  # nothing of its own
        super().__init__(KeptFile(host.paths.procfs / "softirqs", single=False), self._readings)
        self._specs: dict[tuple[bytes, int], SeriesSpec] = {}

    def _readings(self, data: bytes) -> Sequence[Reading]:
        found: list[Reading] = []
        # a column for each CPU there may be, numbered from 0
        for words in lines_of(data)[1:]:
            kind = words[0]
            for cpu, word in enumerate(words[1:]):
                spec = self._specs.get((kind, cpu))
                if spec is None:
                    labels = {"cpu": str(cpu), "type": text_of(kind.rstrip(b":"))}
                    spec = self._specs[kind, cpu] = SeriesSpec(FAMILY, labels)
                found.append((spec, float(unsigned(word))))
        return found


ENTRY = CollectorEntry(
    factory=SoftirqsCollector,
    section=SoftirqsConfig,
    default=False,
    summary="Soft interrupts by kind and CPU",
    files=("/proc/softirqs",),
    families=(FAMILY,),
)
