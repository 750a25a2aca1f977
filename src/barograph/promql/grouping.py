"""Rows of a vector in groups, by the labels that an aggregation keeps."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import BoolArray, FloatArray, IntArray
from barograph.promql.naming import Nameless
from barograph.promql.value import StepVector


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The groups of a vector's rows.

    Attributes:
        labels: One per group.
        order: The rows, group after group; None where they already are in that order.
        starts: Where each group starts within `order`.
        sizes: How many rows each group has: `[groups]`.
    """

    labels: tuple[Labels, ...]
    order: IntArray | None
    starts: IntArray
    sizes: IntArray

    def arrange(self, vector: StepVector) -> tuple[FloatArray, BoolArray | None]:
        """Return a vector's values and mask with the rows in group order."""
        if self.order is None:
            return vector.values, vector.present
        present = None if vector.present is None else vector.present[self.order]
        return vector.values[self.order], present

    def slices(self) -> list[tuple[int, int]]:
        """Return first and last (exclusive) row of each group, in group order."""
        return [(start, start + size) for start, size in zip(self.starts.tolist(), self.sizes.tolist(), strict=True)]

    def row(self, place: int) -> int:
        """Return the row at a place of the group order."""
        return place if self.order is None else int(self.order[place])


def group_rows(labels: tuple[Labels, ...], grouping: tuple[str, ...], *, without: bool) -> Groups:
    """Group rows by the labels named (or by all but those and the metric name).

    A name that is to be dropped from any row of a group is to be dropped from the group.
    """
    groups: dict[Labels, list[int]] = {}
    unwanted = (*grouping, METRIC_NAME)
    for row, one in enumerate(labels):
        key = one.drop(unwanted) if without else one.keep(grouping)
        groups.setdefault(key, []).append(row)
    if not without and METRIC_NAME in grouping:
        groups = dict(_marked(groups, labels))
    order = np.asarray([row for rows in groups.values() for row in rows], dtype=np.intp)
    sizes = np.asarray([len(rows) for rows in groups.values()], dtype=np.intp)
    starts = np.cumsum(sizes) - sizes
    is_sorted = bool((order == np.arange(len(order))).all())
    return Groups(labels=tuple(groups), order=None if is_sorted else order, starts=starts, sizes=sizes)


def _marked(groups: dict[Labels, list[int]], labels: tuple[Labels, ...]) -> Iterator[tuple[Labels, list[int]]]:
    for key, rows in groups.items():
        is_nameless = any(isinstance(labels[row], Nameless) for row in rows)
        yield Nameless.from_sorted(key.pairs) if is_nameless else key, rows
