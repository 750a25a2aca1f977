"""The cgroups collector: how many control groups each controller has, from /proc/cgroups."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, lines_of

_COUNT = gauge("node_cgroups_cgroups", "Current number of control groups of a controller.")
_ENABLED = gauge("node_cgroups_enabled", "Whether a controller is enabled.")


class CgroupsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the cgroups collector: only those of every collector."""


class CgroupsCollector(FileCollector):
    """Fills two values for each controller. See `model.protocols.Collector`."""

    name = "cgroups"

    def __init__(self, host: Host, config: CgroupsConfig) -> None:
        del config  # nothing of its own
        super().__init__(KeptFile(host.paths.procfs / "cgroups", single=False), _parse)


def _parse(data: bytes) -> Sequence[Reading]:
    readings: list[Reading] = []
    for name, _, count, enabled in (words for words in lines_of(data) if words and not words[0].startswith(b"#")):
        labels = {"subsys_name": text_of(name)}
        readings.append((SeriesSpec(_COUNT, labels), float(int(count))))
        readings.append((SeriesSpec(_ENABLED, labels), float(enabled == b"1")))
    return readings


ENTRY = CollectorEntry(
    factory=CgroupsCollector,
    section=CgroupsConfig,
    default=True,
    summary="How many control groups each controller has",
    files=("/proc/cgroups",),
    families=(_COUNT, _ENABLED),
)
