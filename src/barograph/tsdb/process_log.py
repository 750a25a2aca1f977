"""The process log, writer's side: the flight recorder's samples in files of a day, within a time and a size.

Each sample is written to the head file at once, so that it outlives this program; every five minutes the samples
gathered become one compressed block of their day's file, synced, and the head begins anew. A crash of the machine may
take the head's last seconds: these are not samples that somebody was told are kept. One thread uses it.
"""

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from barograph.model.errors import StoreError
from barograph.model.processes import ProcessSample
from barograph.tsdb.config import ProcessLogConfig
from barograph.tsdb.process_block import Block, encode_block
from barograph.tsdb.process_frames import FOLDER, HEAD, SUFFIX, Frame, day_files, make_frame, read_block, scan

_log = logging.getLogger(__name__)
_DAY_MS = 86_400_000
_BLOCK_SAMPLES = 300
_BLOCK_MS = 300_000
_MOST_HELD = 1200
"""While nothing can be written so many samples are held in memory; then the oldest go."""
_RETRY_SAMPLES = 10
"""After a failure so many samples pass before the block is tried again: making it costs some milliseconds."""
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
_MODE = 0o600


class ProcessLogStats(NamedTuple):
    """What the log takes and what it lost."""

    files_bytes: int
    samples: int
    dropped: int


