"""Our parser against promql-parser (Rust): both take or refuse the same texts, but for the differences listed here."""

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.model.errors import QueryError
from barograph.promql.parser.parse import parse
from helpers.expressions import SIGNATURES


def ours_takes(text: str) -> bool:
    try:
        parse(text, SIGNATURES)
    except QueryError:
        return False
    return True


def oracle_takes(text: str) -> bool:
    try:
        promql_parser.parse(text)
    except ValueError:
        return False
    return True


WORDS = [
    *("foo", "a:b", "1", "-1", "010", "0x1", "1e3", ".5", "5m", "1h30m", "1m1h", "NaN", "inf", "'x'", "`r`"),
    *("{a='b'}", "{}", '{"m"}', "{a=~'.*'}", "foo{a=~'.*'}", "{a!~''}", "[5m]", "[5m:1m]", "[5m:]", "[10]"),
    *("(", ")", ",", "-", "*", "/", "^", "%", "==", ">", "bool", "and", "or", "unless", "by (x)", "without (y)"),
    *("on(a)", "ignoring(b)", "group_left", "group_right(c)", "(c)", "offset 5m", "offset -5m", "@ 5", "@ start()"),
    *("sum", "topk", "count_values", "limitk", "by", "start", "fill", "rate", "abs", "vector", "label_join", "round"),
    *("hour", "hour()", "time()", "quantile_over_time", "info(foo)", "foo[5m]", "rate(foo[5m])", "sum(foo)", "(1)"),
    *("sum by (sum,by) (foo)", "min by (a)", "foo offset 1m", "foo @ 7"),
]


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=7).map(" ".join))
def test_both_take_or_refuse_the_same(text: str) -> None:
    assert ours_takes(text) == oracle_takes(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("foo[5m * 2]", "it has no duration expressions"),
        ("foo[step()]", "it has no duration expressions"),
        ("foo offset (1h / 2)", "it has no duration expressions"),
        ("foo[5m] anchored", "it has no extended range selectors"),
        ("foo smoothed", "it has no extended range selectors"),
        ("foo </ 2", "it has no trim operators"),
        ("foo >/ 2", "it has no trim operators"),
        (".123_456", "it takes underscores in integers only, the documentation has them in fractions"),
        ("0x_53_AB", "it takes no underscore after 0x, the documentation does"),
        ("atan2", "it refuses this name of a metric, the documentation reserves five others only"),
        ("anchored + smoothed", "it refuses these names of metrics"),
        ("sum by (without) (foo)", "it refuses this label, which is as good as any"),
    ],
)
def test_we_take_more(text: str, reason: str) -> None:
    assert ours_takes(text), text
    assert not oracle_takes(text), f"no longer so: {reason}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("foo[0]", "a range must be greater than 0"),
        ("1e999", "the number is beyond floats"),
        ("+'x'", "it checks the type behind - only"),
        ("+foo[5m]", "it checks the type behind - only"),
        ("1 + fill(1) foo", "filling needs two vectors, it does not check"),
        ("foo and fill(1) bar", "set operators do not fill, it does not check"),
    ],
)
def test_we_refuse_more(text: str, reason: str) -> None:
    assert not ours_takes(text), reason
    assert oracle_takes(text), f"no longer so: {reason}"
