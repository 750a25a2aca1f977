import pytest

from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.rules.limits import RuleLimit, limit_of


@pytest.mark.parametrize(
    ("text", "value", "is_above"),
    [
        ("rate(x[15s]) > 0.2", 0.2, True),
        ("x < 5", 5, False),
        ("x >= bool (1e3)", 1000, True),
        ("x == 0 unless y", 0, True),
        ("((x > 2))", 2, True),
        ("x > 1 and on (instance) y < 3", 1, True),
        ('x > 90 or x > 80 and ignoring (alertname) ALERTS{alertname="a"}', 90, True),
        ("x > -5", -5, True),
        ("x < +5", 5, False),
        ("90 < x", 90, True),
        ("3 >= x", 3, False),
    ],
)
def test_a_limit(text: str, value: float, is_above: bool) -> None:
    assert limit_of(parse(text, SIGNATURES)) == RuleLimit(value=value, is_above=is_above)


@pytest.mark.parametrize("text", ["up", "a > b", "absent(x)", "x + 3", "vector(1)", "x > scalar(y)"])
def test_no_limit(text: str) -> None:
    assert limit_of(parse(text, SIGNATURES)) is None
