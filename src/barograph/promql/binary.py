"""Nodes of unary and binary operators between scalars, vectors and both."""

from dataclasses import dataclass, field

import numpy as np

from barograph.model.labels import Labels
from barograph.model.sample import BoolArray, FloatArray
from barograph.promql.ast import Cardinality, Span, VectorMatching
from barograph.promql.explain import explained
from barograph.promql.grid import Grid
from barograph.promql.matching import Join, NameRule, Rows, groups_of, join
from barograph.promql.memo import Memo
from barograph.promql.naming import NameDropper, empty_vector, merge_rows, presence
from barograph.promql.nodes import ScalarNode, VectorNode
from barograph.promql.operators import ARITHMETIC, COMPARISON, Operand
from barograph.promql.overlaps import check_pairs, fill_missing
from barograph.promql.run import Run
from barograph.promql.value import StepVector


@dataclass(frozen=True, slots=True)
class Constant:
    """A number."""

    value: float

    def scalar(self, run: Run, grid: Grid) -> FloatArray:
        """See `ScalarNode`."""
        return np.full(grid.steps, self.value)


def operand(node: ScalarNode, run: Run, grid: Grid) -> Operand:
    """Return a scalar's value: one number where it is the same at every step."""
    return node.value if isinstance(node, Constant) else node.scalar(run, grid)


@dataclass(frozen=True, slots=True)
class ScalarBinary:
    """An operator between two scalars; comparison gives 0 or 1."""

    op: str
    lhs: ScalarNode
    rhs: ScalarNode

    def scalar(self, run: Run, grid: Grid) -> FloatArray:
        """See `ScalarNode`."""
        return apply_scalars(self.op, self.lhs.scalar(run, grid), self.rhs.scalar(run, grid))


def apply_scalars(op: str, lhs: FloatArray, rhs: FloatArray) -> FloatArray:
    """Apply an operator to scalars at each step."""
    if op in COMPARISON:
        return COMPARISON[op](lhs, rhs).astype(np.float64)
    return ARITHMETIC[op](lhs, rhs)


@dataclass(frozen=True, slots=True)
class ScalarNegation:
    """`-` before a scalar."""

    inner: ScalarNode

    def scalar(self, run: Run, grid: Grid) -> FloatArray:
        """See `ScalarNode`."""
        return np.negative(self.inner.scalar(run, grid))


@dataclass(frozen=True, slots=True)
class VectorNegation:
    """`-` before a vector."""

    inner: VectorNode
    span: Span
    names: NameDropper = field(default_factory=NameDropper)

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        vector = self.inner.vector(run, grid)
        negated = StepVector(vector.labels, np.negative(vector.values), vector.present)
        return self.names.vector(negated, run, per_step=True)


@dataclass(frozen=True, slots=True)
class VectorScalar:
    """An operator between a vector and a scalar, in either order."""

    op: str
    inner: VectorNode
    other: ScalarNode
    is_swapped: bool
    return_bool: bool
    span: Span
    names: NameDropper = field(default_factory=NameDropper)

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        vector = self.inner.vector(run, grid)
        other = operand(self.other, run, grid)
        run.check()
        lhs, rhs = (other, vector.values) if self.is_swapped else (vector.values, other)
        if self.op in ARITHMETIC:
            result = StepVector(vector.labels, ARITHMETIC[self.op](lhs, rhs), vector.present)
            return self.names.vector(result, run, per_step=True)
        holds = COMPARISON[self.op](lhs, rhs)
        if self.return_bool:
            result = StepVector(vector.labels, holds.astype(np.float64), vector.present)
            return self.names.vector(result, run, per_step=True)
        present = holds if vector.present is None else holds & vector.present
        return StepVector(vector.labels, vector.values, present)


