"""What rules write to the store: the series of each rule as columns, joined to one batch a stage.

A series that a rule no longer gives has one stale marker, then nothing, and keeps its column in case it comes back. No
object is made for a sample.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from barograph.model.batch import RECORDED, Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE, FloatArray, absent_array, is_absent

_FEW = 64
"""Columns that are not worth tidying up."""


class RuleColumns:
    """The series that one rule writes.

    Attributes:
        series: The labels of each column.
        values: float64 `[columns]`, of the newest evaluation.
        version: Rises when columns come or go.
    """

    def __init__(self) -> None:
        self.series: list[Labels] = []
        self.values: FloatArray = absent_array(0)
        self.version = 0
        self._place: dict[Labels, int] = {}
        self._present: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._last: tuple[Sequence[Labels], NDArray[np.intp] | slice] | None = None

    @property
    def present(self) -> list[Labels]:
        """The series that had a sample at the newest evaluation that did not fail."""
        return [self.series[place] for place in np.flatnonzero(self._present).tolist()]

    def put(self, labels: Sequence[Labels], values: FloatArray) -> None:
        """Take the result of an evaluation.

        Args:
            labels: Unique. The very sequence of the last time costs nothing to look up.
            values: float64, one a label.
        """
        if not labels and not self.series:
            return
        places = self._places(labels)
        gone = self._present
        self._present = np.zeros(len(self.series), np.bool_)
        self._present[places] = True
        self.values.fill(ABSENT)
        self.values[gone & ~self._present] = STALE
        self.values[places] = values

    def skip(self) -> None:
        """Say that an evaluation failed: there are no samples, and nothing has ended."""
        self.values.fill(ABSENT)

    def end(self, labels: Iterable[Labels]) -> None:
        """Give these series a stale marker, as if they had been there before."""
        known = list(labels)
        self.put(known, np.zeros(len(known)))
        self.put((), absent_array(0))

    def _places(self, labels: Sequence[Labels]) -> NDArray[np.intp] | slice:
        if self._last is not None and self._last[0] is labels:
            return self._last[1]
        if len(self.series) > _FEW and len(self.series) > 2 * max(len(labels), int(self._present.sum())):
            self._tidy()
        fresh = [one for one in labels if one not in self._place]
        if fresh:
            self._grow(fresh)
        places = np.fromiter((self._place[one] for one in labels), np.intp, len(labels))
        # only a tuple is sure to stay what it is
        self._last = (labels, places) if isinstance(labels, tuple) else None
        return places

    def _grow(self, fresh: Sequence[Labels]) -> None:
        had = len(self.series)
        for place, labels in enumerate(fresh, had):
            self._place[labels] = place
        self.series.extend(fresh)
        self.values = np.concatenate((self.values, absent_array(len(fresh))))
        self._present = np.concatenate((self._present, np.zeros(len(fresh), np.bool_)))
        self.version += 1

    def _tidy(self) -> None:
        """Forget the columns of series that have ended."""
        self.series = self.present
        self._place = {labels: place for place, labels in enumerate(self.series)}
        self.values = absent_array(len(self.series))
        self._present = np.ones(len(self.series), np.bool_)
        self._last = None
        self.version += 1


class Sheet:
    """The columns of some rules as batches of one source.

    Args:
        source: The source's name.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self._parts: list[RuleColumns] = []
        self._versions: list[int] = []
        self._schema = Schema((), (), ())
        self._values: FloatArray = absent_array(0)
        self._kept: list[NDArray[np.intp] | None] = []
        self._ended: list[Labels] = []
        self._ending: RuleColumns | None = None
        self.dropped = 0
        """Series that an earlier rule gives already, and which are therefore left out."""

    def add(self, columns: RuleColumns) -> None:
        """Take a rule's columns in, behind those of the rules before it."""
        self._parts.append(columns)
        self._versions.append(-1)

    @property
    def present(self) -> set[Labels]:
        """The series that are there now."""
        found = {labels for part in self._parts for labels in part.present}
        return found.union(self._ended)

    def end(self, labels: Iterable[Labels]) -> None:
        """Let series of rules that are gone end with the next batch, unless a rule gives them."""
        self._ended += labels

    def batch(self, timestamp_ms: int) -> Batch | None:
        """Return the samples of one instant; None where there are none."""
        if self._ending is not None:
            self._ending.skip()
        if self._ended:
            self._ending = RuleColumns()
            self._ending.end(self._ended)
            self.add(self._ending)
            self._ended = []
        if any(part.version != seen for part, seen in zip(self._parts, self._versions, strict=True)):
            self._rebuild()
        if not len(self._schema):
            return None
        first = 0
        for part, kept in zip(self._parts, self._kept, strict=True):
            if part.series:
                values = part.values if kept is None else part.values[kept]
                self._values[first : first + len(values)] = values
                first += len(values)
        if bool(is_absent(self._values).all()):
            return None
        return Batch(self.source, self._schema, timestamp_ms, self._values)

    def _rebuild(self) -> None:
        families: dict[str, int] = {}
        series: list[Labels] = []
        family_of: list[int] = []
        seen: set[Labels] = set()
        self._kept, self.dropped = [], 0
        for part in self._parts:
            own = [place for place, labels in enumerate(part.series) if labels not in seen]
            self._kept.append(None if len(own) == len(part.series) else np.array(own, np.intp))
            self.dropped += len(part.series) - len(own)
            for place in own:
                labels = part.series[place]
                series.append(labels)
                family_of.append(families.setdefault(labels.name, len(families)))
            seen.update(part.series)
        self._versions = [part.version for part in self._parts]
        made = tuple(Family(name, MetricType.UNTYPED, RECORDED) for name in families)
        self._schema = Schema(made, tuple(series), tuple(family_of))
        self._values = absent_array(len(series))
