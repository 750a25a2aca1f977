"""Every name the store gives to a file in its folder, and nothing else.

A retention class or tier gets its own block files by the middle part: `blocks-<class>-YYYYMMDD.db`; the default class
at full resolution has none.
"""

import re
from datetime import UTC, datetime
from pathlib import Path

LIVE = "live.db"
"""The ring of ticks not yet folded."""
LOCK = "lock"
"""Held with flock by the one writing process; its text is that process's pid."""

DAY_MS = 86_400_000
_BLOCKS = re.compile(r"blocks-(\d{8})\.db")


def day_of(timestamp_ms: int) -> str:
    """Return the UTC day of a timestamp as `YYYYMMDD`."""
    return datetime.fromtimestamp(timestamp_ms // 1000, tz=UTC).strftime("%Y%m%d")


def day_start_ms(day: str) -> int:
    """Return the first millisecond of a UTC day given as `YYYYMMDD`."""
    return int(datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).timestamp()) * 1000


def blocks_name(day: str) -> str:
    """Return the name of a day's block file."""
    return f"blocks-{day}.db"


def block_days(folder: Path) -> list[str]:
    """Return the days that have a block file, oldest first; a folder that is not there has none."""
    try:
        names = [path.name for path in folder.iterdir()]
    except FileNotFoundError:
        return []
    found = [_BLOCKS.fullmatch(name) for name in names]
    return sorted(match[1] for match in found if match)


def with_companions(path: Path) -> tuple[Path, ...]:
    """Return a database's path and those of the files SQLite keeps beside it, the database itself last."""
    return (path.with_name(path.name + "-shm"), path.with_name(path.name + "-wal"), path)


def damaged(path: Path) -> Path:
    """Return the first free name for a file that is moved aside because it is no database any more."""
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return aside
