"""The ticker: at each planned instant it collects, appends and commits, then leaves the idle time to maintenance.

It runs on a thread of the keeper's own. Nothing that a collector, the disk or a client does may end it or make it
drift: every failure is counted, said once, and the next instant is planned from the clock again.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from barograph.ingest.instants import Plan, next_instant_ms, own_interval_ms, plan_tick
from barograph.ingest.join import Join
from barograph.ingest.round import Round
from barograph.ingest.ticker_metrics import TickerMetrics
from barograph.model.batch import Batch
from barograph.model.clock import Clock
from barograph.model.commands import CollectorHealth
from barograph.model.errors import ReadOnlyError
from barograph.model.protocols import Appender, TickFollower
from barograph.model.schedule import ScheduledCollector
from barograph.model.units import Duration
from barograph.telemetry.metrics import Telemetry

_log = logging.getLogger(__name__)
_DEFAULT_INTERVAL_MS = 1000
"""How often our own metrics are stored where no collector is configured."""
_MARGIN_S = 0.050
"""Maintenance ends this long before the next tick."""
_LEAST_WORK_S = 0.020
_FOLLOW_PART = 0.3
_LEAST_FOLLOW_S = 0.005
"""What follows a tick ends that part of its time before the next, at most the margin, and has this much at least."""
_MOST_WORK_S = 0.200
"""Maintenance a tick: a fifth of a second each second is plenty, and bounds how long `stop` waits."""
_OVERDUE_S = 60.0
"""Maintenance is not put off for longer than this, however little time the ticks leave."""
_AFTER_TELLING_S = 3.0
"""Nor for longer than this in favour of messages that are on their way."""
_LONGEST_PAUSE_S = 1.0
"""The wall clock is looked at again at least this often, since it may step while we wait."""
_BACK_INTERVALS = 2
"""A wall clock that is further behind is not waited for: instants come again."""
_GAP_MS = 10_000
"""A gap this long is worth saying; shorter ones are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerParts:
    """What a ticker is built from.

    Attributes:
        appender: The store's write side.
        maintain: Does work that is due, for about the seconds it is given.
        on_tick: Told each tick's instant once it is committed (or, on a failing disk, in the head); called on the
            ticker's thread, must not block.
        telemetry: Our own metrics, stored with each tick.
        clock: Where time comes from.
        instance: Value of the label `instance`.
        follower: What is done with each tick once it is committed: rules.
    """

    appender: Appender
    maintain: Callable[[float], None]
    on_tick: Callable[[int], None]
    telemetry: Telemetry
    clock: Clock
    instance: str
    follower: TickFollower | None = None


