"""A store in memory: the `Querier` protocol over lists of samples, for tests and benchmarks."""

from collections.abc import Iterable, Sequence

import numpy as np

from barograph.model.batch import Family
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, matches_all
from barograph.model.sample import IntArray, absent_array, is_absent, is_stale
from barograph.model.series import ReadBudget, SelectHints, SeriesGroup, SeriesSet
from barograph.model.tiers import BucketGroup, BucketSet, Column
from helpers.naive_buckets import naive_bucket


class MemoryStore:
    """Keeps groups as given; `add` makes a group of one series, or writes into one that is there."""

    def __init__(self, groups: Iterable[SeriesGroup] = ()) -> None:
        self._groups = list(groups)
        self.widths_ms: tuple[int, ...] = ()
        """What tiers it claims to have; buckets are made of samples when they are asked for."""
        self.families: dict[str, Family] = {}
        self.asked: list[int] = []
        """The widths of the buckets that were asked for."""
        self._rows: dict[tuple[Matcher, ...], list[tuple[int, slice | list[int], tuple[Labels, ...]]]] = {}

    def add_group(self, group: SeriesGroup) -> None:
        self._groups.append(group)
        self._rows.clear()

    def add(self, labels: Labels, timestamps_ms: Sequence[int], values: Sequence[float]) -> None:
        """Add samples of a series; later samples of the same series and timestamp win."""
        known = next((g for g in self._groups if g.labels == (labels,)), None)
        samples = dict(zip(timestamps_ms, values, strict=True))
        if known is not None:
            old = zip(known.timestamps_ms.tolist(), known.values[0], strict=True)
            samples = {**dict(old), **samples}
            self._groups.remove(known)
        stamps = np.asarray(sorted(samples), dtype=np.int64)
        row = np.empty((1, len(stamps)))
        for index, stamp in enumerate(stamps.tolist()):
            row[0, index] = samples[stamp]
        self.add_group(make_group((labels,), stamps, row))

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, hints: SelectHints | None = None
    ) -> SeriesSet:
        found = []
        for index, rows, labels in self._matching(tuple(matchers)):
            group = self._groups[index]
            lo, hi = group.timestamps_ms.searchsorted([start_ms, end_ms + 1]).tolist()
            if lo < hi:
                found.append(
                    SeriesGroup(
                        labels=labels,
                        timestamps_ms=group.timestamps_ms[lo:hi],
                        values=group.values[rows, lo:hi],
                        has_absent=group.has_absent,
                        has_stale=group.has_stale,
                        step_ms=group.step_ms if hi - lo > 1 else 0,
                    )
                )
        return SeriesSet(tuple(found))

    @property
    def tier_widths_ms(self) -> tuple[int, ...]:
        return self.widths_ms

    def select_buckets(
        self,
        matchers: Sequence[Matcher],
        start_ms: int,
        end_ms: int,
        width_ms: int,
        columns: Sequence[Column],
        *,
        budget: ReadBudget | None = None,
    ) -> BucketSet:
        """Make buckets of samples, one at a time."""
        self.asked.append(width_ms)
        found = []
        for group in self.select(matchers, start_ms + 1, end_ms).groups:
            ends = range(start_ms + width_ms, end_ms + 1, width_ms)
            made = [[bucket_of(group, row, end, width_ms) for end in ends] for row in range(len(group.labels))]
            values = {column: np.array([[each[column] for each in row] for row in made]) for column in columns}
            found.append(BucketGroup(group.labels, np.array(ends, np.int64), values))
        return BucketSet(tuple(found), width_ms)

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        return sorted(one for group in self.select(matchers, start_ms, end_ms).groups for one in group.labels)

    def count(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> int:
        return len(self.series(matchers, start_ms, end_ms))

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        return sorted({name for one in self.series(matchers, start_ms, end_ms) for name, _ in one})

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        return sorted({one.get(name) for one in self.series(matchers, start_ms, end_ms)} - {""})

    def metadata(self) -> dict[str, Family]:
        return self.families

    @property
    def newest_ms(self) -> int:
        return max((int(group.timestamps_ms[-1]) for group in self._groups if len(group.timestamps_ms)), default=0)

    def _matching(self, matchers: tuple[Matcher, ...]) -> list[tuple[int, slice | list[int], tuple[Labels, ...]]]:
        """Find the rows of each group, remembered, so that equal selections give the same labels object."""
        known = self._rows.get(matchers)
        if known is None:
            known = []
            for index, group in enumerate(self._groups):
                rows = [row for row, one in enumerate(group.labels) if matches_all(matchers, one)]
                if not rows:
                    continue
                labels = tuple(group.labels[row] for row in rows)
                if rows == list(range(rows[0], rows[-1] + 1)):
                    known.append((index, slice(rows[0], rows[-1] + 1), labels))
                else:
                    known.append((index, rows, labels))
            self._rows[matchers] = known
        return known


def make_group(labels: tuple[Labels, ...], timestamps_ms: IntArray, values: np.ndarray) -> SeriesGroup:
    """Make a group, finding out its flags."""
    gaps = np.diff(timestamps_ms)
    return SeriesGroup(
        labels=labels,
        timestamps_ms=timestamps_ms,
        values=values,
        has_absent=bool(is_absent(values).any()),
        has_stale=bool(is_stale(values).any()),
        step_ms=int(gaps[0]) if len(gaps) and bool((gaps == gaps[0]).all()) else 0,
    )


def shared_group(series: dict[Labels, dict[int, float]]) -> SeriesGroup:
    """Make one group of series with different timestamps: absent where a series has none."""
    stamps = sorted({stamp for samples in series.values() for stamp in samples})
    place = {stamp: index for index, stamp in enumerate(stamps)}
    values = absent_array(len(series), len(stamps))
    for row, samples in enumerate(series.values()):
        for stamp, value in samples.items():
            values[row, place[stamp]] = value
    return make_group(tuple(series), np.asarray(stamps, dtype=np.int64), values)


def bucket_of(group: SeriesGroup, row: int, end_ms: int, width_ms: int) -> dict[Column, float]:
    """Return one bucket of one series."""
    inside = (group.timestamps_ms > end_ms - width_ms) & (group.timestamps_ms <= end_ms)
    times, values = group.timestamps_ms[inside].tolist(), group.values[row, inside]
    absent, stale = is_absent(values), is_stale(values)
    samples = [
        (at, float(value))
        for at, value, no, end in zip(times, values, absent, stale, strict=True)
        if not no and not end
    ]
    return naive_bucket(end_ms, samples, [at for at, end in zip(times, stale, strict=True) if end])
