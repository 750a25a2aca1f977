from typing import Any

import pytest

from barograph.promql.parser.describe import describe_expr
from barograph.promql.parser.parse import parse
from helpers.expressions import SIGNATURES

FOO: dict[str, Any] = {
    "type": "vectorSelector",
    "name": "foo",
    "matchers": [{"name": "__name__", "type": "=", "value": "foo"}],
    "offset": 0,
    "timestamp": None,
    "startOrEnd": None,
}


def described(text: str) -> Any:
    return describe_expr(parse(text, SIGNATURES), SIGNATURES)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("1.50", {"type": "numberLiteral", "val": "1.5"}),
        ("'x'", {"type": "stringLiteral", "val": "x"}),
        ("foo", FOO),
        ("(foo)", {"type": "parenExpr", "expr": FOO}),
        ("-foo", {"type": "unaryExpr", "op": "-", "expr": FOO}),
        ("foo offset -5m", {**FOO, "offset": -300_000}),
        ("foo @ 1.5", {**FOO, "timestamp": 1500}),
        ("foo @ end()", {**FOO, "startOrEnd": "end"}),
        ("foo[5m]", {**FOO, "type": "matrixSelector", "range": 300_000}),
        ("foo[1m+step()]", {**FOO, "type": "matrixSelector", "range": 0, "rangeExpr": "1m + step()"}),
        ("foo[5m] smoothed", {**FOO, "type": "matrixSelector", "range": 300_000, "smoothed": True}),
        (
            "foo[1h:1m] offset 2m",
            {
                "type": "subquery",
                "expr": FOO,
                "range": 3_600_000,
                "step": 60_000,
                "offset": 120_000,
                "timestamp": None,
                "startOrEnd": None,
            },
        ),
        (
            "topk by(a)(2,foo)",
            {
                "type": "aggregation",
                "op": "topk",
                "expr": FOO,
                "param": {"type": "numberLiteral", "val": "2"},
                "grouping": ["a"],
                "without": False,
            },
        ),
        (
            "rate(foo[5m])",
            {
                "type": "call",
                "func": {"name": "rate", "argTypes": ["matrix"], "variadic": 0, "returnType": "vector"},
                "args": [{**FOO, "type": "matrixSelector", "range": 300_000}],
            },
        ),
    ],
)
def test_a_node_is_described(text: str, node: dict[str, Any]) -> None:
    assert described(text) == node


def test_a_subquery_without_a_step_has_none() -> None:
    assert described("foo[1h:]")["step"] == 0


def test_how_two_sides_match() -> None:
    assert described("foo/foo") == {
        "type": "binaryExpr",
        "op": "/",
        "bool": False,
        "matching": {"card": "one-to-one", "labels": [], "on": False, "include": []},
        "lhs": FOO,
        "rhs": FOO,
    }
    assert described("1 + foo")["matching"] is None
    assert described("foo >bool on(a) group_left(b) fill_right(2) foo")["matching"] == {
        "card": "many-to-one",
        "labels": ["a"],
        "on": True,
        "include": ["b"],
        "fillValues": {"lhs": None, "rhs": 2.0},
    }
