"""What a store answers: series as matrices, grouped by shared timestamps, so that PromQL is arithmetic on them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class NewestAt:
    """That of a range only the newest sample at or before each of some instants is looked at.

    Attributes:
        start_ms: The first instant.
        step_ms: The distance of two; 0 where there is one.
        steps: How many.
        with_values: False where only whether there is a sample counts: values are then any that are there.
    """

    start_ms: int
    step_ms: int
    steps: int
    with_values: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBudget:
    """What a selection may cost, looked at before and while it is read.

    Attributes:
        max_samples: How many places of samples it may have.
        max_series: How many series.
        check: Called every few milliseconds; what it raises ends the reading.
    """

    max_samples: int
    max_series: int
    check: Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectHints:
    """What a store may know of why it is asked.

    Attributes:
        newest: What of the samples is looked at; None: everything.
        budget: What it may cost; None: whatever it takes.
    """

    newest: NewestAt | None = None
    budget: ReadBudget | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SeriesGroup:
    """Series of one source, which share their timestamps.

    Attributes:
        labels: The labels of each row.
        timestamps_ms: int64 `[samples]`, strictly increasing.
        values: float64 `[series, samples]`; `sample.ABSENT` where a series has no sample at that timestamp.
        has_absent: False promises that no value is absent.
        has_stale: False promises that no value is a stale marker.
        never_falls: True promises that no value is less than the one before it in its row, and that all are there.
        step_ms: The constant distance of the timestamps, or 0 where it is not constant (or fewer than 2 samples).
    """

    labels: tuple[Labels, ...]
    timestamps_ms: IntArray
    values: FloatArray
    has_absent: bool
    has_stale: bool
    step_ms: int
    never_falls: bool = False


@dataclass(slots=True, kw_only=True)
class ReadCounts:
    """Where the samples of a selection came from.

    Attributes:
        head_samples: From memory, never written to a block.
        kept_samples: From a matrix that an earlier selection left.
        chunks_cached: Chunks that were still decoded.
        chunks_decoded: Chunks that were decoded for it.
    """

    head_samples: int = 0
    kept_samples: int = 0
    chunks_cached: int = 0
    chunks_decoded: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class SeriesSet:
    """The answer to one selection. Labels are unique over all groups."""

    groups: tuple[SeriesGroup, ...]
    warnings: tuple[str, ...] = ()
    thinned_until_ms: int = 0
    """Up to this instant samples are gone and the newest one of each bucket of the finest tier stands for them; 0 where
    all samples are there."""
    counts: ReadCounts = field(default_factory=ReadCounts)

    @property
    def sample_count(self) -> int:
        """How many sample places the answer holds."""
        return sum(group.values.size for group in self.groups)

    @property
    def series_count(self) -> int:
        """How many series the answer holds."""
        return sum(len(group.labels) for group in self.groups)
