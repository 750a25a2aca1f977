import pytest

from barograph.promql.functions.table import SIGNATURES
from barograph.promql.limits import limit_of
from barograph.promql.parser.parse import parse
from barograph.promql.plan import make_plan


@pytest.mark.parametrize(
    ("text", "operator", "value"),
    [
        ("m > 5", ">", 5),
        ("(m) <= -5", "<=", -5),
        ("5 < m{a='b'}", ">", 5),
        ("5 >= m", "<=", 5),
        ("m != 2 * 3", "!=", 6),
        ("m == 1", "==", 1),
    ],
)
def test_a_selector_compared_with_a_number_is_a_limit(text: str, operator: str, value: float) -> None:
    limit = limit_of(make_plan(text, parse(text, SIGNATURES)))
    assert limit is not None
    assert (limit.operator, limit.value, limit.matchers[0].value) == (operator, value, "m")


@pytest.mark.parametrize(
    "text",
    ["m", "m > bool 5", "m + 5", "m offset 1m > 5", "m @ 3 > 5", "-m > 5", "m > n", "m > scalar(n)", "1 > bool 2"],
)
def test_anything_else_is_none(text: str) -> None:
    assert limit_of(make_plan(text, parse(text, SIGNATURES))) is None
