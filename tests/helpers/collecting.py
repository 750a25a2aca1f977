"""A collector, an appender and a pause that do as a test says."""

import threading
from collections.abc import Callable, Iterable

import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.schedule import ScheduledCollector
from helpers.clock import FakeClock


def schema_of(*names: str) -> Schema:
    """One gauge without labels for each name."""
    families = tuple(Family(name, MetricType.GAUGE, f"Help of {name}.") for name in names)
    return Schema(families, tuple(Labels.of(name) for name in names), tuple(range(len(names))))


class FakeCollector:
    """Gives one series named after itself, whose value counts its calls; `behave` runs inside each call."""

    def __init__(self, name: str, *series: str) -> None:
        self.name = name
        self.schema = schema_of(*(series or (name,)))
        self.instants: list[int] = []
        self.closed = 0
        self.behave: Callable[[], None] = lambda: None

    def collect(self, timestamp_ms: int) -> Batch:
        self.instants.append(timestamp_ms)
        self.behave()
        values = np.full(len(self.schema), float(len(self.instants)))
        return Batch(self.name, self.schema, timestamp_ms, values)

    def close(self) -> None:
        self.closed += 1

    def every(self, interval_ms: int = 1000, budget_ms: int = 1) -> ScheduledCollector:
        """Return it with a schedule. The budget is real time only where it is exceeded."""
        return ScheduledCollector(collector=self, interval_ms=interval_ms, budget_ms=budget_ms)


class Stuck:
    """What a collector does inside a call that the kernel does not answer: it waits until `release`."""

    def __init__(self, clock: FakeClock, seconds: float = 5.0) -> None:
        self._clock = clock
        self._seconds = seconds
        self.entered = threading.Event()
        self.released = threading.Event()

    def __call__(self) -> None:
        self._clock.advance(self._seconds)
        self.entered.set()
        assert self.released.wait(60)

    def release(self) -> None:
        self.released.set()


class RecordingAppender:
    """Keeps what is appended, by source; `on_commit` and `on_append` may raise."""

    def __init__(self) -> None:
        self.batches: dict[str, list[Batch]] = {}
        self.commits = 0
        self.own: list[bool] = []
        self.on_append: Callable[[Batch], None] = lambda batch: None
        self.on_commit: Callable[[], None] = lambda: None

    def append(self, batch: Batch, *, own: bool = False) -> None:
        self.on_append(batch)
        self.own.append(own)
        kept = Batch(batch.source, batch.schema, batch.timestamp_ms, batch.values.copy())
        self.batches.setdefault(batch.source, []).append(kept)

    def commit(self) -> None:
        self.on_commit()
        self.commits += 1

    def instants(self, source: str) -> list[int]:
        return [batch.timestamp_ms for batch in self.batches.get(source, [])]

    def series(self, source: str, name: str) -> list[float]:
        """Return the values of a series by its metric name, over the batches that have it."""
        return [
            float(value)
            for batch in self.batches.get(source, [])
            for labels, value in zip(batch.schema.series, batch.values.tolist(), strict=True)
            if labels.name == name
        ]


class FakePause(threading.Event):
    """An event whose `wait` moves a clock instead of waiting, then does what is planned for that time."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self.clock = clock
        self.waits: list[float] = []
        self.plan: list[tuple[int, Callable[[], None]]] = []

    def at(self, wait_number: int, action: Callable[[], None]) -> None:
        """Have `action` done at the end of the n-th wait (from 1)."""
        self.plan.append((wait_number, action))

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waits.append(timeout)
        self.clock.advance(timeout)
        for number, action in self.plan:
            if number == len(self.waits):
                action()
        return self.is_set()


def bits(values: Iterable[float]) -> list[int]:
    """Return the bits of floats, so that NaNs can be compared."""
    return [int(np.float64(value).view(np.uint64)) for value in values]
