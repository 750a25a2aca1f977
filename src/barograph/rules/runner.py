"""Runs rules on the instants of ticks: what is due is evaluated as far as time allows, the rest at the next tick.

The keeper's ticker calls `follow` after each commit; unit tests of rules and benchmarks call it with instants of their
own. Nothing that a rule, the store or the sink does may end it: failures stand at their rule, and are counted.
"""

import logging
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace

from barograph.model.alert import AlertPhase, AlertSink, RuleAlert
from barograph.model.clock import Clock
from barograph.model.crossings import Crossings
from barograph.model.errors import StoreError
from barograph.model.protocols import Appender
from barograph.promql.engine import Engine
from barograph.rules.alerting import AlertingRule
from barograph.rules.cohort import Bench, Cohort, Counts
from barograph.rules.columns import Sheet
from barograph.rules.group import Group, adopt
from barograph.rules.outbox import Outbox

_log = logging.getLogger(__name__)
_HOUR_MS = 3_600_000
_MANY = 1000
"""Changes that are handed over while their rule is still being evaluated."""
_ASIDE_S = 0.012
_ASIDE_PART = 0.25
"""What has been told leaves within some milliseconds, if rules that are due as well do not ask for the processor
meanwhile: they wait so long, or this part of the time they have."""
_WHOLE = 0.8
"""A rule that has this part of a tick's time before it has as much as it will ever get."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerParts:
    """What a runner works with.

    Attributes:
        engine: Evaluates over the store that the appender writes to; what was appended is seen at once.
        appender: Takes what is recorded; somebody else commits.
        sink: Takes what changes of alerts.
        clock: For durations.
        crossings: Tells of many limits at once what crosses them, where the store can.
        outage_tolerance_ms: After a longer time without evaluations alerts that pend begin anew.
    """

    engine: Engine
    appender: Appender
    sink: AlertSink
    clock: Clock
    crossings: Crossings | None = None
    outage_tolerance_ms: int = _HOUR_MS


class RuleRunner:
    """One thread calls `follow`; everything else may be called from any."""

    def __init__(self, parts: RunnerParts) -> None:
        self._parts = parts
        self._budget = _Budget(parts.clock)
        self._outbox = Outbox(parts.sink)
        self._bench = Bench(
            engine=parts.engine,
            appender=parts.appender,
            clock=parts.clock,
            budget=self._budget,
            crossings=parts.crossings,
            changed=self._outbox.put,
        )
        self._cohorts: list[Cohort] = []
        self._running: deque[tuple[Cohort, Generator[None]]] = deque()
        self._passed: Cohort | None = None
        self._ending: list[Sheet] = []
        self._lock = threading.Lock()
        self._replacement: tuple[Sequence[Group], Engine] | None = None
        self._is_restored = False
        self._last_ms = 0
        self.groups: Sequence[Group] = ()
        """The groups of now, for whoever shows them."""
        self.took_s = 0.0
        """How long the newest `follow` took."""
        self.has_told = False
        """See `TickFollower`."""

    @property
    def counts(self) -> Counts:
        """What has been done since the start."""
        return self._bench.counts

    @property
    def undelivered(self) -> int:
        """How many changes the sink has not taken yet."""
        return len(self._outbox)

    @property
    def intervals_ms(self) -> frozenset[int]:
        """How often groups are due."""
        with self._lock:
            groups = self.groups if self._replacement is None else self._replacement[0]
        return frozenset(group.interval_ms for group in groups)

    def replace(self, groups: Sequence[Group], *, engine: Engine | None = None, since_ms: int = 0) -> None:
        """Run other groups from the next tick on; rules that stay the same keep their state.

        Args:
            groups: All of them.
            engine: What evaluates from then on; None: what does now.
            since_ms: At a start: when the last samples were written; 0 where nothing is known.
        """
        with self._lock:
            self._replacement = groups, engine or self._bench.engine
            self._last_ms = self._last_ms or since_ms

    def follow(self, instant_ms: int, budget_s: float) -> None:
        """Evaluate what is due at an instant, and go on with what was left over.

        Args:
            instant_ms: The tick's planned instant; its samples are in the store.
            budget_s: For how long.
        """
        started_s = self._parts.clock.monotonic_s()
        self._budget.begin(budget_s)
        self.has_told = False
        self._outbox.source = None
        self._take_replacement(instant_ms)
        left = len(self._running)
        for cohort in self._cohorts:
            self._plan(cohort, instant_ms)
        self._let_pass(left)
        self._last_ms = instant_ms
        self._write_ends(instant_ms)
        self._step(instant_ms)
        self._bench.shared.clear()
        self._outbox.settle([cohort for cohort, _ in self._running])
        self._hand_over(instant_ms, self._budget.is_over)
        self.took_s = self._parts.clock.monotonic_s() - started_s

    def _plan(self, cohort: Cohort, instant_ms: int) -> None:
        """Begin an iteration where one is due; those that were passed over are counted."""
        planned_ms, last_ms = instant_ms // cohort.interval_ms * cohort.interval_ms, cohort.planned_ms
        if planned_ms == last_ms or last_ms - cohort.interval_ms < planned_ms < last_ms:
            return
        if not last_ms and planned_ms != instant_ms:
            # before the start there may be no samples, and what is missing would alarm
            cohort.planned_ms = planned_ms
            return
        if last_ms:
            gap_ms = planned_ms - last_ms
            if gap_ms < 0 or gap_ms > self._parts.outage_tolerance_ms:
                # the clock was set, or the machine slept: ages grow by one interval, not by that
                cohort.shift(gap_ms - cohort.interval_ms, self._outbox.put)
            if gap_ms > cohort.interval_ms:
                cohort.miss(gap_ms // cohort.interval_ms - 1, self._bench)
        cohort.planned_ms = planned_ms
        if any(each is cohort for each, _ in self._running):
            cohort.miss(1, self._bench)
        else:
            self._running.append((cohort, cohort.evaluate(planned_ms, self._bench)))

    def _let_pass(self, left: int) -> None:
        """Let what is due now go before what is asked less often and was left over; but not twice in a row.

        So an evaluation of many seconds makes those of each second late at every other tick at most, and still ends:
        when it goes first it has the whole tick, as a dear rule may need.
        """
        if not left:
            self._passed = None
            return
        waiting = self._running[0][0]
        shorter = [each for each in list(self._running)[left:] if each[0].interval_ms < waiting.interval_ms]
        if not shorter or waiting is self._passed:
            self._passed = None
            return
        self._passed = waiting
        self._running = deque([*shorter, *(each for each in self._running if each not in shorter)])

    def _step(self, instant_ms: int) -> None:
        """Go on with what is under way, in its order, as long as there is time.

        What an iteration has changed does not wait for the next, and many changes do not wait for the end of theirs;
        ends do, see `Outbox`.
        """
        for entry in list(self._running):
            self._bench.waits, self._outbox.source = False, entry[0]
            for _ in entry[1]:
                if self._outbox.ready >= _MANY and not self._outbox.is_failing:
                    self._hand_over(instant_ms, _after_one)
                if self._budget.is_over():
                    return
                if self._bench.waits:
                    break
            else:
                self._running.remove(entry)
                if self._running and not self._outbox.is_failing and self._hand_over(instant_ms, self._budget.is_over):
                    self._parts.clock.sleep(min(_ASIDE_S, self._budget.left_s() * _ASIDE_PART))

    def _hand_over(self, instant_ms: int, is_over: Callable[[], bool]) -> bool:
        """Hand over what waits; tells whether anything went."""
        before = len(self._outbox)
        self._outbox.hand_over(instant_ms, is_over)
        has_told = len(self._outbox) < before
        self.has_told = self.has_told or has_told
        return has_told

    def _write_ends(self, instant_ms: int) -> None:
        """End the series of sources that no rule writes to any more."""
        ending, self._ending = self._ending, []
        for sheet in ending:
            batch = sheet.batch(instant_ms)
            try:
                if batch is not None:
                    self._parts.appender.append(batch, own=True)
            except StoreError as error:
                _log.warning("series of rules that are gone could not be ended: %s", error)

    def _take_replacement(self, instant_ms: int) -> None:
        with self._lock:
            replacement, self._replacement = self._replacement, None
        if replacement is None:
            return
        for cohort, iteration in self._running:
            cohort.miss(1, self._bench)
            # now: what it still has to say comes before what takes its place
            iteration.close()
        self._running.clear()
        self._passed = None
        replaced, self._bench.engine = replacement
        groups = adopt(replaced, self.groups, self._outbox.put, instant_ms)
        since_ms = 0 if self._is_restored else self._last_ms
        if not self._is_restored:
            self._restore(groups, instant_ms)
        before = {cohort.key: cohort for cohort in self._cohorts}
        shared: defaultdict[tuple[int, int], list[Group]] = defaultdict(list)
        for group in groups:
            shared[group.interval_ms, group.offset_ms].append(group)
        # what is asked most often takes least, and does not wait for what looks at days
        self._cohorts = [Cohort(shared[key]) for key in sorted(shared)]
        for cohort in self._cohorts:
            # before a start the newest may be older by an interval
            cohort.written_ms = max(since_ms - cohort.interval_ms, 0)
            if (known := before.get(cohort.key)) is not None:
                cohort.planned_ms, cohort.written_ms = known.planned_ms, known.written_ms
        self._end_series(list(before.values()))
        self.groups = groups

    def _end_series(self, before: Sequence[Cohort]) -> None:
        """See that series which no rule gives any more end."""
        now = {stage.sheet.source: stage.sheet for cohort in self._cohorts for stage in cohort.stages}
        here = {labels for sheet in now.values() for labels in sheet.present}
        for cohort in before:
            for stage in cohort.stages:
                gone = sorted(stage.sheet.present - here)
                sheet = now.get(stage.sheet.source)
                if gone and sheet is None:
                    sheet = Sheet(stage.sheet.source)
                    self._ending.append(sheet)
                if sheet is not None:
                    sheet.end(gone)

    def _restore(self, groups: Sequence[Group], instant_ms: int) -> None:
        """Give rules back the alerts that they had before the start; what is nobody's has ended."""
        self._is_restored = True
        was_long = 0 < self._last_ms < instant_ms - self._parts.outage_tolerance_ms
        rules: defaultdict[str, list[AlertingRule]] = defaultdict(list)
        for group in groups:
            for runnable in group.rules:
                if isinstance(runnable.rule, AlertingRule):
                    rules[runnable.rule.rule.name].append(runnable.rule)
        for alert in self._parts.sink.active():
            named = [rule for rule in rules[alert.rule.rule] if rule.could_have(alert)]
            exact = [rule for rule in named if rule.name == alert.rule]
            moved = [rule for rule in named if rule.name.group == alert.rule.group]
            # of several the one that says most of its labels itself: any others would end it at once
            owner = max(exact or moved, key=_said_labels, default=None)
            if owner is None or (was_long and alert.phase is AlertPhase.PENDING):
                self._outbox.put(_ended(alert, instant_ms))
                continue
            owner.restore(alert)
            if owner.name != alert.rule:
                # whoever keeps alerts knows it by the name of before, under which nothing would ever end
                self._outbox.put(replace(alert, rule=owner.name))
                self._outbox.put(_ended(alert, instant_ms))


