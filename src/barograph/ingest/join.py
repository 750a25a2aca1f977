"""Joins the batches of all collectors of one interval into one host batch, so that they share one row of the head.

The joined schema is rebuilt only when a part changed. Pure; the ticker calls it.
"""

from collections.abc import Mapping, Sequence

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.sample import ABSENT, STALE, FloatArray, absent_array

UP = Family("up", MetricType.GAUGE, "Whether the last sample of this source came.")


class Join:
    """One source made of several parts.

    Args:
        source: Name of the joined batches.
        labels: Set on every series: `job` and `instance`.
        with_up: Whether `up` is one of the series. Of several sources with the same labels only one has it.
    """

    def __init__(self, source: str, labels: Mapping[str, str], *, with_up: bool) -> None:
        self._source = source
        self._labels = dict(labels)
        self._with_up = with_up
        self._parts: list[Schema | None] = []
        self._present: list[bool] = []
        self._places: list[slice] = []
        self._schema = Schema((), (), ())
        self._values: FloatArray = absent_array(0)

    def batch(self, timestamp_ms: int, parts: Sequence[Batch | None]) -> Batch:
        """Join the parts of one instant.

        A part that is None gives no samples: its series get a stale marker at the first such instant, so that they
        end at once instead of lingering for the lookback, and are absent after it.

        Args:
            timestamp_ms: The planned instant.
            parts: Always the same sources in the same order.
        """
        schemas = [
            known if part is None else part.schema for part, known in zip(parts, self._known(parts), strict=True)
        ]
        if len(schemas) != len(self._parts) or any(a is not b for a, b in zip(schemas, self._parts, strict=True)):
            self._rebuild(schemas)
        values = self._values
        for i, part in enumerate(parts):
            if part is not None:
                values[self._places[i]] = part.values
            else:
                values[self._places[i]] = STALE if self._present[i] else ABSENT
            self._present[i] = part is not None
        if self._with_up:
            values[-1] = float(any(self._present))
        return Batch(self._source, self._schema, timestamp_ms, values)

    def end(self, timestamp_ms: int) -> Batch:
        """Return the last batch of a source that is no longer collected: a stale marker for each series."""
        self._values[:] = STALE
        return Batch(self._source, self._schema, timestamp_ms, self._values)

    def _known(self, parts: Sequence[Batch | None]) -> list[Schema | None]:
        return self._parts or [None] * len(parts)

    def _rebuild(self, schemas: list[Schema | None]) -> None:
        families: dict[Family, int] = {}
        series: list[Labels] = []
        family_of: list[int] = []
        self._places = []
        for schema in schemas:
            first = len(series)
            if schema is not None:
                numbers = [families.setdefault(family, len(families)) for family in schema.families]
                series += [labels.with_labels(self._labels) for labels in schema.series]
                family_of += [numbers[i] for i in schema.family_of]
            self._places.append(slice(first, len(series)))
        if self._with_up:
            series.append(Labels({METRIC_NAME: UP.name, **self._labels}.items()))
            family_of.append(families.setdefault(UP, len(families)))
        self._present = self._present or [False] * len(schemas)
        self._parts = schemas
        self._schema = Schema(tuple(families), tuple(series), tuple(family_of))
        self._values = absent_array(len(series))
