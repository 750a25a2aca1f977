"""Numbers as Prometheus writes them in labels, errors and annotations: some of Go's formats of a float."""

import math

import numpy as np

_LEAST_PLAIN = 1e-4
_MOST_PLAIN = 1e21


def plain(value: float) -> str:
    """Write a number by its shortest digits, never with an exponent (Go: `FormatFloat(v, 'f', -1, 64)`)."""
    return _special(value) or np.format_float_positional(value, trim="-")


def general(value: float) -> str:
    """Write a number by its shortest digits, with an exponent where it is very small or large (Go: `%g`)."""
    special = _special(value)
    if special:
        return special
    is_plain = value == 0 or _LEAST_PLAIN <= abs(value) < _MOST_PLAIN
    return plain(value) if is_plain else repr(float(value))


def shortest_exponent(value: float) -> str:
    """Write a number by its shortest digits, always with an exponent (Go: `FormatFloat(v, 'E', -1, 64)`)."""
    return _special(value) or np.format_float_scientific(value, trim="-", exp_digits=2).upper()


def fixed(value: float) -> str:
    """Write a number with six decimals (Go: `%f`)."""
    return _special(value) or f"{value:.6f}"


def _special(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return ""
