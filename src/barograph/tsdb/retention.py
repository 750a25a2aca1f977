"""Retention: which block files go, and in which order. Deciding is pure; removing unlinks whole files.

Unlinking a file needs no space, so this works on a full disk. The store calls it between ticks; readers that still have
a file open finish with what they have.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from barograph.tsdb import filenames
from barograph.tsdb.classes import RetentionClass
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import BlockName

SNAPSHOTS = "snapshots"
"""Copies that somebody asked for: the cap is not about them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is kept.

    Attributes:
        retention_ms: How long samples are kept.
        tiers_ms: How long each tier's buckets are, by its name.
        classes: What holds for single classes, by name.
        cap_bytes: The most everything may take together.
        now_ms: The present.
        ahead_ms: Samples further ahead of the present than this are the work of a clock that was wrong.
    """

    retention_ms: int
    tiers_ms: dict[str, int]
    classes: dict[str, RetentionClass]
    cap_bytes: int
    now_ms: int
    ahead_ms: int

    def kept_ms(self, name: BlockName) -> int:
        """Return how long a file's samples are kept after the last of them."""
        kept = self.tiers_ms.get(name.tier, self.retention_ms) if name.tier else self.retention_ms
        own = self.classes.get(name.retention_class)
        if own is not None and own.retention_ms is not None:
            return min(kept, own.retention_ms) if name.tier else own.retention_ms
        return kept


@dataclass(frozen=True, slots=True)
class SizedBlock:
    """A block file and the bytes it takes, write-ahead log included."""

    name: BlockName
    size_bytes: int


def rules_of(config: StoreConfig, classes: Iterable[RetentionClass], cap_bytes: int, now_ms: int) -> Rules:
    """Return what a configuration keeps, now."""
    return Rules(
        retention_ms=config.retention.ms,
        tiers_ms={name: kept.ms for name, kept in config.tiers.items()},
        classes={each.name: each for each in classes},
        cap_bytes=cap_bytes,
        now_ms=now_ms,
        ahead_ms=config.future_limit.ms,
    )


def to_drop(blocks: Sequence[SizedBlock], other_bytes: int, rules: Rules) -> list[BlockName]:
    """Return the files that go: first what is too old, then, until sizes fit, what is missed least.

    That is within a class with a size of its own, and then in the whole folder: samples of the oldest day first, then
    those of days to come (a clock was wrong), then the oldest buckets. Today's samples stay; see `StoreFiles.trim`.

    Args:
        blocks: All block files.
        other_bytes: What everything else in the folder takes.
        rules: What is kept.
    """
    dropped = [each.name for each in blocks if each.name.end_ms <= rules.now_ms - rules.kept_ms(each.name)]
    left = [each for each in blocks if each.name not in dropped]
    for own in rules.classes.values():
        if own.max_bytes is not None:
            dropped += _until_it_fits([b for b in left if b.name.retention_class == own.name], own.max_bytes, rules)
    left = [each for each in left if each.name not in dropped]
    dropped += _until_it_fits(left, rules.cap_bytes - other_bytes, rules)
    return dropped


def _until_it_fits(blocks: Sequence[SizedBlock], most_bytes: int, rules: Rules) -> list[BlockName]:
    excess = sum(each.size_bytes for each in blocks) - most_bytes
    dropped: list[BlockName] = []
    for each in sorted(blocks, key=lambda block: _order(block.name, rules)):
        if excess <= 0:
            break
        if each.name.tier or not _is_present(each.name, rules):
            dropped.append(each.name)
            excess -= each.size_bytes
    return dropped


def _order(name: BlockName, rules: Rules) -> tuple[int, int]:
    """Sort samples of the past, then those of a future that was none, then buckets; each the oldest first."""
    is_ahead = name.start_ms > rules.now_ms + rules.ahead_ms
    return (2 if name.tier else 1 if is_ahead else 0), name.start_ms


def _is_present(name: BlockName, rules: Rules) -> bool:
    return name.start_ms <= rules.now_ms + rules.ahead_ms and name.end_ms > rules.now_ms


def size_cap(folder: Path, config: StoreConfig) -> int:
    """Return the most bytes the folder may have: what is configured, or a tenth of its disk if that is less."""
    disk = os.statvfs(folder)
    return min(config.max_size.bytes, disk.f_blocks * disk.f_frsize // 10)


def measure(folder: Path) -> tuple[list[SizedBlock], int]:
    """Return the block files with their sizes, oldest first, and what everything else takes (snapshots left out)."""
    sizes: dict[BlockName, int] = {}
    other = 0
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if relative.parts[0] == SNAPSHOTS:
            continue
        try:
            size = path.lstat().st_size if path.is_file() and not path.is_symlink() else 0
        except FileNotFoundError:
            continue
        name = BlockName.parse(relative.name.removesuffix("-wal").removesuffix("-shm"))
        if name is not None and len(relative.parts) == 1:
            sizes[name] = sizes.get(name, 0) + size
        else:
            other += size
    blocks = [SizedBlock(name, sizes[name]) for name in sorted(sizes, key=lambda name: (name.start_ms, name))]
    return blocks, other


def remove_block(folder: Path, name: BlockName) -> int:
    """Unlink a block file and its companions; returns the bytes they had.

    The database goes last: beside a new database of the same name an old log would do harm, the reverse would not.
    """
    freed = 0
    for path in filenames.with_companions(folder / name.file_name):
        try:
            size = path.stat().st_size
            path.unlink()
            freed += size
        except FileNotFoundError:
            continue
    return freed
