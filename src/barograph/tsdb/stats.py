"""What the store says of itself: the figures that the keeper turns into `barograph_store_*` metrics."""

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class StoreStats:
    """Counters and states since start. Written by the store's thread; a reader may see two of one moment.

    Attributes:
        commits: Commits that returned.
        commit_failures: Commits that did not.
        last_commit_s: How long the newest commit took.
        log_bytes: Bytes of log records written.
        folds: Folds done.
        fold_failures: Folds that could not write; they are tried again.
        folded_samples: Sample places written to block files.
        block_bytes: Bytes of blocks written.
        fold_reason: Why the newest fold failed; "" once one succeeds.
        merges: Merges of small blocks done.
        tier_days: Days whose tiers were made.
        tier_buckets: Buckets made for tiers, each with all its columns.
        tiers_rebuilt: Tiers of a day made anew, since something came into the day or left it.
        tier_failures: Times that tiers could not be made; they are tried again.
        days_dropped: Day files removed by retention.
        spans_trimmed: Times that the oldest samples of a day were dropped since the day alone is over the cap.
        free_bytes: What was free on the disk at the last look.
        low_space: Whether that is too little to load anything in bulk.
        lost_ticks: Ticks that left the head before they could be made durable.
        damaged: Slots, chunks and catalogues found damaged.
        read_only: Whether nothing can be made durable now.
        reason: Why, in words; "" otherwise.
        pending_ticks: Ticks in the head that are not durable yet.
        unfolded_ticks: Durable ticks that are not in block files yet.
        refused_series: Times that a new series was refused by a limit.
        series: Series in the head.
        head_bytes: Memory of the head.
        folder_bytes: Size of the data folder, taken at the last retention pass.
    """

    commits: int = 0
    commit_failures: int = 0
    last_commit_s: float = 0.0
    log_bytes: int = 0
    folds: int = 0
    fold_failures: int = 0
    folded_samples: int = 0
    block_bytes: int = 0
    fold_reason: str = ""
    merges: int = 0
    tier_days: int = 0
    tier_buckets: int = 0
    tiers_rebuilt: int = 0
    tier_failures: int = 0
    days_dropped: int = 0
    spans_trimmed: int = 0
    free_bytes: int = 0
    low_space: bool = False
    lost_ticks: int = 0
    damaged: int = 0
    read_only: bool = False
    reason: str = ""
    pending_ticks: int = 0
    unfolded_ticks: int = 0
    refused_series: int = 0
    series: int = 0
    head_bytes: int = 0
    folder_bytes: int = 0
