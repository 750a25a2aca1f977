"""The schedstat collector: how long processes ran and waited on each CPU, from /proc/schedstat."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, lines_of, unsigned

FAMILIES = (
    counter("node_schedstat_running_seconds_total", "Number of seconds CPU spent running a process."),
    counter("node_schedstat_waiting_seconds_total", "Number of seconds spent by processing waiting for this CPU."),
    counter("node_schedstat_timeslices_total", "Number of timeslices executed by CPU."),
)
# of a line `cpuN yields legacy switches idle woken woken_here running waiting slices` (sched-stats.rst, version 15)
_RUNNING, _WAITING, _SLICES = 7, 8, 9
_PARTS = (1e9, 1e9, 1.0)


class SchedstatConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the schedstat collector: only those of every collector."""


class SchedstatCollector(FileCollector):
    """Fills three values for each CPU. See `model.protocols.Collector`."""

    name = "schedstat"

    def __init__(self, host: Host, config: SchedstatConfig) -> None:
        del config  # nothing of its own
        super().__init__(KeptFile(host.paths.procfs / "schedstat", single=False), self._readings)
        self._specs: dict[bytes, list[SeriesSpec]] = {}

    def _readings(self, data: bytes) -> Sequence[Reading]:
        found: list[Reading] = []
        for words in lines_of(data):
            if not words or not words[0].startswith(b"cpu"):
                continue
            specs = self._specs.get(words[0])
            if specs is None:
                labels = {"cpu": text_of(words[0][3:])}
                specs = self._specs[words[0]] = [SeriesSpec(family, labels) for family in FAMILIES]
            numbers = (unsigned(words[_RUNNING]), unsigned(words[_WAITING]), unsigned(words[_SLICES]))
            found += [(spec, number / parts) for spec, number, parts in zip(specs, numbers, _PARTS, strict=True)]
        return found


ENTRY = CollectorEntry(
    factory=SchedstatCollector,
    section=SchedstatConfig,
    default=True,
    summary="How long processes ran and waited on each CPU",
    files=("/proc/schedstat",),
    families=FAMILIES,
)
