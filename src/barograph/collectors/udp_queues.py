"""The udp_queues collector: what waits in the queues of UDP sockets, from /proc/net/udp and udp6."""

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import Reading, ReadingFrame, unsigned
from barograph.model.batch import Batch
from barograph.model.errors import CollectError, NoDataError

_FAMILY = gauge("node_udp_queues", "Number of allocated memory in the kernel for UDP datagrams in bytes.")
_QUEUES_COLUMN = 4
_COLUMNS = 8


class UdpQueuesConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the udp_queues collector: only those of every collector."""


class UdpQueuesCollector:
    """Fills two values for each version of IP. See `model.protocols.Collector`."""

    name = "udp_queues"

    def __init__(self, host: Host, config: UdpQueuesConfig) -> None:
        del config  # nothing of its own
        net = host.paths.procfs / "net"
        self._tables = [
            (KeptFile(net / name, single=False), [SeriesSpec(_FAMILY, {"queue": q, "ip": ip}) for q in ("tx", "rx")])
            for name, ip in (("udp", "v4"), ("udp6", "v6"))
        ]
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        readings: list[Reading] = []
        for file, specs in self._tables:
            try:
                readings += zip(specs, _sums(file.read()), strict=True)
            except NoDataError:
                continue
            except ValueError as error:
                raise CollectError(f"{file.path}: {error}") from error
        if not readings:
            raise NoDataError(f"{self._tables[0][0].path} does not exist: this kernel has no UDP")
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for file, _ in self._tables:
            file.close()


def _sums(data: bytes) -> tuple[int, int]:
    """Return the bytes that wait to be sent and to be read, over all sockets."""
    to_send = to_read = 0
    for line in data.rstrip(b"\n").split(b"\n")[1:]:
        words = line.split(None, _COLUMNS)
        if len(words) < _COLUMNS:
            raise ValueError(f"the line of a socket has {len(words)} columns instead of {_COLUMNS} or more")
        sending, _, receiving = words[_QUEUES_COLUMN].partition(b":")
        to_send += unsigned(sending, 16)
        to_read += unsigned(receiving, 16)
    return to_send, to_read


ENTRY = CollectorEntry(
    factory=UdpQueuesCollector,
    section=UdpQueuesConfig,
    default=True,
    summary="Bytes that wait in the queues of UDP sockets",
    files=("/proc/net/udp", "/proc/net/udp6"),
    families=(_FAMILY,),
)
