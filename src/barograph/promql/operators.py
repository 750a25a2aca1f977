"""Element by element operators on arrays: arithmetic and comparison, as Go and IEEE 754 define them."""

from collections.abc import Callable

import numpy as np

from barograph.model.sample import BoolArray, FloatArray

Operand = FloatArray | float

ARITHMETIC: dict[str, Callable[[Operand, Operand], FloatArray]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.true_divide,
    "%": np.fmod,
    "^": np.float_power,
    "atan2": np.arctan2,
}

COMPARISON: dict[str, Callable[[Operand, Operand], BoolArray]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}

SWAPPED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
"""The comparison that says the same with its sides exchanged."""

SETS = frozenset({"and", "or", "unless"})
