"""What may stand where: nodes are made here, of parts that know their types, and refused where the types do not fit.

Called by the parsers for every node with parts; `value_type` is also for the evaluator. Checking while parsing keeps
it one pass, and the height of the tree known.
"""

from collections.abc import Mapping
from typing import NamedTuple

from barograph.model.errors import ParseError, TypeMismatchError
from barograph.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Span,
    StringLiteral,
    Subquery,
    Unary,
    ValueType,
    VectorMatching,
    VectorSelector,
)
from barograph.promql.parser.lexer import Token
from barograph.promql.parser.matching import Modifiers
from barograph.promql.parser.vocabulary import (
    AGGREGATIONS,
    COMPARISONS,
    MAX_DEPTH,
    SET_OPERATORS,
    TRIM_OPERATORS,
)
from barograph.promql.signature import Signature

_SCALAR, _VECTOR = ValueType.SCALAR, ValueType.VECTOR


class Typed(NamedTuple):
    """A node with its type and the height of its tree."""

    expr: Expr
    type: ValueType
    height: int


def typed(expr: Expr, value_type: ValueType, *parts: Typed) -> Typed:
    """Join a node with what is known of it.

    Raises:
        ParseError: The tree is too high.
    """
    height = 1 + max((part.height for part in parts), default=0)
    if height > MAX_DEPTH:
        raise ParseError(f"expression is nested more than {MAX_DEPTH} levels deep", *expr.span)
    return Typed(expr, value_type, height)


def value_type(expr: Expr, functions: Mapping[str, Signature]) -> ValueType:
    """Return the type of a checked expression; `functions` must hold every function it calls."""
    match expr:
        case Paren() | Unary():
            return value_type(expr.expr, functions)
        case Binary():
            # a set operator's or a matched operator's sides are vectors: no need to look
            sides = (expr.lhs, expr.rhs) if expr.matching is None else ()
            scalar = bool(sides) and all(value_type(side, functions) is _SCALAR for side in sides)
            return _SCALAR if scalar else _VECTOR
        case NumberLiteral():
            return _SCALAR
        case StringLiteral():
            return ValueType.STRING
        case VectorSelector() | Aggregate():
            return _VECTOR
        case MatrixSelector() | Subquery():
            return ValueType.MATRIX
    return functions[expr.function].returns


def unary(sign: Token, operand: Typed) -> Typed:
    """Make `+expr` or `-expr`."""
    span = Span(sign.start, operand.expr.span.end)
    if operand.type not in (_SCALAR, _VECTOR):
        raise TypeMismatchError(
            f"unary expression only allowed on expressions of type scalar or instant vector, got {operand.type.value}",
            *span,
        )
    return typed(Unary(sign.text, operand.expr, span), operand.type, operand)


def binary(op: Token, modifiers: Modifiers, lhs: Typed, rhs: Typed) -> Typed:
    """Make `lhs op rhs`. The result is a scalar where both sides are."""
    for side in (lhs, rhs):
        if side.type not in (_SCALAR, _VECTOR):
            raise TypeMismatchError(
                f"binary expression must contain only scalar and instant vector types, got {side.type.value}",
                *side.expr.span,
            )
    span = Span(lhs.expr.span.start, rhs.expr.span.end)
    if modifiers.bool_span is not None and op.word not in COMPARISONS:
        raise ParseError("bool modifier can only be used on comparison operators", *modifiers.bool_span)
    if lhs.type is _VECTOR and rhs.type is _VECTOR:
        matching = _matching(op, modifiers)
    else:
        _check_scalar_side(op, modifiers, lhs, rhs)
        matching = None
    both_scalar = lhs.type is _SCALAR and rhs.type is _SCALAR
    return_bool = modifiers.bool_span is not None
    node = Binary(op.word, lhs.expr, rhs.expr, matching, return_bool, op.span, span)
    return typed(node, _SCALAR if both_scalar else _VECTOR, lhs, rhs)


