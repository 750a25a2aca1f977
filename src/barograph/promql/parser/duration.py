"""Durations: ranges, offsets and steps, which may be arithmetic on literals, `step()` and `range()`.

Called by the expression parser; `duration_s` is also for the evaluator, which knows step and range.
"""

import math
from collections.abc import Callable

from barograph.model.errors import ParseError
from barograph.promql.ast import Binary, Call, Expr, NumberLiteral, Paren, Span, Unary, ValueType
from barograph.promql.parser.check import Typed, typed
from barograph.promql.parser.cursor import Cursor
from barograph.promql.parser.lexer import Kind, Token
from barograph.promql.parser.literals import MAX_DURATION_S, negated, number_literal
from barograph.promql.parser.vocabulary import DURATION_FUNCTIONS, DURATION_OPERATORS, PRECEDENCE, UNARY_FLOOR

_SCALAR = ValueType.SCALAR
_EXPECTED = "number, duration or duration expression"


def parse_range(cursor: Cursor, context: str) -> Typed:
    """Parse what stands in brackets: a duration expression that is greater than 0, as far as can be told yet.

    Raises:
        ParseError: It is malformed, or not positive whatever step and range will be.
    """
    duration = _parse(cursor, context, 0)
    value = _constant(duration.expr)
    if value is not None and value <= 0:
        raise ParseError("duration must be greater than 0", *duration.expr.span)
    return duration


def parse_offset(cursor: Cursor) -> Typed:
    """Parse what follows `offset`: one literal, call or parenthesis, perhaps signed; what comes then is not its own."""
    sign = cursor.advance() if cursor.current.text in ("+", "-") else None
    if sign is not None and cursor.current.text in ("+", "-"):
        raise cursor.unexpected("offset", _EXPECTED)
    duration = _operand(cursor, "offset")
    if sign is not None:
        duration = _signed(sign, duration)
    _constant(duration.expr)
    return duration


def duration_s(expr: Expr, step_s: float | None, range_s: float | None) -> float | None:
    """Return the value of a duration in seconds, or None where it needs a step or range that is None.

    Args:
        expr: A duration as the parser makes it.
        step_s: Value of `step()`.
        range_s: Value of `range()`.

    Raises:
        ParseError: A division by zero, or a result beyond what a duration can be.
    """
    value = _fold(expr, {"step": step_s, "range": range_s})
    if value is not None and not abs(value) <= MAX_DURATION_S:
        raise ParseError("duration out of range", *expr.span)
    return value


def _constant(expr: Expr) -> float | None:
    return duration_s(expr, None, None)


def _parse(cursor: Cursor, context: str, floor: int) -> Typed:
    cursor.descend()
    left = _operand(cursor, context)
    while (op := cursor.current).text in DURATION_OPERATORS and PRECEDENCE[op.text] >= floor:
        cursor.advance()
        binding = PRECEDENCE[op.text]
        right = _parse(cursor, context, binding if op.text == "^" else binding + 1)
        span = Span(left.expr.span.start, right.expr.span.end)
        left = typed(Binary(op.text, left.expr, right.expr, None, False, op.span, span), _SCALAR, left, right)
    cursor.ascend()
    return left


def _operand(cursor: Cursor, context: str) -> Typed:
    token = cursor.current
    if token.kind in (Kind.NUMBER, Kind.DURATION):
        return typed(number_literal(cursor.advance()), _SCALAR)
    if token.text in ("+", "-"):
        cursor.advance()
        return _signed(token, _parse(cursor, context, UNARY_FLOOR))
    if token.text == "(":
        cursor.advance()
        inner = _parse(cursor, context, 0)
        end = cursor.expect(")", context).end
        return typed(Paren(inner.expr, Span(token.start, end)), _SCALAR, inner)
    if token.word in DURATION_FUNCTIONS and cursor.following.text == "(":
        return _call(cursor, context)
    raise cursor.unexpected(context, _EXPECTED)


def _signed(sign: Token, operand: Typed) -> Typed:
    if isinstance(operand.expr, NumberLiteral):
        return typed(negated(operand.expr, sign), _SCALAR)
    span = Span(sign.start, operand.expr.span.end)
    return typed(Unary(sign.text, operand.expr, span), _SCALAR, operand)


def _call(cursor: Cursor, context: str) -> Typed:
    name = cursor.advance()
    cursor.advance()
    args: list[Typed] = []
    while cursor.current.text != ")":
        args.append(_parse(cursor, context, 0))
        if cursor.current.text != ")":
            cursor.expect(",", context)
            if cursor.current.text == ")":
                raise cursor.unexpected(context, _EXPECTED)
    span = Span(name.start, cursor.advance().end)
    _check_count(name, len(args), span)
    return typed(Call(name.word, tuple(arg.expr for arg in args), name.span, span), _SCALAR, *args)


def _check_count(name: Token, count: int, span: Span) -> None:
    wanted = DURATION_FUNCTIONS[name.word]
    if count != wanted:
        raise ParseError(f'expected {wanted} argument(s) in call to "{name.word}", got {count}', *span)


def _fold(expr: Expr, known: dict[str, float | None]) -> float | None:
    match expr:
        case NumberLiteral():
            return expr.value
        case Paren():
            return _fold(expr.expr, known)
        case Unary():
            value = _fold(expr.expr, known)
            return -value if expr.op == "-" and value is not None else value
        case Call() if expr.function in known:
            return known[expr.function]
        case Call():
            first, second = (_fold(arg, known) for arg in expr.args)
            choose = min if expr.function == "min_of" else max
            return None if first is None or second is None else choose(first, second)
        case Binary():
            return _fold_binary(expr, _fold(expr.lhs, known), _fold(expr.rhs, known))
    raise AssertionError(f"{type(expr).__name__} is no duration")


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": lambda left, right: left + right,
    "-": lambda left, right: left - right,
    "*": lambda left, right: left * right,
    "/": lambda left, right: left / right,
    "%": math.fmod,
    "^": math.pow,
}


_BY_ZERO = {"/": "division by zero", "%": "modulo by zero"}


def _fold_binary(expr: Binary, left: float | None, right: float | None) -> float | None:
    if right == 0 and expr.op in _BY_ZERO:
        raise ParseError(_BY_ZERO[expr.op], *expr.rhs.span)
    if left is None or right is None:
        return None
    try:
        return _ARITHMETIC[expr.op](left, right)
    except (OverflowError, ValueError) as error:
        raise ParseError("duration out of range", *expr.span) from error
