"""The label index: which series satisfy these matchers. In memory, one row of label codes a name.

Each matcher is evaluated once per distinct value of its label, however many series share it; the rest is arithmetic on
arrays of codes. Series are numbered in order of arrival and never forgotten: a reader that wants to forget builds a new
index.
"""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import BoolArray

SeriesIds = NDArray[np.int64]

_GROWTH = 1024


class _Label:
    """One label name: its distinct values, and for each series the code of its value (0: it has none)."""

    def __init__(self, name: str, capacity: int) -> None:
        self.pairs: list[tuple[str, str]] = [(name, "")]
        """By code; the series share these, and all of them the name."""
        self.code_of: dict[str, int] = {"": 0}
        self.codes: NDArray[np.int32] = np.zeros(capacity, np.int32)
        self.fresh: tuple[list[int], list[int]] = ([], [])
        """Series and codes that are not in `codes` yet."""

    def code(self, value: str) -> int:
        """Return the code of a value, a new one where it was not known."""
        code = self.code_of.get(value)
        if code is None:
            code = self.code_of[value] = len(self.pairs)
            self.pairs.append((self.pairs[0][0], value))
        return code

    def flush(self) -> None:
        """Put what is fresh into `codes`, all at once: one by one costs ten times as much."""
        series, codes = self.fresh
        if series:
            self.codes[series] = codes
            self.fresh = ([], [])

    def satisfying(self, matcher: Matcher, count: int) -> BoolArray:
        """Return for each series whether it satisfies the matcher."""
        if matcher.op in (MatchOp.EQUAL, MatchOp.NOT_EQUAL):
            code = self.code_of.get(matcher.value, -1)
            same: BoolArray = self.codes[:count] == code
            return same if matcher.op is MatchOp.EQUAL else ~same
        table = np.fromiter((matcher.matches(value) for _, value in self.pairs), np.bool_, len(self.pairs))
        satisfied: BoolArray = table[self.codes[:count]]
        return satisfied


@contextmanager
def collector_at_rest() -> Iterator[None]:
    """Keep Python's cycle collector from walking a catalogue again and again while it is read: a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


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
        return int(self.add_all((labels,))[0])

    def add_all(self, labels: Iterable[Labels]) -> SeriesIds:
        """Return the numbers of many series."""
        numbers: list[int] = []
        known = self._number_of
        touched: set[_Label] = set()
        for each in labels:
            number = known.get(each)
            if number is None:
                number = self._put(each, touched)
            numbers.append(number)
        for label in touched:
            label.flush()
        return np.array(numbers, np.int64)

    def _put(self, labels: Labels, touched: set[_Label]) -> int:
        number = len(self.labels)
        if number == self._capacity:
            self._grow()
        shared: list[tuple[str, str]] = []
        for name, value in labels.pairs:
            label = self._names.get(name)
            if label is None:
                label = self._names[name] = _Label(name, self._capacity)
            code = label.code(value)
            shared.append(label.pairs[code])
            series, codes = label.fresh
            series.append(number)
            codes.append(code)
            touched.add(label)
        # of the pairs that are kept already, so that a series costs little more than its place
        kept = Labels.from_sorted(tuple(shared))
        self.labels.append(kept)
        self._number_of[kept] = number
        return number

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
        return sorted(label.pairs[int(code)][1] for code in codes if code)

    def _grow(self) -> None:
        self._capacity *= 2
        for label in self._names.values():
            codes = np.zeros(self._capacity, np.int32)
            codes[: len(label.codes)] = label.codes
            label.codes = codes
