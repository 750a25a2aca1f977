"""The head, writer's side: the newest ticks of every source as matrices in one segment.

The store's one writing thread owns it. Readers look on through `HeadView`, so a row is filled before the count says
that it is there, and the catalogue's bytes before its length. That order is kept by the processor on x86-64; on
weaker memory models the reader's second look at the count (see `HeadView`) bounds the damage to one repeated read.
It does no input or output and knows nothing of files.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from barograph.model.batch import Batch, Schema
from barograph.model.errors import StoreError
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS, STALE_BITS, FloatArray, IntArray
from barograph.tsdb import segment as layout
from barograph.tsdb.catalogue import SeriesInfo, encode_addition
from barograph.tsdb.late import is_late, late_source
from barograph.tsdb.limits import SeriesLimits
from barograph.tsdb.segment import Segment, SegmentFactory

_MIN_CATALOGUE_BYTES = 64 * 1024
_BEGINNING_MS = -(1 << 63)


class HeadRow(NamedTuple):
    """Where a batch lies in the head: the group, and the row's number since the group began."""

    group: "HeadGroup"
    number: int


class HeadGroup:
    """The ring of one source. Row `n` lies in slot `n % slots`; column numbers never change within a generation.

    Timestamps rise from row to row, but for a group of late rows, which stand in order of arrival.
    """

    def __init__(self, source: str, slots: int) -> None:
        self.source = source
        self.slots = slots
        self.is_late = is_late(source)
        self.generation = 0
        self.columns: list[SeriesInfo] = []
        self.column_of: dict[Labels, int] = {}
        self.capacity = 0
        self.count = 0
        self.base = 0
        """Rows before this number do not exist (the group began, or was emptied, here)."""
        self.folded = 0
        """Rows before this number are in block files."""
        self.ticks: IntArray = np.zeros(slots, np.int64)
        self.schema: Schema | None = None
        self.placement: NDArray[np.intp] | slice = slice(0, 0)
        """The columns of the schema's series, but for those that were refused."""
        self.taken: NDArray[np.intp] | slice = slice(None)
        """Which of the schema's series were not refused."""
        self.refused_in = -1.0
        """The minute in which some were refused; they are tried again in the next. -1 where none were."""
        self.cells: IntArray = np.zeros(layout.GROUP_CELLS, np.int64)
        self.timestamps: IntArray = np.zeros(slots, np.int64)
        self.values: FloatArray = np.zeros((slots, 0))

    @property
    def first(self) -> int:
        """The number of the oldest row that the ring still holds."""
        return max(self.base, self.count - self.slots)

    @property
    def last_ms(self) -> int:
        """The newest row's timestamp, or the least integer where there is no row."""
        if self.count == self.base:
            return _BEGINNING_MS
        return int(self.timestamps[(self.count - 1) % self.slots])

    def slots_of(self, first: int, end: int) -> NDArray[np.intp]:
        """Return the slots of rows `first` to `end - 1`."""
        return np.arange(first, end, dtype=np.intp) % self.slots

    def row_bits(self, number: int) -> NDArray[np.uint64]:
        """Return one row's columns as raw bits, a view."""
        bits: NDArray[np.uint64] = self.values[number % self.slots, : len(self.columns)].view(np.uint64)
        return bits

    def rows_until_tick(self, tick: int) -> int:
        """Return the number after the last row whose tick is at most `tick`."""
        first = self.first
        ticks = self.ticks[self.slots_of(first, self.count)]
        return first + int(np.searchsorted(ticks, tick, side="right"))


