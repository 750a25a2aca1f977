"""The merge: a day's small spans, one a fold, become spans of an hour, which take less space and read faster.

Like the fold it is a generator that the store steps through between ticks, and one transaction a span.
"""

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from barograph.model.errors import CorruptError
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS, FloatArray, IntArray, absent_array
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
from barograph.tsdb.tombstones import Tombstone, reaching

_Place = tuple[Entries, bytes, int, int]
"""A chunk's directory row and its block's bytes, where its samples begin in the merged span, and how many they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeRules:
    """How a day's spans are merged.

    Attributes:
        samples: How many timestamps a merged span has; fewer only where the day is over.
        is_over: No more folds are expected for this day.
        tombstones: What they cover is left out.
    """

    samples: int
    is_over: bool
    tombstones: Sequence[Tombstone] = ()


def merge(writer: BlockWriter, rules: MergeRules, result: FoldResult) -> Iterator[None]:
    """Merge a day's small spans into spans of about as many timestamps as the rules say.

    Args:
        writer: The day's file.
        rules: Which, and what of them.
        result: What was done.

    Raises:
        apsw.Error: The file could not be written; it is as it was.
    """
    spans, _ = read_spans(writer.connection)
    runs = list(mergeable(spans, rules.samples, rules.is_over))
    for run in runs:
        if writer.unmergeable.isdisjoint(span.span for span in run):
            yield from rewrite(writer, run, rules.tombstones, result)


def rewrite(
    writer: BlockWriter, run: Sequence[Span], tombstones: Sequence[Tombstone], result: FoldResult
) -> Iterator[None]:
    """Write spans of one source anew, as one, without what tombstones cover.

    Args:
        writer: The file they are in.
        run: They, in order of time, none overlapping another.
        tombstones: All that there are.
        result: What was done.

    Raises:
        apsw.Error: The file could not be written; it is as it was.
    """
    infos = {first + i: info for first, some in read_series(writer.connection) for i, info in enumerate(some)}
    try:
        merged = yield from _merge_run(writer, run, infos, tombstones)
    except (KeyError, *sqlite.UNREADABLE):
        # damage stays where it is, a gap: what is intact beside it can be read as it stands
        writer.unmergeable.update(span.span for span in run)
        return
    result.written_bytes += writer.write([merged] if merged.blocks else [], [span.span for span in run])
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
    writer: BlockWriter, run: Sequence[Span], infos: dict[int, SeriesInfo], tombstones: Sequence[Tombstone]
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
    timestamps = np.concatenate([span.timestamps() for span in run])
    blocks: list[EncodedBlock] = []
    for start in range(0, len(numbers), SERIES_PER_BLOCK):
        some = numbers[start : start + SERIES_PER_BLOCK]
        values = absent_array(len(some), offset)
        for row, number in enumerate(some):
            _decode_row(places[number], values[row])
            if row % 16 == 15:
                yield
        members = [infos[number] for number in some]
        _erase(writer.path.name, run, tombstones, ([info.labels for info in members], timestamps, values))
        encoded = yield from encode_in_steps(members, values)
        if len(encoded.entries):
            blocks.append(encoded)
    return EncodedSpan(run[0].source, max(span.last_tick for span in run), timestamps, blocks, run[0].origin)


def _erase(
    file_name: str,
    run: Sequence[Span],
    tombstones: Sequence[Tombstone],
    rows: tuple[Sequence[Labels], IntArray, FloatArray],
) -> None:
    """Take out what tombstones cover."""
    labels, timestamps, values = rows
    offset = 0
    for span in run:
        part = slice(offset, offset + span.samples)
        for each in reaching(tombstones, file_name, span.span, span.first_ms, span.last_ms):
            gone = (timestamps[part] >= each.start_ms) & (timestamps[part] <= each.end_ms)
            for row, one in enumerate(labels):
                if each.matches(one):
                    values[row, part].view(np.uint64)[gone] = ABSENT_BITS
        offset += span.samples


def _decode_row(places: list[_Place], row: FloatArray) -> None:
    for entry, payload, offset, count in places:
        decode_chunk(entry[0], payload, row[offset : offset + count])
