"""The last step of an evaluation: from a node's value to the answer."""

import numpy as np

from barograph.model.labels import METRIC_NAME, Labels
from barograph.promql.gaps import missing_samples
from barograph.promql.memo import Memo
from barograph.promql.naming import Nameless, merge_rows, take_rows
from barograph.promql.nodes import Ranges
from barograph.promql.run import Run
from barograph.promql.value import RawMatrix, RawSeries, StepVector

_NAME_ONLY = (METRIC_NAME,)


class Finisher:
    """Finishes the results of one plan; remembers the order of its rows."""

    __slots__ = ("_names", "_order")

    def __init__(self) -> None:
        self._names: Memo[tuple[tuple[Labels, ...], bool]] = Memo()
        self._order: Memo[tuple[list[int], tuple[Labels, ...]] | None] = Memo()

    def vector(self, vector: StepVector, run: Run) -> StepVector:
        """Drop delayed names and empty rows; order the rows of a range query by labels."""
        if run.config.delayed_name_removal:
            vector = self._without_names(vector)
        if vector.present is not None:
            alive = vector.present.any(axis=1)
            if not alive.all():
                vector = take_rows(vector, np.flatnonzero(alive).tolist())
            if vector.present is not None and vector.present.all():
                vector = StepVector(vector.labels, vector.values)
        if run.is_instant:
            return vector
        order = self._order.get((vector.labels,), lambda: _order(vector.labels))
        return vector if order is None else take_rows(vector, order[0], order[1])

    def _without_names(self, vector: StepVector) -> StepVector:
        def derive() -> tuple[tuple[Labels, ...], bool]:
            labels = tuple(one.drop(_NAME_ONLY) if isinstance(one, Nameless) else one for one in vector.labels)
            return labels, len(set(labels)) == len(labels)

        labels, unique = self._names.get((vector.labels,), derive)
        result = StepVector(labels, vector.values, vector.present)
        return result if unique else merge_rows(result, per_step=True)


def _order(labels: tuple[Labels, ...]) -> tuple[list[int], tuple[Labels, ...]] | None:
    order = sorted(range(len(labels)), key=lambda row: labels[row].pairs)
    if order == list(range(len(labels))):
        return None
    return order, tuple(labels[row] for row in order)


def raw_matrix(ranges: Ranges) -> RawMatrix:
    """Return the samples of a range vector's only step; stale markers are left out."""
    end_ms = ranges.ends.start_ms
    series: list[RawSeries] = []
    for group in ranges.groups:
        lo, hi = group.timestamps_ms.searchsorted([end_ms - ranges.range_ms, end_ms], "right").tolist()
        missing = missing_samples(group)
        stamps = group.timestamps_ms[lo:hi]
        for row, labels in enumerate(group.labels):
            values = group.values[row, lo:hi]
            kept = slice(None) if missing is None else ~missing[row, lo:hi]
            if len(values[kept]):
                series.append(RawSeries(labels, stamps[kept], values[kept]))
    return RawMatrix(tuple(sorted(series, key=lambda one: one.labels.pairs)))
