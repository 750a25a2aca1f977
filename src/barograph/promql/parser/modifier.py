"""What may follow an operand: `[range]`, `[range:step]`, `offset d`, `@ t`, `anchored`, `smoothed`.

Called by the expression parser through `POSTFIX`. Nodes are immutable, so each modifier makes its operand anew.
"""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from barograph.model.errors import ParseError
from barograph.promql.ast import (
    At,
    AtKind,
    Expr,
    MatrixSelector,
    RangeMode,
    Span,
    Subquery,
    ValueType,
    VectorSelector,
)
from barograph.promql.parser import check
from barograph.promql.parser.check import Typed, typed
from barograph.promql.parser.cursor import Cursor
from barograph.promql.parser.duration import parse_offset, parse_range
from barograph.promql.parser.lexer import Kind, Token
from barograph.promql.parser.literals import number_literal

_MAX_TIMESTAMP_S: Final = 2**63 / 1000


def _brackets(cursor: Cursor, operand: Typed) -> Typed:
    opening = cursor.advance()
    range_ = parse_range(cursor, "range selector")
    if not cursor.accept(":"):
        if cursor.current.text != "]":
            raise cursor.unexpected("subquery or range", '":" or "]"')
        return _matrix(operand, range_, Span(opening.start, cursor.advance().end))
    parts = [range_]
    if cursor.current.text != "]":
        parts.append(parse_range(cursor, "subquery selector"))
    end = cursor.expect("]", "subquery selector").end
    span = Span(operand.expr.span.start, end)
    step = parts[1].expr if len(parts) == 2 else None
    return check.subquery(operand, Subquery(operand.expr, range_.expr, step, None, None, span), *parts)


def _matrix(operand: Typed, range_: Typed, brackets: Span) -> Typed:
    selector = operand.expr
    if not isinstance(selector, VectorSelector):
        raise ParseError("ranges only allowed for vector selectors", *brackets)
    if selector.offset is not None:
        raise ParseError("no offset modifiers allowed before range", *brackets)
    if selector.at is not None:
        raise ParseError("no @ modifiers allowed before range", *brackets)
    node = MatrixSelector(selector, range_.expr, Span(selector.span.start, brackets.end))
    return typed(node, ValueType.MATRIX, operand, range_)


def _offset(cursor: Cursor, operand: Typed) -> Typed:
    word = cursor.advance()
    duration = parse_offset(cursor)
    target = _target(operand.expr, "offset modifier", word)
    if target.offset is not None:
        raise ParseError("offset may not be set multiple times", word.start, cursor.last_end)
    expr = _rebuilt(operand.expr, replace(target, offset=duration.expr), cursor.last_end)
    return typed(expr, operand.type, duration, Typed(operand.expr, operand.type, operand.height - 1))


def _at(cursor: Cursor, operand: Typed) -> Typed:
    sign = cursor.advance()
    at = _parse_at(cursor, sign)
    target = _target(operand.expr, "@ modifier", sign)
    if target.at is not None:
        raise ParseError("@ <timestamp> may not be set multiple times", *at.span)
    return operand._replace(expr=_rebuilt(operand.expr, replace(target, at=at), cursor.last_end))


def _mode(cursor: Cursor, operand: Typed) -> Typed:
    token = cursor.advance()
    mode = RangeMode(token.word)
    if isinstance(operand.expr, Subquery):
        raise ParseError(f"{mode.value} modifier is not supported for subqueries", *token.span)
    target = _target(operand.expr, f"{mode.value} modifier", token)
    assert isinstance(target, VectorSelector)
    if target.mode not in (RangeMode.NONE, mode):
        raise ParseError("anchored and smoothed modifiers cannot be used together", *token.span)
    return operand._replace(expr=_rebuilt(operand.expr, replace(target, mode=mode), cursor.last_end))


POSTFIX: Final[dict[str, Callable[[Cursor, Typed], Typed]]] = {
    "[": _brackets,
    "@": _at,
    "offset": _offset,
    "anchored": _mode,
    "smoothed": _mode,
}
"""What to do with an operand when this symbol or word (in lower case) follows it."""


def _target(expr: Expr, what: str, token: Token) -> VectorSelector | Subquery:
    """Return the node that keeps the modifiers of `expr`."""
    if isinstance(expr, MatrixSelector):
        return expr.selector
    if isinstance(expr, VectorSelector | Subquery):
        return expr
    raise ParseError(
        f"{what} must be preceded by an instant vector selector or range vector selector or a subquery", *token.span
    )


def _rebuilt(expr: Expr, target: VectorSelector | Subquery, end: int) -> Expr:
    """Return `expr` with `target` in place of the node it was made from, now ending at `end`."""
    span = Span(expr.span.start, end)
    if isinstance(expr, MatrixSelector):
        assert isinstance(target, VectorSelector)
        return replace(expr, selector=target, span=span)
    return replace(target, span=span)


def _parse_at(cursor: Cursor, sign: Token) -> At:
    """Parse what follows `@`: a signed number, `start()` or `end()`."""
    token = cursor.current
    if token.word in (AtKind.START, AtKind.END):
        cursor.advance()
        cursor.expect("(", "@")
        end = cursor.expect(")", "@").end
        return At(AtKind(token.word), 0, Span(sign.start, end))
    negative = token.text == "-"
    if token.text in ("+", "-"):
        cursor.advance()
    if cursor.current.kind not in (Kind.NUMBER, Kind.DURATION):
        raise cursor.unexpected("@", "timestamp")
    seconds = number_literal(cursor.advance()).value
    span = Span(sign.start, cursor.last_end)
    if math.isnan(seconds) or seconds >= _MAX_TIMESTAMP_S:
        raise ParseError(f"timestamp out of bounds for @ modifier: {seconds:g}", token.start, span.end)
    # halves go away from zero, as Prometheus rounds
    timestamp_ms = math.floor(seconds * 1000 + 0.5)
    return At(AtKind.TIMESTAMP, -timestamp_ms if negative else timestamp_ms, span)
