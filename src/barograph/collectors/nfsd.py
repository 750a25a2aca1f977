"""The nfsd collector: requests that this machine serves over NFS, from /proc/net/rpc/nfsd."""

from collections.abc import Sequence

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.nfs_procedures import V2, V3, V4_SERVER, counted
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import FileCollector, Reading, lines_of, unsigned
from barograph.model.batch import Family

_REQUESTS = counter("node_nfsd_requests_total", "Total number NFSd Requests by method and protocol.")
_PACKETS = counter("node_nfsd_packets_total", "Total NFSd network packets (sent+received) by protocol type.")
_RPC_ERRORS = counter("node_nfsd_rpc_errors_total", "Total number of NFSd RPC errors by error type.")
_CACHE_HITS = counter(
    "node_nfsd_reply_cache_hits_total", "Total number of NFSd Reply Cache hits (client lost server response)."
)
_CACHE_MISSES = counter(
    "node_nfsd_reply_cache_misses_total",
    "Total number of NFSd Reply Cache an operation that requires caching (idempotent).",
)
_CACHE_UNUSED = counter(
    "node_nfsd_reply_cache_nocache_total",
    "Total number of NFSd Reply Cache non-idempotent operations (rename/delete/…).",
)
_STALE = counter("node_nfsd_file_handles_stale_total", "Total number of NFSd stale file handles")
_READ = counter("node_nfsd_disk_bytes_read_total", "Total NFSd bytes read.")
_WRITTEN = counter("node_nfsd_disk_bytes_written_total", "Total NFSd bytes written.")
_THREADS = gauge("node_nfsd_server_threads", "Total number of NFSd kernel threads that are running.")
_AHEAD_SIZE = gauge("node_nfsd_read_ahead_cache_size_blocks", "How large the read ahead cache is in blocks.")
_AHEAD_MISSES = counter(
    "node_nfsd_read_ahead_cache_not_found_total", "Total number of NFSd read ahead cache not found."
)
_CONNECTIONS = counter("node_nfsd_connections_total", "Total number of NFSd TCP connections.")
_RPCS = counter("node_nfsd_server_rpcs_total", "Total number of NFSd RPCs.")


def _plain(*families: Family | None) -> list[SeriesSpec | None]:
    return [None if family is None else SeriesSpec(family, {}) for family in families]


# the lines (fs/nfsd/stats.c) with the series of each of their numbers
_LINES: dict[str, list[SeriesSpec | None]] = {
    "rc": _plain(_CACHE_HITS, _CACHE_MISSES, _CACHE_UNUSED),
    "fh": _plain(_STALE, None, None, None, None),
    "io": _plain(_READ, _WRITTEN),
    "th": _plain(_THREADS, None),
    "ra": [*_plain(_AHEAD_SIZE), *[None] * 10, *_plain(_AHEAD_MISSES)],
    "net": [
        None,
        SeriesSpec(_PACKETS, {"proto": "udp"}),
        SeriesSpec(_PACKETS, {"proto": "tcp"}),
        SeriesSpec(_CONNECTIONS, {}),
    ],
    "rpc": [
        SeriesSpec(_RPCS, {}),
        None,
        SeriesSpec(_RPC_ERRORS, {"error": "fmt"}),
        SeriesSpec(_RPC_ERRORS, {"error": "auth"}),
        SeriesSpec(_RPC_ERRORS, {"error": "cInt"}),
    ],
    "wdeleg_getattr": [SeriesSpec(_REQUESTS, {"proto": "4", "method": "WdelegGetattr"})],
}
# Null is not shown; of operations since 2.6.x 40 are known, 39 before
_PROCEDURES = {
    "proc2": ("2", ["", *V2[1:]], len(V2)),
    "proc3": ("3", ["", *V3[1:]], len(V3)),
    "proc4": ("4", ["", ""], 2),
    "proc4ops": ("4", V4_SERVER, len(V4_SERVER) - 1),
}
_LINES |= {
    line: [SeriesSpec(_REQUESTS, {"proto": proto, "method": name}) if name else None for name in names]
    for line, (proto, names, _) in _PROCEDURES.items()
}


class NfsdConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the nfsd collector: only those of every collector."""


class NfsdCollector(FileCollector):
    """Parses one file. See `model.protocols.Collector`."""

    name = "nfsd"

    def __init__(self, host: Host, config: NfsdConfig) -> None:
        del config  # nothing of its own
        super().__init__(KeptFile(host.paths.procfs / "net/rpc/nfsd", single=False), _parse)


def _parse(data: bytes) -> Sequence[Reading]:
    """Read lines of a word and numbers. A line that this kernel does not write counts 0, as node_exporter has it."""
    found = {line: [0] * len(specs) for line, specs in _LINES.items()}
    for words in lines_of(data):
        line = words[0].decode("ascii", "replace") if len(words) > 1 else ""
        if line not in found:
            raise ValueError(f"not a line of nfsd: {b' '.join(words)[:60]!r}")
        # behind the threads stands a histogram in seconds that kernels since 3.10 leave at zero
        values = [unsigned(word) for word in (words[1:3] if line == "th" else words[1:])]
        if line in _PROCEDURES:
            _, names, least = _PROCEDURES[line]
            values = counted(values, names, least)
        if len(values) != len(found[line]):
            raise ValueError(f"line {line} has {len(values)} numbers instead of {len(found[line])}")
        found[line] = values
    return [
        (spec, float(value))
        for line, specs in _LINES.items()
        for spec, value in zip(specs, found[line], strict=True)
        if spec is not None
    ]


ENTRY = CollectorEntry(
    factory=NfsdCollector,
    section=NfsdConfig,
    default=True,
    summary="Requests that this machine serves over NFS",
    files=("/proc/net/rpc/nfsd",),
    families=tuple(dict.fromkeys(spec.family for specs in _LINES.values() for spec in specs if spec is not None)),
)
