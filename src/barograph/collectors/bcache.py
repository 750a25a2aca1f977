"""The bcache collector: caches and the devices behind them, from /sys/fs/bcache."""

import os
from collections.abc import Iterator

from barograph.collectors.attributes import listed, names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.readings import PlainCollector, Reading, known, text_in
from barograph.model.batch import Family
from barograph.model.errors import CollectError, NoDataError

_PREFIX = "node_bcache_"
# the file below the cache set, its metric, and what a unit of it is in the metric's
_SET = (
    (
        "average_key_size",
        gauge(_PREFIX + "average_key_size_sectors", "Average data per key in the btree (sectors)."),
        1.0,
    ),
    ("btree_cache_size", gauge(_PREFIX + "btree_cache_size_bytes", "Memory of the btree cache."), 1.0),
    (
        "cache_available_percent",
        gauge(_PREFIX + "cache_available_percent", "Share of the cache that could be written to without waiting."),
        1.0,
    ),
    ("congested", gauge(_PREFIX + "congested", "Congestion."), 1.0),
    ("root_usage_percent", gauge(_PREFIX + "root_usage_percent", "Share of the root btree node in use."), 1.0),
    ("tree_depth", gauge(_PREFIX + "tree_depth", "Depth of the btree."), 1.0),
    (
        "internal/active_journal_entries",
        gauge(_PREFIX + "active_journal_entries", "Journal entries newer than the index."),
        1.0,
    ),
    ("internal/btree_nodes", gauge(_PREFIX + "btree_nodes", "Nodes in the btree."), 1.0),
    (
        "internal/btree_read_average_duration_us",
        gauge(_PREFIX + "btree_read_average_duration_seconds", "Average duration of reads of the btree."),
        1e9,
    ),
    (
        "internal/cache_read_races",
        counter(_PREFIX + "cache_read_races_total", "Reads whose bucket was reused while they were under way."),
        1.0,
    ),
)
_BACKING = (
    (
        "stats_total/bypassed",
        counter(_PREFIX + "bypassed_bytes_total", "I/O, reads and writes, that went past the cache."),
    ),
    ("stats_total/cache_hits", counter(_PREFIX + "cache_hits_total", "Reads found in the cache.")),
    ("stats_total/cache_misses", counter(_PREFIX + "cache_misses_total", "Reads not found in the cache.")),
    (
        "stats_total/cache_bypass_hits",
        counter(_PREFIX + "cache_bypass_hits_total", "Hits of I/O meant to go past the cache."),
    ),
    (
        "stats_total/cache_bypass_misses",
        counter(_PREFIX + "cache_bypass_misses_total", "Misses of I/O meant to go past the cache."),
    ),
    (
        "stats_total/cache_miss_collisions",
        counter(_PREFIX + "cache_miss_collisions_total", "Data to be inserted after a miss that raced with a write."),
    ),
    ("stats_total/cache_readaheads", counter(_PREFIX + "cache_readaheads_total", "Times that readahead occurred.")),
    ("dirty_data", gauge(_PREFIX + "dirty_data_bytes", "Dirty data of this device in the cache.")),
)
_CACHE = (
    ("io_errors", gauge(_PREFIX + "io_errors", "Errors, decayed over time by io_error_halflife.")),
    (
        "metadata_written",
        counter(_PREFIX + "metadata_written_bytes_total", "Writes that were not data, such as of the btree."),
    ),
    ("written", counter(_PREFIX + "written_bytes_total", "All that was written to the cache.")),
)
_WRITEBACK = (
    ("rate", gauge(_PREFIX + "writeback_rate", "Rate of writeback.")),
    ("target", gauge(_PREFIX + "dirty_target_bytes", "How much dirty data writeback aims at.")),
    ("proportional", gauge(_PREFIX + "writeback_rate_proportional_term", "Its proportional term.")),
    ("integral", gauge(_PREFIX + "writeback_rate_integral_term", "Its integral term.")),
    ("change", gauge(_PREFIX + "writeback_change", "How the rate changed last.")),
)
_PRIORITIES = (
    ("Unused", gauge(_PREFIX + "priority_stats_unused_percent", "Share of the cache that holds nothing.")),
    (
        "Metadata",
        gauge(_PREFIX + "priority_stats_metadata_percent", "Share of the cache that holds bcache's metadata."),
    ),
)
_UNITS = {unit: 1024.0**power for power, unit in enumerate("kMGTPEZY", start=1)}


class BcacheConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the bcache collector.

    Attributes:
        priority_stats: Show what is computed by sorting every bucket, which costs.
    """

    priority_stats: bool = False


class BcacheCollector(PlainCollector):
    """Fills some thirty values for each set of caches. See `model.protocols.Collector`."""

    name = "bcache"

    def __init__(self, host: Host, config: BcacheConfig) -> None:
        super().__init__()
        self._folder = host.paths.sysfs / "fs/bcache"
        self._shows_priorities = config.priority_stats

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        sets = [name for name in listed(self._folder) if "-" in name and (self._folder / name).is_dir()]
        if not sets:
            raise NoDataError(f"{self._folder} holds no set of caches")
        try:
            return [reading for name in sets for reading in self._set(name)]
        except (ValueError, IndexError) as error:
            raise CollectError(f"{self._folder}: a file is not as the kernel writes it: {error}") from error

    def _set(self, uuid: str) -> Iterator[Reading]:
        folder, labels = os.fspath(self._folder / uuid), {"uuid": uuid}
        for name, family, scale in _SET:
            yield from _scaled(folder, name, SeriesSpec(family, labels), scale)
        for name in names_in(self._folder / uuid):
            if name.startswith("bdev"):
                yield from _backing(f"{folder}/{name}", {**labels, "backing_device": name})
            elif name.startswith("cache") and name.removeprefix("cache").isdecimal():
                yield from self._cache(f"{folder}/{name}", {**labels, "cache_device": name})

    def _cache(self, folder: str, labels: dict[str, str]) -> Iterator[Reading]:
        for name, family in _CACHE:
            yield from _scaled(folder, name, SeriesSpec(family, labels), 1.0)
        if self._shows_priorities:
            yield from _keyed(text_in(folder, "priority_stats") or "", _PRIORITIES, labels)


def _backing(folder: str, labels: dict[str, str]) -> Iterator[Reading]:
    for name, family in _BACKING:
        yield from _scaled(folder, name, SeriesSpec(family, labels), 1.0)
    yield from _keyed(text_in(folder, "writeback_rate_debug") or "", _WRITEBACK, labels)


def _scaled(folder: str, name: str, spec: SeriesSpec, scale: float) -> list[Reading]:
    text = text_in(folder, name)
    return known([(spec, size_of(text) / scale if text else None)])


def _keyed(text: str, wanted: tuple[tuple[str, Family], ...], labels: dict[str, str]) -> Iterator[Reading]:
    found = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in text.split("\n"))}
    for key, family in wanted:
        if found.get(key):
            yield SeriesSpec(family, labels), size_of(found[key].removesuffix("/sec").removesuffix("%"))


def size_of(text: str) -> float:
    """Return a number as bch_hprint of the kernel writes it: behind the point stand 1,024ths, in tenths of a hundred.

    So 1.1k is 1,024 bytes and a 10.24th of that, and .10 is more than .9.

    Raises:
        ValueError: It is none.
    """
    unit = _UNITS.get(text[-1:])
    if unit is None:
        return float(int(text))
    whole, _, fraction = text[:-1].partition(".")
    return float(int((float(whole) + (float(fraction) / 10.24 if fraction else 0.0)) * unit))


ENTRY = CollectorEntry(
    factory=BcacheCollector,
    section=BcacheConfig,
    default=True,
    summary="bcache: hits, misses, writeback and caches",
    files=(
        "/sys/fs/bcache/*/*",
        "/sys/fs/bcache/*/internal/*",
        "/sys/fs/bcache/*/bdev*/*",
        "/sys/fs/bcache/*/cache*/*",
    ),
    families=(
        *(family for _, family, _ in _SET),
        *(family for _, family in (*_BACKING, *_CACHE, *_WRITEBACK, *_PRIORITIES)),
    ),
)
