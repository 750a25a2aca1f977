"""The ticker: at each planned instant it collects, appends and commits, then leaves the idle time to maintenance.

It runs on a thread of the keeper's own. Nothing that a collector, the disk or a client does may end it or make it
drift: every failure is counted, said once, and the next instant is planned from the clock again.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from barograph.ingest.instants import plan_tick
from barograph.ingest.join import Join
from barograph.ingest.round import Round
from barograph.model.batch import Batch
from barograph.model.clock import Clock
from barograph.model.commands import CollectorHealth
from barograph.model.errors import ReadOnlyError
from barograph.model.protocols import Appender
from barograph.model.schedule import ScheduledCollector
from barograph.model.units import Duration
from barograph.telemetry.metrics import Telemetry

_log = logging.getLogger(__name__)
_LATE_S = 0.010
_MARGIN_S = 0.050
"""Maintenance ends this long before the next tick."""
_LEAST_WORK_S = 0.020
_HELD_S = 2.0
"""A wall clock this far behind the last tick is worth saying; less is an ordinary correction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerParts:
    """What a ticker is built from.

    Attributes:
        appender: The store's write side.
        maintain: Does work that is due, for about the seconds it is given.
        on_tick: Told each committed tick's instant; called on the ticker's thread, must not block.
        telemetry: Our own metrics, stored with each tick.
        clock: Where time comes from.
        instance: Value of the label `instance`.
    """

    appender: Appender
    maintain: Callable[[float], None]
    on_tick: Callable[[int], None]
    telemetry: Telemetry
    clock: Clock
    instance: str


class Ticker:
    """Runs until stopped. `stop`, `replace` and `health` may be called from any thread, `run` from one."""

    def __init__(self, collectors: Sequence[ScheduledCollector], parts: TickerParts) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._round = Round(collectors, parts.telemetry, parts.clock)
        self._joins: dict[int, Join] = {}
        self._own = Join("barograph", {"job": "barograph", "instance": parts.instance})
        self._ending: list[Join] = []
        self._stop = threading.Event()
        self._replacement: Sequence[ScheduledCollector] | None = None
        self._held = False
        telemetry = parts.telemetry
        self._ticks = telemetry.counter("barograph_ticks_total", "Ticks done.")
        self._missed = telemetry.counter("barograph_ticks_missed_total", "Instants passed over without a tick.")
        self._late = telemetry.counter(
            "barograph_ticks_late_total", "Ticks committed more than 10 ms after their instant."
        )
        self._late_s = telemetry.gauge(
            "barograph_tick_late_seconds", "How long after its planned instant the tick before this one was committed."
        )
        self._start_late_s = telemetry.gauge(
            "barograph_tick_start_late_seconds", "How long after its planned instant this tick began."
        )
        self._failures = telemetry.counter(
            "barograph_tick_failures_total", "Appends, commits and maintenance that failed."
        )
        for family in (self._ticks, self._missed, self._late, self._late_s, self._start_late_s):
            family.labels()
        for step in ("append", "commit", "maintain"):
            self._failures.labels(step=step)

    def run(self) -> None:
        """Tick until `stop`. The first tick comes at the first whole instant."""
        last_ms = self._clock.now_ms()
        while not self._stop.is_set():
            self._adopt_replacement()
            intervals_ms = self._round.intervals_ms or frozenset((1000,))
            plan = plan_tick(intervals_ms, last_ms, self._clock.now_ms())
            if not self._wait_until(plan.instant_ms):
                continue
            self._missed.inc(plan.missed)
            self._tick(plan.instant_ms, min(intervals_ms))
            last_ms = plan.instant_ms
            self._maintain(intervals_ms, last_ms)
        self._round.close()

    def stop(self) -> None:
        """Have `run` return after the tick under way."""
        self._stop.set()

    def replace(self, collectors: Sequence[ScheduledCollector]) -> None:
        """Take over other collectors between two ticks; the old ones are closed."""
        self._replacement = collectors

    def health(self) -> tuple[int, tuple[CollectorHealth, ...]]:
        """Return a version, which grows with each change, and the health of all collectors."""
        current = self._round
        return current.version, current.health()

    def _adopt_replacement(self) -> None:
        if self._replacement is None:
            return
        version = self._round.version
        self._round.close()
        self._round = Round(self._replacement, self._parts.telemetry, self._clock)
        self._round.version += version
        self._replacement = None
        self._ending += [join for interval, join in self._joins.items() if interval not in self._round.intervals_ms]
        self._joins = {}

    def _wait_until(self, instant_ms: int) -> bool:
        """Wait for an instant, at most about a second; False when it is not yet here (or all is to end)."""
        left_s = instant_ms / 1000 - self._clock.now_s()
        self._say_held(left_s)
        if left_s > 0:
            self._stop.wait(min(left_s, 1.0))
        return not self._stop.is_set() and self._clock.now_ms() >= instant_ms

    def _say_held(self, left_s: float) -> None:
        """A wall clock set back leaves the next instant far away: stored time must not run backwards, so it waits."""
        held = left_s > max(self._round.intervals_ms, default=1000) / 1000 + _HELD_S
        if held and not self._held:
            _log.warning(
                "the clock was set back by about %d s; samples go on when it has caught up, since stored time does not "
                "run backwards",
                int(left_s),
            )
        self._held = held

    def _tick(self, instant_ms: int, shortest_ms: int) -> None:
        self._start_late_s.set(self._clock.now_s() - instant_ms / 1000)
        labels = {"job": "node", "instance": self._parts.instance}
        for interval_ms, parts in self._round.collect(instant_ms).items():
            join = self._joins.setdefault(interval_ms, Join(f"host/{Duration(interval_ms)}", labels))
            self._append(join.batch(instant_ms, parts))
        for ending in self._ending:
            self._append(ending.end(instant_ms))
        self._ending = []
        if instant_ms % shortest_ms == 0:
            schema, values = self._parts.telemetry.snapshot()
            self._append(self._own.batch(instant_ms, [Batch("barograph", schema, instant_ms, values)]))
        self._commit()
        late_s = self._clock.now_s() - instant_ms / 1000
        self._ticks.inc()
        self._late_s.set(late_s)
        self._late.inc(float(late_s > _LATE_S))
        self._parts.on_tick(instant_ms)

    def _append(self, batch: Batch) -> None:
        try:
            self._parts.appender.append(batch)
        except Exception:
            self._failures.labels(step="append").inc()
            _log.exception("the samples of %s at %d ms could not be taken", batch.source, batch.timestamp_ms)

    def _commit(self) -> None:
        try:
            self._parts.appender.commit()
        except ReadOnlyError as error:
            self._failures.labels(step="commit").inc()
            _log.error("nothing can be stored for now, collection goes on from memory: %s", error)
        except Exception:
            self._failures.labels(step="commit").inc()
            _log.exception("a tick could not be committed")

    def _maintain(self, intervals_ms: frozenset[int], last_ms: int) -> None:
        next_s = (last_ms // min(intervals_ms) + 1) * min(intervals_ms) / 1000
        budget_s = next_s - self._clock.now_s() - _MARGIN_S
        if budget_s < _LEAST_WORK_S:
            return
        try:
            self._parts.maintain(budget_s)
        except Exception:
            self._failures.labels(step="maintain").inc()
            _log.exception("the store's maintenance failed; it is tried again after the next tick")
