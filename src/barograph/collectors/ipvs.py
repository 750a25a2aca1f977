"""The ipvs collector: connections of the kernel's load balancer, from /proc/net/ip_vs and ip_vs_stats."""

import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import Reading, ReadingFrame, lines_of, unsigned
from barograph.model.batch import Batch
from barograph.model.errors import CollectError, ConfigError

_TOTALS = (
    counter("node_ipvs_connections_total", "The total number of connections made."),
    counter("node_ipvs_incoming_packets_total", "The total number of incoming packets."),
    counter("node_ipvs_outgoing_packets_total", "The total number of outgoing packets."),
    counter("node_ipvs_incoming_bytes_total", "The total amount of incoming data."),
    counter("node_ipvs_outgoing_bytes_total", "The total amount of outgoing data."),
)
_BACKENDS = (
    gauge("node_ipvs_backend_connections_active", "The current active connections by local and remote address."),
    gauge("node_ipvs_backend_connections_inactive", "The current inactive connections by local and remote address."),
    gauge("node_ipvs_backend_weight", "The current backend weight by local and remote address."),
)
_LABELS = ("local_address", "local_port", "remote_address", "remote_port", "proto", "local_mark")
_TOTALS_LINE = 2
_TOTALS_LEAST_LINES = 4
_BACKEND_COLUMNS = 6
_ADDRESS_DIGITS = {8: socket.AF_INET, 32: socket.AF_INET6}


class IpvsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the ipvs collector.

    Attributes:
        backend_labels: Labels of the backends' metrics, separated by commas; what they do not tell apart is summed.
    """

    backend_labels: str = ",".join(_LABELS)


class _Backend(NamedTuple):
    """A real server behind a virtual one; its fields are the labels."""

    local_address: str
    local_port: str
    remote_address: str
    remote_port: str
    proto: str
    local_mark: str


class IpvsCollector:
    """Fills five totals and three values for each backend. See `model.protocols.Collector`."""

    name = "ipvs"

    def __init__(self, host: Host, config: IpvsConfig) -> None:
        net = host.paths.procfs / "net"
        self._totals = KeptFile(net / "ip_vs_stats")
        self._backends = KeptFile(net / "ip_vs", single=False)
        self._labels = tuple(name.strip() for name in config.backend_labels.split(",") if name.strip())
        unknown = [name for name in self._labels if name not in _LABELS]
        if unknown:
            message = f"there is no label {unknown[0]!r}; there are {', '.join(_LABELS)}"
            raise ConfigError(message, path="collectors.ipvs.backend_labels")
        self._total_specs = [SeriesSpec(family, {}) for family in _TOTALS]
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        readings: list[Reading] = list(zip(self._total_specs, _totals(self._totals), strict=True))
        # what can be read counts, as in node_exporter: without the table of backends the totals remain
        with suppress(CollectError):
            sums = self._sums()
            for key, values in sums.items():
                labels = dict(zip(self._labels, key, strict=True))
                readings += [
                    (SeriesSpec(family, labels), float(value)) for family, value in zip(_BACKENDS, values, strict=True)
                ]
        return self._frame.batch(readings, timestamp_ms)

    def _sums(self) -> dict[tuple[str, ...], tuple[int, int, int]]:
        """Return active and inactive connections and weight, summed over what the labels do not tell apart."""
        sums: dict[tuple[str, ...], tuple[int, int, int]] = {}
        try:
            for backend, active, inactive, weight in _backends(self._backends.read()):
                key = tuple(getattr(backend, name) for name in self._labels)
                before = sums.get(key, (0, 0, 0))
                sums[key] = (before[0] + active, before[1] + inactive, before[2] + weight)
        except (ValueError, IndexError) as error:
            raise CollectError(f"{self._backends.path}: {error}") from error
        return sums

    def close(self) -> None:
        """Close what is open."""
        self._totals.close()
        self._backends.close()


def _totals(file: KeptFile) -> list[float]:
    """Read the third line: five hexadecimal totals."""
    lines = file.read().split(b"\n")
    words = lines[_TOTALS_LINE].split() if len(lines) >= _TOTALS_LEAST_LINES else []
    try:
        if len(words) != len(_TOTALS):
            raise ValueError(f"the third line has {len(words)} numbers instead of {len(_TOTALS)}")
        return [float(unsigned(word, 16)) for word in words]
    except ValueError as error:
        raise CollectError(f"{file.path}: {error}") from error


def _backends(data: bytes) -> Iterator[tuple[_Backend, int, int, int]]:
    """Yield each backend with its active and inactive connections and its weight."""
    proto = address = port = mark = ""
    for words in lines_of(data):
        first = words[0] if words else b""
        if first in (b"TCP", b"UDP"):
            proto, mark = text_of(first), ""
            address, port = _address(words[1])
        elif first == b"FWM":
            proto, mark, address, port = text_of(first), text_of(words[1]), "", "0"
        elif first == b"->" and len(words) >= _BACKEND_COLUMNS and words[1] != b"RemoteAddress:Port":
            backend = _Backend(address, port, *_address(words[1]), proto, mark)
            yield backend, unsigned(words[4]), unsigned(words[5]), unsigned(words[3])


def _address(word: bytes) -> tuple[str, str]:
    """Read an address and a port: hexadecimal, or for IPv6 the address in brackets."""
    address, _, port = word.rpartition(b":")
    if address.startswith(b"["):
        binary = socket.inet_pton(socket.AF_INET6, text_of(address[1:-1]))
        return socket.inet_ntop(socket.AF_INET6, binary), str(int(port, 16))
    family = _ADDRESS_DIGITS.get(len(address))
    if family is None:
        raise ValueError(f"not an address and a port: {word!r}")
    return socket.inet_ntop(family, bytes.fromhex(text_of(address))), str(int(port, 16))


ENTRY = CollectorEntry(
    factory=IpvsCollector,
    section=IpvsConfig,
    default=True,
    summary="Connections of the kernel's load balancer (IPVS)",
    files=("/proc/net/ip_vs_stats", "/proc/net/ip_vs"),
    families=(*_TOTALS, *_BACKENDS),
)
