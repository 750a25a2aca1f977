"""The rare parts of vector matching that need a look at the values: forbidden matches, and fill modifiers."""

import numpy as np

from barograph.model.errors import ExecutionError
from barograph.model.labels import METRIC_NAME, Labels, escape_value
from barograph.model.sample import BoolArray
from barograph.promql.ast import Cardinality, VectorMatching
from barograph.promql.matching import Join, groups_of
from barograph.promql.naming import presence
from barograph.promql.value import StepVector

_MANY_TO_ONE = "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
_NOT_UNIQUE = "multiple matches for labels: grouping labels must ensure unique matches"


def check_pairs(
    pairs: Join, many: StepVector, one: StepVector, where: tuple[BoolArray, BoolArray], matching: VectorMatching
) -> None:
    """Refuse matches that are forbidden at some step.

    Args:
        pairs: The pairs.
        many: The many side.
        one: The one side.
        where: Where each pair matches, and where it gives a result (a comparison may drop it): bool `[pairs, steps]`.
        matching: What was asked for.

    Raises:
        ExecutionError: Several rows of the one side, or a forbidden several of the many side, match at one step.
    """
    matched, present = where
    _check_one_side(many, one, matching)
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        counts = np.zeros((int(pairs.group.max(initial=-1)) + 1, matched.shape[1]), dtype=np.int64)
        np.add.at(counts, pairs.group, matched)
        if (counts > 1).any():
            raise ExecutionError(_MANY_TO_ONE)
    rows: dict[Labels, list[int]] = {}
    for index, labels in enumerate(pairs.labels):
        rows.setdefault(labels, []).append(index)
    if any(len(same) > 1 and (present[same].sum(axis=0) > 1).any() for same in rows.values()):
        raise ExecutionError(_NOT_UNIQUE)


def _check_one_side(many: StepVector, one: StepVector, matching: VectorMatching) -> None:
    anyone = presence(many).any(axis=0)
    here = presence(one)
    for key, rows in groups_of(one.labels, matching).items():
        if len(rows) < 2:
            continue
        twice = (here[rows].sum(axis=0) > 1) & anyone
        if twice.any():
            step = int(np.argmax(twice))
            first, second = [one.labels[row] for row in rows if here[row, step]][:2]
            side = "left" if matching.cardinality is Cardinality.ONE_TO_MANY else "right"
            raise ExecutionError(
                f"found duplicate series for the match group {braces(key)} on the {side} hand-side of the operation: "
                f"[{braces(first)}, {braces(second)}];many-to-many matching not allowed: "
                "matching labels must be unique on one side"
            )


def braces(labels: Labels) -> str:
    """Write labels with the name among them, as Prometheus' messages do."""
    return "{" + ", ".join(f'{name}="{escape_value(value)}"' for name, value in labels) + "}"


def fill_missing(lhs: StepVector, rhs: StepVector, matching: VectorMatching) -> tuple[StepVector, StepVector]:
    """Add a row for each signature that one side lacks where its fill modifier gives a value."""
    left = lhs if matching.fill_left is None else _filled(lhs, rhs, matching, matching.fill_left)
    right = rhs if matching.fill_right is None else _filled(rhs, lhs, matching, matching.fill_right)
    return left, right


def _filled(side: StepVector, other: StepVector, matching: VectorMatching, value: float) -> StepVector:
    mine, theirs = groups_of(side.labels, matching), groups_of(other.labels, matching)
    here, there = presence(side), presence(other)
    labels: list[Labels] = []
    masks = [here]
    for key, rows in theirs.items():
        lacking: BoolArray = np.any(there[rows], axis=0)
        if key in mine:
            lacking &= ~here[mine[key]].any(axis=0)
        if lacking.any():
            labels.append(key.drop((METRIC_NAME,)))
            masks.append(lacking[None])
    added = np.full((len(labels), other.values.shape[1]), value)
    values = np.concatenate([side.values, added]) if side.labels else added
    return StepVector(
        (*side.labels, *labels), values, np.concatenate(masks) if side.labels else np.concatenate(masks[1:] or [here])
    )
