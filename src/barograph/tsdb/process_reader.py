"""The process log, reader's side: the samples around an instant. Implements `model.processes.ProcessLog`.

The writer may be at work meanwhile: files only grow, the head also begins anew. A block whose checksum does not hold is
a gap.
"""

import logging
import os
import threading
from bisect import bisect_right
from collections import OrderedDict
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from barograph.model.errors import StoreError
from barograph.model.processes import ProcessSample
from barograph.tsdb.process_block import Block
from barograph.tsdb.process_frames import FOLDER, HEAD, SUFFIX, Frame, day_files, read_block, scan

_log = logging.getLogger(__name__)
_DAY_MS = 86_400_000
_NEAR_MS = 60_000
_KEPT_BLOCKS = 8
_KEPT_INDEXES = 8


class _Index(NamedTuple):
    """The frames of a file as of its identity and size."""

    identity: tuple[int, int]
    size: int
    frames: list[Frame]


class ProcessLogReader:
    """Reads the process log of a data folder; safe to call from any thread.

    Args:
        folder: The data folder; it need not have a log.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._lock = threading.Lock()
        self._indexes: OrderedDict[str, _Index] = OrderedDict()
        self._blocks: OrderedDict[tuple[int, int, int, int], Block | None] = OrderedDict()

    def at(self, at_ms: int) -> ProcessSample | None:
        """See `ProcessLog`."""
        with self._lock:
            best: ProcessSample | None = None
            for name in (HEAD, _name_of(at_ms), _name_of(at_ms - _NEAR_MS)):
                found = self._newest(name, at_ms)
                if found is not None and (best is None or found.at_ms > best.at_ms):
                    best = found
            return best if best is not None and at_ms - best.at_ms <= _NEAR_MS else None

    def between(self, start_ms: int, end_ms: int) -> list[ProcessSample]:
        """See `ProcessLog`."""
        with self._lock:
            found: dict[int, ProcessSample] = {}
            names = [_name_of(day_ms) for day_ms in range(start_ms // _DAY_MS * _DAY_MS, end_ms + 1, _DAY_MS)]
            # the head first: what moves from it into a day's file meanwhile is found there
            for name in (HEAD, *names):
                for block in self._overlapping(name, start_ms, end_ms):
                    for number, time_ms in enumerate(block.times_ms.tolist()):
                        if start_ms <= time_ms <= end_ms and time_ms not in found:
                            found[time_ms] = block.sample(number)
            return [found[time_ms] for time_ms in sorted(found)]

    def span_ms(self) -> tuple[int, int] | None:
        """Return the oldest and the newest instant kept; None where nothing is."""
        with self._lock:
            names = [path.name for path in day_files(self._folder)]
            ends = [frames for name in (*names, HEAD) if (frames := self._index(name))]
            return (ends[0][0].first_ms, ends[-1][-1].last_ms) if ends else None

    def _newest(self, name: str, at_ms: int) -> ProcessSample | None:
        """Return the newest sample of a file that is not after an instant."""
        # in order of time, but where the clock was set back: there blocks overlap
        frames = [frame for frame in self._index(name) if frame.first_ms <= at_ms]
        for frame in sorted(frames, key=lambda frame: frame.first_ms, reverse=True):
            block = self._block(name, frame)
            if block is not None:
                return block.sample(bisect_right(block.times_ms.tolist(), at_ms) - 1)
        return None

    def _overlapping(self, name: str, start_ms: int, end_ms: int) -> list[Block]:
        wanted = [frame for frame in self._index(name) if frame.first_ms <= end_ms and frame.last_ms >= start_ms]
        return [block for frame in wanted if (block := self._block(name, frame)) is not None]

    def _index(self, name: str) -> list[Frame]:
        """Return a file's frames; only what is new since the last look is scanned."""
        try:
            fd = os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return []
        try:
            status = os.fstat(fd)
            identity = (status.st_dev, status.st_ino)
            known = self._indexes.get(name)
            frames: list[Frame] = []
            if known is not None and known.identity == identity and name != HEAD and known.size <= status.st_size:
                if known.size == status.st_size:
                    return known.frames
                frames = known.frames
            frames = [*frames, *scan(fd, frames[-1].end if frames else 0)]
            self._indexes[name] = _Index(identity, status.st_size, frames)
            self._indexes.move_to_end(name)
            while len(self._indexes) > _KEPT_INDEXES:
                self._indexes.popitem(last=False)
            return frames
        finally:
            os.close(fd)

    def _block(self, name: str, frame: Frame) -> Block | None:
        """Return a frame's block, decoded; None where it is damaged or gone."""
        try:
            fd = os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            key = (os.fstat(fd).st_ino, frame.offset, frame.first_ms, frame.last_ms)
            if key in self._blocks:
                self._blocks.move_to_end(key)
                return self._blocks[key]
            data = read_block(fd, frame)
        finally:
            os.close(fd)
        block = None if data is None else self._decoded(name, frame, data)
        if data is None and name != HEAD:
            _log.warning(
                "%s: the block at byte %d does not hold its checksum: a gap", self._folder / name, frame.offset
            )
        self._blocks[key] = block
        while len(self._blocks) > _KEPT_BLOCKS:
            self._blocks.popitem(last=False)
        return block

    def _decoded(self, name: str, frame: Frame, data: bytes) -> Block | None:
        try:
            return Block(data)
        except StoreError as error:
            _log.warning("%s, byte %d: %s: a gap", self._folder / name, frame.offset, error)
            return None


def _name_of(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}{SUFFIX}"
