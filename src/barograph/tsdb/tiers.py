"""Tiers: a day's samples become buckets, once the day is over. Done in steps between ticks, like folds and merges.

A day's buckets are made of that day's file alone. A bucket that ends at midnight is therefore kept in two parts: the
minute before in the old day, and the one sample at midnight itself in the new day; whoever reads puts them together.
Nothing is read of a tier until all of the day is there, and it says of which state of the day's file it was made.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import apsw
import numpy as np

from barograph.model.sample import IntArray
from barograph.model.tiers import Column
from barograph.tsdb import blocks, filenames
from barograph.tsdb.blocks import DERIVED, SERIES_PER_BLOCK, BlockWriter, Span
from barograph.tsdb.bucketgrid import BucketGrid
from barograph.tsdb.buckets import KEPT, Buckets, make_buckets, widen
from barograph.tsdb.chunk import encode_times
from barograph.tsdb.dayreads import DayReads, SourceSeries
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.fold import BlockFiles
from barograph.tsdb.tiercodec import encode_columns
from barograph.tsdb.tombstones import Tombstone


class TierFiles(BlockFiles, Protocol):
    """Where tiers are read from and written to."""

    @property
    def tombstones(self) -> Sequence[Tombstone]:
        """What was deleted and is not rewritten yet."""
        ...


@dataclass(slots=True, kw_only=True)
class TierResult:
    """What was done, filled in as it goes."""

    buckets: int = 0
    written_bytes: int = 0
    rebuilt: int = 0


@dataclass(slots=True)
class _Tier:
    """One width while its day is made: the spans to be written when all their blocks are."""

    name: BlockName
    width_ms: int
    files: TierFiles
    spans: list[Span] = field(default_factory=list)

    @property
    def writer(self) -> BlockWriter:
        """The file's writer; others may close it between two steps."""
        return self.files.block(self.name)


def make_tiers(
    name: BlockName, widths_ms: Mapping[str, int], files: TierFiles, result: TierResult
) -> Generator[None, None, None]:
    """Make all tiers of one day, in place of those that are there.

    Args:
        name: The day's file of samples.
        widths_ms: The widths by name, ascending.
        files: The open files.
        result: What was done.

    Raises:
        apsw.Error: A file could not be written; what was readable before still is.
        CorruptError: The day's file is too damaged.
    """
    reads = DayReads(lambda: files.block(name).connection, name, files.tombstones)
    yield
    tiers = [
        _Tier(filenames.month_block(name.start_ms, tier, name.retention_class), width_ms, files)
        for tier, width_ms in widths_ms.items()
    ]
    for tier in tiers:
        tier.writer.discard_strays()
        yield
    for source in reads.sources():
        yield from _make_source(reads, source, tiers, name.start_ms, result)
    for tier in tiers:
        old = [span.span for span in blocks.read_spans(tier.writer.connection)[0] if span.day_ms == name.start_ms]
        tier.writer.write_spans(tier.spans, old)
        result.rebuilt += bool(old)
        yield
        tier.writer.checkpoint()
        yield


def _make_source(
    reads: DayReads, source: SourceSeries, tiers: Sequence[_Tier], day_ms: int, result: TierResult
) -> Iterator[None]:
    finest = tiers[0].width_ms
    ends = reads.ends(source, finest)
    if not len(ends):
        return
    grids = [np.unique(-(-ends // tier.width_ms) * tier.width_ms) for tier in tiers]
    firsts = [_begin(tier, source, grid, reads.sequence, day_ms) for tier, grid in zip(tiers, grids, strict=True)]
    for start in range(0, len(source.series), SERIES_PER_BLOCK):
        series = source.series[start : start + SERIES_PER_BLOCK]
        grid = BucketGrid(len(series), ends, KEPT)
        for piece in reads.pieces(source, series):
            made = make_buckets(piece.timestamps_ms, piece.values, finest, KEPT)
            grid.put(np.searchsorted(series, piece.series), made)
            yield
        infos = [reads.infos[int(number)] for number in series]
        buckets = Buckets(ends, grid.columns)
        for tier, first in zip(tiers, firsts, strict=True):
            buckets = widen(buckets, tier.width_ms)
            yield
            encoded = yield from encode_columns(infos, buckets.columns)
            numbered = [(first + i, encoded[column]) for i, column in enumerate(KEPT)]
            result.written_bytes += tier.writer.write_blocks(numbered)
            result.buckets += buckets.columns[Column.COUNT].size
            yield


def _begin(tier: _Tier, source: SourceSeries, grid: IntArray, made_from: int, day_ms: int) -> int:
    """Note down the spans of a source, one a column, and return the first one's number."""
    first = tier.writer.reserve(len(KEPT))
    step_ms, times = encode_times(grid)
    count = -(-len(source.series) // SERIES_PER_BLOCK)
    for i, column in enumerate(KEPT):
        made = (source.source, DERIVED, made_from)
        bounds = (int(grid[0]), int(grid[-1]), len(grid), count)
        tier.spans.append(Span(first + i, *made, *bounds, step_ms, times, int(column), day_ms))
    return first


def is_made(connection: apsw.Connection, day_ms: int, made_from: int) -> bool:
    """Tell whether a tier's file holds a day as it is.

    Args:
        connection: The tier's file.
        day_ms: Where the day begins.
        made_from: The `sequence` of the day's file now. A tier of a higher one was made of a file that is lost since,
            and stands.
    """
    if int(connection.pragma("user_version")) < 2:
        return False
    found = connection.execute("SELECT min(last_tick) FROM spans WHERE day_ms = ? AND col > 0", (day_ms,)).get
    return found is not None and int(found) >= made_from
