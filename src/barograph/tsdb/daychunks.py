"""Chunks of block files through three caches: directories, compressed blocks, decoded chunks, each within a budget.

`DayFiles` owns one. A checksum is verified each time a chunk is decoded; what does not hold is a gap with a warning.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import BoolArray, FloatArray, IntArray, absent_array
from barograph.model.series import NewestAt
from barograph.model.tiers import Column
from barograph.tsdb import blocks, sqlite
from barograph.tsdb.assemble import Piece
from barograph.tsdb.blocks import Span
from barograph.tsdb.cache import ByteCache
from barograph.tsdb.chunk import ENTRY, Entries, Flag, Kind, decode_chunk
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.index import SeriesIds
from barograph.tsdb.openfiles import DayFile, OpenFiles

_CHECK_EVERY = 64
"""Chunks that are decoded between two looks at the time: a few milliseconds."""
_RANK: dict[int, int] = {Column.FIRST: 0, Column.LAST: 1}
"""A column may repeat one of lower rank, so that whoever follows comes to an end; all others have the rank 2."""
_MASKED = Flag.ABSENT | Flag.STALE


@dataclass(slots=True, eq=False)
class SpanDirectory:
    """The chunks of one span, over all its blocks."""

    entries: Entries
    block_of: IntArray
    series: SeriesIds


@dataclass(frozen=True, slots=True, eq=False)
class _Wanted:
    """Some rows of a span's directory, and the span's timestamps."""

    span: Span
    directory: SpanDirectory
    rows: NDArray[np.intp]
    times: IntArray
    part: slice


class Asked(NamedTuple):
    """What is read of a span.

    Attributes:
        wanted: For each number of the index whether it is wanted.
        ranges: Inclusive ranges of time.
        newest: What of them is looked at; None: everything.
        check: Called every few milliseconds; what it raises ends the reading.
    """

    wanted: BoolArray
    ranges: Sequence[tuple[int, int]]
    newest: NewestAt | None = None
    check: Callable[[], None] = lambda: None


class DayChunks:
    """Reads chunks of spans.

    Args:
        files: What they are read from.
        config: The caches' budgets.
        report: Told what is damaged, with where it is to be said.
    """

    def __init__(self, files: OpenFiles, config: StoreConfig, report: Callable[[str, list[str]], None]) -> None:
        self.cached = self.decoded = 0
        """Chunks since start."""
        self.lost = 0
        """Chunks found damaged beside the first of each report."""
        self._files = files
        self._report = report
        self._reach: dict[tuple[int, int], tuple[int, int]] = {}
        """The least and greatest series of each span whose directory was read: most questions are about few spans."""
        self._directories: ByteCache[tuple[int, int], SpanDirectory] = ByteCache(config.directory_cache.bytes)
        self._payloads: ByteCache[tuple[int, int], bytes] = ByteCache(config.compressed_cache.bytes)
        self._decoded: ByteCache[tuple[int, int, int], FloatArray] = ByteCache(config.decoded_cache.bytes // 2)

    def forget(self, number: int) -> None:
        """Forget what spans of a file reach to."""
        self._reach = {key: reach for key, reach in self._reach.items() if key[0] != number}

    def read(self, file: DayFile, span: Span, asked: Asked, warnings: list[str]) -> list[Piece]:
        """See `DayFiles.read`; what was deleted is still there."""
        wanted = asked.wanted
        reach = self._reach.get((file.number, span.span))
        if reach is not None and not wanted[reach[0] : reach[1] + 1].any():
            return []
        try:
            directory = self._directory(file, span, warnings)
            # series that joined after the matchers were evaluated are not wanted
            known = np.flatnonzero(directory.series < len(wanted))
            rows = known[wanted[directory.series[known]]]
            if not len(rows):
                return []
            times = span.timestamps()
        except (apsw.Error, *sqlite.UNREADABLE) as error:
            self._report(
                f"{file.name.file_name}: a span of {span.source} is damaged and shown as a gap: {error}", warnings
            )
            return []
        pieces: list[Piece] = []
        for start_ms, end_ms in asked.ranges:
            low = int(np.searchsorted(times, start_ms, side="left"))
            high = int(np.searchsorted(times, end_ms, side="right"))
            if low < high:
                chosen = _Wanted(span, directory, rows, times, slice(low, high))
                pieces.append(self._piece(file, chosen, asked, warnings))
        return pieces

    def count_rows(self, file: DayFile, span: Span, wanted: BoolArray, warnings: list[str]) -> int:
        """See `DayFiles.count_rows`."""
        try:
            series = self._directory(file, span, warnings).series
        except (apsw.Error, *sqlite.UNREADABLE):
            return int(np.count_nonzero(wanted))
        return int(np.count_nonzero(wanted[series[series < len(wanted)]]))

    def _piece(self, file: DayFile, chunks: _Wanted, asked: Asked, warnings: list[str]) -> Piece:
        directory, rows = chunks.directory, chunks.rows
        entries = directory.entries[rows]
        flags = Flag(int(np.bitwise_or.reduce(entries["flags"])))
        columns: slice | IntArray = chunks.part
        # what may be absent or stale has to be looked at sample by sample
        if asked.newest is not None and not flags & _MASKED:
            columns = _newest_columns(chunks.times, chunks.part, asked.newest)
            if not asked.newest.with_values:
                return _any_values(directory.series[rows], chunks.times[columns])
        times = chunks.times[columns].copy()
        values = np.empty((len(rows), len(times)))
        constant = (entries["kind"] == Kind.CONSTANT) & (entries["flags"] & int(_MASKED) == 0)
        values.view(np.uint64)[constant] = entries["first"].view(np.uint64)[constant, np.newaxis]
        lost = 0
        for number, place in enumerate(np.flatnonzero(~constant).tolist()):
            if number % _CHECK_EVERY == 0:
                asked.check()
            decoded = self._chunk(file, chunks.span, directory, int(rows[place]))
            if decoded is None:
                lost += 1
                values[place] = absent_array(1)
            else:
                values[place] = decoded[columns]
        if lost:
            flags |= Flag.ABSENT
            self.lost += lost - 1
            self._report(f"{file.name.file_name}: {lost} damaged chunks are shown as gaps", warnings)
        return Piece(directory.series[rows], times, values, bool(flags & Flag.ABSENT), bool(flags & Flag.STALE))

    def _chunk(self, file: DayFile, span: Span, directory: SpanDirectory, row: int) -> FloatArray | None:
        """Return a decoded chunk, None where it is damaged."""
        entry, block = directory.entries[row], int(directory.block_of[row])
        if int(entry["kind"]) == Kind.SAME:
            return self._repeated(file, span, entry)
        key = (file.number, block, int(entry["series"]))
        found = self._decoded.get(key)
        if found is not None:
            self.cached += 1
            return found
        self.decoded += 1
        try:
            payload = self._payloads.get((file.number, block))
            if payload is None:
                payload = blocks.read_payload(self._files.connection(file), block)
                if payload is None:
                    self._files.require_unmoved(file)
                    return None
                self._payloads.put((file.number, block), payload, len(payload))
            decoded = np.empty(span.samples)
            decode_chunk(entry, payload, decoded)
        except (apsw.Error, *sqlite.UNREADABLE):
            return None
        self._decoded.put(key, decoded, decoded.nbytes)
        return decoded

    def _repeated(self, file: DayFile, span: Span, entry: np.void) -> FloatArray | None:
        """Return the chunk of another column, which this one repeats."""
        other = file.tiers.get(span.day_ms, {}).get(span.source, {}).get(int(entry["decimals"]))
        if other is None or _RANK.get(other.column, 2) >= _RANK.get(span.column, 2):
            return None
        directory = self._directory(file, other, [])
        rows = np.flatnonzero(directory.entries["series"] == entry["series"])
        return self._chunk(file, other, directory, int(rows[0])) if len(rows) else None

    def _directory(self, file: DayFile, span: Span, warnings: list[str]) -> SpanDirectory:
        found = self._directories.get((file.number, span.span))
        if found is not None:
            return found
        parts: list[Entries] = []
        numbers: list[IntArray] = []
        for block, entries in blocks.read_directories(self._files.connection(file), span.span):
            if entries is not None:
                parts.append(entries)
                numbers.append(np.full(len(entries), block, np.int64))
        if len(parts) < span.blocks:
            if not blocks.has_span(self._files.connection(file), span.span):
                self._files.require_unmoved(file)
            lost = span.blocks - len(parts)
            self._report(f"{file.name.file_name}: {lost} damaged blocks of {span.source} are shown as gaps", warnings)
        entries = np.concatenate(parts) if parts else np.zeros(0, ENTRY)
        block_of = np.concatenate(numbers) if numbers else np.zeros(0, np.int64)
        known = entries["series"] < len(file.series)
        entries, block_of = entries[known], block_of[known]
        series = file.series[entries["series"]]
        named = series >= 0
        directory = SpanDirectory(entries[named], block_of[named], series[named])
        if len(parts) == span.blocks and len(directory.series):
            self._reach[file.number, span.span] = int(directory.series.min()), int(directory.series.max())
        self._directories.put((file.number, span.span), directory, entries.nbytes + 16 * len(entries))
        return directory


def _newest_columns(times: IntArray, part: slice, newest: NewestAt) -> IntArray:
    """Return which of a part's timestamps are the newest at or before some instant."""
    inside = times[part]
    # the first instant at or after each end of the part: those before see none of it, those after see its last
    last = newest.steps - 1
    step_ms = max(newest.step_ms, 1)
    low = min(max(-((newest.start_ms - int(inside[0])) // step_ms), 0), last)
    high = min(max(-((newest.start_ms - int(inside[-1])) // step_ms), 0), last)
    instants = newest.start_ms + newest.step_ms * np.arange(low, high + 1)
    places = np.searchsorted(inside, instants, side="right") - 1
    kept: IntArray = np.unique(places[places >= 0]) + part.start
    return kept


def _any_values(series: SeriesIds, times: IntArray) -> Piece:
    """Return a piece of which only the timestamps have a meaning."""
    return Piece(series, times, np.broadcast_to(0.0, (len(series), len(times))), has_absent=False, has_stale=False)
