"""One round of collectors: those that are due are called where they can block nobody, and their health is kept.

The ticker owns one and calls it from its thread; only `health` and `version` are read by others.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from barograph.ingest.guarded import GuardedCollector
from barograph.ingest.health import Health, State
from barograph.model.batch import Batch
from barograph.model.clock import Clock
from barograph.model.commands import CollectorHealth
from barograph.model.deadline import DeadlineRunner, Outcome
from barograph.model.errors import DeniedError, NoDataError
from barograph.model.schedule import ScheduledCollector
from barograph.telemetry.metrics import Metric, MetricFamily, Telemetry

_log = logging.getLogger(__name__)
_REASONS = ("error", "hung")


class Round:
    """The collectors of one configuration."""

    def __init__(self, collectors: Sequence[ScheduledCollector], telemetry: Telemetry, clock: Clock) -> None:
        self._clock = clock
        self._guarded = [GuardedCollector(scheduled) for scheduled in collectors]
        self._runner: DeadlineRunner[Batch] = DeadlineRunner("collect", clock)
        self._metrics = _RoundMetrics(telemetry)
        self._children = {guarded.name: self._metrics.of(guarded.name) for guarded in self._guarded}
        self.intervals_ms = frozenset(guarded.scheduled.interval_ms for guarded in self._guarded)
        """The intervals of all collectors."""
        self.version = 1
        """Grows with every change of health."""

    @property
    def names(self) -> frozenset[str]:
        """The names of all collectors."""
        return frozenset(self._children)

    def collect(self, instant_ms: int) -> dict[int, list[Batch | None]]:
        """Call the collectors that are due.

        Returns:
            For each interval that is due, one batch a collector of that interval, in order; None where it gave none.
        """
        due = [guarded for guarded in self._guarded if self._is_due(guarded, instant_ms)]
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
        self._metrics.stuck.set(sum(guarded.is_running for guarded in self._guarded))
        return {
            interval_ms: [found.get(id(g)) for g in self._guarded if g.scheduled.interval_ms == interval_ms]
            for interval_ms in sorted(self.intervals_ms)
            if instant_ms % interval_ms == 0
        }

    def health(self) -> tuple[CollectorHealth, ...]:
        """Return the health of every collector."""
        return tuple(guarded.health.snapshot() for guarded in self._guarded)

    def forget_pauses(self) -> None:
        """Try every collector again: the clock was set back."""
        for guarded in self._guarded:
            guarded.health.forget_pause()

    def close(self, kept: frozenset[str] = frozenset()) -> None:
        """Let go of everything; a collector that hangs is closed when the kernel answers.

        Args:
            kept: Names whose metrics go on, since another round has such a collector.
        """
        self._runner.close()
        for guarded in self._guarded:
            guarded.close()
        for name, metrics in self._children.items():
            # a round that follows has a series of its own for those it keeps
            metrics.success.remove()
            if name not in kept:
                self._metrics.remove(name)

    def _is_due(self, guarded: GuardedCollector, instant_ms: int) -> bool:
        if instant_ms % guarded.scheduled.interval_ms:
            return False
        if guarded.retry is not None and guarded.retry.outcome is not None:
            outcome, guarded.retry = guarded.retry.outcome, None
            self._note(guarded, outcome, instant_ms)
        if guarded.retry is not None or guarded.is_running or not guarded.health.is_due(instant_ms):
            return False
        if guarded.health.state is State.HUNG:
            guarded.try_aside(instant_ms, self._clock)
            return False
        return True

    def _note(self, guarded: GuardedCollector, outcome: Outcome[Batch], instant_ms: int) -> None:
        health, metrics = guarded.health, self._children[guarded.name]
        metrics.duration.set(outcome.duration_s)
        before = health.state
        if outcome.value is not None:
            changed = health.succeeded()
        elif outcome.hung:
            changed = health.hung(instant_ms, guarded.scheduled.budget_ms)
            metrics.failures["hung"].inc()
        elif isinstance(outcome.error, NoDataError):
            changed = health.gave_nothing(instant_ms, str(outcome.error))
        else:
            changed = health.failed(instant_ms, f"{type(outcome.error).__name__}: {outcome.error}")
            metrics.failures["error"].inc()
        metrics.success.note(_reason(outcome))
        if changed:
            self.version += 1
            _tell(before, health)


class _Success:
    """Whether a collector's last sample came, and if not for what reason: one series, whose reason changes."""

    def __init__(self, family: MetricFamily, name: str) -> None:
        self._family, self._name = family, name
        self._reason: str | None = None

    def note(self, reason: str) -> None:
        """Take the newest reason; empty where the sample came."""
        if reason != self._reason:
            self.remove()
            self._reason = reason
            self._family.labels(**self._labels(reason)).set(float(not reason))

    def remove(self) -> None:
        """Forget the series."""
        if self._reason is not None:
            self._family.remove(**self._labels(self._reason))

    def _labels(self, reason: str) -> dict[str, str]:
        return {"collector": self._name, **({"reason": reason} if reason else {})}


def _reason(outcome: Outcome[Batch]) -> str:
    """Return why a sample did not come, in one word; empty where it came."""
    if outcome.value is not None:
        return ""
    if outcome.hung:
        return "hung"
    if isinstance(outcome.error, NoDataError):
        return "denied" if isinstance(outcome.error, DeniedError) else "absent"
    return "error"


@dataclass(frozen=True, slots=True)
class _CollectorMetrics:
    """The series of one collector."""

    success: _Success
    duration: Metric
    failures: dict[str, Metric]


class _RoundMetrics:
    """The families of collectors' own metrics."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._success = telemetry.gauge(
            "barograph_collector_success",
            "Whether a collector's last sample came; if not, the reason: absent (not here), denied, error or hung.",
        )
        self._duration = telemetry.gauge("barograph_collector_duration_seconds", "How long a collector's sample took.")
        self._failures = telemetry.counter("barograph_collector_failures_total", "Samples of a collector that failed.")
        stuck: MetricFamily = telemetry.gauge(
            "barograph_collector_stuck", "Collectors with a call under way that the kernel has not answered yet."
        )
        self.stuck = stuck.labels()

    def of(self, name: str) -> _CollectorMetrics:
        failures = {reason: self._failures.labels(collector=name, reason=reason) for reason in _REASONS}
        return _CollectorMetrics(_Success(self._success, name), self._duration.labels(collector=name), failures)

    def remove(self, name: str) -> None:
        self._duration.remove(collector=name)
        for reason in _REASONS:
            self._failures.remove(collector=name, reason=reason)


def _tell(before: State, health: Health) -> None:
    """Log a change once, in words."""
    if health.state is State.OK:
        _log.info("collector %s works again", health.name)
    elif health.state is State.NO_DATA:
        _log.info("collector %s has nothing to collect here: %s", health.name, health.reason)
    elif before is not health.state:
        _log.warning("collector %s is %s: %s; the others go on", health.name, health.state.value, health.reason)
