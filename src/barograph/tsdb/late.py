"""Late samples: rows whose timestamp is not newer than the newest one of their source. Pure.

The head keeps them in a side group of the source, in order of arrival, and block files in spans of their own, both
named by `late_source`. Of two samples of one series at one timestamp the one written later counts, so whoever reads a
source lays its late rows over the others.
"""

import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import FloatArray, IntArray, absent_array, is_absent

_SUFFIX = "!late"


def late_source(source: str) -> str:
    """Return the name that a source's late rows go by."""
    return source + _SUFFIX


def is_late(source: str) -> bool:
    """Tell whether a name is that of late rows."""
    return source.endswith(_SUFFIX)


def base_source(source: str) -> str:
    """Return the source that rows belong to, late or not."""
    return source.removesuffix(_SUFFIX)


def distinct_times(timestamps_ms: IntArray) -> tuple[IntArray, NDArray[np.intp]]:
    """Return the distinct timestamps, ascending, and for each row which of them is its own."""
    distinct, place = np.unique(timestamps_ms, return_inverse=True)
    return distinct, place.astype(np.intp)


def lay_over(values: FloatArray, place: NDArray[np.intp], count: int) -> FloatArray:
    """Put rows in order of time; of rows with one timestamp the later one's samples count.

    Args:
        values: float64 `[series, rows]`, rows in order of arrival.
        place: For each row which distinct timestamp it has.
        count: How many distinct timestamps there are.

    Returns:
        float64 `[series, count]`, contiguous.
    """
    ordered = absent_array(len(values), count)
    order = np.argsort(place, kind="stable")
    sorted_place = place[order]
    starts = np.searchsorted(sorted_place, sorted_place, side="left")
    # how many rows of the same timestamp arrived before
    rank = np.arange(len(order)) - starts
    for turn in range(int(rank.max()) + 1 if len(rank) else 0):
        rows = order[rank == turn]
        columns = place[rows]
        arrived = values[:, rows]
        ordered[:, columns] = np.where(is_absent(arrived), ordered[:, columns], arrived)
    return ordered
