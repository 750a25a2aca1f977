"""From the parser's tree to nodes that can be evaluated: done once per text, kept by the engine."""

from dataclasses import dataclass, replace

import numpy as np

from barograph.promql.aggregations import REDUCTIONS, Grouping, Quantile, Reduce
from barograph.promql.ast import (
    Aggregate,
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
    VectorSelector,
)
from barograph.promql.binary import (
    Constant,
    ScalarBinary,
    ScalarNegation,
    SetBinary,
    VectorBinary,
    VectorNegation,
    VectorScalar,
    apply_scalars,
)
from barograph.promql.calls import PointwiseCall, ScalarCall, VectorCall, WindowCall
from barograph.promql.durations import compile_duration
from barograph.promql.extended import ExtendedCall, ExtendedRange, SmoothedSelector, extended_kernel
from barograph.promql.functions.clock import unwrap
from barograph.promql.functions.entry import Arguments, Function, OverTime, Pointwise, ToScalar, ToVector
from barograph.promql.functions.table import FUNCTIONS, SIGNATURES
from barograph.promql.nodes import RangeNode, ScalarNode, VectorNode
from barograph.promql.operators import SETS
from barograph.promql.ordering import Best, CountValues, Limit
from barograph.promql.parser.check import value_type
from barograph.promql.parser.vocabulary import TRIM_OPERATORS
from barograph.promql.sampling import LimitRatio
from barograph.promql.selectors import InstantSelector, RangeSelector, SubqueryNode
from barograph.promql.trimming import STAND_IN, FloatTrim


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An expression ready to be evaluated; exactly one of the last four is set.

    Attributes:
        text: The expression.
        expr: Its tree.
        type: Its type.
    """

    text: str
    expr: Expr
    type: ValueType
    scalar: ScalarNode | None = None
    vector: VectorNode | None = None
    ranges: RangeNode | None = None
    string: str | None = None


def make_plan(text: str, expr: Expr) -> Plan:
    """Compile a checked tree.

    Raises:
        ExecutionError: A function is given a kind of range that it does not take.
    """
    kind = value_type(expr, SIGNATURES)
    match kind:
        case ValueType.SCALAR:
            return Plan(text=text, expr=expr, type=kind, scalar=_scalar(expr))
        case ValueType.VECTOR:
            return Plan(text=text, expr=expr, type=kind, vector=_vector(expr))
        case ValueType.MATRIX:
            return Plan(text=text, expr=expr, type=kind, ranges=_ranges(expr))
        case _:
            return Plan(text=text, expr=expr, type=kind, string=_string(expr))


def _string(expr: Expr) -> str:
    inner = unwrap(expr)
    assert isinstance(inner, StringLiteral)
    return inner.value


def _scalar(expr: Expr) -> ScalarNode:
    match expr:
        case NumberLiteral():
            return Constant(expr.value)
        case Paren():
            return _scalar(expr.expr)
        case Unary():
            inner = _scalar(expr.expr)
            if expr.op == "+":
                return inner
            return Constant(-inner.value) if isinstance(inner, Constant) else ScalarNegation(inner)
        case Binary():
            lhs, rhs = _scalar(expr.lhs), _scalar(expr.rhs)
            if isinstance(lhs, Constant) and isinstance(rhs, Constant):
                with np.errstate(all="ignore"):
                    value = apply_scalars(expr.op, np.asarray([lhs.value]), np.asarray([rhs.value]))
                return Constant(float(value[0]))
            return ScalarBinary(expr.op, lhs, rhs)
        case Call():
            entry = _entry(expr)
            assert isinstance(entry.form, ToScalar)
            return ScalarCall(entry.form, _arguments(expr))
        case _:
            raise AssertionError(f"{type(expr).__name__} is no scalar")


def _vector(expr: Expr) -> VectorNode:
    match expr:
        case Paren():
            return _vector(expr.expr)
        case VectorSelector():
            # an anchor is for ranges: without one it changes nothing
            return SmoothedSelector(expr) if expr.mode is RangeMode.SMOOTHED else InstantSelector(expr)
        case Unary():
            inner = _vector(expr.expr)
            return inner if expr.op == "+" else VectorNegation(inner, expr.span)
        case Binary():
            return _vector_binary(expr)
        case Aggregate():
            return _aggregate(expr)
        case Call():
            return _vector_call(expr)
        case _:
            raise AssertionError(f"{type(expr).__name__} is no instant vector")


def _ranges(expr: Expr) -> RangeNode:
    match expr:
        case Paren():
            return _ranges(expr.expr)
        case MatrixSelector() if expr.selector.mode is not RangeMode.NONE:
            return ExtendedRange(expr)
        case MatrixSelector():
            return RangeSelector(expr.selector, compile_duration(expr.range, positive=True), expr.span)
        case Subquery():
            return SubqueryNode(expr, _vector(expr.expr))
        case _:
            raise AssertionError(f"{type(expr).__name__} is no range vector")


def _vector_binary(expr: Binary) -> VectorNode:
    if expr.op in TRIM_OPERATORS:
        return FloatTrim(expr.op, _vector_binary(replace(expr, op=STAND_IN)), expr.span)
    if expr.matching is None:
        is_swapped = value_type(expr.lhs, SIGNATURES) is ValueType.SCALAR
        inner, other = (expr.rhs, expr.lhs) if is_swapped else (expr.lhs, expr.rhs)
        return VectorScalar(expr.op, _vector(inner), _scalar(other), is_swapped, expr.return_bool, expr.span)
    lhs, rhs = _vector(expr.lhs), _vector(expr.rhs)
    if expr.op in SETS:
        return SetBinary(expr.op, lhs, rhs, expr.matching, expr.span)
    return VectorBinary(expr.op, lhs, rhs, expr.matching, expr.return_bool, expr.span)


def _aggregate(expr: Aggregate) -> VectorNode:
    inner = _vector(expr.expr)
    grouping = Grouping(names=expr.grouping, without=expr.without)
    if expr.op in REDUCTIONS:
        return Reduce(op=expr.op, inner=inner, grouping=grouping, span=expr.span)
    assert expr.param is not None
    param = unwrap(expr.param)
    match expr.op:
        case "topk" | "bottomk":
            largest = expr.op == "topk"
            return Best(largest=largest, count=_scalar(param), inner=inner, grouping=grouping, span=expr.span)
        case "limitk":
            return Limit(count=_scalar(param), inner=inner, grouping=grouping, span=expr.span)
        case "limit_ratio":
            ratio = _scalar(param)
            return LimitRatio(ratio=ratio, inner=inner, grouping=grouping, span=expr.span, ratio_span=param.span)
        case "quantile":
            phi = _scalar(param)
            return Quantile(phi=phi, inner=inner, grouping=grouping, span=expr.span, phi_span=param.span)
        case _:
            return CountValues(label=_string(param), inner=inner, grouping=grouping, span=expr.span)


def _vector_call(call: Call) -> VectorNode:
    # annotations blame what stands within parentheses around an argument, as in Prometheus
    expr = replace(call, args=tuple(unwrap(arg) for arg in call.args))
    for selector in expr.args:
        if isinstance(selector, MatrixSelector) and selector.selector.mode is not RangeMode.NONE:
            return ExtendedCall(extended_kernel(selector.selector.mode, expr), ExtendedRange(selector), expr)
    entry, arguments = _entry(expr), _arguments(expr)
    match entry.form:
        case OverTime():
            return WindowCall(entry.form, arguments)
        case Pointwise():
            return PointwiseCall(entry.form, arguments)
        case ToVector():
            return VectorCall(entry.form, arguments)
        case _:
            raise AssertionError(f"{expr.function} gives no instant vector")


def _entry(expr: Call) -> Function:
    return FUNCTIONS[expr.function]


def _arguments(expr: Call) -> Arguments:
    scalars: list[ScalarNode] = []
    vectors: list[VectorNode] = []
    ranges: list[RangeNode] = []
    strings: list[str] = []
    for arg in expr.args:
        match value_type(arg, SIGNATURES):
            case ValueType.SCALAR:
                scalars.append(_scalar(arg))
            case ValueType.VECTOR:
                vectors.append(_vector(arg))
            case ValueType.MATRIX:
                ranges.append(_ranges(arg))
            case _:
                strings.append(_string(arg))
    return Arguments(
        call=expr,
        scalars=tuple(scalars),
        vectors=tuple(vectors),
        ranges=tuple(ranges),
        strings=tuple(strings),
    )
