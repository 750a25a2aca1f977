"""The nfs collector: requests of this machine as a client of NFS, from /proc/net/rpc/nfs."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.nfs_procedures import V2, V3, V4_CLIENT, counted
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, lines_of, unsigned

_PACKETS = counter("node_nfs_packets_total", "Total NFSd network packets (sent+received) by protocol type.")
_CONNECTIONS = counter("node_nfs_connections_total", "Total number of NFSd TCP connections.")
_RPCS = counter("node_nfs_rpcs_total", "Total number of RPCs performed.")
_RETRANSMISSIONS = counter("node_nfs_rpc_retransmissions_total", "Number of RPC transmissions performed.")
_REFRESHES = counter("node_nfs_rpc_authentication_refreshes_total", "Number of RPC authentication refreshes performed.")
_REQUESTS = counter("node_nfs_requests_total", "Number of NFS procedures invoked.")

# the lines, with how many numbers each has (None: as many as its first number says), and its series
_NET = [
    None,
    SeriesSpec(_PACKETS, {"protocol": "udp"}),
    SeriesSpec(_PACKETS, {"protocol": "tcp"}),
    SeriesSpec(_CONNECTIONS, {}),
]
_RPC = [SeriesSpec(_RPCS, {}), SeriesSpec(_RETRANSMISSIONS, {}), SeriesSpec(_REFRESHES, {})]
_PROCEDURES = {"proc2": ("2", V2, len(V2)), "proc3": ("3", V3, len(V3)), "proc4": ("4", V4_CLIENT, 0)}
_REQUEST_SPECS = {
    line: [SeriesSpec(_REQUESTS, {"proto": proto, "method": name}) for name in names]
    for line, (proto, names, _) in _PROCEDURES.items()
}


class NfsConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the nfs collector: only those of every collector."""


class NfsCollector(FileCollector):
    """Parses one file. See `model.protocols.Collector`."""

    name = "nfs"

    def __init__(self, host: Host, config: NfsConfig) -> None:
        del config  # nothing of its own
        super().__init__(KeptFile(host.paths.procfs / "net/rpc/nfs", single=False), _parse)


def _parse(data: bytes) -> Sequence[Reading]:
    """Read lines of a word and numbers. A line that this kernel does not write counts 0, as node_exporter has it."""
    found = {"net": [0] * len(_NET), "rpc": [0] * len(_RPC)}
    requests = {line: [0] * len(specs) for line, specs in _REQUEST_SPECS.items()}
    for words in lines_of(data):
        line = words[0].decode("ascii", "replace") if len(words) > 1 else ""
        values = [unsigned(word) for word in words[1:]]
        if line in requests:
            _, names, least = _PROCEDURES[line]
            requests[line] = counted(values, names, least)
        elif line in found and len(values) == len(found[line]):
            found[line] = values
        else:
            raise ValueError(f"not a line of NFS: {b' '.join(words)[:60]!r}")
    readings: list[Reading] = [
        (spec, float(value)) for spec, value in zip(_NET, found["net"], strict=True) if spec is not None
    ]
    readings += [(spec, float(value)) for spec, value in zip(_RPC, found["rpc"], strict=True)]
    for line, specs in _REQUEST_SPECS.items():
        readings += [(spec, float(value)) for spec, value in zip(specs, requests[line], strict=True)]
    return readings


ENTRY = CollectorEntry(
    factory=NfsCollector,
    section=NfsConfig,
    default=True,
    summary="Requests of this machine as a client of NFS",
    files=("/proc/net/rpc/nfs",),
    families=(_PACKETS, _CONNECTIONS, _RPCS, _RETRANSMISSIONS, _REFRESHES, _REQUESTS),
)
