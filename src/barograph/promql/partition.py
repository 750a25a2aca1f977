"""Expressions that differ only in which series they are about: what makes one evaluation serve many. Called by rules.

`rate(m{i="a"}[5m]) > 3` and `rate(m{i="b"}[5m]) > 4` are parts of `rate(m{i=~"a|b"}[5m])`, told apart by the label
`i`. That holds where every selector is bound to the same values of some labels, and nothing joins what differs in
them: functions of one series do not, aggregations and matching do not once they keep these labels too.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import cast, get_args

import re2

from barograph.model.labels import METRIC_NAME
from barograph.model.matcher import Matcher, MatchOp
from barograph.promql.aggregations import REDUCTIONS
from barograph.promql.ast import (
    Aggregate,
    At,
    Binary,
    Call,
    Cardinality,
    Expr,
    MatrixSelector,
    Paren,
    Span,
    Subquery,
    Unary,
    ValueType,
    VectorMatching,
    VectorSelector,
)
from barograph.promql.binary import Constant, VectorScalar
from barograph.promql.functions.entry import OverTime, Pointwise
from barograph.promql.functions.table import FUNCTIONS, SIGNATURES
from barograph.promql.operators import COMPARISON, SWAPPED
from barograph.promql.parser.check import value_type
from barograph.promql.parser.vocabulary import TRIM_OPERATORS
from barograph.promql.plan import Plan
from barograph.promql.walk import selections

_NOWHERE = Span(0, 0)
_NODES = (*get_args(Expr), At, VectorMatching)
_BY_SERIES = frozenset({"clamp", "timestamp"})
_BY_ALL_BUT_LE = frozenset({"histogram_quantile", "histogram_fraction"})


@dataclass(frozen=True, slots=True)
class Whole:
    """What parts have in common: equal for expressions that can be evaluated together.

    Attributes:
        tree: The expression without its bound labels, which everything in it keeps; it has no positions.
        names: The bound labels, sorted.
        lost: Those of them that results do not have.
        operator: How values are compared with each part's number; None: whatever the tree gives is the result.
    """

    tree: Expr
    names: tuple[str, ...]
    lost: frozenset[str]
    operator: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """An expression as a part of a whole.

    Attributes:
        whole: It.
        values: The value of each bound label.
        number: What values are compared with; 0 without an operator.
    """

    whole: Whole
    values: tuple[str, ...]
    number: float


def part_of(plan: Plan) -> Part | None:
    """Return the part that an expression is; None where it cannot be evaluated with others."""
    if plan.type is not ValueType.VECTOR:
        return None
    bound = _bound(plan.expr)
    if bound is None:
        return None
    expr, operator, number = _compared(plan)
    names = tuple(sorted(bound))
    try:
        kept = _Keeping(bound).vector(expr)
    except _ApartError:
        return None
    whole = Whole(kept.expr, names, frozenset(names) - kept.labels, operator)
    return Part(whole, tuple(bound[name] for name in names), number)


def joined(parts: Sequence[Part]) -> Expr:
    """Return the expression that gives what all parts of one whole give before they are compared with their numbers.

    Raises:
        QueryError: The values are too many for one regular expression.
    """
    whole = parts[0].whole
    matchers = []
    for place, name in enumerate(whole.names):
        values = sorted({part.values[place] for part in parts})
        if len(values) == 1:
            matchers.append(Matcher(name, MatchOp.EQUAL, values[0]))
        else:
            matchers.append(Matcher(name, MatchOp.REGEX, "|".join(re2.escape(value) for value in values)))
    return _selecting(whole.tree, lambda before: (*before, *matchers))


class _ApartError(Exception):
    """Something joins what is bound to different values."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """A part of a tree that keeps all bound labels, and those that it keeps as it is written."""

    expr: Expr
    labels: frozenset[str]


class _Keeping:
    """Rewrites a tree so that it keeps the labels that all its selectors bind to the same values."""

    def __init__(self, bound: Mapping[str, str]) -> None:
        self._bound = bound
        self._names = frozenset(bound)

    def vector(self, expr: Expr) -> _Kept:
        """Rewrite what gives a vector, instant or range."""
        match expr:
            case Paren():
                return self.vector(expr.expr)
            case Unary() | MatrixSelector() | Subquery():
                return self._around(expr)
            case VectorSelector():
                free = tuple(one for one in expr.matchers if not self._binds(one))
                return _Kept(_placeless(replace(expr, matchers=free)), self._names)
            case Aggregate():
                return self._aggregate(expr)
            case Binary() if expr.op not in TRIM_OPERATORS:
                return self._with_number(expr) if expr.matching is None else self._matched(expr, expr.matching)
            case Call():
                return self._call(expr)
            case _:
                raise _ApartError

    def _binds(self, matcher: Matcher) -> bool:
        return matcher.op is MatchOp.EQUAL and self._bound.get(matcher.name) == matcher.value

    def _around(self, expr: Unary | MatrixSelector | Subquery) -> _Kept:
        inner = self.vector(expr.selector if isinstance(expr, MatrixSelector) else expr.expr)
        outer = _placeless(expr)
        if isinstance(outer, MatrixSelector):
            assert isinstance(inner.expr, VectorSelector)
            return _Kept(replace(outer, selector=inner.expr), inner.labels)
        assert isinstance(outer, Unary | Subquery)
        return _Kept(replace(outer, expr=inner.expr), inner.labels)

    def _aggregate(self, expr: Aggregate) -> _Kept:
        if expr.op not in REDUCTIONS and expr.op != "quantile":
            raise _ApartError
        inner = self.vector(expr.expr)
        written = frozenset(expr.grouping)
        labels = inner.labels - written if expr.without else inner.labels & written
        grouping = written - self._names if expr.without else written | self._names
        outer = replace(
            expr,
            expr=inner.expr,
            param=None if expr.param is None else _alone(expr.param),
            grouping=tuple(sorted(grouping)),
            span=_NOWHERE,
        )
        return _Kept(outer, labels)

    def _with_number(self, expr: Binary) -> _Kept:
        is_left = value_type(expr.lhs, SIGNATURES) is ValueType.VECTOR
        inner = self.vector(expr.lhs if is_left else expr.rhs)
        lhs, rhs = (inner.expr, _alone(expr.rhs)) if is_left else (_alone(expr.lhs), inner.expr)
        return _Kept(replace(expr, lhs=lhs, rhs=rhs, op_span=_NOWHERE, span=_NOWHERE), inner.labels)

    def _matched(self, expr: Binary, matching: VectorMatching) -> _Kept:
        if matching.fill_left is not None or matching.fill_right is not None:
            raise _ApartError
        lhs, rhs = self.vector(expr.lhs), self.vector(expr.rhs)
        written = frozenset(matching.labels)
        if not self._names.isdisjoint(matching.include) or _matched_by(lhs, matching) != _matched_by(rhs, matching):
            raise _ApartError
        match matching.cardinality:
            case Cardinality.ONE_TO_ONE:
                labels = _matched_by(lhs, matching)
            case Cardinality.MANY_TO_ONE:
                labels = lhs.labels
            case Cardinality.ONE_TO_MANY:
                labels = rhs.labels
            case _:
                labels = lhs.labels
                if expr.op == "or" and lhs.labels != rhs.labels:
                    raise _ApartError
        names = written | self._names if matching.on else written - self._names
        kept = replace(matching, labels=tuple(sorted(names)))
        outer = replace(expr, lhs=lhs.expr, rhs=rhs.expr, matching=kept, op_span=_NOWHERE, span=_NOWHERE)
        return _Kept(outer, labels)

    def _call(self, expr: Call) -> _Kept:
        is_alone = isinstance(FUNCTIONS[expr.function].form, OverTime | Pointwise) or expr.function in _BY_SERIES
        if not is_alone and (expr.function not in _BY_ALL_BUT_LE or "le" in self._names):
            raise _ApartError
        labels: frozenset[str] | None = None
        args: list[Expr] = []
        for arg in expr.args:
            if value_type(arg, SIGNATURES) in (ValueType.VECTOR, ValueType.MATRIX):
                kept = self.vector(arg)
                labels = kept.labels
                args.append(kept.expr)
            else:
                args.append(_alone(arg))
        if labels is None:
            raise _ApartError
        return _Kept(replace(expr, args=tuple(args), name_span=_NOWHERE, span=_NOWHERE), labels)


def _matched_by(kept: _Kept, matching: VectorMatching) -> frozenset[str]:
    """Return which bound labels an operand is matched by, as written."""
    written = frozenset(matching.labels)
    return kept.labels & written if matching.on else kept.labels - written


def _compared(plan: Plan) -> tuple[Expr, str | None, float]:
    """Take a comparison with a number off an expression: what is left, the operator, the number."""
    node, expr = plan.vector, plan.expr
    while isinstance(expr, Paren):
        expr = expr.expr
    if not isinstance(node, VectorScalar) or node.op not in COMPARISON or node.return_bool:
        return expr, None, 0.0
    if not isinstance(node.other, Constant) or not isinstance(expr, Binary):
        return expr, None, 0.0
    return (
        expr.rhs if node.is_swapped else expr.lhs,
        SWAPPED[node.op] if node.is_swapped else node.op,
        node.other.value,
    )


def _bound(expr: Expr) -> dict[str, str] | None:
    """Return the labels that each selector binds to the same value; None where nothing is selected."""
    common: set[tuple[str, str]] | None = None
    for leaf in selections(expr, 1):
        pairs = {(one.name, one.value) for one in leaf.matchers if one.op is MatchOp.EQUAL and one.name != METRIC_NAME}
        common = pairs if common is None else common & pairs
    if common is None:
        return None
    names = [name for name, _ in common]
    return {name: value for name, value in common if names.count(name) == 1}


def _alone(expr: Expr) -> Expr:
    """Return a tree that selects nothing, without its positions."""
    if selections(expr, 1):
        raise _ApartError
    return _placeless(expr)


def _placeless(expr: Expr) -> Expr:
    def changed(value: object) -> object:
        return _NOWHERE if isinstance(value, Span) else value

    return cast("Expr", _rebuilt(expr, changed))


def _selecting(expr: Expr, matchers: Callable[[tuple[Matcher, ...]], tuple[Matcher, ...]]) -> Expr:
    def changed(value: object) -> object:
        return replace(value, matchers=matchers(value.matchers)) if isinstance(value, VectorSelector) else value

    return cast("Expr", _rebuilt(expr, changed))


def _rebuilt(value: object, changed: Callable[[object], object]) -> object:
    """Return a tree with each of its nodes and their fields changed, the inner ones first."""
    if isinstance(value, tuple) and not isinstance(value, Span):
        return tuple(_rebuilt(one, changed) for one in value)
    if isinstance(value, _NODES):
        inner = {one.name: _rebuilt(getattr(value, one.name), changed) for one in fields(value) if one.init}
        value = replace(value, **inner)
    return changed(value)
