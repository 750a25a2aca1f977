"""The conntrack collector: tracked connections and what became of packets, from files of nf_conntrack."""

from contextlib import suppress

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import Reading, ReadingFrame, lines_of, unsigned
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_ENTRIES = gauge("node_nf_conntrack_entries", "Number of currently allocated flow entries for connection tracking.")
_LIMIT = gauge("node_nf_conntrack_entries_limit", "Maximum size of connection tracking table.")
# columns of /proc/net/stat/nf_conntrack (net/netfilter/nf_conntrack_standalone.c), one line a CPU
_STATISTICS = (
    (2, gauge("node_nf_conntrack_stat_found", "Number of searched entries which were successful.")),
    (4, gauge("node_nf_conntrack_stat_invalid", "Number of packets seen which can not be tracked.")),
    (
        5,
        gauge(
            "node_nf_conntrack_stat_ignore", "Number of packets seen which are already connected to a conntrack entry."
        ),
    ),
    (8, gauge("node_nf_conntrack_stat_insert", "Number of entries inserted into the list.")),
    (
        9,
        gauge(
            "node_nf_conntrack_stat_insert_failed",
            "Number of entries for which list insertion was attempted but failed.",
        ),
    ),
    (10, gauge("node_nf_conntrack_stat_drop", "Number of packets dropped due to conntrack failure.")),
    (
        11,
        gauge(
            "node_nf_conntrack_stat_early_drop",
            "Number of dropped conntrack entries to make room for new ones, if maximum table size was reached.",
        ),
    ),
    (
        16,
        gauge(
            "node_nf_conntrack_stat_search_restart",
            "Number of conntrack table lookups which had to be restarted due to hashtable resizes.",
        ),
    ),
)
_WIDTHS = (16, 17)  # search_restart came with 2.6.35
_SPECS = [SeriesSpec(family, {}) for family in (_ENTRIES, _LIMIT, *(family for _, family in _STATISTICS))]
FAMILIES = tuple(spec.family for spec in _SPECS)


class ConntrackConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the conntrack collector: only those of every collector."""


class ConntrackCollector:
    """Fills two or ten values. See `model.protocols.Collector`."""

    name = "conntrack"

    def __init__(self, host: Host, config: ConntrackConfig) -> None:
        del config  # nothing of its own
        settings = host.paths.procfs / "sys/net/netfilter"
        self._count = KeptFile(settings / "nf_conntrack_count")
        self._limit = KeptFile(settings / "nf_conntrack_max")
        self._statistics = KeptFile(host.paths.procfs / "net/stat/nf_conntrack", single=False)
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        values = [_setting(self._count)]
        # what can be read counts, as in node_exporter: kernels since 5.9 may be built without the statistics
        with suppress(CollectError):
            values.append(_setting(self._limit))
            values += _sums(self._statistics)
        readings: list[Reading] = list(zip(_SPECS, values, strict=False))
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for file in (self._count, self._limit, self._statistics):
            file.close()


def _setting(file: KeptFile) -> float:
    try:
        return float(unsigned(file.read()))
    except ValueError as error:
        raise CollectError(f"{file.path} is not a number: {error}") from error


def _sums(file: KeptFile) -> list[float]:
    """Return the wanted columns, summed over the CPUs."""
    sums = [0] * _WIDTHS[-1]
    try:
        for words in lines_of(file.read())[1:]:
            if len(words) not in _WIDTHS:
                raise ValueError(f"a line has {len(words)} columns instead of {_WIDTHS[0]} or {_WIDTHS[1]}")
            for i, word in enumerate(words):
                sums[i] += unsigned(word, 16)
    except ValueError as error:
        raise CollectError(f"{file.path}: {error}") from error
    return [float(sums[column]) for column, _ in _STATISTICS]


ENTRY = CollectorEntry(
    factory=ConntrackCollector,
    section=ConntrackConfig,
    default=True,
    summary="Connections tracked by netfilter",
    files=(
        "/proc/sys/net/netfilter/nf_conntrack_count",
        "/proc/sys/net/netfilter/nf_conntrack_max",
        "/proc/net/stat/nf_conntrack",
    ),
    privileges="root or CAP_NET_ADMIN: what it counts",
    families=FAMILIES,
)
