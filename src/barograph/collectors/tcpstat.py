"""The tcpstat collector: TCP sockets by state and what waits in their queues, over netlink or from /proc/net/tcp."""

import struct
from collections import Counter
from contextlib import suppress
from pathlib import Path

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.netlink import NETLINK_SOCK_DIAG, NetlinkSocket
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import ReadingFrame, lines_of, unsigned
from barograph.model.batch import Batch
from barograph.model.errors import CollectError, NoDataError

_FAMILY = gauge("node_tcp_connection_states", "Number of connection states.")
# include/net/tcp_states.h, from 1 on
_STATES = (
    "established",
    "syn_sent",
    "syn_recv",
    "fin_wait1",
    "fin_wait2",
    "time_wait",
    "close",
    "close_wait",
    "last_ack",
    "listen",
    "closing",
)
_RECEIVING = "rx_queued_bytes"
_SENDING = "tx_queued_bytes"
_LEAST_COLUMNS = 5

_SOCK_DIAG_BY_FAMILY = 20
_IPPROTO_TCP = 6
_AF_INET, _AF_INET6 = 2, 10
_ALL_STATES = 0xFFF
_REQUEST = struct.Struct("=BBBxI48x")  # family, protocol, extensions, states, no socket in particular
_ANSWER = struct.Struct("=xB54xII")  # state, bytes that wait to be read, to be sent


class TcpstatConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the tcpstat collector: only those of every collector."""


class TcpstatCollector:
    """Counts sockets. See `model.protocols.Collector`."""

    name = "tcpstat"

    def __init__(self, host: Host, config: TcpstatConfig) -> None:
        del config  # nothing of its own
        net = host.paths.procfs / "net"
        self._files = (KeptFile(net / "tcp", single=False), KeptFile(net / "tcp6", single=False))
        # a tree elsewhere is another machine's, which only its files can tell of
        self._link = NetlinkSocket(NETLINK_SOCK_DIAG) if host.paths.procfs == Path("/proc") else None
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        counts = self._read_files() if self._link is None else self._ask(self._link)
        readings = [(SeriesSpec(_FAMILY, {"state": state}), float(count)) for state, count in sorted(counts.items())]
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for file in self._files:
            file.close()
        if self._link is not None:
            self._link.close()

    def _ask(self, link: NetlinkSocket) -> dict[str, int]:
        counts: Counter[int] = Counter()
        receiving = sending = 0
        try:
            for family in (_AF_INET, _AF_INET6):
                request = _REQUEST.pack(family, _IPPROTO_TCP, 0, _ALL_STATES)
                for _, body in link.dump(_SOCK_DIAG_BY_FAMILY, request):
                    state, to_read, to_send = _ANSWER.unpack_from(body)
                    counts[state] += 1
                    receiving += to_read
                    sending += to_send
        except CollectError:
            # a sandbox may forbid such sockets, a kernel lack tcp_diag; the files say the same and cost more
            return self._read_files()
        return _by_name(counts, receiving, sending)

    def _read_files(self) -> dict[str, int]:
        """Read both tables; a kernel may lack IPv6."""
        ipv4, ipv6 = self._files
        tables = [ipv4.read()]
        with suppress(NoDataError):
            tables.append(ipv6.read())
        counts: Counter[int] = Counter()
        receiving = sending = 0
        try:
            for table in tables:
                for words in lines_of(table)[1:]:
                    state, to_read, to_send = _socket(words)
                    counts[state] += 1
                    receiving += to_read
                    sending += to_send
        except ValueError as error:
            raise CollectError(f"{ipv4.path}: {error}") from error
        return _by_name(counts, receiving, sending)


def _socket(words: list[bytes]) -> tuple[int, int, int]:
    if len(words) < _LEAST_COLUMNS:
        raise ValueError(f"the line of a socket has {len(words)} columns")
    sending, _, receiving = words[4].partition(b":")
    return unsigned(words[3], 16), unsigned(receiving, 16), unsigned(sending, 16)


def _by_name(counts: Counter[int], receiving: int, sending: int) -> dict[str, int]:
    """Return the counts by the names of the states; where there is no socket there is no queue."""
    named: Counter[str] = Counter()
    for state, count in counts.items():
        named[_STATES[state - 1] if 1 <= state <= len(_STATES) else "unknown"] += count
    return {**named, **({_RECEIVING: receiving, _SENDING: sending} if counts else {})}


ENTRY = CollectorEntry(
    factory=TcpstatCollector,
    section=TcpstatConfig,
    default=False,
    summary="TCP sockets by state",
    files=("SOCK_DIAG_BY_FAMILY (netlink)", "/proc/net/tcp", "/proc/net/tcp6"),
    families=(_FAMILY,),
)
