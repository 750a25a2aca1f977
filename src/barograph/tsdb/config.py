"""The `store` section of the configuration: how long and how much is kept, and the store's memory budgets.

`app/config.py` assembles it; nothing here reads files.
"""

import re
from itertools import pairwise

import msgspec

from barograph.model.units import Duration, Size

_WIDTH = re.compile(r"[1-9][0-9]*[smhd]", re.ASCII)
_DAY_MS = 86_400_000


def _default_tiers() -> dict[str, Duration]:
    return {"1m": Duration.parse("1y"), "1h": Duration.parse("5y")}


class LimitsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What new series may come to. Those that are stored already never suffer from what is refused."""

    max_series: int = 200_000
    """How many series the newest ticks may have together: each takes 10 kB of memory for 1,200 ticks."""
    new_series_per_minute: int = 100_000
    """How many new series may come within a minute."""
    labels_per_series: int = 64
    """How many labels a series may have, its name included."""
    label_name_bytes: int = 1024
    """How long a label's name may be."""
    label_value_bytes: int = 4096
    """How long a label's value may be."""


class ProcessLogConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the flight recorder keeps: the busiest processes of each sample, and every start and end."""

    enabled: bool = True
    """Whether it is kept; the collector `process` makes the samples."""
    retention: Duration = Duration.parse("7d")
    """How long; whole days go."""
    max_size: Size = Size.parse("300MiB")
    """The most it may take; the oldest days go first."""


class StoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the embedded store keeps samples."""

    retention: Duration = Duration.parse("30d")
    """How long samples are kept; a day's file goes when all of it is older."""
    max_size: Size = Size.parse("10GiB")
    """The most the data folder may take; a tenth of the disk where that is less. The oldest days go first."""
    retention_for: dict[str, Duration] = msgspec.field(default_factory=dict)
    """How long series of a selector are kept instead, such as `'{job="dev"}': 3d`; the first that matches counts."""
    max_size_for: dict[str, Size] = msgspec.field(default_factory=dict)
    """The most that the files of a selector's series may take, such as `'{job="dev"}': 1GiB`; their oldest days go."""
    tiers: dict[str, Duration] = msgspec.field(default_factory=_default_tiers)
    """Buckets kept beside samples, by width, and for how long: each width divides a day and the next width."""
    out_of_order_window: Duration = Duration.parse("1h")
    """How much older than the newest sample of its source a sample may be; imports may be older."""
    future_limit: Duration = Duration.parse("10m")
    """How far ahead of this machine's clock a sample may be."""
    limits: LimitsConfig = LimitsConfig()
    """What new series may come to."""
    process_log: ProcessLogConfig = ProcessLogConfig()
    """The flight recorder."""
    fold_ticks: int = 900
    """How many ticks are gathered in the ring before they are compressed into blocks."""
    ring_slots: int = 1200
    """How many ticks the head and its durable ring hold: `fold_ticks` and a reserve."""
    checkpoint_ticks: int = 200
    """How many commits lie between two checkpoints of `live.db`."""
    merge_samples: int = 3600
    """Small blocks of one day are merged until they hold this many samples a series."""
    decoded_cache: Size = Size.parse("32MiB")
    """Memory for decoded chunks, in each process that reads."""
    compressed_cache: Size = Size.parse("16MiB")
    """Memory for compressed blocks, in each process that reads."""
    directory_cache: Size = Size.parse("8MiB")
    """Memory for directories of blocks, in each process that reads."""

    def __post_init__(self) -> None:
        if self.fold_ticks < 1:
            raise ValueError(f"fold_ticks is {self.fold_ticks}: at least 1 is needed")
        if self.ring_slots < self.fold_ticks + 2:
            raise ValueError(
                f"ring_slots is {self.ring_slots}: it must exceed fold_ticks ({self.fold_ticks}) by 2 or more, "
                "as ticks go on while older ones are folded"
            )
        if self.checkpoint_ticks < 1:
            raise ValueError(f"checkpoint_ticks is {self.checkpoint_ticks}: at least 1 is needed")
        if self.merge_samples < 1:
            raise ValueError(f"merge_samples is {self.merge_samples}: at least 1 is needed")
        if self.retention.ms <= 0:
            raise ValueError("retention is 0: write how long samples are kept, such as 30d")
        _check_tiers(self.tiers)

    @property
    def tier_widths_ms(self) -> dict[str, int]:
        """The widths of the tiers by name, the least first."""
        widths = {name: Duration.parse(name).ms for name in self.tiers}
        return dict(sorted(widths.items(), key=lambda item: item[1]))


def _check_tiers(tiers: dict[str, Duration]) -> None:
    widths: dict[int, str] = {}
    for name, kept in tiers.items():
        if not _WIDTH.fullmatch(name):
            raise ValueError(f"tiers has the width {name!r}: write one number and one of s, m, h and d, such as 1m")
        width_ms = Duration.parse(name).ms
        if width_ms in widths:
            raise ValueError(f"tiers has the width {name} twice, as {widths[width_ms]} too: keep one of them")
        if _DAY_MS % width_ms:
            raise ValueError(f"tiers has the width {name}: a day is no multiple of it; use one like 1m, 5m or 1h")
        if kept.ms <= 0:
            raise ValueError(f"tiers keeps {name} for 0: write how long, such as 1y, or leave the width out")
        widths[width_ms] = name
    ascending = sorted(widths)
    for finer, coarser in pairwise(ascending):
        if coarser % finer:
            raise ValueError(f"tiers has {widths[finer]} and {widths[coarser]}: one must be a multiple of the other")
