"""Samples on their way in or out of a store in bulk: columns of many samples, and runs of single series.

Parsers and the bulk load share `SampleColumns`, export and formatters share `SeriesRun`. Never an object a sample.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from barograph.model.batch import Family, MetricType
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleColumns:
    """Samples of any series in any order; of two of one series at one timestamp the later in the columns counts.

    Attributes:
        labels: The series that `series` numbers, no duplicates; some may have no sample here.
        families: The family of each.
        series: int64 `[samples]`, whose sample it is.
        timestamps_ms: int64 `[samples]`.
        values: float64 `[samples]`; may hold stale markers, not `sample.ABSENT`.
    """

    labels: Sequence[Labels]
    families: Sequence[Family]
    series: IntArray
    timestamps_ms: IntArray
    values: FloatArray

    def __len__(self) -> int:
        return len(self.series)


class SeriesRun(NamedTuple):
    """Samples of one series, oldest first.

    Attributes:
        labels: The series.
        family: What its samples mean.
        timestamps_ms: int64 `[samples]`, strictly increasing; series that share timestamps share the array.
        values: float64 `[samples]`; may hold stale markers, not `sample.ABSENT`.
    """

    labels: Labels
    family: Family
    timestamps_ms: IntArray
    values: FloatArray


_OWN_LABEL = {MetricType.HISTOGRAM: "le", MetricType.SUMMARY: "quantile"}


def metric_key(labels: Labels, family: Family) -> tuple[str, Labels]:
    """Return what series of one metric have in common: the family, and the labels but for a histogram's own."""
    own = _OWN_LABEL.get(family.type)
    return family.name, labels if own is None else labels.drop((METRIC_NAME, own))


def order_key(labels: Labels, family: Family) -> tuple[str, Labels, str, float, Labels]:
    """Return what series are sorted by so that families and metrics stand together; buckets stand in rising order."""
    bound = labels.get(_OWN_LABEL.get(family.type, ""))
    try:
        place = float(bound) if bound else float("inf")
    except ValueError:
        place = float("inf")
    return *metric_key(labels, family), labels.name, place, labels