class ProcessLogWriter:
    """Writes the process log of a data folder.

    Args:
        folder: The data folder.
        config: How much is kept.

    Raises:
        OSError: The folder cannot be made, or the head not opened.
    """

    def __init__(self, folder: Path, config: ProcessLogConfig) -> None:
        self._folder = folder / FOLDER
        self._folder.mkdir(mode=0o700, exist_ok=True)
        self._config = config
        self._held: list[ProcessSample] = []
        self._samples = 0
        self._dropped = 0
        self._failing: set[str] = set()
        self._retry_at = 0
        self._files_bytes = 0
        self._head = os.open(self._folder / HEAD, _FLAGS, _MODE)
        self._head_bytes = self._recover()
        if self._held:
            self._retain(self._held[-1].at_ms)

    @property
    def stats(self) -> ProcessLogStats:
        """What it takes and what it lost; any thread may ask."""
        return ProcessLogStats(self._files_bytes + self._head_bytes, self._samples, self._dropped)

    def write(self, sample: ProcessSample) -> None:
        """Keep a sample. Never raises: where the disk takes nothing it is held in memory for a while."""
        if self._held and _ends_block(self._held, sample.at_ms) and self._samples >= self._retry_at:
            self._flush()
        self._samples += 1
        self._held.append(sample)
        if len(self._held) > _MOST_HELD:
            self._drop_oldest()
        else:
            frame = _frame_of([sample])
            self._try("head", lambda: self._append_head(frame))

    def close(self) -> None:
        """Let go of the files; what the head holds is read at the next start."""
        os.close(self._head)

    def _append_head(self, frame: bytes) -> None:
        written = os.pwrite(self._head, frame, self._head_bytes)
        if written < len(frame):
            os.ftruncate(self._head, self._head_bytes)
            raise OSError(28, os.strerror(28))
        self._head_bytes += written

    def _flush(self) -> None:
        """Move what is held into its day's file."""
        held = self._held
        first_ms, last_ms = held[0].at_ms, held[-1].at_ms
        frame = _frame_of(held)
        if self._try("day", lambda: self._append_day(first_ms, frame)):
            self._held = []
            self._try("head", self._clear_head)
            self._retain(last_ms)
        else:
            self._retry_at = self._samples + _RETRY_SAMPLES

    def _drop_oldest(self) -> None:
        """Let go of the oldest that could not be written, in memory and in the head."""
        del self._held[:_BLOCK_SAMPLES]
        self._dropped += _BLOCK_SAMPLES
        frame = _frame_of(self._held)
        self._try("head", self._clear_head)
        self._try("head", lambda: self._append_head(frame))

    def _append_day(self, at_ms: int, frame: bytes) -> None:
        path = self._folder / f"{datetime.fromtimestamp(at_ms / 1000, UTC):%Y-%m-%d}{SUFFIX}"
        is_new = not path.exists()
        if self._files_bytes + len(frame) > int(self._config.max_size) and not self._make_room(path, len(frame)):
            raise OSError(27, f"a day takes all of store.process_log.max_size ({self._config.max_size})")
        fd = os.open(path, _FLAGS, _MODE)
        try:
            size = _intact_end(fd)
            try:
                if os.pwrite(fd, frame, size) < len(frame):
                    raise OSError(28, os.strerror(28))
                os.ftruncate(fd, size + len(frame))
                os.fdatasync(fd)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(fd, size)
                raise
        finally:
            os.close(fd)
        if is_new:
            _sync_folder(self._folder)

    def _clear_head(self) -> None:
        os.ftruncate(self._head, 0)
        self._head_bytes = 0

    def _make_room(self, today: Path, need_bytes: int) -> bool:
        """Remove the oldest days until a frame fits; never the day that is being written."""
        sizes = {path: path.stat().st_size for path in day_files(self._folder)}
        for path in list(sizes):
            if sum(sizes.values()) + need_bytes <= int(self._config.max_size):
                break
            if path != today:
                path.unlink()
                del sizes[path]
        self._files_bytes = sum(sizes.values())
        return self._files_bytes + need_bytes <= int(self._config.max_size)

    def _retain(self, now_ms: int) -> None:
        """Remove the days that are over; whole files."""
        oldest = f"{datetime.fromtimestamp(max(0, now_ms - self._config.retention.ms) / 1000, UTC):%Y-%m-%d}"
        total = 0
        for path in day_files(self._folder):
            with suppress(OSError):
                if path.stem < oldest:
                    path.unlink()
                else:
                    total += path.stat().st_size
        self._files_bytes = total

    def _recover(self) -> int:
        """Take up what the head holds; returns where its intact frames end."""
        end = 0
        moved = [frames[-1] for path in day_files(self._folder)[-1:] if (frames := _frames_of(path))]
        for frame in scan(self._head):
            block = read_block(self._head, frame)
            if block is None:
                break
            end = frame.end
            # a stop between writing the day's block and clearing the head leaves both
            if not any(last.first_ms <= frame.first_ms <= last.last_ms for last in moved):
                with suppress(StoreError):
                    found = Block(block)
                    self._held += [found.sample(number) for number in range(len(found.times_ms))]
        with suppress(OSError):
            os.ftruncate(self._head, end)
        return end

    def _try(self, part: str, action: Callable[[], None]) -> bool:
        """Do what may fail for want of space; says it once, and once when it works again."""
        try:
            action()
        except OSError as error:
            if part not in self._failing:
                self._failing.add(part)
                _log.error(
                    "the process log's %s cannot be written: %s; up to %d samples are held", part, error, _MOST_HELD
                )
            return False
        if part in self._failing:
            self._failing.remove(part)
            _log.info("the process log's %s is written again", part)
        return True


def _frame_of(samples: Sequence[ProcessSample]) -> bytes:
    return make_frame(encode_block(samples), len(samples), samples[0].at_ms, samples[-1].at_ms)


def _ends_block(held: Sequence[ProcessSample], at_ms: int) -> bool:
    """Tell whether a sample begins a new block: of length, of time, of a day, or since the clock was set back."""
    first_ms = held[0].at_ms
    if len(held) >= _BLOCK_SAMPLES or at_ms - first_ms >= _BLOCK_MS:
        return True
    return at_ms <= held[-1].at_ms or at_ms // _DAY_MS != first_ms // _DAY_MS


def _frames_of(path: Path) -> list[Frame]:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return scan(fd)
    finally:
        os.close(fd)


def _intact_end(fd: int) -> int:
    """Return where the intact frames of a day's file end: a torn one behind them is written over."""
    frames = scan(fd)
    while frames and read_block(fd, frames[-1]) is None and frames[-1].end == os.fstat(fd).st_size:
        frames.pop()
    return frames[-1].end if frames else 0


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
