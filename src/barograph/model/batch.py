"""The unit that flows: a schema (ordered series of one source), one instant, one float64 vector."""

from dataclasses import dataclass
from enum import StrEnum

from barograph.model.labels import Labels
from barograph.model.sample import FloatArray


class MetricType(StrEnum):
    """The type of a metric family, as the exposition format writes it."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"
    SUMMARY = "summary"
    UNTYPED = "untyped"


RECORDED = "Recorded by a rule."
"""The help of families that rules write: no exporter has them."""


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family: what its samples mean."""

    name: str
    type: MetricType
    help: str


@dataclass(frozen=True, slots=True, eq=False)
class Schema:
    """The fixed, ordered series of one source. Compared by identity: an unchanged source keeps its object.

    Attributes:
        families: The families, in exposition order.
        series: The labels of each series (with `__name__`), in the order of a batch's values; no duplicates.
        family_of: For each series the index of its family.
    """

    families: tuple[Family, ...]
    series: tuple[Labels, ...]
    family_of: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.series)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The samples of one source at one instant.

    Attributes:
        source: Which source this is; a source has one schema at a time (`host/1s`, `scrape/web-1`).
        schema: The series, in order.
        timestamp_ms: The *planned* instant, milliseconds UTC.
        values: float64 `[len(schema)]`; may hold `sample.ABSENT` and `sample.STALE`. Owned by the producer and valid
            until its next batch: who keeps values copies them.
    """

    source: str
    schema: Schema
    timestamp_ms: int
    values: FloatArray
