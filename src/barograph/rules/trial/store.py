"""A store in memory for unit tests of rules: what a test gives, as far as its time has come, and what rules record.

It is the `Querier` and the `Appender` of one run; nothing outlives it.
"""

from collections.abc import Sequence

import numpy as np

from barograph.model.batch import Batch, Family
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.matcher import Matcher, MatchOp, matches_all
from barograph.model.sample import STALE_BITS, FloatArray, IntArray, is_absent, is_stale
from barograph.model.series import ReadBudget, SelectHints, SeriesGroup, SeriesSet
from barograph.model.tiers import BucketSet, Column


class TrialStore:
    """Samples of a run; `until_ms` is its time: what is later is not there yet."""

    def __init__(self) -> None:
        self.until_ms = 0
        self._series: dict[Labels, _Samples] = {}
        self._named: dict[str, list[Labels]] = {}
        """Series by the name of their metric."""
        self._found: dict[str, dict[tuple[Matcher, ...], list[Labels]]] = {}
        """What matchers have selected, by the name that they ask for; "" where they ask for none."""

    def give(self, labels: Labels, timestamps_ms: Sequence[int], values: Sequence[float]) -> None:
        """Take samples of a test, in order of time; of two of one instant the later one counts."""
        samples = self._of(labels)
        given = np.array(values, np.float64)
        for timestamp_ms, value, is_end in zip(timestamps_ms, values, is_stale(given).tolist(), strict=True):
            if is_end:
                samples.put_stale(timestamp_ms)
            else:
                samples.put(timestamp_ms, value)

    def append(self, batch: Batch, *, own: bool = False) -> None:
        """See `Appender`: what rules record is there at once."""
        for labels, value, absent in zip(
            batch.schema.series, batch.values.tolist(), is_absent(batch.values).tolist(), strict=True
        ):
            if not absent:
                self._of(labels).put(batch.timestamp_ms, value)
        for place in np.flatnonzero(is_stale(batch.values)).tolist():
            # a list of floats would lose the marker's bits on its way
            self._of(batch.schema.series[place]).put_stale(batch.timestamp_ms)

    def commit(self) -> None:
        """See `Appender`: there is nothing to keep."""

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, hints: SelectHints | None = None
    ) -> SeriesSet:
        """See `Querier`."""
        groups = []
        for labels in self._matching(tuple(matchers)):
            group = self._series[labels].group(labels, start_ms, min(end_ms, self.until_ms))
            if group is not None:
                groups.append(group)
        return SeriesSet(tuple(groups))

    @property
    def tier_widths_ms(self) -> tuple[int, ...]:
        """See `Querier`: there are none."""
        return ()

    def select_buckets(  # noqa: PLR0913  the protocol's
        self,
        matchers: Sequence[Matcher],
        start_ms: int,
        end_ms: int,
        width_ms: int,
        columns: Sequence[Column],
        *,
        budget: ReadBudget | None = None,
    ) -> BucketSet:
        """See `Querier`: nobody asks where there are no tiers."""
        return BucketSet((), width_ms)

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        """See `Querier`."""
        return sorted(one for group in self.select(matchers, start_ms, end_ms).groups for one in group.labels)

    def count(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> int:
        """See `Querier`."""
        return len(self.series(matchers, start_ms, end_ms))

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        return sorted({name for one in self.series(matchers, start_ms, end_ms) for name, _ in one})

    def label_values(self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        """See `Querier`."""
        return sorted({one.get(name) for one in self.series(matchers, start_ms, end_ms)} - {""})

    def metadata(self) -> dict[str, Family]:
        """See `Querier`: nothing is known of families."""
        return {}

    @property
    def newest_ms(self) -> int:
        """See `Querier`."""
        return self.until_ms

    def _of(self, labels: Labels) -> "_Samples":
        samples = self._series.get(labels)
        if samples is None:
            samples = self._series[labels] = _Samples()
            name = labels.get(METRIC_NAME)
            self._named.setdefault(name, []).append(labels)
            for outdated in {name, ""}:
                self._found.pop(outdated, None)
        return samples

    def _matching(self, matchers: tuple[Matcher, ...]) -> list[Labels]:
        # rules nearly always name what they read, and a file of them reads as many names as it has series
        names = (each.value for each in matchers if each.name == METRIC_NAME and each.op is MatchOp.EQUAL)
        name = next(names, "")
        known = self._found.setdefault(name, {})
        found = known.get(matchers)
        if found is None:
            candidates = self._named.get(name, ()) if name else self._series
            found = known[matchers] = [one for one in candidates if matches_all(matchers, one)]
        return found


class _Samples:
    """The samples of one series, in order of time."""

    def __init__(self) -> None:
        self._times: IntArray = np.zeros(4, np.int64)
        self._values: FloatArray = np.zeros(4)
        self._count = 0
        self._has_stale = False

    def put(self, timestamp_ms: int, value: float) -> None:
        place = self._place(timestamp_ms)
        self._values[place] = value

    def put_stale(self, timestamp_ms: int) -> None:
        place = self._place(timestamp_ms)
        self._values.view(np.uint64)[place] = STALE_BITS
        self._has_stale = True

    def group(self, labels: Labels, start_ms: int, end_ms: int) -> SeriesGroup | None:
        times = self._times[: self._count]
        first, last = np.searchsorted(times, [start_ms, end_ms + 1]).tolist()
        if first >= last:
            return None
        steps = np.diff(times[first:last])
        return SeriesGroup(
            labels=(labels,),
            timestamps_ms=times[first:last],
            values=self._values[None, first:last],
            has_absent=False,
            has_stale=self._has_stale,
            step_ms=int(steps[0]) if len(steps) and bool((steps == steps[0]).all()) else 0,
        )

    def _place(self, timestamp_ms: int) -> int:
        """Return the place of an instant, which is the newest or one that is there."""
        if self._count and timestamp_ms <= self._times[self._count - 1]:
            place = int(np.searchsorted(self._times[: self._count], timestamp_ms))
            if self._times[place] != timestamp_ms:
                self._make_room()
                self._times[place + 1 : self._count + 1] = self._times[place : self._count].copy()
                self._values[place + 1 : self._count + 1] = self._values[place : self._count].copy()
                self._times[place] = timestamp_ms
                self._count += 1
            return place
        self._make_room()
        self._times[self._count] = timestamp_ms
        self._count += 1
        return self._count - 1

    def _make_room(self) -> None:
        if self._count == len(self._times):
            # views that were handed out keep the arrays that they look at
            self._times = np.concatenate((self._times, np.zeros(self._count, np.int64)))
            self._values = np.concatenate((self._values, np.zeros(self._count)))
