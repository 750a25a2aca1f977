"""The netstat collector: what the network stack counts, from /proc/net/netstat, snmp and snmp6."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, TokenLayout, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import compile_pattern
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import ABSENT_FILE, lines_of
from barograph.model.batch import Batch, Family, MetricType
from barograph.model.errors import CollectError, NoDataError

DEFAULT_FIELDS = (
    "^(.*_(InErrors|InErrs)|Ip_Forwarding|Ip(6|Ext)_(InOctets|OutOctets)|Icmp6?_(InMsgs|OutMsgs)"
    "|TcpExt_(Listen.*|Syncookies.*|TCPSynRetrans|TCPTimeouts|TCPOFOQueue|TCPRcvQDrop)"
    "|Tcp_(ActiveOpens|InSegs|OutSegs|OutRsts|PassiveOpens|RetransSegs|CurrEstab)"
    "|Udp6?_(InDatagrams|OutDatagrams|NoPorts|RcvbufErrors|SndbufErrors))$"
)


class NetstatConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the netstat collector.

    Attributes:
        fields: Pattern of the fields to keep, by protocol and name (`TcpExt_ListenDrops`).
    """

    fields: str = DEFAULT_FIELDS


@dataclass(slots=True)
class _Table:
    """One file: where its protocols, names and values stand among its tokens."""

    file: KeptFile
    find: Callable[[bytes], dict[tuple[str, str], int]]
    keys_of: Callable[[bytes], list[int]]
    layout: TokenLayout | None = None


class NetstatCollector:
    """Fills a vector of counters from up to three files. See `model.protocols.Collector`."""

    name = "netstat"

    def __init__(self, host: Host, config: NetstatConfig) -> None:
        net = host.paths.procfs / "net"
        self._keeps = compile_pattern("collectors.netstat.fields", config.fields).search
        self._frame = Frame(self.name)
        self._tables = [
            _Table(KeptFile(net / "netstat"), _find_in_pairs, _keys_of_pairs),
            _Table(KeptFile(net / "snmp"), _find_in_pairs, _keys_of_pairs),
            _Table(KeptFile(net / "snmp6"), _find_in_list, _keys_of_list),
        ]

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        contents = self._read()
        tokens = [content.split() for content in contents]
        pairs = list(zip(self._tables, tokens, strict=True))
        if not all(table.layout is not None and table.layout.fits(words) for table, words in pairs):
            self._learn(contents, tokens)
        picked = [table.layout.pick(words) for table, words in pairs if table.layout is not None]
        try:
            self._frame.values[:] = [float(value) for value in chain.from_iterable(picked)]
        except ValueError as error:
            raise CollectError(f"{self._tables[0].file.path.parent}: a counter is not a number: {error}") from error
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for table in self._tables:
            table.file.close()

    def _read(self) -> list[bytes]:
        """Read the files; a kernel without IPv6 has no snmp6, and that is no failure."""
        netstat, snmp, snmp6 = self._tables
        found = [netstat.file.read(), snmp.file.read()]
        try:
            found.append(snmp6.file.read())
        except NoDataError:
            found.append(ABSENT_FILE)
        return found

    def _learn(self, contents: Sequence[bytes], tokens: Sequence[list[bytes]]) -> None:
        """Find the fields that the pattern keeps; of a protocol that two files have, the later file's counts."""
        names: list[tuple[str, str]] = []
        try:
            found = [table.find(content) for table, content in zip(self._tables, contents, strict=True)]
        except ValueError as error:
            raise CollectError(f"{self._tables[0].file.path.parent}: {error}") from error
        for i, table in enumerate(self._tables):
            later = {protocol for other in found[i + 1 :] for protocol, _ in other}
            kept = {key: at for key, at in found[i].items() if key[0] not in later and self._keeps("_".join(key))}
            names += kept
            table.layout = TokenLayout(tokens[i], table.keys_of(contents[i]), list(kept.values()))
        self._frame.reshape([SeriesSpec(_family(protocol, name), {}) for protocol, name in names])


def _family(protocol: str, name: str) -> Family:
    return Family(f"node_netstat_{protocol}_{name}", MetricType.UNTYPED, f"Statistic {protocol}{name}.")


def _find_in_pairs(content: bytes) -> dict[tuple[str, str], int]:
    """Find values in pairs of lines that open alike, the first with names, the second with values."""
    found: dict[tuple[str, str], int] = {}
    start = 0
    lines = lines_of(content)
    nothing: list[bytes] = []
    for heading, values in zip_longest(lines[::2], lines[1::2], fillvalue=nothing):
        if len(heading) != len(values) or not heading:
            raise ValueError(f"a line of {len(values)} values stands under {len(heading)} names: {heading[:2]}")
        protocol = text_of(heading[0])[:-1]
        start += len(heading)
        for i in range(1, len(heading)):
            found[protocol, text_of(heading[i])] = start + i
        start += len(values)
    return found


def _keys_of_pairs(content: bytes) -> list[int]:
    """Return where the names stand, and the words that lines of values open with."""
    keys: list[int] = []
    start = 0
    for i, words in enumerate(lines_of(content)):
        keys += [start] if i % 2 else range(start, start + len(words))
        start += len(words)
    return keys


def _find_in_list(content: bytes) -> dict[tuple[str, str], int]:
    """Find values in lines of a name and a value; the protocol ends with the name's first 6."""
    found: dict[tuple[str, str], int] = {}
    start = 0
    for words in lines_of(content):
        protocol, six, name = text_of(words[0]).partition("6") if len(words) > 1 else ("", "", "")
        if six:
            found[protocol + six, name] = start + 1
        start += len(words)
    return found


def _keys_of_list(content: bytes) -> list[int]:
    keys: list[int] = []
    start = 0
    for words in lines_of(content):
        keys += [start] if words else []
        start += len(words)
    return keys


ENTRY = CollectorEntry(
    factory=NetstatCollector,
    section=NetstatConfig,
    default=True,
    summary="Counters of IP, ICMP, TCP and UDP",
    files=("/proc/net/netstat", "/proc/net/snmp", "/proc/net/snmp6"),
    families=(Family("node_netstat_*", MetricType.UNTYPED, "The counter of this protocol and name."),),
)
