"""A tree -> plain values that encode to JSON, in the shape of Prometheus' `parse_query`. Called by the API.

A duration that depends on the query's step or range has no value here: it is 0, and its text stands beside it.
"""

from collections.abc import Mapping

from barograph.promql.ast import (
    Aggregate,
    At,
    AtKind,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    RangeMode,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorMatching,
    VectorSelector,
)
from barograph.promql.parser.printer import print_expr
from barograph.promql.signature import Signature

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]

_TYPES = {
    ValueType.SCALAR: "scalar",
    ValueType.VECTOR: "vector",
    ValueType.MATRIX: "matrix",
    ValueType.STRING: "string",
}


def describe_expr(expr: Expr, functions: Mapping[str, Signature]) -> dict[str, Plain]:
    """Return a node and everything below it.

    Args:
        expr: A tree as the parser makes them.
        functions: Every function it calls.
    """
    match expr:
        case NumberLiteral():
            return {"type": "numberLiteral", "val": print_expr(NumberLiteral(expr.value, False, expr.span))}
        case StringLiteral():
            return {"type": "stringLiteral", "val": expr.value}
        case Paren():
            return {"type": "parenExpr", "expr": describe_expr(expr.expr, functions)}
        case Unary():
            return {"type": "unaryExpr", "op": expr.op, "expr": describe_expr(expr.expr, functions)}
        case VectorSelector():
            return {"type": "vectorSelector", **_selector(expr)}
        case MatrixSelector():
            return {"type": "matrixSelector", **_selector(expr.selector), **_duration("range", expr.range)}
        case Binary():
            return _binary(expr, functions)
        case Subquery():
            return _subquery(expr, functions)
        case Aggregate():
            return _aggregate(expr, functions)
    return _call(expr, functions)


def _binary(expr: Binary, functions: Mapping[str, Signature]) -> dict[str, Plain]:
    return {
        "type": "binaryExpr",
        "op": expr.op,
        "bool": expr.return_bool,
        "matching": _matching(expr.matching),
        "lhs": describe_expr(expr.lhs, functions),
        "rhs": describe_expr(expr.rhs, functions),
    }


def _subquery(expr: Subquery, functions: Mapping[str, Signature]) -> dict[str, Plain]:
    step: dict[str, Plain] = {"step": 0} if expr.step is None else _duration("step", expr.step)
    return {
        "type": "subquery",
        "expr": describe_expr(expr.expr, functions),
        **_duration("range", expr.range),
        **step,
        **_time(expr.at, expr.offset),
    }


def _aggregate(expr: Aggregate, functions: Mapping[str, Signature]) -> dict[str, Plain]:
    return {
        "type": "aggregation",
        "op": expr.op,
        "expr": describe_expr(expr.expr, functions),
        "param": None if expr.param is None else describe_expr(expr.param, functions),
        "grouping": list(expr.grouping),
        "without": expr.without,
    }


def _call(expr: Call, functions: Mapping[str, Signature]) -> dict[str, Plain]:
    signature = functions[expr.function]
    return {
        "type": "call",
        "func": {
            "name": signature.name,
            "argTypes": [_TYPES[each] for each in signature.args],
            "variadic": signature.variadic or signature.optional,
            "returnType": _TYPES[signature.returns],
        },
        "args": [describe_expr(arg, functions) for arg in expr.args],
    }


def _selector(selector: VectorSelector) -> dict[str, Plain]:
    matchers: list[Plain] = [
        {"name": matcher.name, "type": matcher.op.value, "value": matcher.value} for matcher in selector.matchers
    ]
    modes: dict[str, Plain] = {} if selector.mode is RangeMode.NONE else {selector.mode.value: True}
    return {"name": selector.name, "matchers": matchers, **modes, **_time(selector.at, selector.offset)}


def _time(at: At | None, offset: Expr | None) -> dict[str, Plain]:
    stated = at is not None and at.kind is AtKind.TIMESTAMP
    return {
        **({"offset": 0} if offset is None else _duration("offset", offset)),
        "timestamp": at.timestamp_ms if at is not None and stated else None,
        "startOrEnd": None if at is None or stated else at.kind.value,
    }


def _duration(name: str, expr: Expr) -> dict[str, Plain]:
    """Return a duration in milliseconds, and its text where it is more than a literal."""
    seconds = _literal(expr)
    if seconds is None:
        return {name: 0, f"{name}Expr": print_expr(expr)}
    return {name: round(seconds * 1000)}


def _literal(expr: Expr) -> float | None:
    if isinstance(expr, NumberLiteral):
        return expr.value
    if isinstance(expr, Unary):
        inner = _literal(expr.expr)
        return inner if inner is None or expr.op == "+" else -inner
    return None


def _matching(matching: VectorMatching | None) -> Plain:
    if matching is None:
        return None
    fills: dict[str, Plain] = {}
    if matching.fill_left is not None or matching.fill_right is not None:
        fills["fillValues"] = {"lhs": matching.fill_left, "rhs": matching.fill_right}
    return {
        "card": matching.cardinality.value,
        "labels": list(matching.labels),
        "on": matching.on,
        "include": list(matching.include),
        **fills,
    }
