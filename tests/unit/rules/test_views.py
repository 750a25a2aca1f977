from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.model.alert import RuleName
from barograph.model.rule_commands import ShownAlert
from barograph.rules.views import show_alerts, show_rule, show_rules
from helpers.rules import START_MS, RuleWorld

TEXT = """
groups:
- name: z
  rules:
  - {record: r, expr: "m*2"}
  - {alert: High, expr: m > 1, labels: {severity: page}}
- name: a
  interval: 5s
  query_offset: 1s
  limit: 9
  labels: {team: x}
  rules:
  - {alert: Odd, expr: "m % 2 == 1", for: 1m, keep_firing_for: 2m, annotations: {s: "{{ $value }}"}}
  - {alert: Never, expr: m > 1000}
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RuleWorld]:
    made = RuleWorld(tmp_path / "data")
    made.load(TEXT)
    made.tick({"a": 1, "b": 3, "c": 5}, step_ms=5000)
    made.tick({"a": 1, "b": 3, "c": 5})
    yield made
    made.close()


def test_groups_are_shown_by_file_and_name(world: RuleWorld) -> None:
    first, second = show_rules(world.runner.groups).groups
    assert (first.name, first.interval_ms, first.query_offset_ms, first.limit) == ("a", 5000, 1000, 9)
    assert (second.name, second.file, second.interval_ms, second.missed) == ("z", "r.yml", 1000, 4)
    odd, never = first.rules
    assert (odd.state, odd.alerts, odd.for_ms, odd.keep_firing_ms) == ("pending", 3, 60_000, 120_000)
    assert (odd.labels, odd.annotations) == ({"team": "x"}, {"s": "{{ $value }}"})
    assert (never.state, never.alerts, never.health) == ("inactive", 0, "ok")
    record, high = second.rules
    assert (record.is_alert, record.expr, record.state) == (False, "m * 2", "")
    assert (high.state, high.evaluated_ms) == ("firing", START_MS + 5000)


def test_alerts_are_shown_a_page_at_a_time(world: RuleWorld) -> None:
    groups = world.runner.groups
    page = show_alerts(groups, 0, 0, 2)
    assert [(alert.rule, alert.labels["i"]) for alert in page.alerts] == [(0, "a"), (0, "b")]
    assert (page.next_rule, page.next_skip) == (0, 2)
    page = show_alerts(groups, 0, 2, 2)
    assert [(alert.rule, alert.labels["i"]) for alert in page.alerts] == [(0, "c"), (3, "b")]
    assert (page.next_rule, page.next_skip) == (3, 1)
    page = show_alerts(groups, 3, 1, 2)
    assert page.alerts == (
        ShownAlert(
            rule=3,
            labels={"alertname": "High", "i": "c", "severity": "page"},
            annotations={},
            state="firing",
            value=5,
            active_ms=START_MS,
        ),
    )
    assert page.next_rule == -1


_TWO = """
groups:
- name: g
  rules:
  - {record: r, expr: m > 1}
  - {alert: High, expr: m > 9}
  - {alert: High, expr: m > 7, labels: {severity: info}}
"""


def test_the_rule_of_an_alert(tmp_path: Path) -> None:
    made = RuleWorld(tmp_path / "data")
    made.load(_TWO)
    made.tick({"a": 1})
    groups = made.runner.groups
    name = RuleName(file="r.yml", group="g", rule="High")
    found = [show_rule(groups, name, {"severity": severity}) for severity in ("info", "", "gone")]
    assert [shown.limit for shown in found if shown is not None] == [7, 9, 9]
    first = found[0]
    assert first is not None
    assert (first.expression, first.is_above, first.file, first.name) == ("m > 7", True, "r.yml", "High")
    assert show_rule(groups, RuleName(file="r.yml", group="g", rule="r"), {}) is None
    assert show_rule(groups, RuleName(file="other.yml", group="g", rule="High"), {}) is None
    made.close()
