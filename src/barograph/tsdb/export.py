"""The export: every sample of some series, in bounded memory, a few series (or one, a day at a time) in a step.

Series come sorted by family and metric, so that each format can be written as it goes. Reads only: the command calls it
on a folder, the front while the keeper writes.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

from barograph.model.batch import Family, MetricType
from barograph.model.columns import SeriesRun, metric_key, order_key
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.matcher import Matcher
from barograph.model.sample import FloatArray, is_absent
from barograph.tsdb.filenames import DAY_MS
from barograph.tsdb.reader import StoreReader

_STEP_SAMPLES = 1 << 18
"""About what is in memory at once: 2 MB of values, and 20 MB of their text."""
_STEP_SERIES = 1024
_SUFFIXES = ("_bucket", "_sum", "_count")
_GROUPED = (MetricType.HISTOGRAM, MetricType.SUMMARY)


class Export:
    """One export. Used by one thread.

    Attributes:
        series_count: How many series there are.
        series_done: How many of them are behind us.
        label_names: Every label name they have but the metric name, sorted.
        warnings: What is damaged, or not as it was stored, so far.
    """

    def __init__(self, reader: StoreReader, selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> None:
        """Look up the series; of several selectors those that satisfy any."""
        oldest_ms, newest_ms = reader.time_range()
        self._reader = reader
        self._start_ms, self._end_ms = max(start_ms, oldest_ms), min(end_ms, newest_ms)
        families = reader.metadata()
        found = {labels for selector in selectors for labels in reader.series(selector, start_ms, end_ms)}
        pairs = [(labels, family_of(labels.name, families)) for labels in found]
        pairs.sort(key=lambda pair: order_key(*pair))
        self._metrics = [list(metric) for _, metric in groupby(pairs, lambda pair: metric_key(*pair))]
        self.series_count = len(pairs)
        self.series_done = 0
        self.label_names = sorted({name for labels in found for name, _ in labels} - {METRIC_NAME})
        self.warnings: dict[str, None] = {}

    def __iter__(self) -> Iterator[list[SeriesRun]]:
        """Yield runs of samples, in order; a step whose series have none in it is left out."""
        done, samples_each = 0, float("inf")
        while done < len(self._metrics):
            some = self._take(done, int(_STEP_SAMPLES / samples_each))
            done += len(some)
            pairs = [pair for metric in some for pair in metric]
            samples = 0
            for low_ms, high_ms in self._slices(len(pairs) * samples_each):
                runs = self._read(pairs, low_ms, high_ms)
                samples += sum(len(run.values) for run in runs)
                if runs:
                    yield runs
            samples_each = max(samples / len(pairs), 1.0)
            self.series_done += len(pairs)

    def _take(self, first: int, series: int) -> list[list[tuple[Labels, Family]]]:
        """Return the next metrics, whole, of about so many series."""
        taken, count = 0, 0
        while first + taken < len(self._metrics) and (not taken or count < min(series, _STEP_SERIES)):
            count += len(self._metrics[first + taken])
            taken += 1
        return self._metrics[first : first + taken]

    def _slices(self, samples: float) -> Iterator[tuple[int, int]]:
        """Yield the range of time, whole or, where it holds too many samples, day by day."""
        if samples <= 2 * _STEP_SAMPLES:
            yield self._start_ms, self._end_ms
            return
        for day in self._reader.days():
            low_ms, high_ms = max(day * DAY_MS, self._start_ms), min((day + 1) * DAY_MS - 1, self._end_ms)
            if low_ms <= high_ms:
                yield low_ms, high_ms

    def _read(self, pairs: Sequence[tuple[Labels, Family]], start_ms: int, end_ms: int) -> list[SeriesRun]:
        answer = self._reader.select_series([labels for labels, _ in pairs], start_ms, end_ms)
        self.warnings.update(dict.fromkeys(answer.warnings))
        rows = {
            labels: (group.timestamps_ms, group.values[row], group.has_absent)
            for group in answer.groups
            for row, labels in enumerate(group.labels)
        }
        runs: list[SeriesRun] = []
        for labels, family in pairs:
            if labels in rows:
                times, values, has_absent = rows[labels]
                run = SeriesRun(labels, family, times, values)
                runs.append(_present(run) if has_absent else run)
        return [run for run in runs if len(run.values)]


def family_of(name: str, families: dict[str, Family]) -> Family:
    """Return the family of a series by its name: histograms and summaries have several names."""
    known = families.get(name)
    if known is not None:
        return known
    for suffix in _SUFFIXES:
        stem = families.get(name.removesuffix(suffix)) if name.endswith(suffix) else None
        if stem is not None and stem.type in _GROUPED:
            return stem
    return Family(name, MetricType.UNTYPED, "")


def _present(run: SeriesRun) -> SeriesRun:
    values: FloatArray = run.values
    absent = is_absent(values)
    if not absent.any():
        return run
    return run._replace(timestamps_ms=run.timestamps_ms[~absent], values=values[~absent])
