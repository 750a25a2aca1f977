"""What a selection reads of block files: spans joined to matrices, which are kept as long as no file changes.

`StoreReader` owns one and holds its lock of files around every call. Dashboards ask for the same series over and over
with an end that moves: what they get is then a view of a matrix made before.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from barograph.model.errors import BudgetError
from barograph.model.sample import BoolArray
from barograph.model.series import ReadCounts, SelectHints
from barograph.tsdb import sqlite
from barograph.tsdb.assemble import Piece, constant_step, join
from barograph.tsdb.blocks import Span
from barograph.tsdb.cache import ByteCache
from barograph.tsdb.daychunks import Asked
from barograph.tsdb.dayfiles import DayFiles
from barograph.tsdb.openfiles import DayFile

_ALL_TIME = ((-(1 << 62), 1 << 62),)
_NAME_BYTES = 100
"""What the name of one span costs in a key: each selection has it anew."""
_LARGEST_SHARE = 4
"""A matrix larger than this part of the budget is not kept: it would push out many others."""

_Key = tuple[int, tuple[tuple[int, int], ...]]


class Reading(NamedTuple):
    """What is read of block files.

    Attributes:
        plan: A number that no other selection has, 0 for one that does not come again.
        wanted: For each number of the index whether it is wanted.
        start_ms: The first instant.
        end_ms: The last instant.
        covered: For each source the range that the head has whole, which is not read.
        hints: What of it is looked at, and what it may cost.
        counts: What was read so far, the head's samples; what files give is added.
    """

    plan: int
    wanted: BoolArray
    start_ms: int
    end_ms: int
    covered: dict[str, tuple[int, int]]
    hints: SelectHints
    counts: ReadCounts

    def ranges(self, source: str) -> list[tuple[int, int]]:
        """Return the parts of the range, inclusive, that the head does not cover."""
        covered = self.covered.get(source)
        if covered is None:
            return [(self.start_ms, self.end_ms)]
        parts = [(self.start_ms, min(self.end_ms, covered[0] - 1)), (max(self.start_ms, covered[1] + 1), self.end_ms)]
        return [(low, high) for low, high in parts if low <= high]


class FileReads:
    """Reads selections of one folder's block files.

    Args:
        files: They.
        budget_bytes: The most that kept matrices take together.
    """

    def __init__(self, files: DayFiles, budget_bytes: int) -> None:
        self._files = files
        self._budget_bytes = budget_bytes
        self._kept: ByteCache[_Key, dict[str, Piece]] = ByteCache(budget_bytes)

    def forget(self) -> None:
        """Drop what is kept: files, or what is deleted of them, have changed."""
        self._kept = ByteCache(self._budget_bytes)

    def has_none(self, reading: Reading) -> bool:
        """Tell whether the head covers all that there is of a range, so that no file need be read."""
        return next(self._touched(reading), None) is None

    def _touched(self, reading: Reading) -> Iterator[tuple[DayFile, Span]]:
        for file, span in self._files.spans_between(reading.start_ms, reading.end_ms):
            if any(low <= span.last_ms and high >= span.first_ms for low, high in reading.ranges(span.source)):
                yield file, span

    def read(self, reading: Reading, warnings: list[str]) -> dict[str, list[Piece]]:
        """Return for each source the pieces that the head does not cover, oldest span first.

        Raises:
            MovedError: Blocks were merged since the files were looked at.
            BudgetError: There is more than may be read.
        """
        spans = list(self._touched(reading))
        if not spans:
            return {}
        cached, decoded = self._files.chunks_cached, self._files.chunks_decoded
        try:
            return self._read(reading, spans, warnings)
        finally:
            reading.counts.chunks_cached += self._files.chunks_cached - cached
            reading.counts.chunks_decoded += self._files.chunks_decoded - decoded

    def _read(
        self, reading: Reading, spans: Sequence[tuple[DayFile, Span]], warnings: list[str]
    ) -> dict[str, list[Piece]]:
        budget = reading.hints.budget
        if budget is not None:
            self._require_few(reading, spans, budget.max_samples, warnings)
        if reading.hints.newest is None:
            whole = self._joined(reading, spans, warnings)
            if whole is not None:
                return _cut(whole, reading)
        pieces: dict[str, list[Piece]] = {}
        for file, span in spans:
            asked = Asked(reading.wanted, reading.ranges(span.source), reading.hints.newest, _check_of(reading))
            found = self._files.read(file, span, asked, warnings)
            if found:
                pieces.setdefault(span.source, []).extend(found)
        return pieces

    def _require_few(
        self, reading: Reading, spans: Sequence[tuple[DayFile, Span]], most: int, warnings: list[str]
    ) -> None:
        """See that no more samples are selected than may be; directories are read only where that is not certain.

        Raises:
            BudgetError: They are more.
            MovedError: Blocks were merged since the files were looked at.
        """
        series = int(np.count_nonzero(reading.wanted))
        found = reading.counts.head_samples
        if found + series * sum(_most_columns(span, reading) for _, span in spans) <= most:
            return
        for file, span in spans:
            found += _columns(span, reading) * self._files.count_rows(file, span, reading.wanted, warnings)
            if found > most:
                raise BudgetError("samples", found)

    def _joined(
        self, reading: Reading, spans: Sequence[tuple[DayFile, Span]], warnings: list[str]
    ) -> dict[str, Piece] | None:
        """Return the whole of some spans by source; None where it is too large to be kept, or not asked for again."""
        if not reading.plan:
            return None
        key = reading.plan, tuple((file.number, span.span) for file, span in spans)
        whole = self._kept.get(key)
        if whole is not None:
            reading.counts.kept_samples += sum(piece.values.size for piece in whole.values())
            return whole
        series = int(np.count_nonzero(reading.wanted))
        if 8 * series * sum(span.samples for _, span in spans) > self._budget_bytes // _LARGEST_SHARE:
            return None
        parts: dict[str, list[Piece]] = {}
        damage: list[str] = []
        for file, span in spans:
            parts.setdefault(span.source, []).extend(
                self._files.read(file, span, Asked(reading.wanted, _ALL_TIME, None, _check_of(reading)), damage)
            )
        joined = {source: join(some) for source, some in parts.items() if some}
        whole = {source: _frozen(piece) for source, piece in joined.items() if piece is not None}
        warnings += damage
        if not damage:
            # many that select nothing are many keys all the same
            values_bytes = sum(piece.values.nbytes + piece.timestamps_ms.nbytes for piece in whole.values())
            self._kept.put(key, whole, values_bytes + _NAME_BYTES * len(spans))
        return whole


def _check_of(reading: Reading) -> Callable[[], None]:
    budget = reading.hints.budget
    return budget.check if budget is not None else lambda: None


def _most_columns(span: Span, reading: Reading) -> int:
    """Return at most how many samples of each series of a span are asked for."""
    newest = reading.hints.newest
    if newest is None:
        return span.samples
    if not newest.step_ms:
        return 1
    # an instant looks at one of them, and that after the last at one more
    inside_ms = min(span.last_ms, reading.end_ms) - max(span.first_ms, reading.start_ms)
    return min(span.samples, 2 + max(0, inside_ms) // newest.step_ms)


def _columns(span: Span, reading: Reading) -> int:
    """Return how many samples of each series of a span are asked for."""
    most = _most_columns(span, reading)
    try:
        times = span.timestamps()
    except sqlite.UNREADABLE:
        return most
    count = 0
    for low_ms, high_ms in reading.ranges(span.source):
        count += int(np.searchsorted(times, high_ms, side="right")) - int(np.searchsorted(times, low_ms))
    return min(count, most)


def _frozen(piece: Piece) -> Piece:
    """Return a piece that nobody can write to, with what is worth knowing of all of it."""
    rises = not piece.has_absent and not piece.has_stale
    rises = rises and not bool((piece.values[:, 1:] < piece.values[:, :-1]).any())
    piece.values.flags.writeable = False
    piece.timestamps_ms.flags.writeable = False
    return replace(piece, never_falls=rises, step_ms=constant_step(piece.timestamps_ms))


def _cut(whole: dict[str, Piece], reading: Reading) -> dict[str, list[Piece]]:
    """Return views of the ranges that are asked for."""
    pieces: dict[str, list[Piece]] = {}
    for source, piece in whole.items():
        for start_ms, end_ms in reading.ranges(source):
            low = int(np.searchsorted(piece.timestamps_ms, start_ms, side="left"))
            high = int(np.searchsorted(piece.timestamps_ms, end_ms, side="right"))
            if low < high:
                # what is not constant in the whole may be in a part, and a single timestamp has no distance
                step_ms = piece.step_ms if piece.step_ms and high - low > 1 else -1
                times, values = piece.timestamps_ms[low:high], piece.values[:, low:high]
                part = replace(piece, timestamps_ms=times, values=values, step_ms=step_ms)
                pieces.setdefault(source, []).append(part)
    return pieces
