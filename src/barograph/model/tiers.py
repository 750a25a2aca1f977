"""Tiers: what is kept of samples in buckets of a minute or an hour, and how buckets are asked for.

A bucket of width `w` that ends at `E` (a multiple of `w`) is made of the samples in `(E - w, E]`: open on the left, as
PromQL's ranges are, so a range whose ends are multiples of `w` is made of whole buckets. Stale markers are no samples.

How buckets that follow on each other make a wider one (`tsdb/buckets.py` does it): COUNT and SUM add up, MIN and MAX
leave NaN and empty buckets out, FIRST and LAST are those of the outer buckets that have samples, and FALLS adds up,
with the LAST of each bucket whose successor's FIRST is less. A range's increase is its LAST minus its FIRST plus its
FALLS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray


class Column(IntEnum):
    """What a bucket holds. All but COUNT and STALE are `sample.ABSENT` where a bucket has no sample."""

    COUNT = 1
    """How many samples; 0 where there are none."""
    SUM = 2
    """Their sum, compensated: as if added without rounding and rounded once, to within an ulp or two."""
    MIN = 3
    """The least, NaN left out; NaN where every sample is NaN."""
    MAX = 4
    """The greatest, likewise."""
    FIRST = 5
    """The oldest."""
    LAST = 6
    """The newest."""
    FIRST_AGE = 7
    """The bucket's end minus the oldest sample's timestamp, milliseconds."""
    LAST_AGE = 8
    """The bucket's end minus the newest sample's timestamp, milliseconds."""
    INCREASE = 9
    """LAST minus FIRST plus FALLS: what a counter rose by within the bucket. Made when asked for, not kept."""
    STALE = 10
    """1 where a stale marker follows the newest sample within the bucket (or stands in it alone), else 0."""
    FALLS = 11
    """Sum of every sample that is greater than the one after it within the bucket: a counter began again at 0 there."""


@dataclass(frozen=True, slots=True, eq=False)
class BucketGroup:
    """Series whose buckets end at the same instants.

    Attributes:
        labels: The labels of each row.
        ends_ms: int64 `[buckets]`, strictly increasing, where each bucket ends; multiples of the width.
        columns: What was asked for: float64 `[series, buckets]`.
    """

    labels: tuple[Labels, ...]
    ends_ms: IntArray
    columns: Mapping[Column, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class BucketSet:
    """The answer to a selection of buckets. Labels are unique over all groups.

    Attributes:
        groups: Series that have a sample or a stale marker in some bucket.
        width_ms: The width that was asked for.
        coarse_until_ms: Up to this instant neither samples nor buckets of this width exist any more: buckets that end
            until then are wider, the finest that are kept. 0 where all are as asked for.
        samples_read: How many samples and bucket values were decoded for it.
        warnings: What is damaged or coarser than asked for.
    """

    groups: tuple[BucketGroup, ...]
    width_ms: int
    coarse_until_ms: int = 0
    samples_read: int = 0
    warnings: tuple[str, ...] = ()
