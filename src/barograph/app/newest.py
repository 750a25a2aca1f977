"""What `/metrics` shows: the newest sample of every host series, as its exporter would print it, and our own metrics.

Built by `app/front.py`. Reads through the `Querier` protocol only.
"""

from collections.abc import Callable

import numpy as np

from barograph.model.batch import RECORDED, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.protocols import Querier
from barograph.model.sample import FloatArray, is_absent
from barograph.model.series import SeriesGroup
from barograph.telemetry.metrics import Telemetry

_WINDOW_MS = 300_000
"""A series whose newest sample is older than the lookback of queries is not shown either."""
_OURS = (Matcher("job", MatchOp.REGEX, "node|barograph"),)
_ADDED = ("job", "instance")


def newest_samples(querier: Querier, telemetry: Telemetry) -> Callable[[], list[tuple[Schema, FloatArray]]]:
    """Return a function that gives the schemas and values to print now."""

    def exposition() -> list[tuple[Schema, FloatArray]]:
        newest_ms = querier.newest_ms
        families = querier.metadata()
        groups = querier.select(_OURS, newest_ms - _WINDOW_MS, newest_ms).groups
        parts = [_newest(group, families) for group in groups]
        return [*parts, telemetry.snapshot()]

    return exposition


def _newest(group: SeriesGroup, families: dict[str, Family]) -> tuple[Schema, FloatArray]:
    """Take each row's last value that is there; a stale marker stays one, and is not printed."""
    present = ~is_absent(group.values)
    last = present.shape[1] - 1 - np.argmax(present[:, ::-1], axis=1)
    values = group.values[np.arange(len(last)), last]
    numbers: dict[Family, int] = {}
    series: list[Labels] = []
    family_of: list[int] = []
    kept: list[int] = []
    for i, labels in enumerate(group.labels):
        if labels.name == "up":
            continue  # a scraper writes its own
        family = families.get(labels.name) or Family(labels.name, MetricType.UNTYPED, "")
        if family.help == RECORDED:
            continue  # no exporter prints what rules make of its samples
        series.append(labels.drop(_ADDED))
        family_of.append(numbers.setdefault(family, len(numbers)))
        kept.append(i)
    return Schema(tuple(numbers), tuple(series), tuple(family_of)), values[kept]
