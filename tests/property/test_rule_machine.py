"""An alerting rule against a plain model of what Prometheus documents, with crashes and failing disks at any moment."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from barograph.alerts.book import AlertBook
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.errors import StoreError
from barograph.model.labels import Labels
from barograph.rules.alerting import AlertingRule
from barograph.rules.outbox import Outbox
from barograph.rules.rulefile import Rule
from barograph.rules.state import Rows, RuleSettings
from barograph.state.alerts import SqliteAlerts
from barograph.state.sqlite import connect_memory
from helpers.rules import BracedValue

NAME = RuleName(file="f", group="g", rule="High")
KEYS = ("a", "b", "c")


@dataclass(frozen=True)
class Alert:
    """What the documentation says of one alert: since when, since when it fires, since when it is only kept."""

    active_ms: int
    fired_ms: int | None = None
    kept_ms: int | None = None


Alerts = dict[str, Alert]


class Sink:
    """The real book, on a disk that may fail."""

    def __init__(self, store: SqliteAlerts) -> None:
        self.book = AlertBook(store)
        self.is_failing = False

    def receive(self, changes: Sequence[RuleAlert], at_ms: int) -> None:
        if self.is_failing:
            raise StoreError("the disk is full")
        self.book.receive(changes, at_ms)

    def active(self) -> Sequence[RuleAlert]:
        return self.book.active()


class RuleLives(RuleBasedStateMachine):
    """`alerts` is what must be so, `durable` what a crash must leave of it."""

    @initialize(
        for_ms=st.sampled_from([0, 1000, 3000]),
        keep_ms=st.sampled_from([0, 1000, 2000]),
        template=st.booleans(),
    )
    def begin(self, for_ms: int, keep_ms: int, template: bool) -> None:
        labels = {"i2": "{{i}}"} if template else {}
        self.spec = Rule(
            name="High", is_alert=True, expr="m", for_ms=for_ms, keep_firing_ms=keep_ms, labels=labels, annotations={}
        )
        self.state = connect_memory()
        self.store = SqliteAlerts(self.state)
        self.now_ms = 1_700_000_000_000
        self.alerts: Alerts = {}
        self.durable: Alerts = {}
        self.ended: list[tuple[str, AlertPhase]] = []
        self.start()

    def start(self) -> None:
        self.sink = Sink(self.store)
        self.outbox = Outbox(self.sink)
        self.rule = AlertingRule(self.spec, NAME, RuleSettings(parse_text=BracedValue, external_labels={"dc": "x"}))
        for alert in self.sink.active():
            self.rule.restore(alert)

    @rule(present=st.frozensets(st.sampled_from(KEYS)), renamed=st.booleans(), step_ms=st.sampled_from([1000, 2000]))
    def evaluate(self, present: frozenset[str], renamed: bool, step_ms: int) -> None:
        self.now_ms += step_ms
        name = "n" if renamed else "m"
        rows = Rows(tuple(Labels.of(name, i=key) for key in sorted(present)), np.ones(len(present)))
        for _ in self.rule.evaluate(rows, self.now_ms, self.outbox.put):
            pass
        self.alerts = {
            key: found
            for key in KEYS
            if (found := self.expected(self.alerts.get(key), is_there=key in present)) is not None
        }
        self.outbox.settle()
        self.outbox.hand_over(self.now_ms, lambda: False)
        if not self.sink.is_failing:
            self.durable = dict(self.alerts)

    def expected(self, alert: Alert | None, *, is_there: bool) -> Alert | None:
        """Return what becomes of an alert, as alerting_rules.md has it."""
        if is_there:
            alert = Alert(self.now_ms) if alert is None else replace(alert, kept_ms=None)
            if alert.fired_ms is None and self.now_ms - alert.active_ms >= self.spec.for_ms:
                alert = replace(alert, fired_ms=self.now_ms)
            return alert
        if alert is None or alert.fired_ms is None or not self.spec.keep_firing_ms:
            return None
        kept_ms = self.now_ms if alert.kept_ms is None else alert.kept_ms
        return replace(alert, kept_ms=kept_ms) if self.now_ms - kept_ms < self.spec.keep_firing_ms else None

    @rule()
    def crash(self) -> None:
        self.start()
        self.alerts = dict(self.durable)

    @rule()
    def disk_fails(self) -> None:
        self.sink.is_failing = True

    @rule()
    def disk_recovers(self) -> None:
        self.sink.is_failing = False
        self.outbox.settle()
        self.outbox.hand_over(self.now_ms, lambda: False)
        self.durable = dict(self.alerts)

    @rule()
    def read_again(self) -> None:
        before = self.rule
        self.rule = AlertingRule(self.spec, NAME, RuleSettings(parse_text=BracedValue, external_labels={"dc": "x"}))
        self.rule.adopt(before, self.outbox.put, self.now_ms)

    @invariant()
    def alerts_are_as_documented(self) -> None:
        found = {
            active.labels.get("i"): Alert(active.active_ms, active.fired_ms, active.keep_firing_ms)
            for active in self.rule.alerts.values()
        }
        assert found == self.alerts
        for active in self.rule.alerts.values():
            assert (active.phase is AlertPhase.FIRING) == (active.fired_ms is not None)

    @invariant()
    def a_crash_would_leave_what_was_durable(self) -> None:
        kept = {
            alert.labels.get("i"): Alert(alert.active_ms, alert.fired_ms, alert.keep_firing_ms)
            for alert in AlertBook(self.store).active()
        }
        assert kept == self.durable

    @invariant()
    def series_are_those_of_the_alerts(self) -> None:
        series = [labels for labels in self.rule.columns.present if labels.name == "ALERTS"]
        if self.rule._evaluation:
            states = {labels.get("i"): labels.get("alertstate") for labels in series}
            assert states == {
                key: "pending" if alert.fired_ms is None else "firing" for key, alert in self.alerts.items()
            }

    def teardown(self) -> None:
        if hasattr(self, "state"):
            self.state.close()


TestRuleLives = RuleLives.TestCase
TestRuleLives.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
