"""The arp collector: known neighbours by network device, from the kernel over netlink or from /proc/net/arp."""

import re
import struct
from collections import Counter
from pathlib import Path

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import NameFilter
from barograph.collectors.netlink import NETLINK_ROUTE, NetlinkSocket, name_of_device
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import ReadingFrame, lines_of
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_FAMILY = gauge("node_arp_entries", "ARP entries by device")
_HEADING_COLUMNS = 9
_COLUMNS = 6
_MAC = re.compile(rb"[0-9a-fA-F]{2}(:[0-9a-fA-F]{2})*")

_RTM_GETNEIGH = 30
_RTM_NEWNEIGH = 28
_NEIGHBOUR = struct.Struct("=BBHiHBB")  # family, two of padding, device, state, flags, type
_AF_INET = 2
_NUD_NOARP = 0x40


class ArpConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the arp collector.

    Attributes:
        device_exclude: Pattern of devices to leave out.
        device_include: Pattern of devices to keep, instead of an exclude.
        netlink: Ask the kernel over netlink, where `--path.procfs` is this machine's; else read /proc/net/arp.
    """

    device_exclude: str = ""
    device_include: str = ""
    netlink: bool = True


class ArpCollector:
    """Counts neighbours. See `model.protocols.Collector`."""

    name = "arp"

    def __init__(self, host: Host, config: ArpConfig) -> None:
        self._file = KeptFile(host.paths.procfs / "net/arp", single=False)
        # a tree elsewhere is another machine's, which only its files can tell of
        asks = config.netlink and host.paths.procfs == Path("/proc")
        self._link = NetlinkSocket(NETLINK_ROUTE) if asks else None
        self._filter = NameFilter("collectors.arp.device", config.device_include, config.device_exclude)
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        counts = self._read_file() if self._link is None else self._ask(self._link)
        kept = {device: count for device, count in sorted(counts.items()) if self._filter.keeps(device)}
        readings = [(SeriesSpec(_FAMILY, {"device": device}), float(count)) for device, count in kept.items()]
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._file.close()
        if self._link is not None:
            self._link.close()

    def _ask(self, link: NetlinkSocket) -> Counter[str]:
        """Count as /proc/net/arp does: IPv4 only, without those that need no ARP."""
        try:
            messages = link.dump(_RTM_GETNEIGH, _NEIGHBOUR.pack(_AF_INET, 0, 0, 0, 0, 0, 0))
        except CollectError:
            # a sandbox may forbid such sockets; the file says the same
            return self._read_file()
        neighbours = [_NEIGHBOUR.unpack_from(body) for kind, body in messages if kind == _RTM_NEWNEIGH]
        indices = Counter(device for family, _, _, device, state, _, _ in neighbours if _counts(family, state))
        names = {index: name_of_device(index) for index in indices}
        return Counter({name: indices[index] for index, name in names.items() if name is not None})

    def _read_file(self) -> Counter[str]:
        counts: Counter[str] = Counter()
        for words in lines_of(self._file.read()):
            if len(words) in (0, _HEADING_COLUMNS):
                continue
            if len(words) != _COLUMNS or not _MAC.fullmatch(words[3]):
                raise CollectError(f"{self._file.path}: not the line of a neighbour: {b' '.join(words)[:80]!r}")
            counts[text_of(words[-1])] += 1
        return counts


def _counts(family: int, state: int) -> bool:
    return family == _AF_INET and not state & _NUD_NOARP


ENTRY = CollectorEntry(
    factory=ArpCollector,
    section=ArpConfig,
    default=True,
    summary="Known neighbours by network device",
    files=("RTM_GETNEIGH (netlink)", "/proc/net/arp"),
    families=(_FAMILY,),
)
