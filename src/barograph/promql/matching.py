"""Which rows of two vectors belong together: signatures, pairs and the labels of the result.

Works on labels alone, so everything here is remembered per node and done again only when series change.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import METRIC_NAME, Labels
from barograph.promql.ast import Cardinality, VectorMatching
from barograph.promql.naming import Nameless

Rows = NDArray[np.intp]


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


def join(
    many: tuple[Labels, ...], one: tuple[Labels, ...], matching: VectorMatching, *, drops_name: bool, delayed: bool
) -> Join:
    """Pair the rows of two sides."""
    of_many, of_one = groups_of(many, matching), groups_of(one, matching)
    is_one_to_one = matching.cardinality is Cardinality.ONE_TO_ONE
    pairs: list[tuple[int, int, int]] = []
    is_plain = all(len(rows) == 1 for rows in of_one.values())
    for number, (key, rows) in enumerate(of_many.items()):
        is_plain = is_plain and not (is_one_to_one and len(rows) > 1)
        pairs.extend((row, other, number) for row in rows for other in of_one.get(key, ()))
    labels = tuple(
        _result_labels(many[row], one[other], matching, drops_name=drops_name, delayed=delayed)
        for row, other, _ in pairs
    )
    index = np.asarray(pairs, dtype=np.intp).reshape(len(pairs), 3)
    is_plain = is_plain and len(set(labels)) == len(labels)
    return Join(many=index[:, 0], one=index[:, 1], labels=labels, group=index[:, 2], is_plain=is_plain)


def _result_labels(many: Labels, one: Labels, matching: VectorMatching, *, drops_name: bool, delayed: bool) -> Labels:
    nameless = isinstance(many, Nameless) or (drops_name and delayed)
    labels = many.drop((METRIC_NAME,)) if drops_name and not delayed else many
    if matching.cardinality is Cardinality.ONE_TO_ONE:
        if matching.on:
            labels = labels.keep(matching.labels)
        elif matching.labels:
            labels = labels.drop(matching.labels)
    if matching.include:
        labels = labels.with_labels({name: one.get(name) for name in matching.include})
    return Nameless.from_sorted(labels.pairs) if nameless else labels
