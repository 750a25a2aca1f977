"""A collector with its schedule: what `collectors` builds, `app` passes on and the ticker keeps."""

from dataclasses import dataclass

from barograph.model.protocols import Collector


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledCollector:
    """A collector, how often it samples, and how long one sample may take before it counts as hung."""

    collector: Collector
    interval_ms: int
    budget_ms: int