def _said_labels(rule: AlertingRule) -> int:
    return len(rule.rule.labels)


def _after_one() -> bool:
    """Let one chunk be handed over."""
    return True


def _ended(alert: RuleAlert, at_ms: int) -> RuleAlert:
    phase = AlertPhase.RESOLVED if alert.phase is AlertPhase.FIRING else AlertPhase.DROPPED
    return RuleAlert(
        rule=alert.rule,
        labels=alert.labels,
        annotations=alert.annotations,
        phase=phase,
        value=alert.value,
        active_ms=alert.active_ms,
        fired_ms=alert.fired_ms,
        keep_firing_ms=alert.keep_firing_ms,
        ended_ms=at_ms,
    )


class _Budget:
    """The time of one tick."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._end_s = 0.0
        self._whole_s = 0.0

    def begin(self, budget_s: float) -> None:
        """Begin a tick."""
        self._end_s = self._clock.monotonic_s() + budget_s
        self._whole_s = budget_s * _WHOLE

    def is_over(self) -> bool:
        """Tell whether time is up."""
        return self._clock.monotonic_s() >= self._end_s

    def left_s(self) -> float:
        """See `Budget`."""
        return self._end_s - self._clock.monotonic_s()

    def is_whole(self) -> bool:
        """See `Budget`."""
        return self.left_s() >= self._whole_s
