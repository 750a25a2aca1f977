"""One round of collectors: those that are due are called where they can block nobody, and their health is kept.

The ticker owns one and calls it from its thread.
"""

import logging
from collections.abc import Sequence

from barograph.ingest.health import Health, State
from barograph.model.batch import Batch
from barograph.model.clock import Clock
from barograph.model.commands import CollectorHealth
from barograph.model.deadline import DeadlineRunner, Outcome
from barograph.model.errors import NoDataError
from barograph.model.schedule import ScheduledCollector
from barograph.telemetry.metrics import Telemetry

_log = logging.getLogger(__name__)


class _Guarded:
    """A collector's call, and whether one is under way (a hung one may return much later)."""

    def __init__(self, scheduled: ScheduledCollector) -> None:
        self.scheduled = scheduled
        self.health = Health(scheduled.collector.name, scheduled.interval_ms)
        self.running = False
        self.instant_ms = 0

    def __call__(self) -> Batch:
        self.running = True
        try:
            return self.scheduled.collector.collect(self.instant_ms)
        finally:
            self.running = False

    def due(self, instant_ms: int) -> bool:
        on_time = instant_ms % self.scheduled.interval_ms == 0
        return on_time and not self.running and self.health.is_due(instant_ms)


class Round:
    """The collectors of one configuration."""

    def __init__(self, collectors: Sequence[ScheduledCollector], telemetry: Telemetry, clock: Clock) -> None:
        self._guarded = [_Guarded(scheduled) for scheduled in collectors]
        self._runner: DeadlineRunner[Batch] = DeadlineRunner("collect", clock)
        self.version = 1
        self._success = telemetry.gauge(
            "barograph_collector_success", "Whether the last sample of a collector came (1), or why not in `state`."
        )
        self._duration = telemetry.gauge("barograph_collector_duration_seconds", "How long a collector's sample took.")
        self._failures = telemetry.counter("barograph_collector_failures_total", "Samples of a collector that failed.")
        self._stuck = telemetry.gauge(
            "barograph_collector_stuck_threads", "Threads that wait for a collector's call which the kernel holds."
        )
        for guarded in self._guarded:
            name = guarded.scheduled.collector.name
            for reason in ("error", "hung"):
                self._failures.labels(collector=name, reason=reason)
            self._success.labels(collector=name)
            self._duration.labels(collector=name)

    @property
    def intervals_ms(self) -> frozenset[int]:
        """The intervals of all collectors."""
        return frozenset(guarded.scheduled.interval_ms for guarded in self._guarded)

    def collect(self, instant_ms: int) -> dict[int, list[Batch | None]]:
        """Call the collectors that are due.

        Returns:
            For each interval that is due, one batch a collector of that interval, in order; None where it gave none.
        """
        due = [guarded for guarded in self._guarded if guarded.due(instant_ms)]
        found: dict[int, Batch] = {}
        for budget_ms in sorted({guarded.scheduled.budget_ms for guarded in due}):
            called = [guarded for guarded in due if guarded.scheduled.budget_ms == budget_ms]
            for guarded in called:
                guarded.instant_ms = instant_ms
            outcomes = self._runner.run(called, budget_ms / 1000)
            for guarded, outcome in zip(called, outcomes, strict=True):
                self._note(guarded, outcome, instant_ms)
                if outcome.value is not None:
                    found[id(guarded)] = outcome.value
        self._stuck.set(self._runner.stuck_count)
        intervals = [i for i in self.intervals_ms if instant_ms % i == 0]
        return {
            interval_ms: [found.get(id(g)) for g in self._guarded if g.scheduled.interval_ms == interval_ms]
            for interval_ms in intervals
        }

    def health(self) -> tuple[CollectorHealth, ...]:
        """Return the health of every collector."""
        return tuple(guarded.health.snapshot() for guarded in self._guarded)

    def close(self) -> None:
        """Let go of everything; a collector that hangs keeps its descriptors until the kernel answers."""
        self._runner.close()
        for guarded in self._guarded:
            if not guarded.running:
                guarded.scheduled.collector.close()
            name = guarded.scheduled.collector.name
            self._success.remove(collector=name)
            self._duration.remove(collector=name)
            for reason in ("error", "hung"):
                self._failures.remove(collector=name, reason=reason)

    def _note(self, guarded: _Guarded, outcome: Outcome[Batch], instant_ms: int) -> None:
        health, name = guarded.health, guarded.scheduled.collector.name
        self._success.labels(collector=name).set(float(outcome.value is not None))
        self._duration.labels(collector=name).set(outcome.duration_s)
        before = health.state
        if outcome.value is not None:
            changed = health.succeeded()
        elif outcome.hung:
            changed = health.hung(instant_ms, guarded.scheduled.budget_ms)
            self._failures.labels(collector=name, reason="hung").inc()
        elif isinstance(outcome.error, NoDataError):
            changed = health.gave_nothing(instant_ms, str(outcome.error))
        else:
            changed = health.failed(instant_ms, _words(outcome.error))
            self._failures.labels(collector=name, reason="error").inc()
        if changed:
            self.version += 1
            _tell(name, before, health)


def _words(error: Exception | None) -> str:
    return f"{type(error).__name__}: {error}" if error is not None else "no reason given"


def _tell(name: str, before: State, health: Health) -> None:
    """Log a change once, in words."""
    if health.state is State.OK:
        _log.info("collector %s works again", name)
    elif health.state is State.NO_DATA:
        _log.info("collector %s has nothing to collect here: %s", name, health.reason)
    elif before is not health.state:
        _log.warning("collector %s is %s: %s; the others go on", name, health.state.value, health.reason)
