"""The kernel_hung collector: how many tasks the kernel found hung, from /proc/sys/kernel/hung_task_detect_count."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, unsigned

_TOTAL = SeriesSpec(counter("node_kernel_hung_tasks_total", "Tasks that were found hung since the system started."), {})


class KernelHungConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the kernel_hung collector: only those of every collector."""


class KernelHungCollector(FileCollector):
    """Fills one value. See `model.protocols.Collector`."""

    name = "kernel_hung"

    def __init__(self, host: Host, config: KernelHungConfig) -> None:
        del config  # nothing of its own
        super().__init__(KeptFile(host.paths.procfs / "sys/kernel/hung_task_detect_count"), _parse)


def _parse(data: bytes) -> Sequence[Reading]:
    return [(_TOTAL, float(unsigned(data.strip())))]


ENTRY = CollectorEntry(
    factory=KernelHungCollector,
    section=KernelHungConfig,
    default=True,
    summary="Tasks that the kernel found hung",
    files=("/proc/sys/kernel/hung_task_detect_count",),
    families=(_TOTAL.family,),
)
