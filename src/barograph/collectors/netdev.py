"""The netdev collector: traffic of network devices, from /proc/net/dev and their statistics in sysfs."""

from pathlib import Path

import numpy as np

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, TokenLayout, counter, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import NameFilter
from barograph.collectors.network_addresses import FAMILY as ADDRESS
from barograph.collectors.network_addresses import NetworkAddresses
from barograph.collectors.procfs import KeptFile, read_attribute
from barograph.model.batch import Batch
from barograph.model.errors import CollectError, NoDataError

# the columns of a line after the name (net/core/net-procfs.c); drop, frame and carrier are sums the kernel makes
_RECEIVE = (
    ("bytes", "Bytes the device has received."),
    ("packets", "Packets the device has received."),
    ("errs", "Packets received with an error."),
    ("drop", "Received packets that were dropped, for want of a buffer or otherwise."),
    ("fifo", "Receive overruns of the device's queue."),
    ("frame", "Received frames with a wrong length, checksum or alignment."),
    ("compressed", "Compressed packets received."),
    ("multicast", "Multicast packets received."),
)
_TRANSMIT = (
    ("bytes", "Bytes the device has sent."),
    ("packets", "Packets the device has sent."),
    ("errs", "Packets that could not be sent for an error."),
    ("drop", "Packets that were dropped before they were sent."),
    ("fifo", "Transmit underruns of the device's queue."),
    ("colls", "Collisions on the wire."),
    ("carrier", "Packets lost to a missing carrier, an abort, a late window or a heartbeat."),
    ("compressed", "Compressed packets sent."),
)
_COLUMNS = (
    *(counter(f"node_network_receive_{key}_total", text) for key, text in _RECEIVE),
    *(counter(f"node_network_transmit_{key}_total", text) for key, text in _TRANSMIT),
)
_NO_HANDLER = counter("node_network_receive_nohandler_total", "Received packets that no protocol wanted.")
FAMILIES = (*_COLUMNS, _NO_HANDLER, ADDRESS)


class NetdevConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the netdev collector.

    Attributes:
        device_exclude: Pattern of devices to leave out.
        device_include: Pattern of devices to keep, instead of an exclude.
        address_info: Show the IP addresses of all devices, too.
        netlink: Show what node_exporter has over netlink only: packets that no protocol wanted.
    """

    device_exclude: str = ""
    device_include: str = ""
    address_info: bool = False
    netlink: bool = True


class NetdevCollector:
    """Fills a matrix of families and devices. See `model.protocols.Collector`."""

    name = "netdev"

    def __init__(self, host: Host, config: NetdevConfig) -> None:
        self._file = KeptFile(host.paths.procfs / "net/dev", single=False)
        self._class = host.paths.sysfs / "class/net"
        self._filter = NameFilter("collectors.netdev.device", config.device_include, config.device_exclude)
        self._frame = Frame(self.name)
        self._layout = TokenLayout((), (), ())
        self._device_count = 0
        self._no_handler: list[KeptFile] = []
        self._counts_unwanted = config.netlink
        self._asked = NetworkAddresses() if config.address_info else None
        self._addresses: list[SeriesSpec] = []

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        # kernels before 2.6.33 write no space between the colon and a wide number
        tokens = self._file.read().replace(b":", b" ").split()
        addresses = self._asked.read() if self._asked is not None else []
        if not self._layout.fits(tokens) or addresses != self._addresses:
            self._addresses = addresses
            self._learn(tokens)
        count = self._device_count
        end = count * len(_COLUMNS)
        values = self._frame.values
        try:
            fresh = np.fromiter(map(float, self._layout.pick(tokens)), np.float64, end)
        except ValueError as error:
            raise CollectError(f"{self._file.path}: a counter is not a number: {error}") from error
        values[:end].reshape(len(_COLUMNS), count)[:] = fresh.reshape(count, len(_COLUMNS)).T
        if self._no_handler:
            values[end : end + len(self._no_handler)] = self._read_no_handler()
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._file.close()
        for file in self._no_handler:
            file.close()
        if self._asked is not None:
            self._asked.close()

    def _read_no_handler(self) -> list[float]:
        """Read the counters of sysfs; a device that went away since the table was read has NaN this once."""
        found: list[float] = []
        for file in self._no_handler:
            try:
                found.append(float(file.read()))
            except (CollectError, ValueError):
                found.append(float("nan"))
        return found

    def _learn(self, tokens: list[bytes]) -> None:
        """Find the lines of the devices that are kept: a name and 16 numbers each, after a heading of two lines."""
        width = len(_COLUMNS) + 1
        heading = next((i for i in range(len(tokens)) if _is_line(tokens[i : i + width])), len(tokens))
        keys = [i for i in range(heading, len(tokens), width) if _is_line(tokens[i : i + width])]
        kept = [i for i in keys if self._filter.keeps(text_of(tokens[i]))]
        if not kept:
            raise NoDataError(f"{self._file.path} has no network device that the filter keeps")
        names = [text_of(tokens[i]) for i in kept]
        self._device_count = len(kept)
        self._layout = TokenLayout(tokens, keys, [j for i in kept for j in range(i + 1, i + width)])
        for file in self._no_handler:
            file.close()
        attributes = {name: self._class / name / "statistics/rx_nohandler" for name in names}
        counted = [name for name in names if self._counts_unwanted and _is_number(attributes[name])]
        self._no_handler = [KeptFile(attributes[name]) for name in counted]
        specs = [SeriesSpec(family, {"device": name}) for family in _COLUMNS for name in names]
        specs += [SeriesSpec(_NO_HANDLER, {"device": name}) for name in counted]
        values = self._frame.reshape([*specs, *self._addresses])
        values[len(specs) :] = 1.0


def _is_number(path: Path) -> bool:
    return (read_attribute(path) or "").isdecimal()


def _is_line(tokens: list[bytes]) -> bool:
    return len(tokens) == len(_COLUMNS) + 1 and all(map(bytes.isdigit, tokens[1:]))


ENTRY = CollectorEntry(
    factory=NetdevCollector,
    section=NetdevConfig,
    default=True,
    summary="Traffic and errors of network devices",
    files=("/proc/net/dev", "/sys/class/net/*/statistics/rx_nohandler", "RTM_GETADDR (netlink, with address_info)"),
    families=FAMILIES,
)
