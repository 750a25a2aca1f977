"""Numbers as Go writes them with an exponent. Used by routes that answer as Prometheus does."""

import math

import numpy as np


def scientific(value: float) -> str:
    """Return what Go's FormatFloat(value, 'e', -1, 64) gives: `1e+00`, `1.5e-07`, `NaN`, `+Inf`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return np.format_float_scientific(value, unique=True, trim="-", exp_digits=2)
