"""The merge: a day's small spans, one a fold, become spans of an hour, which take less space and read faster.

Like the fold it is a generator that the store steps through between ticks, and one transaction a span.
"""

from collections.abc import Generator, Iterator, Sequence

import numpy as np

from barograph.model.errors import CorruptError
from barograph.model.sample import FloatArray, absent_array
from barograph.tsdb import sqlite
from barograph.tsdb.blocks import (
    FOLDED,
    SERIES_PER_BLOCK,
    BlockWriter,
    EncodedBlock,
    EncodedSpan,
    Span,
    read_directories,
    read_payload,
    read_series,
    read_spans,
)
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.chunk import Entries, decode_chunk
from barograph.tsdb.fold import FoldResult, encode_in_steps

_Place = tuple[Entries, bytes, int, int]
"""A chunk's directory row and its block's bytes, where its samples begin in the merged span, and how many they are."""


def merge(writer: BlockWriter, samples: int, is_over: bool, result: FoldResult) -> Iterator[None]:
    """Merge a day's small spans into spans of about `samples` timestamps.

    Args:
        writer: The day's file.
        samples: How many timestamps a merged span has; fewer only where the day is over.
        is_over: No more folds are expected for this day.
        result: What was done.

    Raises:
        apsw.Error: The file could not be written; it is as it was.
    """
    spans, _ = read_spans(writer.connection)
    runs = list(mergeable(spans, samples, is_over))
    if not runs:
        return
    infos = {first + i: info for first, run in read_series(writer.connection) for i, info in enumerate(run)}
    for run in runs:
        if not writer.unmergeable.isdisjoint(span.span for span in run):
            continue
        try:
            merged = yield from _merge_run(writer, run, infos)
        except (KeyError, *sqlite.UNREADABLE):
            # damage stays where it is, a gap: what is intact beside it can be read as it stands
            writer.unmergeable.update(span.span for span in run)
            continue
        result.written_bytes += writer.write([merged], [span.span for span in run])
        result.merges += 1
        yield
        writer.checkpoint()
        yield


def mergeable(spans: Sequence[Span], samples: int, is_over: bool) -> Iterator[list[Span]]:
    """Yield the runs of small, consecutive spans of one source that make a span of at least `samples` together."""
    for source in sorted({span.source for span in spans}):
        run: list[Span] = []
        for span in spans:
            if span.source != source or span.origin != FOLDED:
                continue
            if span.samples >= samples or (run and span.first_ms <= run[-1].last_ms):
                if is_over and len(run) > 1:
                    yield run
                run = [span] if span.samples < samples else []
                continue
            run = [*run, span]
            if sum(each.samples for each in run) >= samples:
                yield run
                run = []
        if is_over and len(run) > 1:
            yield run


def _merge_run(
    writer: BlockWriter, run: Sequence[Span], infos: dict[int, SeriesInfo]
) -> Generator[None, None, EncodedSpan]:
    places: dict[int, list[_Place]] = {}
    offset = 0
    for span in run:
        directories = list(read_directories(writer.connection, span.span))
        if len(directories) != span.blocks:
            raise CorruptError(f"{writer.path}: span {span.span} has lost blocks")
        for block, entries in directories:
            payload = read_payload(writer.connection, block)
            if entries is None or payload is None:
                raise CorruptError(f"{writer.path}: block {block} is damaged")
            for i, number in enumerate(entries["series"]):
                places.setdefault(int(number), []).append((entries[i : i + 1], payload, offset, span.samples))
        offset += span.samples
        yield
    numbers = sorted(places)
    blocks: list[EncodedBlock] = []
    for start in range(0, len(numbers), SERIES_PER_BLOCK):
        some = numbers[start : start + SERIES_PER_BLOCK]
        values = absent_array(len(some), offset)
        for row, number in enumerate(some):
            _decode_row(places[number], values[row])
            if row % 16 == 15:
                yield
        blocks.append((yield from encode_in_steps([infos[number] for number in some], values)))
    timestamps = np.concatenate([span.timestamps() for span in run])
    return EncodedSpan(run[0].source, max(span.last_tick for span in run), timestamps, blocks)


def _decode_row(places: list[_Place], row: FloatArray) -> None:
    for entry, payload, offset, count in places:
        decode_chunk(entry[0], payload, row[offset : offset + count])
