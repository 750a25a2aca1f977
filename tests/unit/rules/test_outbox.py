from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from barograph.alerts.book import AlertBook
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.alert_state import HistoryQuestion, TransitionKind
from barograph.model.labels import Labels
from barograph.rules.outbox import Outbox
from barograph.rules.runner import RuleRunner
from barograph.state.alerts import SqliteAlerts
from barograph.state.sqlite import connect_memory
from helpers.rules import RuleWorld

STEPS = """
groups:
- name: g
  rules:
  - {alert: High, expr: 1 < m < 4, labels: {severity: warning}}
  - {alert: High, expr: m > 4, labels: {severity: critical}}
"""


class BookWorld:
    """An outbox before a real book."""

    def __init__(self) -> None:
        self.store = SqliteAlerts(connect_memory())
        self.book = AlertBook(self.store)
        self.outbox = Outbox(self.book)

    def decide(self, at_ms: int, *changes: tuple[AlertPhase, str]) -> list[tuple[int, str]]:
        """Take what rules decide at an instant; returns the live alerts with their severities."""
        for phase, severity in changes:
            self.outbox.put(change(phase, severity, at_ms))
        self.outbox.settle()
        self.outbox.hand_over(at_ms, lambda: False)
        return [(each.number, each.severity) for each in self.book.live()]


def change(phase: AlertPhase, severity: str, at_ms: int) -> RuleAlert:
    ends = phase in (AlertPhase.RESOLVED, AlertPhase.DROPPED)
    return RuleAlert(
        rule=RuleName(file="a.yml", group="g", rule="DiskFull"),
        labels=Labels([("alertname", "DiskFull"), ("severity", severity)]),
        annotations={},
        phase=phase,
        value=1.0,
        active_ms=at_ms,
        fired_ms=at_ms if phase is AlertPhase.FIRING else None,
        ended_ms=at_ms if ends else None,
    )


@pytest.fixture
def rules(tmp_path: Path) -> Iterator[RuleWorld]:
    made = RuleWorld(tmp_path / "data")
    yield made
    made.close()


def test_a_severity_that_takes_the_place_of_another_goes_on_whichever_rule_stands_first() -> None:
    world = BookWorld()
    world.decide(1000, (AlertPhase.FIRING, "warning"))
    worse = [(AlertPhase.RESOLVED, "warning"), (AlertPhase.FIRING, "critical")]
    assert world.decide(2000, *worse) == [(1, "critical")]
    milder = [(AlertPhase.RESOLVED, "critical"), (AlertPhase.FIRING, "warning")]
    assert world.decide(3000, *milder) == [(1, "warning")]


def test_what_ended_earlier_or_fires_again_is_a_new_alert() -> None:
    world = BookWorld()
    world.decide(1000, (AlertPhase.FIRING, "warning"))
    world.decide(2000, (AlertPhase.RESOLVED, "warning"))
    assert world.decide(2500, (AlertPhase.FIRING, "critical")) == [(2, "critical")]
    again = [(AlertPhase.RESOLVED, "critical"), (AlertPhase.FIRING, "critical")]
    assert world.decide(4000, *again) == [(3, "critical")]


def test_an_end_waits_while_its_source_may_begin_something() -> None:
    world = BookWorld()
    world.decide(1000, (AlertPhase.FIRING, "warning"))
    world.outbox.source = "slow"
    world.outbox.put(change(AlertPhase.RESOLVED, "warning", 2000))
    world.outbox.settle(["slow"])
    assert (len(world.outbox), world.outbox.ready) == (1, 0)
    world.outbox.settle()
    assert (len(world.outbox), world.outbox.ready) == (1, 1)


@pytest.mark.parametrize("seconds", [0, 60])
def test_an_alert_goes_on_and_ends_where_its_file_has_another_name_since_the_start(
    rules: RuleWorld, seconds: int
) -> None:
    store = SqliteAlerts(connect_memory())
    for file in ("old.yml", "new.yml"):
        rules.runner = RuleRunner(replace(rules.runner._parts, sink=AlertBook(store)))
        rules.load(f"groups: [{{name: g, rules: [{{alert: High, expr: m > 1, for: {seconds}s}}]}}]", file=file)
        rules.tick({"a": 5.0})
        assert [(each.number, {part.file for part in each.parts}) for each in store.live()] == [(1, {file})]
    rules.tick({"a": 0.0})
    assert store.live() == []


@pytest.mark.parametrize("budget_s", [10.0, 0.0])
def test_however_many_get_worse_at_once_each_is_one_alert(rules: RuleWorld, budget_s: float) -> None:
    store = SqliteAlerts(connect_memory())
    book = AlertBook(store)
    rules.sink.receive = book.receive  # type: ignore[method-assign]
    rules.load(STEPS)
    many = 2500
    for value in (2.0, 5.0):
        rules.tick({str(number): value for number in range(many)}, budget_s=budget_s)
        while rules.runner.undelivered or rules.runner.groups[0].evaluated_ms < rules.now_ms - 1000:
            rules.tick({str(number): value for number in range(many)}, budget_s=budget_s)
    assert {each.severity for each in book.live()} == {"critical"}
    assert [each.number for each in book.live()] == list(range(1, many + 1))
    ended = HistoryQuestion(kinds=(TransitionKind.RESOLVED,))
    assert store.history(ended) == []