def _check_scalar_side(op: Token, modifiers: Modifiers, lhs: Typed, rhs: Typed) -> None:
    """Refuse what needs two vectors where there are none."""
    if op.word in SET_OPERATORS:
        raise TypeMismatchError(f'set operator "{op.word}" not allowed in binary scalar expression', *op.span)
    if op.word in TRIM_OPERATORS and lhs.type is _SCALAR:
        raise TypeMismatchError(f'operator "{op.word}" needs an instant vector on its left side', *lhs.expr.span)
    if modifiers.labels:
        # an empty `on()` between scalars means nothing, and Prometheus lets it pass
        raise TypeMismatchError("vector matching only allowed between instant vectors", *modifiers.span)
    if modifiers.fill_left is not None or modifiers.fill_right is not None:
        raise TypeMismatchError("filling in missing series only allowed between instant vectors", *modifiers.span)
    if op.word in COMPARISONS and modifiers.bool_span is None and lhs.type is rhs.type:
        raise TypeMismatchError("comparisons between scalars must use BOOL modifier", *op.span)


def _matching(op: Token, modifiers: Modifiers) -> VectorMatching:
    """Return how two vectors match."""
    cardinality = modifiers.cardinality
    if op.word in SET_OPERATORS:
        if cardinality is not Cardinality.ONE_TO_ONE:
            raise ParseError(f'no grouping allowed for "{op.word}" operation', *modifiers.span)
        if modifiers.fill_left is not None or modifiers.fill_right is not None:
            raise ParseError("filling in missing series not allowed for set operators", *modifiers.span)
        cardinality = Cardinality.MANY_TO_MANY
    if modifiers.on:
        for label in modifiers.labels:
            if label in modifiers.include:
                raise ParseError(f'label "{label}" must not occur in ON and GROUP clause at once', *modifiers.span)
    return VectorMatching(
        cardinality, modifiers.on, modifiers.labels, modifiers.include, modifiers.fill_left, modifiers.fill_right
    )


def aggregate(op: Token, grouping: tuple[str, ...], without: bool, args: list[Typed], span: Span) -> Typed:
    """Make an aggregation of its arguments as written."""
    param_type = AGGREGATIONS[op.word]
    if not args:
        raise ParseError("no arguments for aggregate expression provided", *span)
    desired = 1 if param_type is None else 2
    if len(args) != desired:
        raise ParseError(
            f"wrong number of arguments for aggregate expression provided, expected {desired}, got {len(args)}", *span
        )
    _expect_type(args[-1], _VECTOR, "aggregation expression")
    if param_type is not None:
        _expect_type(args[0], param_type, "aggregation parameter")
    param = None if param_type is None else args[0].expr
    return typed(Aggregate(op.word, args[-1].expr, param, grouping, without, span), _VECTOR, *args)


def call(signature: Signature, name: Token, args: list[Typed], span: Span) -> Typed:
    """Make a function call."""
    _check_count(signature, len(args), span)
    for index, arg in enumerate(args):
        wanted = signature.args[min(index, len(signature.args) - 1)]
        _expect_type(arg, wanted, f'call to function "{signature.name}"')
    node = Call(signature.name, tuple(arg.expr for arg in args), name.span, span)
    return typed(node, signature.returns, *args)


def subquery(inner: Typed, node: Subquery, *parts: Typed) -> Typed:
    """Make `inner[range:step]`; `parts` are its durations."""
    if inner.type is not _VECTOR:
        raise TypeMismatchError(
            f"subquery is only allowed on instant vector, got {inner.type.value} instead", *inner.expr.span
        )
    return typed(node, ValueType.MATRIX, inner, *parts)


def _check_count(signature: Signature, count: int, span: Span) -> None:
    most = len(signature.args) + signature.variadic if signature.variadic >= 0 else count
    least = len(signature.args) - signature.optional
    tail = f'argument(s) in call to "{signature.name}", got {count}'
    if least == most and count != least:
        raise ParseError(f"expected {least} {tail}", *span)
    if count < least:
        raise ParseError(f"expected at least {least} {tail}", *span)
    if count > most:
        raise ParseError(f"expected at most {most} {tail}", *span)


def _expect_type(part: Typed, wanted: ValueType, context: str) -> None:
    if part.type is not wanted:
        raise TypeMismatchError(f"expected type {wanted.value} in {context}, got {part.type.value}", *part.expr.span)
