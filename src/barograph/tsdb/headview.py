"""The head, reader's side: consistent copies out of a segment that another process is writing.

Nothing is locked. A reader copies rows, then looks at the count again: had the writer come round the ring meanwhile and
reached the oldest of them, these are left out of the copy.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from barograph.model.errors import StoreError
from barograph.model.sample import FloatArray, IntArray, is_absent
from barograph.tsdb import segment as layout
from barograph.tsdb.catalogue import SeriesInfo, decode_addition
from barograph.tsdb.late import distinct_times, is_late, lay_over

Columns = NDArray[np.intp] | slice

_T = TypeVar("_T", np.int64, np.float64)
_ATTEMPTS = 100


class GroupView:
    """One source of the head."""

    def __init__(self, source: str, buffer: memoryview, number: int) -> None:
        self.source = source
        self.is_late = is_late(source)
        self.columns: list[SeriesInfo] = []
        self._cells = layout.group_cells(buffer, number)
        self._slots = int(self._cells[layout.SLOTS])
        self._timestamps = layout.group_times(buffer, self._cells)
        self._values = layout.group_values(buffer, self._cells)

    def covers(self) -> tuple[int, int]:
        """Return the least and the greatest timestamp of the rows that may be read; (0, -1) where there are none."""
        for _ in range(_ATTEMPTS):
            first, count = self._bounds()
            if first >= count:
                return 0, -1
            if self.is_late:
                times = self._ring(self._timestamps, first, count)
                oldest, newest = times.min(), times.max()
            else:
                oldest, newest = self._timestamps[first % self._slots], self._timestamps[(count - 1) % self._slots]
            if self._holds(first):
                return int(oldest), int(newest)
        raise StoreError(f"source {self.source!r}: the head is written faster than it can be read")

    @property
    def first_row(self) -> int:
        """The number of the oldest row that may be read."""
        return self._bounds()[0]

    @property
    def folded_rows(self) -> int:
        """The number of the first row that may not be in block files yet: those before it are."""
        return int(self._cells[layout.FOLDED])

    def span_from(self, row: int) -> tuple[int, int]:
        """Return the least and the greatest timestamp of the rows from a number on; (0, -1) where there are none."""
        _, count = self._bounds()
        first = max(row, int(self._cells[layout.BASE]), count - self._slots)
        times = self._ring(self._timestamps, first, count)
        return (int(times.min()), int(times.max())) if len(times) else (0, -1)

    def read(self, start_ms: int, end_ms: int, columns: Columns) -> tuple[IntArray, FloatArray]:
        """Copy the rows with `start_ms <= timestamp <= end_ms`.

        The oldest rows are left out where the writer has come round to them meanwhile.

        Returns:
            The timestamps int64 `[rows]`, and the values of the asked columns, float64 `[columns, rows]`, contiguous.
        """
        if self.is_late:
            return self._read_late(start_ms, end_ms, columns)
        first, count = self._bounds()
        times = self._ring(self._timestamps, first, count).copy()
        low = int(np.searchsorted(times, start_ms, side="left"))
        high = int(np.searchsorted(times, end_ms, side="right"))
        values = self._copy(first + low, first + high, columns)
        times = times[low:high]
        overtaken = int(self._cells[layout.COUNT]) - self._slots + 1 - (first + low)
        if overtaken > 0:
            return times[overtaken:], values[:, overtaken:].copy()
        return times, values

    def read_last(self, start_ms: int, end_ms: int, columns: Columns) -> tuple[IntArray, FloatArray]:
        """As `read`, for whoever looks at the newest sample of each column alone: one row, where that has them all."""
        if not self.is_late:
            first, count = self._bounds()
            times = self._ring(self._timestamps, first, count)
            high = int(np.searchsorted(times, end_ms, side="right"))
            if high and times[high - 1] >= start_ms:
                row = first + high - 1
                stamp = times[high - 1 : high].copy()
                values = self._values[row % self._slots, columns].copy()
                if self._holds(row) and not bool(is_absent(values).any()):
                    return stamp, values[:, None]
        return self.read(start_ms, end_ms, columns)

    def newest(self, at_ms: int, lookback_ms: int, columns: NDArray[np.intp]) -> FloatArray | None:
        """Return the newest sample of each column at or before an instant, not older than the lookback.

        For the thread that writes the head: nothing is looked at twice.

        Returns:
            float64 `[columns]`; absent where there is no such sample. None where there is no row in that time.
        """
        first, count = self._bounds()
        times = self._ring(self._timestamps, first, count)
        high = len(times) if len(times) and times[-1] <= at_ms else int(np.searchsorted(times, at_ms, side="right"))
        if not high or times[high - 1] <= at_ms - lookback_ms:
            return None
        found: FloatArray = self._values[(first + high - 1) % self._slots, columns]
        absent = np.flatnonzero(is_absent(found))
        if len(absent):
            low = int(np.searchsorted(times, at_ms - lookback_ms, side="right"))
            rows = self._copy(first + low, first + high, columns[absent])
            there = ~is_absent(rows)
            last = rows.shape[1] - 1 - np.argmax(there[:, ::-1], axis=1)
            found[absent] = rows[np.arange(len(absent)), last]
        return found

    def count_between(self, start_ms: int, end_ms: int) -> int:
        """Return about how many rows `read` gives for a range."""
        first, count = self._bounds()
        times = self._ring(self._timestamps, first, count)
        return int(np.count_nonzero((times >= start_ms) & (times <= end_ms)))

    def _read_late(self, start_ms: int, end_ms: int, columns: Columns) -> tuple[IntArray, FloatArray]:
        """As `read`, of rows that stand in order of arrival."""
        first, count = self._bounds()
        times = self._ring(self._timestamps, first, count).copy()
        values = self._copy(first, count, columns)
        overtaken = max(0, int(self._cells[layout.COUNT]) - self._slots + 1 - first)
        times, values = times[overtaken:], values[:, overtaken:]
        wanted = (times >= start_ms) & (times <= end_ms)
        distinct, place = distinct_times(times[wanted])
        return distinct, lay_over(values[:, wanted], place, len(distinct))

    def _bounds(self) -> tuple[int, int]:
        """Return the numbers of the oldest row worth reading and after the newest.

        The slot that the next row goes to is left out: it may be half written.
        """
        count = int(self._cells[layout.COUNT])
        return max(int(self._cells[layout.BASE]), count - self._slots + 1), count

    def _holds(self, first: int) -> bool:
        """Tell whether rows from `first` on were still untouched just now."""
        return first > int(self._cells[layout.COUNT]) - self._slots

    def _copy(self, first: int, end: int, columns: Columns) -> FloatArray:
        """Return a copy of some columns of rows `first` to `end - 1`, `[columns, rows]`, contiguous.

        Of a ring that wraps around too no other columns are copied: it has many times as many.
        """
        low, high = first % self._slots, (end - 1) % self._slots + 1
        if first >= end or low < high:
            # `copy` and not `ascontiguousarray`, which hands a single row back as the shared memory itself
            whole: FloatArray = self._values[low : low + max(0, end - first), columns].T.copy()
            return whole
        older, newer = self._values[low:, columns], self._values[:high, columns]
        values = np.empty((older.shape[1], end - first))
        values[:, : len(older)] = older.T
        values[:, len(older) :] = newer.T
        return values

    def _ring(self, ring: NDArray[_T], first: int, end: int) -> NDArray[_T]:
        """Return rows `first` to `end - 1` of a ring: a view, or a copy where they wrap around."""
        if first >= end:
            return ring[:0]
        low, high = first % self._slots, (end - 1) % self._slots + 1
        return ring[low:high] if low < high else np.concatenate((ring[low:], ring[:high]))


class HeadView:
    """All sources of a segment. Safe to use from several threads of one process, one of which calls `refresh`."""

    def __init__(self, buffer: memoryview) -> None:
        buffer = buffer.toreadonly()
        self._header = layout.header_cells(buffer)
        layout.check_segment(self._header)
        self._buffer = buffer
        self._catalogue_read = 0
        self.groups: list[GroupView] = []
        self.refresh()

    @property
    def sequence(self) -> int:
        """A number that rises with every row: unchanged means that nothing is new."""
        return int(self._header[layout.SEQUENCE])

    @property
    def fold_generation(self) -> int:
        """A number that rises when block files have changed."""
        return int(self._header[layout.FOLD_GENERATION])

    @property
    def newest_ms(self) -> int:
        """Timestamp of the newest row, 0 where there is none."""
        return int(self._header[layout.NEWEST_MS])

    def refresh(self) -> bool:
        """Read what was added to the catalogue; tells whether anything was."""
        length = int(self._header[layout.CATALOGUE_LENGTH])
        if length == self._catalogue_read:
            return False
        start = int(self._header[layout.CATALOGUE_OFFSET])
        text = bytes(self._buffer[start + self._catalogue_read : start + length])
        for line in text.splitlines():
            source, _, infos = decode_addition(line)
            view = next((group for group in self.groups if group.source == source), None)
            if view is None:
                view = GroupView(source, self._buffer, len(self.groups))
                self.groups.append(view)
            view.columns.extend(infos)
        self._catalogue_read = length
        return True
