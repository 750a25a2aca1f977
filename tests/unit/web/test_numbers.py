import math

import pytest

from barograph.web.numbers import scientific


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1e+00"),
        (0.1, "1e-01"),
        (1234.5, "1.2345e+03"),
        (-2e300, "-2e+300"),
        (0, "0e+00"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        (0.1 + 0.2, "3.0000000000000004e-01"),
    ],
)
def test_numbers_are_written_as_go_does(value: float, text: str) -> None:
    assert scientific(value) == text
