"""A tree -> canonical text, on one line. Called by `format_query` and by tests; the inverse of `parse` up to spans.

Trees must be as the parser makes them: grouping comes from their `Paren` nodes only.
"""

import math
import re
from typing import Final

from barograph.model.matcher import Matcher, MatchOp
from barograph.model.units import Duration
from barograph.promql.ast import (
    Aggregate,
    At,
    AtKind,
    Binary,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    RangeMode,
    StringLiteral,
    Subquery,
    Unary,
    VectorMatching,
    VectorSelector,
)
from barograph.promql.parser.selector import NAME
from barograph.promql.parser.vocabulary import GROUPING_WORDS, NUMBER_WORDS

_IDENTIFIER: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
# labels that not every PromQL parser takes bare
_QUOTED_WORDS: Final = NUMBER_WORDS | GROUPING_WORDS
_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_GROUPS: Final = {Cardinality.MANY_TO_ONE: "group_left", Cardinality.ONE_TO_MANY: "group_right"}


def print_expr(expr: Expr) -> str:
    """Return the text of an expression; parsing it gives an equal tree, but for the spans."""
    match expr:
        case NumberLiteral():
            return _duration(expr.value) if expr.is_duration else _number(expr.value)
        case StringLiteral():
            return quote(expr.value)
        case Paren():
            return f"({print_expr(expr.expr)})"
        case Unary():
            return f"{expr.op}{print_expr(expr.expr)}"
        case Binary():
            return f"{print_expr(expr.lhs)} {binary_operator(expr)} {print_expr(expr.rhs)}"
        case VectorSelector():
            return f"{_selector(expr)}{_mode(expr.mode)}{_time(expr.at, expr.offset)}"
        case MatrixSelector():
            inner = expr.selector
            range_ = print_expr(expr.range)
            return f"{_selector(inner)}[{range_}]{_mode(inner.mode)}{_time(inner.at, inner.offset)}"
        case Subquery():
            return f"{print_expr(expr.expr)}{subquery_suffix(expr)}"
        case Aggregate():
            return _aggregate(expr)
    return f"{expr.function}({', '.join([print_expr(arg) for arg in expr.args])})"


def quote(text: str) -> str:
    """Return `text` as a string literal in double quotes."""
    return f'"{"".join([_ESCAPES.get(character) or _escape(character) for character in text])}"'


def _escape(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        # a byte that is no UTF-8, see `literals.unquote`
        return f"\\x{code - 0xDC00:02x}"
    if character.isprintable():
        return character
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Inf" if value > 0 else "-Inf"
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)


def _duration(seconds: float) -> str:
    sign = "-" if seconds < 0 else ""
    return f"{sign}{Duration(round(abs(seconds) * 1000))}"


def _label(name: str) -> str:
    bare = _IDENTIFIER.fullmatch(name) and name.lower() not in _QUOTED_WORDS
    return name if bare else quote(name)


def _labels(labels: tuple[str, ...]) -> str:
    return f"({', '.join([_label(label) for label in labels])})"


def _selector(selector: VectorSelector) -> str:
    # the first matcher is the name's own where the name stands before the braces
    matchers = selector.matchers[1:] if selector.name else selector.matchers
    if selector.name and not matchers:
        return selector.name
    return f"{selector.name}{{{', '.join([_matcher(matcher) for matcher in matchers])}}}"


def _matcher(matcher: Matcher) -> str:
    if matcher.name == NAME and matcher.op is MatchOp.EQUAL:
        return quote(matcher.value)
    return f"{_label(matcher.name)}{matcher.op.value}{quote(matcher.value)}"


def _mode(mode: RangeMode) -> str:
    return "" if mode is RangeMode.NONE else f" {mode.value}"


def _time(at: At | None, offset: Expr | None) -> str:
    text = ""
    if at is not None and at.kind is AtKind.TIMESTAMP:
        seconds, millis = divmod(abs(at.timestamp_ms), 1000)
        text += f" @ {'-' if at.timestamp_ms < 0 else ''}{seconds}.{millis:03d}"
    elif at is not None:
        text += f" @ {at.kind.value}()"
    if offset is not None:
        text += f" offset {print_expr(offset)}"
    return text


def subquery_suffix(expr: Subquery) -> str:
    """Return what stands behind the expression of a subquery: range, step, `@` and offset."""
    step = "" if expr.step is None else print_expr(expr.step)
    return f"[{print_expr(expr.range)}:{step}]{_time(expr.at, expr.offset)}"


def aggregate_head(expr: Aggregate) -> str:
    """Return what stands before the parenthesis of an aggregation: its operator and grouping."""
    if not expr.grouping and not expr.without:
        return expr.op
    return f"{expr.op} {'without' if expr.without else 'by'} {_labels(expr.grouping)} "


def binary_operator(expr: Binary) -> str:
    """Return what stands between the sides of a binary operator: it and its modifiers."""
    text = f"{expr.op} bool" if expr.return_bool else expr.op
    return text if expr.matching is None else f"{text}{_matching(expr.matching)}"


def _aggregate(expr: Aggregate) -> str:
    args = print_expr(expr.expr) if expr.param is None else f"{print_expr(expr.param)}, {print_expr(expr.expr)}"
    return f"{aggregate_head(expr)}({args})"


def _matching(matching: VectorMatching) -> str:
    text = ""
    group = _GROUPS.get(matching.cardinality)
    if matching.on or matching.labels or group:
        text += f" {'on' if matching.on else 'ignoring'} {_labels(matching.labels)}"
    if group:
        text += f" {group} {_labels(matching.include)}"
    return text + _fills(matching.fill_left, matching.fill_right)


def _fills(left: float | None, right: float | None) -> str:
    if left is not None and right is not None and _number(left) == _number(right):
        return f" fill({_number(left)})"
    text = "" if left is None else f" fill_left({_number(left)})"
    return text if right is None else f"{text} fill_right({_number(right)})"
