"""Quantiles as Prometheus defines them: linear between ranks, NaN smaller than everything."""

import numpy as np
from numpy.typing import NDArray

from barograph.model.sample import FloatArray

Ranks = NDArray[np.intp]


def quantile_last(cells: FloatArray, phi: FloatArray) -> FloatArray:
    """Return the phi-quantile over the last axis.

    Args:
        cells: `[rows, steps, width]`, width at least 1.
        phi: `[steps]`; below 0 gives -Inf, above 1 +Inf, NaN gives NaN.
    """
    ordered = np.sort(cells, axis=-1)
    below, above, weight = ranks(phi, cells.shape[-1])
    return blend(at_rank(ordered, below), at_rank(ordered, above), weight, phi)


def ranks(phi: FloatArray, width: int) -> tuple[Ranks, Ranks, FloatArray]:
    """Return the two ranks that a quantile lies between, and the weight of the upper one."""
    rank = np.clip(phi, 0.0, 1.0) * (width - 1)
    rank[np.isnan(rank)] = 0.0
    below = np.floor(rank).astype(np.intp)
    return below, np.minimum(below + 1, width - 1), rank - below


def blend(lower: FloatArray, upper: FloatArray, weight: FloatArray, phi: FloatArray) -> FloatArray:
    """Interpolate between the values at the two ranks: `[rows, steps]`."""
    result = lower * (1 - weight) + upper * weight
    for outside, value in ((phi < 0, -np.inf), (phi > 1, np.inf), (np.isnan(phi), np.nan)):
        if outside.any():
            result[..., outside] = value
    return result


def at_rank(ordered: FloatArray, rank: Ranks) -> FloatArray:
    """Take one rank at each step, counting NaN (which numpy puts last) as the smallest."""
    if not np.isnan(ordered[..., -1]).any():
        return np.asarray(ordered[..., np.arange(ordered.shape[-2]), rank])
    shifted = rank - np.isnan(ordered).sum(axis=-1)
    taken = np.take_along_axis(ordered, np.maximum(shifted, 0)[..., None], axis=-1)[..., 0]
    return np.where(shifted < 0, np.nan, taken)


def quantile_of(values: FloatArray, phi: FloatArray) -> FloatArray:
    """Return the phi-quantile over the rows of `[rows, steps]`: `[steps]`."""
    return np.asarray(quantile_last(np.ascontiguousarray(values.T)[None], phi)[0])
