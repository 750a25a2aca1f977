"""The buddyinfo collector: free memory blocks by size, from /proc/buddyinfo. Off by default, as node_exporter's."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, lines_of, unsigned

FAMILY = gauge("node_buddyinfo_blocks", "Count of free blocks according to size.")


class BuddyinfoConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the buddyinfo collector: only those of every collector."""


class BuddyinfoCollector(FileCollector):
    """Fills eleven values for each zone of each node. See `model.protocols.Collector`."""

    name = "buddyinfo"

    def __init__(self, host: Host, config: BuddyinfoConfig) -> None:
        del config  # nothing of its own
        super().__init__(KeptFile(host.paths.procfs / "buddyinfo", single=False), _readings)


def _readings(data: bytes) -> Sequence[Reading]:
    """Read lines such as `Node 0, zone   Normal   4381   1093 ...`."""
    found: list[Reading] = []
    for words in lines_of(data):
        node, zone = text_of(words[1].rstrip(b",")), text_of(words[3])
        for size, word in enumerate(words[4:]):
            labels = {"node": node, "zone": zone, "size": str(size)}
            found.append((SeriesSpec(FAMILY, labels), float(unsigned(word))))
    return found


ENTRY = CollectorEntry(
    factory=BuddyinfoCollector,
    section=BuddyinfoConfig,
    default=False,
    summary="Free memory blocks by size, zone and node",
    files=("/proc/buddyinfo",),
    families=(FAMILY,),
)
