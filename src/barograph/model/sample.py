"""Special float values: what a NaN may mean in a vector of samples.

Absence is a NaN with a payload of its own, so that a batch stays one float64 vector. Such bits survive copies, not
arithmetic: look for them (`is_absent`) before calculating.
"""

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

STALE_BITS = 0x7FF0000000000002
"""Prometheus' stale marker: the series has ended (prometheus/model/value)."""
ABSENT_BITS = 0x7FF0000000000AB5
"""No sample at this timestamp: ours, never leaves the program."""

STALE: float = float(np.uint64(STALE_BITS).view(np.float64))
ABSENT: float = float(np.uint64(ABSENT_BITS).view(np.float64))


def is_stale(values: FloatArray) -> BoolArray:
    """Tell which values are stale markers; same shape as `values`."""
    stale: BoolArray = values.view(np.uint64) == STALE_BITS
    return stale


def is_absent(values: FloatArray) -> BoolArray:
    """Tell which values mean "no sample here"; same shape as `values`."""
    absent: BoolArray = values.view(np.uint64) == ABSENT_BITS
    return absent


def absent_array(*shape: int) -> FloatArray:
    """Return a new array in which every value is absent."""
    return np.full(shape, ABSENT_BITS, dtype=np.uint64).view(np.float64)
