"""The columns of a tier's buckets as blocks: what repeats between columns takes no bytes. Pure.

In files every series has a value in every bucket, since a mask for each column would take more than it hides: where a
bucket is empty COUNT says so, and the other columns repeat a neighbour. docs/formats/blocks-db.md describes it.
"""

from collections.abc import Generator, Mapping

import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import ABSENT, FloatArray
from barograph.model.tiers import Column
from barograph.tsdb.blocks import EncodedBlock
from barograph.tsdb.buckets import ZERO_WHERE_EMPTY
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.chunk import Kind, decimals_of
from barograph.tsdb.fold import encode_in_steps

_EXACT = 2.0**53
_MAY_REPEAT = {
    Column.LAST: (Column.FIRST,),
    Column.MIN: (Column.FIRST, Column.LAST),
    Column.MAX: (Column.LAST, Column.FIRST),
    Column.SUM: (Column.FIRST,),
}
"""Which columns each is likely to repeat: a counter's, or those of a series with one sample a bucket. None of these is
itself a repetition of one that comes later, so a reader follows at most two."""


def encode_columns(
    infos: list[SeriesInfo], columns: Mapping[Column, FloatArray]
) -> Generator[None, None, dict[Column, EncodedBlock]]:
    """Encode up to 64 series, a few chunks at a time; returns a block for each column.

    Args:
        infos: The series.
        columns: All that are kept, float64 `[series, buckets]` each, as `make_buckets` makes them; not written to.
    """
    filled = _fill(columns)
    found: dict[Column, EncodedBlock] = {}
    for column, values in filled.items():
        same = _same_as(column, filled)
        # as a constant such a row takes no bytes
        shown = np.where(same[:, None] > 0, 0.0, values) if same.any() else values
        block = yield from encode_in_steps(infos, shown)
        repeats = np.flatnonzero(same)
        block.entries["kind"][repeats] = Kind.SAME
        block.entries["decimals"][repeats] = same[repeats]
        block.entries["flags"][repeats] = 0
        found[column] = block
    return found


def unfill(column: Column, values: FloatArray, count: FloatArray) -> FloatArray:
    """Return a column as it was before it was encoded, given COUNT; `values` is written to."""
    if column not in ZERO_WHERE_EMPTY:
        values[count == 0] = ABSENT
    return values


def _fill(columns: Mapping[Column, FloatArray]) -> dict[Column, FloatArray]:
    """Put a neighbour's value into empty buckets, and sums onto the decimals that their samples have."""
    count = columns[Column.COUNT]
    places = np.arange(count.shape[1])
    newest = np.maximum.accumulate(np.where(count > 0, places, -1), axis=1)
    first = np.argmax(count > 0, axis=1)
    source = np.where(newest < 0, first[:, None], newest)
    never = ~(count > 0).any(axis=1)
    filled: dict[Column, FloatArray] = {}
    for column, values in columns.items():
        if column not in ZERO_WHERE_EMPTY and (newest != places).any():
            values = np.take_along_axis(values, source, axis=1)
            values[never] = 0.0
        filled[column] = np.ascontiguousarray(values)
    for column in (Column.SUM, Column.FALLS):
        filled[column] = _on_decimals(filled[column], filled[Column.FIRST], filled[Column.MIN])
    return filled


def _on_decimals(sums: FloatArray, *others: FloatArray) -> FloatArray:
    """Return sums with as few decimals as the samples have, where that changes none by more than a rounding."""
    sums = sums.copy()
    for row, line in enumerate(sums):
        lines = [other[row] for other in others]
        if not all(np.isfinite(each).all() for each in (line, *lines)):
            continue
        decimals = [decimals_of(each) for each in lines]
        if None in decimals:
            continue
        power = 10.0 ** max(found[0] for found in decimals if found is not None)
        rounded = np.rint(line * power)
        if np.abs(rounded).max() < _EXACT:
            rounded /= power
            if (np.abs(rounded - line) <= np.spacing(np.abs(line))).all():
                sums[row] = rounded
    return sums


def _same_as(column: Column, columns: Mapping[Column, FloatArray]) -> NDArray[np.uint8]:
    """Return for each series the number of a column that this one repeats, 0 where it repeats none."""
    bits = columns[column].view(np.uint64)
    same = np.zeros(len(bits), np.uint8)
    # a constant is shorter still
    open_rows = (bits != bits[:, :1]).any(axis=1)
    for other in _MAY_REPEAT.get(column, ()):
        repeats = open_rows & (same == 0) & (bits == columns[other].view(np.uint64)).all(axis=1)
        same[repeats] = other
    return same