@dataclass(frozen=True, slots=True)
class VectorBinary:
    """Arithmetic or comparison between two vectors with matching."""

    op: str
    lhs: VectorNode
    rhs: VectorNode
    matching: VectorMatching
    return_bool: bool
    span: Span
    memo: Memo[Join] = field(default_factory=Memo)

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        lhs, rhs = self.lhs.vector(run, grid), self.rhs.vector(run, grid)
        run.check()
        if self.matching.fill_left is not None or self.matching.fill_right is not None:
            lhs, rhs = fill_missing(lhs, rhs, self.matching)
        is_right = self.matching.cardinality is Cardinality.ONE_TO_MANY
        many, one = (rhs, lhs) if is_right else (lhs, rhs)
        name = self._name(delayed=run.config.delayed_name_removal)
        pairs = self.memo.get((many.labels, one.labels), lambda: join(many.labels, one.labels, self.matching, name))
        if not pairs.labels and pairs.is_plain:
            return empty_vector(grid.steps)
        left, right = (pairs.one, pairs.many) if is_right else (pairs.many, pairs.one)
        result = self._apply(lhs, rhs, left, right, pairs.labels)
        if pairs.is_plain:
            return result
        matched = presence(many)[pairs.many] & presence(one)[pairs.one]
        check_pairs(pairs, many, one, (matched, presence(result)), self.matching)
        return merge_rows(result, per_step=True)

    def _name(self, *, delayed: bool) -> NameRule:
        if self.op in ARITHMETIC:
            return NameRule.REPLACED
        if self.return_bool:
            return NameRule.MARKED if delayed else NameRule.DROPPED
        return NameRule.KEPT

    def _apply(
        self, lhs: StepVector, rhs: StepVector, left: Rows, right: Rows, labels: tuple[Labels, ...]
    ) -> StepVector:
        left_values, right_values = lhs.values[left], rhs.values[right]
        present = _both(
            None if lhs.present is None else lhs.present[left], None if rhs.present is None else rhs.present[right]
        )
        if self.op in ARITHMETIC:
            return StepVector(labels, ARITHMETIC[self.op](left_values, right_values), present)
        holds = COMPARISON[self.op](left_values, right_values)
        if self.return_bool:
            return StepVector(labels, holds.astype(np.float64), present)
        return StepVector(labels, left_values, _both(present, holds))


def _both(one: BoolArray | None, other: BoolArray | None) -> BoolArray | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


@dataclass(frozen=True, slots=True)
class SetBinary:
    """`and`, `or`, `unless`."""

    op: str
    lhs: VectorNode
    rhs: VectorNode
    matching: VectorMatching
    span: Span
    memo: Memo[tuple[list[int], int]] = field(default_factory=Memo)

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        lhs, rhs = self.lhs.vector(run, grid), self.rhs.vector(run, grid)
        run.check()
        if self.op == "or":
            return self._union(lhs, rhs)
        there = self._present_groups(of=rhs, along=lhs)
        mine = presence(lhs)
        return StepVector(lhs.labels, lhs.values, mine & there if self.op == "and" else mine & ~there)

    def _union(self, lhs: StepVector, rhs: StepVector) -> StepVector:
        if not lhs.labels or not rhs.labels:
            return rhs if not lhs.labels else lhs
        added = presence(rhs) & ~self._present_groups(of=lhs, along=rhs)
        joined = StepVector(
            lhs.labels + rhs.labels,
            np.concatenate([lhs.values, rhs.values]),
            np.concatenate([presence(lhs), added]),
        )
        return joined if len(set(joined.labels)) == len(joined.labels) else merge_rows(joined, per_step=True)

    def _present_groups(self, *, of: StepVector, along: StepVector) -> BoolArray:
        """Tell for each row of `along` at each step whether a row of `of` with its signature is present."""
        numbers, count = self.memo.get((of.labels, along.labels), lambda: self._numbers(of.labels, along.labels))
        seen = np.zeros((count + 1, along.values.shape[1]), dtype=np.bool_)
        np.logical_or.at(seen, numbers[: len(of.labels)], presence(of))
        # rows without a partner point at the last group, which nothing is ever in
        return np.asarray(seen[numbers[len(of.labels) :]])

    def _numbers(self, of: tuple[Labels, ...], along: tuple[Labels, ...]) -> tuple[list[int], int]:
        groups = groups_of(of, self.matching)
        number = {row: index for index, rows in enumerate(groups.values()) for row in rows}
        partner = [len(groups)] * len(along)
        for key, rows in groups_of(along, self.matching).items():
            if key in groups:
                for row in rows:
                    partner[row] = number[groups[key][0]]
        return [number[row] for row in range(len(of))] + partner, len(groups)
