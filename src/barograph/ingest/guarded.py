"""A collector under guard: at most one call at a time, closed only when none is under way, tried again aside.

Its calls run on threads that may hang; everything else is called by the ticker's thread.
"""

import logging
import threading

from barograph.ingest.health import Health
from barograph.model.batch import Batch
from barograph.model.clock import Clock
from barograph.model.deadline import Outcome
from barograph.model.schedule import ScheduledCollector

_log = logging.getLogger(__name__)


class GuardedCollector:
    """Calling it collects, for the instant in `instant_ms`."""

    def __init__(self, scheduled: ScheduledCollector) -> None:
        self.scheduled = scheduled
        self.name = scheduled.collector.name
        self.health = Health(self.name, scheduled.interval_ms)
        self.instant_ms = 0
        self.retry: Retry | None = None
        self._lock = threading.Lock()
        self._running = False
        self._closing = False

    @property
    def is_running(self) -> bool:
        """Whether a call is under way; one that hung may return much later."""
        return self._running

    def __call__(self) -> Batch:
        """Collect once."""
        self._running = True
        try:
            return self.scheduled.collector.collect(self.instant_ms)
        finally:
            with self._lock:
                self._running = False
                closes = self._closing
            if closes:
                self._close()

    def try_aside(self, instant_ms: int, clock: Clock) -> None:
        """Begin a retry that nobody waits for; `retry` holds it until its outcome is taken."""
        self.instant_ms = instant_ms
        self.retry = Retry(self, clock)

    def close(self) -> None:
        """Close the collector, or have its call do so when it returns."""
        with self._lock:
            self._closing = True
            waits = self._running
        if not waits:
            self._close()

    def _close(self) -> None:
        try:
            self.scheduled.collector.close()
        except Exception:
            _log.exception("collector %s could not be closed", self.name)


class Retry:
    """A second chance for a collector that hung: one call on a thread of its own, so that no tick waits for it.

    Its sample is thrown away, since it belongs to no tick.
    """

    def __init__(self, guarded: GuardedCollector, clock: Clock) -> None:
        self._guarded = guarded
        self._clock = clock
        self._outcome: Outcome[Batch] | None = None
        self.thread = threading.Thread(target=self._call, name=f"retry-{guarded.name}", daemon=True)
        try:
            self.thread.start()
        except RuntimeError as error:  # the system has no more threads for us
            _log.warning("collector %s is not tried again for now: %s", guarded.name, error)
            self._outcome = Outcome(None, None, True, 0.0)

    @property
    def outcome(self) -> Outcome[Batch] | None:
        """How it ended, or None while it has not. A call that returned past its budget counts as hung."""
        return self._outcome

    def _call(self) -> None:
        started_s = self._clock.monotonic_s()
        value: Batch | None = None
        error: Exception | None = None
        try:
            value = self._guarded()
        except Exception as raised:
            error = raised
        duration_s = self._clock.monotonic_s() - started_s
        if duration_s * 1000 > self._guarded.scheduled.budget_ms:
            self._outcome = Outcome(None, None, True, duration_s)
        else:
            self._outcome = Outcome(value, error, False, duration_s)
