"""The segment: the head as one flat buffer that another process can read. Every byte is in docs/formats/segment.md.

The writer (`head.py`) asks a `SegmentFactory` for memory; readers (`headview.py`) get the buffer. This module holds the
layout both share, and the plain-memory factory of tests and offline use.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from barograph.model.errors import VersionError
from barograph.model.sample import FloatArray, IntArray

MAGIC = int.from_bytes(b"BAROSEG\n", "little")
FORMAT = 1

HEADER_CELLS = 16
MAGIC_CELL, FORMAT_CELL, SIZE_CELL, SEQUENCE, FOLD_GENERATION, NEWEST_MS = 0, 1, 2, 3, 4, 5
CATALOGUE_OFFSET, CATALOGUE_CAPACITY, CATALOGUE_LENGTH, GROUP_COUNT, FOLDED_UNTIL = 6, 7, 8, 9, 10

GROUP_CELLS = 8
COUNT, SLOTS, CAPACITY, TIMES_OFFSET, VALUES_OFFSET, BASE, FOLDED = 0, 1, 2, 3, 4, 5, 6


class Segment(Protocol):
    """A piece of memory. It stays valid as long as the buffer is referred to."""

    @property
    def buffer(self) -> memoryview:
        """The memory, writable, zeroed, as long as was asked for (or longer)."""
        ...


class SegmentFactory(Protocol):
    """Where segments come from. Called by the one thread that appends."""

    def allocate(self, size_bytes: int) -> Segment:
        """Return new zeroed memory of at least this size.

        Raises:
            OSError: There is none.
        """
        ...

    def publish(self, segment: Segment) -> None:
        """Show a segment to readers; it replaces the one published before, which may be let go."""
        ...


class MemorySegment:
    """Plain memory of this process."""

    def __init__(self, size_bytes: int) -> None:
        # numpy's zeros come from untouched pages: a bytearray would be written once, and so be resident at once
        self._array = np.zeros(size_bytes, np.uint8)

    @property
    def buffer(self) -> memoryview:
        """See `Segment`."""
        return self._array.data


class MemorySegments:
    """A factory of plain memory; `current` is the published segment."""

    def __init__(self) -> None:
        self.current: Segment | None = None

    def allocate(self, size_bytes: int) -> Segment:
        """See `SegmentFactory`."""
        return MemorySegment(size_bytes)

    def publish(self, segment: Segment) -> None:
        """See `SegmentFactory`."""
        self.current = segment


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where things lie in a segment, in bytes from its start."""

    catalogue: int
    catalogue_capacity: int
    times: tuple[int, ...]
    values: tuple[int, ...]
    size: int


def plan(capacities: tuple[int, ...], slots: int, catalogue_capacity: int) -> Places:
    """Lay out a segment for groups of so many columns each; every part begins on a multiple of 64."""
    offset = 8 * (HEADER_CELLS + GROUP_CELLS * len(capacities))
    catalogue, offset = offset, _align(offset + catalogue_capacity)
    times, values = [], []
    for columns in capacities:
        times.append(offset)
        offset = _align(offset + 8 * slots)
        values.append(offset)
        offset = _align(offset + 8 * slots * columns)
    return Places(
        catalogue=catalogue,
        catalogue_capacity=catalogue_capacity,
        times=tuple(times),
        values=tuple(values),
        size=offset,
    )


def header_cells(buffer: memoryview) -> IntArray:
    """Return the header as int64 cells; writable where the buffer is."""
    return np.frombuffer(buffer, np.int64, HEADER_CELLS)


def group_cells(buffer: memoryview, number: int) -> IntArray:
    """Return one group's row of the group table as int64 cells."""
    return np.frombuffer(buffer, np.int64, GROUP_CELLS, 8 * (HEADER_CELLS + GROUP_CELLS * number))


def group_times(buffer: memoryview, cells: IntArray) -> IntArray:
    """Return a group's ring of timestamps, int64 `[slots]`."""
    return np.frombuffer(buffer, np.int64, int(cells[SLOTS]), int(cells[TIMES_OFFSET]))


def group_values(buffer: memoryview, cells: IntArray) -> FloatArray:
    """Return a group's ring of values, float64 `[slots, capacity]`."""
    slots, columns = int(cells[SLOTS]), int(cells[CAPACITY])
    return np.frombuffer(buffer, np.float64, slots * columns, int(cells[VALUES_OFFSET])).reshape(slots, columns)


def check_segment(cells: IntArray) -> None:
    """Make sure that a buffer is a segment of the format this program knows.

    Raises:
        VersionError: It is not.
    """
    if int(cells[MAGIC_CELL]) != MAGIC or int(cells[FORMAT_CELL]) != FORMAT:
        raise VersionError(
            f"the shared head has format {int(cells[FORMAT_CELL])}, this program reads {FORMAT}: "
            "keeper and front must be the same version of Barograph; restart both"
        )


def _align(offset: int) -> int:
    return (offset + 63) & ~63