class Head:
    """All groups, in one segment."""

    def __init__(self, factory: SegmentFactory, slots: int, limits: SeriesLimits | None = None) -> None:
        self.slots = slots
        self._limits = limits
        self.groups: dict[str, HeadGroup] = {}
        self.pinned = False
        """While a fold reads the head, columns keep their numbers."""
        self.stored_ms: dict[str, int] = {}
        """The newest timestamp of each source in block files: what is not newer is late."""
        self._factory = factory
        self._unpublished = True
        self._header: IntArray = np.zeros(layout.HEADER_CELLS, np.int64)
        self._segment: Segment = self._move(())

    @property
    def series_count(self) -> int:
        """How many columns all groups have."""
        return sum(len(group.columns) for group in self.groups.values())

    @property
    def size_bytes(self) -> int:
        """How much memory the segment has."""
        return int(self._header[layout.SIZE_CELL])

    @property
    def segment(self) -> Segment:
        """The segment of now; another replaces it when a group is new or outgrows its columns."""
        return self._segment

    def newest_ms_of(self, source: str) -> int:
        """Return the newest timestamp of a source, here or in block files; the least integer where there is none."""
        group = self.groups.get(source)
        return max(self.stored_ms.get(source, _BEGINNING_MS), group.last_ms if group is not None else _BEGINNING_MS)

    def append(self, batch: Batch, tick: int, *, own: bool = False) -> HeadRow:
        """Write a batch as the next row of its source, or of the source's late rows.

        Args:
            batch: The samples.
            tick: The tick this row will be committed with.
            own: Its timestamp is what the clock says now, even if it said more before.

        Raises:
            StoreError: The vector has the wrong length.
        """
        if len(batch.values) != len(batch.schema):
            raise StoreError(
                f"source {batch.source!r}: {len(batch.values)} values for {len(batch.schema)} series of its schema"
            )
        is_newer = batch.timestamp_ms > self.newest_ms_of(batch.source)
        source = batch.source if is_newer else late_source(batch.source)
        group = self.groups.get(source)
        if group is None or batch.schema is not group.schema or self._may_try_again(group):
            group = self._adopt(source, batch.schema)
        row = self._open_row(group)
        group.values[row, group.placement] = batch.values[group.taken]
        written = self._close_row(group, row, batch.timestamp_ms, tick)
        if own:
            self._header[layout.NEWEST_MS] = batch.timestamp_ms
        return written

    def restore(
        self, source: str, timestamp_ms: int, columns: NDArray[np.intp], bits: NDArray[np.uint64], tick: int
    ) -> None:
        """Write back a row that was read from the log; its columns are there already (`add_columns`)."""
        group = self.groups[source]
        row = self._open_row(group)
        group.values.view(np.uint64)[row, columns] = bits
        self._close_row(group, row, timestamp_ms, tick)

    def add_columns(self, source: str, infos: Sequence[SeriesInfo]) -> HeadGroup:
        """Give a source (a new one, if need be) more columns."""
        group = self.groups.get(source) or HeadGroup(source, self.slots)
        first = len(group.columns)
        for column, info in enumerate(infos, first):
            group.columns.append(info)
            group.column_of[info.labels] = column
        line = encode_addition(source, first, infos) + b"\n"
        used = int(self._header[layout.CATALOGUE_LENGTH])
        # rows that exist already must say "no sample" in the new columns before the catalogue names them
        group.values.view(np.uint64)[:, first : len(group.columns)] = ABSENT_BITS
        fits = used + len(line) <= int(self._header[layout.CATALOGUE_CAPACITY])
        if source in self.groups and len(group.columns) <= group.capacity and fits:
            self._extend_catalogue(line)
        else:
            self.groups[source] = group
            self._move(tuple(self.groups.values()))
        return group

    def raise_fold_generation(self, folded_until_ms: int) -> None:
        """Tell readers that block files have changed, and how far they reach now."""
        self._header[layout.FOLDED_UNTIL] = max(self._header[layout.FOLDED_UNTIL], folded_until_ms)
        self._header[layout.FOLD_GENERATION] += 1
        # after the generation: a reader that sees rows as folded must look at the files again
        for group in self.groups.values():
            group.cells[layout.FOLDED] = group.folded

    def clear(self) -> None:
        """Forget all rows, keeping sources and columns (their durable copies are elsewhere now)."""
        for group in self.groups.values():
            group.base = group.folded = group.count
            group.cells[layout.BASE] = group.base

    def _adopt(self, source: str, schema: Schema) -> HeadGroup:
        """Make a schema the source's current one: columns for new series, the end of those that left."""
        infos = [
            SeriesInfo(labels, schema.families[number])
            for labels, number in zip(schema.series, schema.family_of, strict=True)
        ]
        group = self.groups.get(source)
        fresh = [info for info in infos if group is None or info.labels not in group.column_of]
        if fresh and group is not None:
            self._drop_dead_columns(group, schema)
            fresh = [info for info in infos if info.labels not in group.column_of]
        admitted = self._admitted(fresh)
        if admitted or group is None:
            group = self.add_columns(source, admitted)
        elif not group.capacity:
            # dead columns went and none came: what readers look at has the others in their old places
            self._move(tuple(self.groups.values()))
        group.schema = schema
        group.taken, group.refused_in = slice(None), -1.0
        series: Sequence[Labels] = schema.series
        if len(admitted) < len(fresh) and self._limits is not None:
            group.taken = np.array([i for i, one in enumerate(schema.series) if one in group.column_of], np.intp)
            group.refused_in = self._limits.minute
            series = [schema.series[i] for i in group.taken.tolist()]
        columns = np.array([group.column_of[labels] for labels in series], np.intp)
        in_order = len(columns) > 0 and np.array_equal(columns, np.arange(columns[0], columns[0] + len(columns)))
        group.placement = slice(int(columns[0]), int(columns[-1]) + 1) if in_order else columns
        return group

    def _admitted(self, fresh: list[SeriesInfo]) -> list[SeriesInfo]:
        """Return the new series that the limits take."""
        if self._limits is None or not fresh:
            return fresh
        taken = self._limits.admit([info.labels for info in fresh], self.series_count)
        return [info for info, is_taken in zip(fresh, taken, strict=True) if is_taken]

    def _may_try_again(self, group: HeadGroup) -> bool:
        return group.refused_in >= 0 and self._limits is not None and self._limits.minute != group.refused_in

    def _open_row(self, group: HeadGroup) -> int:
        """Prepare the next row: no sample anywhere, and a stale marker for what was there and is not coming back."""
        row = group.count % group.slots
        bits = group.values.view(np.uint64)
        columns = len(group.columns)
        bits[row, :columns] = ABSENT_BITS
        # a late row says nothing of what is now
        if group.count > group.base and group.schema is not None and not group.is_late:
            gone = np.ones(columns, np.bool_)
            gone[group.placement] = False
            if gone.any():
                before = bits[(group.count - 1) % group.slots, :columns]
                gone &= (before != ABSENT_BITS) & (before != STALE_BITS)
                bits[row, :columns][gone] = STALE_BITS
        return row

    def _close_row(self, group: HeadGroup, row: int, timestamp_ms: int, tick: int) -> HeadRow:
        """Make a filled row visible to readers."""
        group.timestamps[row] = timestamp_ms
        group.ticks[row] = tick
        number = group.count
        group.count = number + 1
        group.cells[layout.COUNT] = group.count
        header = self._header
        header[layout.NEWEST_MS] = max(header[layout.NEWEST_MS], timestamp_ms)
        header[layout.SEQUENCE] += 1
        if self._unpublished:
            self._unpublished = False
            self._factory.publish(self._segment)
        return HeadRow(group, number)

    def _drop_dead_columns(self, group: HeadGroup, schema: Schema) -> None:
        """Before a group grows, take out columns that no row has a sample for and the schema does not want."""
        if self.pinned:
            return
        rows = group.slots_of(group.first, group.count)
        dead = (group.values.view(np.uint64)[rows][:, : len(group.columns)] == ABSENT_BITS).all(axis=0)
        for labels in schema.series:
            if labels in group.column_of:
                dead[group.column_of[labels]] = False
        # a few dead columns cost less than a new generation, which costs a new segment
        if dead.sum() * 4 < len(dead):
            return
        keep = np.flatnonzero(~dead)
        smaller = HeadGroup(group.source, group.slots)
        smaller.values = np.ascontiguousarray(group.values[:, keep])
        group.values = smaller.values
        group.columns = [group.columns[int(column)] for column in keep]
        group.column_of = {info.labels: column for column, info in enumerate(group.columns)}
        group.capacity = 0
        group.generation += 1
        group.schema = None

    def _extend_catalogue(self, line: bytes) -> None:
        """Write a line behind the catalogue, then say that it is there."""
        start = int(self._header[layout.CATALOGUE_OFFSET]) + int(self._header[layout.CATALOGUE_LENGTH])
        self._segment.buffer[start : start + len(line)] = line
        self._header[layout.CATALOGUE_LENGTH] += len(line)

    def _move(self, groups: tuple[HeadGroup, ...]) -> Segment:
        """Take a new segment, with headroom, and copy everything into it."""
        lines = b"".join(encode_addition(group.source, 0, group.columns) + b"\n" for group in groups)
        capacities = tuple(max(group.capacity, _with_headroom(len(group.columns), group.capacity)) for group in groups)
        places = layout.plan(capacities, self.slots, max(_MIN_CATALOGUE_BYTES, 2 * len(lines)))
        new = self._factory.allocate(places.size)
        header = layout.header_cells(new.buffer)
        header[: layout.HEADER_CELLS] = self._header
        header[layout.MAGIC_CELL], header[layout.FORMAT_CELL] = layout.MAGIC, layout.FORMAT
        header[layout.SIZE_CELL], header[layout.GROUP_COUNT] = places.size, len(groups)
        header[layout.CATALOGUE_OFFSET] = places.catalogue
        header[layout.CATALOGUE_CAPACITY] = places.catalogue_capacity
        header[layout.CATALOGUE_LENGTH] = len(lines)
        new.buffer[places.catalogue : places.catalogue + len(lines)] = lines
        for number, group in enumerate(groups):
            cells = layout.group_cells(new.buffer, number)
            cells[layout.COUNT], cells[layout.SLOTS], cells[layout.BASE] = group.count, self.slots, group.base
            # not `group.folded`: a fold that has just ended may not have raised its generation yet
            cells[layout.FOLDED] = group.cells[layout.FOLDED]
            cells[layout.CAPACITY] = capacities[number]
            cells[layout.TIMES_OFFSET], cells[layout.VALUES_OFFSET] = places.times[number], places.values[number]
            _fill(new.buffer, cells, group)
        self._segment, self._header = new, header
        self._unpublished = True
        return new


def _fill(buffer: memoryview, cells: IntArray, group: HeadGroup) -> None:
    """Copy a group's ring into its new place and let the group write there from now on."""
    timestamps, values = layout.group_times(buffer, cells), layout.group_values(buffer, cells)
    had = min(group.values.shape[1], len(group.columns))
    rows = group.slots_of(group.first, group.count)
    timestamps[:] = group.timestamps
    values.view(np.uint64)[rows, : len(group.columns)] = ABSENT_BITS
    values[rows, :had] = group.values[rows, :had]
    group.timestamps, group.values, group.cells = timestamps, values, cells
    group.capacity = values.shape[1]


def _with_headroom(columns: int, capacity: int) -> int:
    """How many columns to allow for: a first segment has a little more than it needs, later ones an eighth more."""
    if columns <= capacity:
        return capacity
    return (columns + max(16, columns // 8) + 7) & ~7
