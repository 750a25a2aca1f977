"""Retention: whole block files go, oldest first, when they are too old or the folder is too large.

Unlinking a file needs no space, so this works on a full disk. The store calls it between ticks; readers that still have
a file open finish with what they have.
"""

import os
from pathlib import Path

from barograph.tsdb import filenames
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import BlockName


def drop_old_blocks(folder: Path, config: StoreConfig, now_ms: int) -> tuple[list[BlockName], int]:
    """Remove the block files that retention does not keep; today's file always stays.

    Returns:
        The files dropped, and the folder's size in bytes afterwards.
    """
    cap = size_cap(folder, config)
    size = folder_bytes(folder)
    dropped: list[BlockName] = []
    for name in filenames.block_names(folder):
        is_old = name.end_ms <= now_ms - config.retention.ms
        if name.end_ms > now_ms or not (is_old or size > cap):
            break
        size -= remove_block(folder, name)
        dropped.append(name)
    return dropped, size


def size_cap(folder: Path, config: StoreConfig) -> int:
    """Return the most bytes the folder may have: what is configured, or a tenth of its disk if that is less."""
    disk = os.statvfs(folder)
    return min(config.max_size.bytes, disk.f_blocks * disk.f_frsize // 10)


def folder_bytes(folder: Path) -> int:
    """Return the bytes that the files of a folder have together."""
    total = 0
    for path in folder.iterdir():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total


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
