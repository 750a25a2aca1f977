"""The label index: which series satisfy these matchers. In memory, one row of label codes a name.

Each matcher is evaluated once per distinct value of its label, however many series share it; the rest is arithmetic on
arrays of codes. Series are numbered in order of arrival and never forgotten: a reader that wants to forget builds a new
index.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import BoolArray

SeriesIds = NDArray[np.int64]

_GROWTH = 1024


class _Label:
    """One label name: its distinct values, and for each series the code of its value (0: it has none)."""

    def __init__(self, capacity: int) -> None:
        self.values: list[str] = [""]
        self.code_of: dict[str, int] = {"": 0}
        self.codes: NDArray[np.int32] = np.zeros(capacity, np.int32)

    def put(self, series: int, value: str) -> None:
        code = self.code_of.get(value)
        if code is None:
            code = self.code_of[value] = len(self.values)
            self.values.append(value)
        self.codes[series] = code

    def satisfying(self, matcher: Matcher, count: int) -> BoolArray:
        """Return for each series whether it satisfies the matcher."""
        if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
            code = self.code_of.get(matcher.value, -1)
            same: BoolArray = self.codes[:count] == code
            return same if matcher.op is MatchOp.EQUAL else ~same
        table = np.fromiter((matcher.matches(value) for value in self.values), np.bool_, len(self.values))
        satisfied: BoolArray = table[self.codes[:count]]
        return satisfied


class LabelIndex:
    """Labels to series numbers, and matchers to sets of them."""

    def __init__(self) -> None:
        self.labels: list[Labels] = []
        self._number_of: dict[Labels, int] = {}
        self._names: dict[str, _Label] = {}
        self._capacity = _GROWTH

    def __len__(self) -> int:
        return len(self.labels)

    def add(self, labels: Labels) -> int:
        """Return the series' number, a new one where these labels were not known."""
        number = self._number_of.get(labels)
        if number is not None:
            return number
        number = len(self.labels)
        if number == self._capacity:
            self._grow()
        self.labels.append(labels)
        self._number_of[labels] = number
        for name, value in labels.pairs:
            label = self._names.get(name)
            if label is None:
                label = self._names[name] = _Label(self._capacity)
            label.put(number, value)
        return number

    def add_all(self, labels: Iterable[Labels]) -> SeriesIds:
        """Return the numbers of many series."""
        return np.array([self.add(each) for each in labels], np.int64)

    def match(self, matchers: Sequence[Matcher]) -> BoolArray:
        """Return for each series whether it satisfies every matcher."""
        count = len(self.labels)
        satisfied = np.ones(count, np.bool_)
        for matcher in matchers:
            label = self._names.get(matcher.name)
            if label is not None:
                satisfied &= label.satisfying(matcher, count)
            elif not matcher.matches_empty:
                satisfied[:] = False
        return satisfied

    def names_of(self, series: SeriesIds) -> list[str]:
        """Return the label names that any of these series has, sorted."""
        return sorted(name for name, label in self._names.items() if label.codes[series].any())

    def values_of(self, name: str, series: SeriesIds) -> list[str]:
        """Return the values that one label has over these series, sorted."""
        label = self._names.get(name)
        if label is None:
            return []
        codes = np.unique(label.codes[series])
        return sorted(label.values[int(code)] for code in codes if code)

    def _grow(self) -> None:
        self._capacity *= 2
        for label in self._names.values():
            codes = np.zeros(self._capacity, np.int32)
            codes[: len(label.codes)] = label.codes
            label.codes = codes
