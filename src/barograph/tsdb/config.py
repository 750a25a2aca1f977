"""The `store` section of the configuration: how long and how much is kept, and the store's memory budgets.

`app/config.py` assembles it; nothing here reads files.
"""

import msgspec

from barograph.model.units import Duration, Size


class StoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the embedded store keeps samples."""

    retention: Duration = Duration.parse("30d")
    """How long samples are kept; a day's file goes when all of it is older."""
    max_size: Size = Size.parse("10GiB")
    """The most the data folder may take; a tenth of the disk where that is less. The oldest days go first."""
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
