"""Kernels of simple linear regression: deriv and predict_linear."""

import numpy as np

from barograph.model.sample import FloatArray
from barograph.promql.windows import Window


def deriv(window: Window) -> FloatArray:
    """The slope per second."""
    return _line(window)[0]


def predict(window: Window, ahead_s: FloatArray, times_s: FloatArray) -> FloatArray:
    """The value of the line `ahead_s` seconds after the instant of evaluation."""
    slope, middle_s, middle = _line(window)
    # a second since 1970 has no digits left for what a steep line needs: all times are taken from the first sample's
    since_first_s = (np.rint(times_s * 1000.0) - window.timestamps_ms[0]) / 1000.0
    predicted: FloatArray = middle + slope * (since_first_s + ahead_s - middle_s)
    return predicted


def _line(window: Window) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fit a line to each window.

    Returns:
        Slope `[rows, steps]`, and a point of the line: mean time `[steps]` in seconds after the group's first sample,
        mean value `[rows, steps]`.
    """
    shape = (len(window.values), window.steps)
    slope, middle, middle_s = np.empty(shape), np.empty(shape), np.empty(window.steps)
    times_s = (window.timestamps_ms - window.timestamps_ms[0]) / 1000.0
    lo, _ = window.bounds()
    for rows, steps, cells in window.cells():
        x = times_s[lo[steps][:, None] + np.arange(cells.shape[-1])]
        x_mean = x.mean(axis=-1)
        spread = x - x_mean[:, None]
        # a constant series must give exactly 0, so the first value is taken off before averaging
        offset = cells - cells[..., :1]
        y_mean = offset.mean(axis=-1)
        slope[rows, steps] = (spread * (offset - y_mean[..., None])).sum(axis=-1) / (spread * spread).sum(axis=-1)
        middle[rows, steps] = cells[..., 0] + y_mean
        middle_s[steps] = x_mean
    return slope, middle_s, middle
