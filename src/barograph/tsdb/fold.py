"""The fold: the oldest ticks of the head become blocks, one transaction a day file. Done in slices between ticks.

`fold` is a generator: each step takes a few milliseconds at most, and between two of them the store may take ticks.
Doing a fold twice is harmless: readers take one sample for each series and timestamp, and replay knows from the block
files how far they reach.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import FloatArray, IntArray
from barograph.tsdb import filenames, sqlite
from barograph.tsdb.blocks import SERIES_PER_BLOCK, BlockWriter, EncodedBlock, EncodedSpan
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.chunk import Entries, encode_block
from barograph.tsdb.classes import Classes
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.head import Head, HeadGroup
from barograph.tsdb.late import distinct_times, lay_over

_SERIES_PER_STEP = 16
"""16 series of 900 samples take about 1 ms to encode, of 3,600 samples about 3 ms."""


class BlockFiles(Protocol):
    """Where a fold writes."""

    classes: Classes
    """Which series have files of their own."""

    def block(self, name: BlockName) -> BlockWriter:
        """Return the writer of a block file.

        Raises:
            apsw.Error: The disk cannot take it now.
        """
        ...

    def set_aside_block(self, name: BlockName, error: Exception) -> None:
        """Move a block file aside: it is no sound database any more. The next `block` makes a new one."""
        ...


@dataclass(slots=True, kw_only=True)
class FoldResult:
    """What a fold or a merge did, filled in as it goes."""

    samples: int = 0
    written_bytes: int = 0
    until_ms: int = 0
    merges: int = 0


def fold(head: Head, until_tick: int, into: BlockFiles, result: FoldResult) -> Iterator[None]:
    """Write every row of the head whose tick is at most `until_tick`, and not folded yet, to block files.

    The caller marks the ticks as folded when the generator has ended, and not before. Until then a file may be there
    and another of the same rows not: only the last one of them says that their ticks are in.

    Raises:
        apsw.Error: A block file could not be written; nothing is marked, and the fold may be done again.
    """
    files: dict[BlockName, list[EncodedSpan]] = {}
    ends = {group.source: group.rows_until_tick(until_tick) for group in head.groups.values()}
    for group in list(head.groups.values()):
        end = ends.get(group.source, 0)
        first = max(group.folded, group.first)
        days = _split_late(group, first, end) if group.is_late else list(_split_days(group, first, end))
        # in the order in which files are committed
        parts = sorted(into.classes.split(group), key=lambda part: part[0])
        for name, rows in days:
            for number, (retention_class, columns) in enumerate(parts):
                span = yield from _encode_rows(group, rows, columns)
                # late rows are in no order by day: only with the last day are all of them in
                is_last = number == len(parts) - 1 and (not group.is_late or name == days[-1][0])
                if not is_last:
                    span = span._replace(last_tick=0)
                files.setdefault(name._replace(retention_class=retention_class), []).append(span)
                result.until_ms = max(result.until_ms, int(span.timestamps[-1]))
    for name in sorted(files):
        spans = files[name]
        try:
            result.written_bytes += into.block(name).write(spans)
        except sqlite.DAMAGE_ERRORS as error:
            into.set_aside_block(name, error)
            result.written_bytes += into.block(name).write(spans)
        result.samples += sum(len(block.entries) * len(span.timestamps) for span in spans for block in span.blocks)
        yield
        into.block(name).checkpoint()
        yield
    for source, end in ends.items():
        group = head.groups[source]
        group.folded = max(group.folded, end)


def _split_days(group: HeadGroup, first: int, end: int) -> Iterator[tuple[BlockName, IntArray]]:
    """Cut rows `first` to `end - 1` where a UTC day begins; yields each day's file and the numbers of its rows."""
    while first < end:
        times = group.timestamps[group.slots_of(first, end)]
        name = filenames.day_block(int(times[0]))
        high = first + int(np.searchsorted(times, name.end_ms, side="left"))
        yield name, np.arange(first, high)
        first = high


def _split_late(group: HeadGroup, first: int, end: int) -> list[tuple[BlockName, IntArray]]:
    """Sort rows that stand in order of arrival into their days, the oldest day first."""
    rows = np.arange(first, end)
    times = group.timestamps[group.slots_of(first, end)]
    days: list[tuple[BlockName, IntArray]] = []
    while len(rows):
        name = filenames.day_block(int(times.min()))
        inside = times < name.end_ms
        days.append((name, rows[inside]))
        rows, times = rows[~inside], times[~inside]
    return days


def _encode_rows(group: HeadGroup, rows: IntArray, columns: NDArray[np.intp]) -> Generator[None, None, EncodedSpan]:
    """Encode some columns of rows of a group, given by number; yields between slices and returns the span."""
    slots = rows % group.slots
    timestamps, place = distinct_times(group.timestamps[slots])
    last_tick = int(group.ticks[slots].max())
    blocks: list[EncodedBlock] = []
    for start in range(0, len(columns), SERIES_PER_BLOCK):
        some = columns[start : start + SERIES_PER_BLOCK]
        values = np.ascontiguousarray(group.values[np.ix_(slots, some)].T)
        if group.is_late:
            values = lay_over(values, place, len(timestamps))
        block = yield from encode_in_steps([group.columns[column] for column in some.tolist()], values)
        if len(block.entries):
            blocks.append(block)
    return EncodedSpan(group.source, last_tick, timestamps, blocks)


def encode_in_steps(infos: list[SeriesInfo], values: FloatArray) -> Generator[None, None, EncodedBlock]:
    """Encode up to 64 series a few at a time; returns one block."""
    entries: list[Entries] = []
    payload = b""
    for start in range(0, len(values), _SERIES_PER_STEP):
        part, chunks = encode_block(values[start : start + _SERIES_PER_STEP])
        part["series"] += start
        part["offset"] += len(payload)
        entries.append(part)
        payload += chunks
        yield
    return EncodedBlock(infos, np.concatenate(entries), payload)
