"""What sets of matchers select, remembered as long as no series joins, and where in the head that stands.

`StoreReader` owns one and holds its lock around every call.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.sample import BoolArray
from barograph.tsdb.headview import Columns, GroupView, HeadView
from barograph.tsdb.index import LabelIndex, SeriesIds

_MOST_BYTES = 64 << 20
"""What plans take together: with a million series one of them is a megabyte."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """What a set of matchers selects, as long as no series joins.

    Attributes:
        number: That no other has; 0 where nothing of it is kept.
        wanted: For each number of the index whether it is wanted.
        in_head: The sources of the head, with the columns that are wanted and their series, ascending.
    """

    number: int
    wanted: BoolArray
    in_head: tuple[tuple[GroupView, Columns, SeriesIds], ...]

    @property
    def size_bytes(self) -> int:
        """About how much memory it takes."""
        return self.wanted.nbytes + sum(2 * series.nbytes for _, _, series in self.in_head)


class Plans:
    """Makes plans over an index and a head.

    Args:
        index: All series that are known; whoever reads files adds theirs.
        most: How many plans are remembered, unless they are too large together.
    """

    def __init__(self, index: LabelIndex, most: int) -> None:
        self.head: HeadView | None = None
        self.epoch = 0
        """Rises when plans may be others."""
        self._index = index
        self._head_series: list[SeriesIds] = []
        self._made = 0
        self._plans: dict[tuple[Matcher, ...], Plan] = {}
        self._most = most
        self._bytes = 0
        self._known_series = 0

    @property
    def views(self) -> Sequence[GroupView]:
        """The sources of the head."""
        return self.head.groups if self.head is not None else ()

    def take(self, head: HeadView | None) -> None:
        """Look at another head from now on, or at none."""
        self.head, self._head_series = head, []
        self._forget()

    def refresh(self) -> int:
        """Take in new columns of the head; returns how often something was folded into files."""
        head = self.head
        if head is None:
            return 0
        if head.refresh() or not self._head_series:
            self._head_series = [self._index.add_all(info.labels for info in view.columns) for view in head.groups]
            self._forget()
        return head.fold_generation

    def sources(self) -> list[tuple[GroupView, SeriesIds]]:
        """Return the sources of the head with the series of their columns."""
        return list(zip(self.views, self._head_series, strict=True))

    def of(self, key: tuple[Matcher, ...]) -> Plan:
        """Return what matchers select."""
        self.drop_outdated()
        plan = self._plans.get(key)
        if plan is None:
            self._made += 1
            plan = self._make(self._index.match(key), self._made)
            if len(self._plans) >= self._most or self._bytes + plan.size_bytes > _MOST_BYTES:
                self._plans.clear()
                self._bytes = 0
            self._plans[key] = plan
            self._bytes += plan.size_bytes
        return plan

    def of_series(self, labels: Sequence[Labels]) -> Plan:
        """Return a plan of single series, which is not remembered."""
        numbers = self._index.add_all(labels)
        wanted = np.zeros(len(self._index), np.bool_)
        wanted[numbers] = True
        return self._make(wanted, 0)

    def drop_outdated(self) -> None:
        """Drop plans that new series may belong to, whoever took these in."""
        if len(self._index) != self._known_series:
            self._forget()

    def _forget(self) -> None:
        """Drop what matchers select: series have joined, or the head is another."""
        self._plans.clear()
        self._bytes = 0
        self._known_series = len(self._index)
        self.epoch += 1

    def _make(self, wanted: BoolArray, number: int) -> Plan:
        return Plan(number, wanted, tuple(self._columns(wanted)))

    def _columns(self, wanted: BoolArray) -> list[tuple[GroupView, Columns, SeriesIds]]:
        found: list[tuple[GroupView, Columns, SeriesIds]] = []
        for view, series in self.sources():
            rows = np.flatnonzero(wanted[series])
            rows = rows[np.argsort(series[rows], kind="stable")]
            columns: Columns = rows
            if len(rows) and np.array_equal(rows, np.arange(rows[0], rows[0] + len(rows))):
                columns = slice(int(rows[0]), int(rows[0]) + len(rows))
            found.append((view, columns, series[rows]))
        return found