class Ticker:
    """Runs until stopped. `run` is called by one thread, once; everything else from any.

    Args:
        collectors: Taken over: the ticker closes them.
        parts: What it works with.
        stopping: Its `wait` is how the ticker waits; tests pass one that moves their clock.
    """

    def __init__(
        self, collectors: Sequence[ScheduledCollector], parts: TickerParts, stopping: threading.Event | None = None
    ) -> None:
        self._parts = parts
        self._clock = parts.clock
        self._metrics = TickerMetrics(parts.telemetry)
        self._round = Round(collectors, parts.telemetry, parts.clock)
        self._joins: dict[int, Join] = {}
        self._own = Join("barograph", {"job": "barograph", "instance": parts.instance}, with_up=True)
        self._ending: list[Join] = []
        self._stopping = stopping or threading.Event()
        self._lock = threading.Lock()
        self._replacement: Sequence[ScheduledCollector] | None = None
        self._read_only = False
        self._maintained_s = parts.clock.monotonic_s()

    def run(self) -> None:
        """Tick until `stop`. The first tick comes at the first whole instant."""
        last_ms = self._clock.now_ms()
        try:
            while not self._stopping.is_set():
                self._adopt_replacement()
                intervals_ms = self._intervals_ms() | self._followed_ms()
                last_ms = self._not_ahead(last_ms, intervals_ms)
                plan = plan_tick(intervals_ms, last_ms, self._clock.now_ms())
                if not self._wait_until(plan.instant_ms):
                    continue
                self._count_missed(plan, last_ms)
                last_ms = plan.instant_ms
                self._tick(last_ms, own_interval_ms(self._intervals_ms()))
                next_ms = next_instant_ms(intervals_ms, last_ms)
                self._follow(last_ms, next_ms)
                self._maintain(next_ms)
        finally:
            self._round.close()

    def stop(self) -> None:
        """Have `run` return after the tick (and the bit of maintenance) under way."""
        self._stopping.set()

    def replace(self, collectors: Sequence[ScheduledCollector]) -> None:
        """Take over other collectors between two ticks, within a second; the old ones are closed."""
        with self._lock:
            self._replacement = collectors

    def health(self) -> tuple[int, tuple[CollectorHealth, ...]]:
        """Return a version, which grows with each change, and the health of all collectors."""
        current = self._round
        version = current.version  # taken first: a change between the two is then seen again, never missed
        return version, current.health()

    def _intervals_ms(self) -> frozenset[int]:
        return self._round.intervals_ms or frozenset((_DEFAULT_INTERVAL_MS,))

    def _followed_ms(self) -> frozenset[int]:
        follower = self._parts.follower
        return frozenset() if follower is None else follower.intervals_ms

    def _adopt_replacement(self) -> None:
        with self._lock:
            replacement, self._replacement = self._replacement, None
        if replacement is None:
            return
        before = self._round
        after = Round(replacement, self._parts.telemetry, self._clock)
        after.version += before.version
        self._round = after
        before.close(kept=after.names)
        self._ending += [join for interval, join in self._joins.items() if interval not in after.intervals_ms]
        self._joins = {}

    def _wait_until(self, instant_ms: int) -> bool:
        """Wait for an instant, at most about a second; False when it is not yet here (or all is to end)."""
        left_s = instant_ms / 1000 - self._clock.now_s()
        if left_s > 0:
            self._stopping.wait(min(left_s, _LONGEST_PAUSE_S))
        return not self._stopping.is_set() and self._clock.now_ms() >= instant_ms

    def _not_ahead(self, last_ms: int, intervals_ms: frozenset[int]) -> int:
        """Return the last instant, or now where the clock was set back: what is collected then replaces what was."""
        now_ms = self._clock.now_ms()
        behind_ms = next_instant_ms(intervals_ms, last_ms) - now_ms
        if behind_ms <= _BACK_INTERVALS * min(intervals_ms):
            return last_ms
        self._metrics.set_back.inc()
        self._round.forget_pauses()
        _log.warning(
            "the clock was set back by %.1f s: samples of the instants that come again replace those of before",
            (last_ms - now_ms) / 1000,
        )
        return now_ms

    def _count_missed(self, plan: Plan, last_ms: int) -> None:
        self._metrics.missed.inc(plan.missed)
        if plan.missed and plan.instant_ms - last_ms >= _GAP_MS:
            _log.warning(
                "no samples for %d s: the machine slept, the clock was set forward, or the tick before took that long",
                (plan.instant_ms - last_ms) // 1000,
            )

    def _tick(self, instant_ms: int, own_ms: int) -> None:
        self._metrics.start_late.set(self._clock.now_s() - instant_ms / 1000)
        self._attempt("collect", lambda: self._append_host(instant_ms))
        for ending in self._ending:
            self._append(ending.end(instant_ms))
        self._ending = []
        if instant_ms % own_ms == 0:
            self._attempt("collect", lambda: self._append_own(instant_ms))
        self._commit()
        self._metrics.tick_done(self._clock.now_s() - instant_ms / 1000)
        self._attempt("publish", lambda: self._parts.on_tick(instant_ms))

    def _append_host(self, instant_ms: int) -> None:
        shortest_ms = min(self._intervals_ms())
        for interval_ms, parts in self._round.collect(instant_ms).items():
            join = self._joins.get(interval_ms)
            if join is None:
                labels = {"job": "node", "instance": self._parts.instance}
                join = Join(f"host/{Duration(interval_ms)}", labels, with_up=interval_ms == shortest_ms)
                self._joins[interval_ms] = join
            self._append(join.batch(instant_ms, parts))

    def _append_own(self, instant_ms: int) -> None:
        schema, values = self._parts.telemetry.snapshot()
        self._append(self._own.batch(instant_ms, [Batch("barograph", schema, instant_ms, values)]))

    def _append(self, batch: Batch) -> None:
        if len(batch.schema):
            self._attempt("append", lambda: self._parts.appender.append(batch, own=True))

    def _commit(self) -> None:
        try:
            self._parts.appender.commit()
        except ReadOnlyError as error:
            self._metrics.failures["commit"].inc()
            if not self._read_only:
                _log.error("nothing can be stored for now, collecting goes on in memory: %s", error)
            self._read_only = True
        except Exception:
            self._metrics.failures["commit"].inc()
            _log.exception("a tick could not be committed")
        else:
            if self._read_only:
                _log.info("samples are stored again, with those that were kept in memory meanwhile")
            self._read_only = False

    def _follow(self, instant_ms: int, next_ms: int) -> None:
        """Let the follower work with the tick, and end before the next."""
        follower = self._parts.follower
        if follower is None or self._stopping.is_set():
            return
        margin_s = min(_MARGIN_S, (next_ms - instant_ms) / 1000 * _FOLLOW_PART)
        budget_s = max(next_ms / 1000 - self._clock.now_s() - margin_s, _LEAST_FOLLOW_S)
        self._attempt("follow", lambda: follower.follow(instant_ms, budget_s))

    def _maintain(self, next_ms: int) -> None:
        now_s = self._clock.monotonic_s()
        budget_s = min(next_ms / 1000 - self._clock.now_s() - _MARGIN_S, _MOST_WORK_S)
        if self._stopping.is_set() or (budget_s < _LEAST_WORK_S and now_s - self._maintained_s < _OVERDUE_S):
            return
        follower = self._parts.follower
        if follower is not None and follower.has_told and now_s - self._maintained_s < _AFTER_TELLING_S:
            return
        self._maintained_s = now_s
        self._attempt("maintain", lambda: self._parts.maintain(max(budget_s, _LEAST_WORK_S)))

    def _attempt(self, step: str, work: Callable[[], None]) -> None:
        """Do one step of a tick; what it raises is counted and said, and the tick goes on."""
        try:
            work()
        except Exception:
            self._metrics.failures[step].inc()
            _log.exception("a tick's step failed and is left out: %s", step)
