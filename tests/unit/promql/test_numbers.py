import math

import pytest

from barograph.promql.numbers import fixed, general, plain


@pytest.mark.parametrize(
    ("value", "as_plain", "as_general", "as_fixed"),
    [
        (0.0, "0", "0", "0.000000"),
        (-0.0, "-0", "-0", "-0.000000"),
        (1.5, "1.5", "1.5", "1.500000"),
        (1e-4, "0.0001", "0.0001", "0.000100"),
        (1e-5, "0.00001", "1e-05", "0.000010"),
        (1e20, "100000000000000000000", "100000000000000000000", "100000000000000000000.000000"),
        (-1e21, "-1000000000000000000000", "-1e+21", "-1000000000000000000000.000000"),
        (math.inf, "+Inf", "+Inf", "+Inf"),
        (-math.inf, "-Inf", "-Inf", "-Inf"),
        (math.nan, "NaN", "NaN", "NaN"),
    ],
)
def test_numbers_are_written_as_go_does(value: float, as_plain: str, as_general: str, as_fixed: str) -> None:
    assert (plain(value), general(value), fixed(value)) == (as_plain, as_general, as_fixed)
