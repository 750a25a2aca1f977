"""Values as small whole numbers of the same order: sorting int16 is many times faster than sorting float64.

Host metrics are whole numbers or have two decimals; others are numbered by rank. Used by quantiles over windows, where
each value is sorted once for every window that holds it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import FloatArray

Codes = NDArray[Any]

_SMALL = 2**15
"""What int16 can number."""


def encode(values: FloatArray) -> tuple[Codes, Callable[[Codes], FloatArray]]:
    """Turn values into small whole numbers of the same order, with the way back to the very same values."""
    lowest = float(values.min())
    for scale in (1.0, 100.0, 10_000.0):
        if (float(values.max()) - lowest) * scale < _SMALL:
            whole = np.rint(values * scale)
            if np.array_equal(whole / scale, values):
                return _scaled(whole, scale)
    distinct, ranks_ = np.unique(values, return_inverse=True)
    return ranks_.astype(np.int16 if len(distinct) < _SMALL else np.int32), lambda codes: distinct[codes]


def _scaled(whole: FloatArray, scale: float) -> tuple[Codes, Callable[[Codes], FloatArray]]:
    base = whole.min()
    return (whole - base).astype(np.int16), lambda codes: (codes + base) / scale
