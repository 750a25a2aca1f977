"""Frames of the process log's files: a header with a checksum, then a block (docs/formats/process-log.md).

Both sides of the log use it. A file ends where a frame is torn or damaged: what follows is not looked at.
"""

import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

FOLDER = "processes"
HEAD = "head.plog"
SUFFIX = ".plog"
_MAGIC = b"BPL1"
_HEADER = struct.Struct("<4sIIIqq")
"""Magic, checksum (CRC-32 of what follows it, block included), bytes of the block, samples, first and last instant."""
_MOST_BYTES = 1 << 26


class Frame(NamedTuple):
    """Where a block stands in its file, and which instants it covers."""

    offset: int
    """Of the block's first byte."""
    length: int
    samples: int
    first_ms: int
    last_ms: int

    @property
    def end(self) -> int:
        """Where the next frame begins."""
        return self.offset + self.length


def make_frame(block: bytes, samples: int, first_ms: int, last_ms: int) -> bytes:
    """Return a block behind its header."""
    rest = struct.pack("<IIqq", len(block), samples, first_ms, last_ms)
    return _MAGIC + struct.pack("<I", zlib.crc32(block, zlib.crc32(rest))) + rest + block


def scan(fd: int, start: int = 0) -> list[Frame]:
    """Return the frames of an open file from a frame's beginning on, as far as headers hold.

    Blocks are not read: `read_block` checks them.
    """
    size = os.fstat(fd).st_size
    found = []
    while start + _HEADER.size <= size:
        header = os.pread(fd, _HEADER.size, start)
        if len(header) < _HEADER.size or header[:4] != _MAGIC:
            break
        _, _, length, samples, first_ms, last_ms = _HEADER.unpack(header)
        frame = Frame(start + _HEADER.size, length, samples, first_ms, last_ms)
        if length > _MOST_BYTES or frame.end > size:
            break
        found.append(frame)
        start = frame.end
    return found


def read_block(fd: int, frame: Frame) -> bytes | None:
    """Return a frame's block; None where its checksum does not hold."""
    data = os.pread(fd, _HEADER.size + frame.length, frame.offset - _HEADER.size)
    if len(data) < _HEADER.size + frame.length or zlib.crc32(data[8:]) != int.from_bytes(data[4:8], "little"):
        return None
    return data[_HEADER.size :]


def day_files(folder: Path) -> list[Path]:
    """Return the files of whole days, oldest first."""
    return sorted(path for path in folder.glob(f"????-??-??{SUFFIX}"))
