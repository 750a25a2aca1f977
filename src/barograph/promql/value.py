"""What evaluation gives: one row a series, one column a step. NaN is a value here; absence is a mask."""

from dataclasses import dataclass, field

import numpy as np

from barograph.model.labels import Labels
from barograph.model.sample import BoolArray, FloatArray, IntArray
from barograph.promql.explain import ExplainedNode


@dataclass(frozen=True, slots=True, eq=False)
class StepVector:
    """An instant vector at each step.

    Attributes:
        labels: One per row, unique.
        values: float64 `[series, steps]`; what stands where nothing is present has no meaning.
        present: bool `[series, steps]`, or None where everything is present.
    """

    labels: tuple[Labels, ...]
    values: FloatArray
    present: BoolArray | None = None

    @property
    def extent(self) -> tuple[int, int]:
        """How many series it has, and how many points are present."""
        return len(self.labels), self.values.size if self.present is None else int(np.count_nonzero(self.present))


@dataclass(frozen=True, slots=True, eq=False)
class StepScalar:
    """A scalar at each step: float64 `[steps]`."""

    values: FloatArray


@dataclass(frozen=True, slots=True)
class StringValue:
    """A string."""

    value: str


@dataclass(frozen=True, slots=True, eq=False)
class RawSeries:
    """The samples of one series of a range vector: int64 and float64, both `[samples]`."""

    labels: Labels
    timestamps_ms: IntArray
    values: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class RawMatrix:
    """A range vector as the result of an instant query."""

    series: tuple[RawSeries, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryStats:
    """What a query cost.

    Attributes:
        samples: Samples, bucket values and points that were held.
        series: Series that were selected.
        buckets: Samples and bucket values that were decoded for what tiers answered.
        tiers_ms: The widths of the tiers that answered, ascending; empty where samples alone did.
        duration_s: How long it took.
    """

    samples: int = 0
    series: int = 0
    buckets: int = 0
    tiers_ms: tuple[int, ...] = ()
    duration_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class QueryResult:
    """The answer to a query.

    Attributes:
        value: The value at each of `times_ms` (rows without any present step are left out).
        times_ms: int64 `[steps]`; one step for an instant query.
        warnings: Annotations of level warning, in words with position.
        infos: Annotations of level info.
        stats: What it cost.
        explained: What each part did, where that was asked for.
    """

    value: StepVector | StepScalar | StringValue | RawMatrix
    times_ms: IntArray
    warnings: tuple[str, ...] = ()
    infos: tuple[str, ...] = ()
    stats: QueryStats = field(default_factory=QueryStats)
    explained: ExplainedNode | None = None
