"""A day's file as the store itself reads it, to make something of it: a few series at a time, through all the day.

It reads through the writing connection, caches nothing but directories, and shows what is damaged as a gap.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import apsw
import numpy as np

from barograph.model.sample import ABSENT, FloatArray, IntArray, absent_array
from barograph.tsdb import blocks, sqlite
from barograph.tsdb.assemble import SHARED, Piece, join, precedence
from barograph.tsdb.blocks import SERIES_PER_BLOCK, Span
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.chunk import ENTRY, Entries, Flag, decode_chunk
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.late import base_source, is_late
from barograph.tsdb.tombstones import Tombstone, reaching

_MOST_VALUES = SERIES_PER_BLOCK * 7200
"""So many values are in memory at once, however long the runs are that must be read together."""


class SourceSeries(NamedTuple):
    """Series that share timestamps through the day.

    Attributes:
        source: Their source; `SHARED` for those that have several.
        series: Their numbers within the file, ascending.
        spans: The spans that may have samples of them, oldest first.
    """

    source: str
    series: IntArray
    spans: Sequence[Span]


class _Directory(NamedTuple):
    entries: Entries
    block_of: IntArray


class DayReads:
    """One block file of samples."""

    def __init__(
        self, connect: Callable[[], apsw.Connection], name: BlockName, tombstones: Sequence[Tombstone]
    ) -> None:
        """Read what the file holds, but no samples.

        Args:
            connect: Gives the file's connection; asked for it each time, since others close it between two steps.
            name: The file.
            tombstones: What they cover is left out.

        Raises:
            apsw.Error: It cannot be read.
            CorruptError: It is too damaged for that.
        """
        self._connect = connect
        self._name = name
        self._tombstones = tombstones
        connection = connect()
        self.infos: dict[int, SeriesInfo] = {
            first + i: info for first, run in blocks.read_series(connection) for i, info in enumerate(run)
        }
        self.sequence = blocks.sequence(connection)
        self.spans, self.missing = blocks.read_spans(connection)
        self._directories = {span.span: self._directory(span.span) for span in self.spans}

    def sources(self) -> list[SourceSeries]:
        """Return which series the file has, by source."""
        spans_of: dict[str, list[Span]] = {}
        for span in self.spans:
            spans_of.setdefault(base_source(span.source), []).append(span)
        series_of = {source: self._series_in(spans) for source, spans in spans_of.items()}
        every, counts = np.unique(np.concatenate([np.zeros(0, np.int64), *series_of.values()]), return_counts=True)
        shared = every[counts > 1]
        found = [
            SourceSeries(source, np.setdiff1d(series, shared, assume_unique=True), spans_of[source])
            for source, series in series_of.items()
        ]
        if len(shared):
            mixed = {source for source, series in series_of.items() if np.isin(series, shared).any()}
            found.append(
                SourceSeries(SHARED, shared, [span for span in self.spans if base_source(span.source) in mixed])
            )
        return [each for each in found if len(each.series)]

    def ends(self, source: SourceSeries, width_ms: int) -> IntArray:
        """Return where the buckets end that a source has timestamps in."""
        found: list[IntArray] = [np.zeros(0, np.int64)]
        for span in source.spans:
            with contextlib.suppress(*sqlite.UNREADABLE):
                found.append(np.unique(-(-span.timestamps() // width_ms) * width_ms))
        return np.unique(np.concatenate(found))

    def pieces(self, source: SourceSeries, series: IntArray) -> Iterator[Piece]:
        """Yield the samples of some series of a source, in order of time, a run at a time.

        Damage is a gap.
        """
        spans = [span for span in source.spans if np.isin(self._directories[span.span].entries["series"], series).any()]
        for cluster in _clusters(spans):
            timestamps = sum(span.samples for span in cluster)
            rows = max(1, min(len(series), _MOST_VALUES // timestamps))
            for start in range(0, len(series), rows):
                some = series[start : start + rows]
                found = [self._piece(span, some) for span in sorted(cluster, key=_precedence)]
                joined = join([piece for piece in found if piece is not None])
                if joined is not None:
                    yield joined

    def _series_in(self, spans: Sequence[Span]) -> IntArray:
        parts = [self._directories[span.span].entries["series"].astype(np.int64) for span in spans]
        every = np.unique(np.concatenate(parts))
        return every[np.fromiter((int(number) in self.infos for number in every), np.bool_, len(every))]

    def _directory(self, span: int) -> _Directory:
        parts: list[Entries] = [np.zeros(0, ENTRY)]
        numbers: list[IntArray] = [np.zeros(0, np.int64)]
        for block, entries in blocks.read_directories(self._connect(), span):
            if entries is not None:
                parts.append(entries)
                numbers.append(np.full(len(entries), block, np.int64))
        return _Directory(np.concatenate(parts), np.concatenate(numbers))

    def _piece(self, span: Span, series: IntArray) -> Piece | None:
        directory = self._directories[span.span]
        rows = np.flatnonzero(np.isin(directory.entries["series"], series))
        if not len(rows):
            return None
        rows = rows[np.argsort(directory.entries["series"][rows], kind="stable")]
        values = absent_array(len(rows), span.samples)
        payloads: dict[int, bytes | None] = {}
        for place, row in enumerate(rows.tolist()):
            block = int(directory.block_of[row])
            if block not in payloads:
                payloads[block] = blocks.read_payload(self._connect(), block)
            _decode(directory.entries[row], payloads[block], values[place])
        try:
            times = span.timestamps()
        except sqlite.UNREADABLE:
            return None
        for each in reaching(self._tombstones, self._name.file_name, span.span, span.first_ms, span.last_ms):
            about = [each.matches(self.infos[int(number)].labels) for number in directory.entries["series"][rows]]
            gone = (times >= each.start_ms) & (times <= each.end_ms)
            values[np.ix_(np.flatnonzero(about), np.flatnonzero(gone))] = ABSENT
        flags = Flag(int(np.bitwise_or.reduce(directory.entries["flags"][rows])))
        numbers = directory.entries["series"][rows].astype(np.int64)
        return Piece(numbers, times, values, has_absent=True, has_stale=bool(flags & Flag.STALE))


def _precedence(span: Span) -> tuple[tuple[bool, str], bool, int]:
    """Return what spans are sorted by: of two samples at one timestamp the last one counts, as for every reader."""
    return precedence(base_source(span.source)), is_late(span.source), span.span


def _decode(entry: np.void, payload: bytes | None, row: FloatArray) -> None:
    try:
        if payload is not None:
            decode_chunk(entry, payload, row)
    except sqlite.UNREADABLE:
        row[:] = ABSENT


def _clusters(spans: Sequence[Span]) -> Iterator[list[Span]]:
    """Yield runs of spans that overlap in time: what must be read together."""
    cluster: list[Span] = []
    end_ms = 0
    for span in sorted(spans, key=lambda span: span.first_ms):
        if cluster and span.first_ms > end_ms:
            yield cluster
            cluster = []
        end_ms = max(end_ms, span.last_ms) if cluster else span.last_ms
        cluster.append(span)
    if cluster:
        yield cluster
