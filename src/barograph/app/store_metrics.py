"""The store's figures as metrics of our own. Built by the keeper, refreshed with each tick."""

from collections.abc import Callable

from barograph.telemetry.metrics import Telemetry
from barograph.tsdb.stats import StoreStats

_COUNTERS: tuple[tuple[str, str, Callable[[StoreStats], float]], ...] = (
    ("barograph_store_commits_total", "Commits that returned.", lambda s: s.commits),
    ("barograph_store_commit_failures_total", "Commits that did not.", lambda s: s.commit_failures),
    ("barograph_store_log_bytes_total", "Bytes of log records written.", lambda s: s.log_bytes),
    ("barograph_store_folds_total", "Times that the ring was folded into blocks.", lambda s: s.folds),
    (
        "barograph_store_fold_failures_total",
        "Folds that could not write and are tried again.",
        lambda s: s.fold_failures,
    ),
    ("barograph_store_folded_samples_total", "Samples written to blocks.", lambda s: s.folded_samples),
    ("barograph_store_block_bytes_total", "Bytes of blocks written.", lambda s: s.block_bytes),
    ("barograph_store_merges_total", "Merges of small blocks.", lambda s: s.merges),
    ("barograph_store_tier_days_total", "Days whose tiers were made.", lambda s: s.tier_days),
    ("barograph_store_tier_buckets_total", "Buckets made for tiers.", lambda s: s.tier_buckets),
    ("barograph_store_tiers_rebuilt_total", "Tiers of a day made anew after it changed.", lambda s: s.tiers_rebuilt),
    ("barograph_store_tier_failures_total", "Times that tiers could not be made.", lambda s: s.tier_failures),
    ("barograph_store_days_dropped_total", "Day files removed by retention.", lambda s: s.days_dropped),
    ("barograph_store_spans_trimmed_total", "Times that part of a day was dropped.", lambda s: s.spans_trimmed),
    ("barograph_store_refused_series_total", "New series refused by a limit.", lambda s: s.refused_series),
    ("barograph_store_lost_ticks_total", "Ticks that were never made durable.", lambda s: s.lost_ticks),
    ("barograph_store_damaged_total", "Chunks, slots and catalogues found damaged.", lambda s: s.damaged),
)
_GAUGES: tuple[tuple[str, str, Callable[[StoreStats], float]], ...] = (
    ("barograph_store_commit_seconds", "How long the newest commit took.", lambda s: s.last_commit_s),
    ("barograph_store_pending_ticks", "Ticks in memory that are not durable yet.", lambda s: s.pending_ticks),
    ("barograph_store_unfolded_ticks", "Durable ticks that are not in blocks yet.", lambda s: s.unfolded_ticks),
    ("barograph_store_series", "Series in the head.", lambda s: s.series),
    ("barograph_store_head_bytes", "Memory of the head.", lambda s: s.head_bytes),
    ("barograph_store_folder_bytes", "Size of the data folder.", lambda s: s.folder_bytes),
    ("barograph_store_free_bytes", "Free space of its disk.", lambda s: s.free_bytes),
    ("barograph_store_low_space", "Whether that is too little for bulk work.", lambda s: float(s.low_space)),
)


def report_store(telemetry: Telemetry, stats: StoreStats, state_is_in_memory: Callable[[], bool]) -> None:
    """Add the store's figures to the keeper's metrics; and whether state.db, beside it, takes nothing."""
    series = [(telemetry.counter(name, text).labels(), read) for name, text, read in _COUNTERS]
    series += [(telemetry.gauge(name, text).labels(), read) for name, text, read in _GAUGES]
    read_only = telemetry.gauge("barograph_store_read_only", "Whether anything cannot be made durable now.").labels()
    in_memory = telemetry.gauge("barograph_store_state_in_memory", "Whether state.db cannot be written now.").labels()

    def refresh() -> None:
        state_waits = state_is_in_memory()
        in_memory.set(float(state_waits))
        read_only.set(float(stats.read_only or state_waits))
        for metric, read in series:
            metric.set(read(stats))

    telemetry.on_snapshot(refresh)
