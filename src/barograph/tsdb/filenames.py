"""Every name the store gives to a file in its folder, and nothing else.

Samples of a UTC day lie in `blocks-YYYYMMDD.db`. A retention class has files of its own, `blocks-<class>-YYYYMMDD.db`,
and so has a tier, a month each: `blocks-1m-YYYYMM.db`, `blocks-<class>-1m-YYYYMM.db`.
"""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Self

LIVE = "live.db"
"""The ring of ticks not yet folded."""
TOMBSTONES = "tombstones.db"
"""What was deleted, as long as it is not rewritten."""
INCOMING = "incoming"
"""A folder of bodies to import, and what was made of them; emptied at start."""
LOCK = "lock"
"""Held with flock by the one writing process; its text is that process's pid."""

DAY_MS = 86_400_000
_BLOCKS = re.compile(r"blocks(?:-([a-z][a-z0-9]*))?(?:-([0-9]+[smhd]))?-([0-9]{6}|[0-9]{8})\.db")


class BlockName(NamedTuple):
    """What a block file holds, as its name says it. Sorts by period, then class, then tier.

    Attributes:
        period: The UTC day `YYYYMMDD` or month `YYYYMM`.
        retention_class: A lower-case word; "" for the default class.
        tier: The width of its buckets, `1m`; "" for samples as they came.
    """

    period: str
    retention_class: str = ""
    tier: str = ""

    @classmethod
    def parse(cls, file_name: str) -> Self | None:
        """Return what a file's name says, None where it is no block file."""
        match = _BLOCKS.fullmatch(file_name)
        if match is None:
            return None
        name = cls(match[3], match[1] or "", match[2] or "")
        try:
            name._start()
        except ValueError:
            return None
        return name

    @property
    def file_name(self) -> str:
        """The name of the file."""
        return "-".join(part for part in ("blocks", self.retention_class, self.tier, self.period) if part) + ".db"

    @property
    def start_ms(self) -> int:
        """The first millisecond of the period."""
        return int(self._start().timestamp()) * 1000

    @property
    def end_ms(self) -> int:
        """The first millisecond after the period."""
        start = self._start()
        if len(self.period) == 8:
            return int(start.timestamp()) * 1000 + DAY_MS
        following = start.replace(year=start.year + start.month // 12, month=start.month % 12 + 1)
        return int(following.timestamp()) * 1000

    def _start(self) -> datetime:
        pattern = "%Y%m%d" if len(self.period) == 8 else "%Y%m"
        return datetime.strptime(self.period, pattern).replace(tzinfo=UTC)


def day_block(timestamp_ms: int, retention_class: str = "") -> BlockName:
    """Return the file of the UTC day that a timestamp lies in."""
    day = datetime.fromtimestamp(timestamp_ms // 1000, tz=UTC).strftime("%Y%m%d")
    return BlockName(day, retention_class)


def month_block(timestamp_ms: int, tier: str, retention_class: str = "") -> BlockName:
    """Return a tier's file of the UTC month that a timestamp lies in."""
    month = datetime.fromtimestamp(timestamp_ms // 1000, tz=UTC).strftime("%Y%m")
    return BlockName(month, retention_class, tier)


def block_names(folder: Path) -> list[BlockName]:
    """Return the block files of a folder, oldest first; a folder that is not there has none."""
    try:
        names = [BlockName.parse(path.name) for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    return sorted((name for name in names if name is not None), key=lambda name: (name.start_ms, name))


def with_companions(path: Path) -> tuple[Path, ...]:
    """Return a database's path and those of the files SQLite keeps beside it, the database itself last."""
    return (path.with_name(path.name + "-shm"), path.with_name(path.name + "-wal"), path)


def signature(path: Path) -> tuple[int, ...]:
    """Return what changes when a database (or its write-ahead log) is written."""
    found: list[int] = []
    for each in with_companions(path)[1:]:
        try:
            status = each.stat()
        except FileNotFoundError:
            continue
        found += (status.st_ino, status.st_size, status.st_mtime_ns)
    return tuple(found)


def damaged(path: Path) -> Path:
    """Return the first free name for a file that is moved aside because it is no database any more."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return aside
