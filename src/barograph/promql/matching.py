"""Which rows of two vectors belong together: signatures, pairs and the labels of the result.

Works on labels alone, so everything here is remembered per node and done again only when series change.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import METRIC_NAME, Labels
from barograph.promql.ast import Cardinality, VectorMatching
from barograph.promql.naming import Nameless

Rows = NDArray[np.intp]
_NAME_ONLY = (METRIC_NAME,)


class NameRule(Enum):
    """What becomes of the metric name of the many side."""

    KEPT = 0
    REPLACED = 1
    """It is gone at once; a name that `group_left` takes from the one side stands in its place."""
    DROPPED = 2
    MARKED = 3
    """It is dropped at the end of the evaluation."""


@dataclass(frozen=True, slots=True, eq=False)
class Join:
    """The pairs of two sides, `many` and `one` (left and right unless `group_right`).

    Attributes:
        many: For each pair the row of the many side.
        one: For each pair the row of the one side.
        labels: For each pair the labels of the result.
        group: For each pair the number of its signature.
        is_plain: No signature occurs twice on the one side (nor, one to one, on the many side) and labels are unique:
            nothing needs a look at the values.
    """

    many: Rows
    one: Rows
    labels: tuple[Labels, ...]
    group: Rows
    is_plain: bool


def signature(labels: Labels, matching: VectorMatching) -> Labels:
    """Return the labels by which a row is matched."""
    if matching.on:
        return labels.keep(matching.labels)
    return labels.drop((*matching.labels, METRIC_NAME))


def groups_of(labels: tuple[Labels, ...], matching: VectorMatching) -> dict[Labels, list[int]]:
    """Return the rows of each signature, in order."""
    groups: dict[Labels, list[int]] = {}
    for row, one in enumerate(labels):
        groups.setdefault(signature(one, matching), []).append(row)
    return groups


def join(many: tuple[Labels, ...], one: tuple[Labels, ...], matching: VectorMatching, name: NameRule) -> Join:
    """Pair the rows of two sides."""
    of_many, of_one = groups_of(many, matching), groups_of(one, matching)
    is_one_to_one = matching.cardinality is Cardinality.ONE_TO_ONE
    pairs: list[tuple[int, int, int]] = []
    is_plain = all(len(rows) == 1 for rows in of_one.values())
    for number, (key, rows) in enumerate(of_many.items()):
        is_plain = is_plain and not (is_one_to_one and len(rows) > 1)
        pairs.extend((row, other, number) for row in rows for other in of_one.get(key, ()))
    labels = tuple(_result_labels(many[row], one[other], matching, name) for row, other, _ in pairs)
    index = np.asarray(pairs, dtype=np.intp).reshape(len(pairs), 3)
    is_plain = is_plain and len(set(labels)) == len(labels)
    return Join(many=index[:, 0], one=index[:, 1], labels=labels, group=index[:, 2], is_plain=is_plain)


def _result_labels(many: Labels, one: Labels, matching: VectorMatching, name: NameRule) -> Labels:
    labels = many.drop(_NAME_ONLY) if name is NameRule.REPLACED else many
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        if matching.on:
            labels = labels.keep(matching.labels)
        elif matching.labels:
            labels = labels.drop(matching.labels)
    if matching.include:
        labels = labels.with_labels({label: one.get(label) for label in matching.include})
    if name is NameRule.DROPPED:
        return labels.drop(_NAME_ONLY)
    is_nameless = name is NameRule.MARKED or (name is NameRule.KEPT and isinstance(many, Nameless))
    return Nameless.from_sorted(labels.pairs) if is_nameless else labels
