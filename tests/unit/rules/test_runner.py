import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.batch import Family, MetricType
from barograph.model.columns import SampleColumns
from barograph.model.errors import QueryTimeoutError, StoreError
from barograph.model.labels import Labels
from barograph.promql.engine import Engine, Prepared
from barograph.rules.group import Group
from barograph.rules.metrics import report_rules
from barograph.rules.state import Health
from barograph.telemetry.metrics import Telemetry
from barograph.tsdb.bulk import encode_samples
from barograph.tsdb.load import load
from helpers.rules import START_MS, RuleWorld

HIGH = """
groups:
- name: g
  rules:
  - alert: High
    expr: m > 1
    for: 2s
"""
CHAIN = """
groups:
- name: g
  rules:
  - record: double
    expr: m * 2
    labels: {rule: x}
  - record: quad
    expr: double * 2
  - alert: High
    expr: quad > 40
  - record: firing
    expr: count(ALERTS{alertstate="firing"})
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RuleWorld]:
    made = RuleWorld(tmp_path / "data")
    yield made
    made.close()


def group(world: RuleWorld, number: int = 0) -> Group:
    return world.runner.groups[number]


def test_each_rule_sees_what_those_before_it_recorded_at_the_same_instant(world: RuleWorld) -> None:
    world.load(CHAIN)
    world.tick({"a": 11, "b": 1})
    assert world.query("double") == {'double{i="a", rule="x"}': 22, 'double{i="b", rule="x"}': 2}
    assert world.query("quad") == {'quad{i="a", rule="x"}': 44, 'quad{i="b", rule="x"}': 4}
    assert world.query("firing") == {"firing": 1}
    world.tick({"a": 1, "b": 1})
    assert world.query("quad") == {'quad{i="a", rule="x"}': 4, 'quad{i="b", rule="x"}': 4}
    assert world.query("firing") == {}
    assert world.sink.take() == [("a", AlertPhase.FIRING), ("a", AlertPhase.RESOLVED)]


def test_rules_that_do_not_read_each_other_share_one_source(world: RuleWorld) -> None:
    # double and quad; what reads quad; what reads alerts
    world.load(CHAIN.replace("double * 2", "m * 4"))
    world.tick({"a": 11})
    sources = {source for source in world.store._head.groups if source.startswith("rules/")}
    assert sources == {"rules/1s/0", "rules/1s/1", "rules/1s/2"}


def test_a_selector_that_names_no_metric_sees_what_was_recorded_too(world: RuleWorld) -> None:
    world.load(CHAIN.replace("double * 2", """'{__name__=~"dou.*"} * 2'"""))
    world.tick({"a": 11})
    assert world.query("quad") == {'quad{i="a", rule="x"}': 44}


def test_groups_are_evaluated_as_often_as_they_say_at_whole_instants(world: RuleWorld) -> None:
    world.load("groups: [{name: slow, interval: 3s, rules: [{record: r, expr: m}]}]")
    assert world.runner.intervals_ms == {3000}
    at = []
    for number in range(7):
        world.tick({"a": number})
        at.append(group(world).evaluated_ms - START_MS)
    assert at == [0, 0, 0, 3000, 3000, 3000, 6000]
    assert world.query("timestamp(r)")
    assert group(world).missed == 0


def test_nothing_is_evaluated_at_instants_before_the_start(world: RuleWorld) -> None:
    world.load("groups: [{name: slow, interval: 7s, rules: [{alert: Gone, expr: absent(m)}]}]")
    at = []
    for _ in range(8):
        world.tick({"a": 1})
        at.append(group(world).evaluated_ms)
    first_ms = -(-START_MS // 7000) * 7000
    assert START_MS % 7000
    assert [each for each in at if each] == [first_ms] * (8 - (first_ms - START_MS) // 1000)
    assert world.sink.take() == []


def test_a_query_offset_looks_back_and_is_what_series_are_stamped_with(world: RuleWorld) -> None:
    world.load("groups: [{name: late, query_offset: 2s, rules: [{record: r, expr: m}, {alert: A, expr: m > 1}]}]")
    for value in (1, 2, 3, 4):
        world.tick({"a": value})
    assert world.query("r") == {'r{i="a"}': 2}
    assert world.query("timestamp(r)") == {'{i="a"}': (START_MS + 1000) / 1000}
    (change,) = world.sink.changes
    assert (change.active_ms, change.value) == (START_MS + 3000, 2)


def test_a_rule_that_fails_says_so_and_the_others_go_on(world: RuleWorld, caplog: pytest.LogCaptureFixture) -> None:
    world.load(
        "groups: [{name: g, rules: "
        "[{record: bad, expr: 'm * on() m'}, {record: text, expr: '\"x\"'}, {record: ok, expr: m}]}]"
    )
    world.tick({"a": 1, "b": 2})
    bad, text, fine = (each.rule.status for each in group(world).rules)
    assert bad.health is Health.ERR
    assert "many-to-many" in bad.last_error
    assert text.last_error == "rule result is not a vector or scalar"
    assert (fine.health, fine.last_error) == (Health.OK, "")
    assert world.query("ok") == {'ok{i="a"}': 1, 'ok{i="b"}': 2}
    assert world.runner.counts.failures == 2
    world.tick({"a": 1})
    assert (bad.health, bad.failures) == (Health.OK, 1)
    assert len([line for line in caplog.messages if "rule bad" in line]) == 1


def test_an_alert_stays_as_it_is_while_its_rule_fails(world: RuleWorld) -> None:
    world.load("groups: [{name: g, rules: [{alert: A, expr: 'm > 1 and on() (n or on() m)'}]}]")
    world.tick({"a": 5})
    assert world.sink.take() == [("a", AlertPhase.FIRING)]
    world.runner.groups[0].rules[0].prepared.plan = None  # type: ignore[assignment]
    world.tick({"a": 5})
    assert world.sink.take() == []
    assert "AttributeError" in group(world).rules[0].rule.status.last_error
    assert group(world).rules[0].rule.state == "firing"  # type: ignore[union-attr]


@pytest.mark.parametrize("expression", ["m > 1", "m + 0 > 1"])
def test_what_is_imported_is_seen(world: RuleWorld, expression: str) -> None:
    world.load(f"groups: [{{name: g, rules: [{{alert: High, expr: '{expression}'}}]}}]")
    world.tick({"a": 1})
    columns = SampleColumns(
        labels=[Labels.of("m", i="imported")],
        families=[Family("m", MetricType.GAUGE, "")],
        series=np.zeros(1, np.int64),
        timestamps_ms=np.array([world.now_ms - 500], np.int64),
        values=np.array([5.0]),
    )
    world.store.perform(load(encode_samples(columns)))
    world.tick({"a": 1})
    assert world.sink.take() == [("imported", AlertPhase.FIRING)]


def test_a_scalar_is_a_row_without_labels(world: RuleWorld) -> None:
    world.load("groups: [{name: g, rules: [{record: r, expr: '7'}, {alert: Always, expr: '1'}]}]")
    world.tick({"a": 1})
    assert world.query("r") == {"r": 7}
    assert world.sink.take() == [("Always", AlertPhase.FIRING)]


def test_what_does_not_fit_into_a_tick_is_gone_on_with_at_the_next(world: RuleWorld) -> None:
    rules = ", ".join(f"{{record: 'r{number}', expr: m + {number}}}" for number in range(5))
    world.load(f"groups: [{{name: g, rules: [{rules}]}}]")
    world.tick({"a": 1}, budget_s=0)
    assert world.query("r0") == {}
    world.tick({"a": 2}, budget_s=10)
    assert world.query("r4", ago_ms=2000) == {'r4{i="a"}': 5}
    assert (group(world).evaluated_ms, group(world).missed) == (START_MS, 1)
    world.tick({"a": 3})
    assert world.query("r4") == {'r4{i="a"}': 7}


def dear(world: RuleWorld, monkeypatch: pytest.MonkeyPatch, took_s: float, whole: Prepared | None = None) -> None:
    """Have each evaluation of a rule take a while, and that of an expression not end within less than a whole tick."""
    evaluate = Engine.instant_of

    def evaluate_slowly(engine: Engine, prepared: Prepared, at_ms: int, *, timeout_s: float, **named: Any) -> Any:
        if prepared is whole and timeout_s < 0.9:
            raise QueryTimeoutError("query timed out")
        result = evaluate(engine, prepared, at_ms, timeout_s=timeout_s, **named)
        world.clock.advance(took_s)
        return result

    monkeypatch.setattr(Engine, "instant_of", evaluate_slowly)


def load_rare_and_often(world: RuleWorld, rare: int, often: int) -> tuple[Group, Group]:
    def rules(name: str, count: int) -> str:
        return ", ".join(f"{{record: '{name}{number}', expr: m + {number}}}" for number in range(count))

    world.load(
        f"groups: [{{name: rare, interval: 10s, rules: [{rules('rare', rare)}]}},"
        f" {{name: often, rules: [{rules('often', often)}]}}]"
    )
    world.tick({"a": 1}, budget_s=1)
    by_name = {each.spec.name: each for each in world.runner.groups}
    return by_name["rare"], by_name["often"]


def test_what_is_due_each_second_passes_what_takes_seconds(world: RuleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    dear(world, monkeypatch, 0.4)
    rare, often = load_rare_and_often(world, rare=7, often=1)
    assert world.query("rare6") == {}
    world.tick({"a": 2}, budget_s=1)
    assert often.evaluated_ms == START_MS + 1000
    assert (often.missed, world.query("rare6")) == (0, {})
    for _ in range(2):
        world.tick({"a": 3}, budget_s=1)
    assert world.query(f"rare6 @ {START_MS / 1000}") == {'rare6{i="a"}': 7}
    assert rare.evaluated_ms == START_MS


def test_what_needs_a_whole_tick_gets_one(world: RuleWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    rare, often = load_rare_and_often(world, rare=1, often=1)
    dear(world, monkeypatch, 0.4, whole=rare.rules[0].prepared)
    for second in range(1, 14):
        world.tick({"a": second}, budget_s=1)
    assert world.query(f"rare0 @ {START_MS / 1000 + 10}") == {'rare0{i="a"}': 10}
    assert (rare.evaluated_ms, rare.missed) == (START_MS + 10_000, 0)
    assert often.missed <= 1


def test_many_changes_do_not_wait_for_the_end_of_their_evaluation(world: RuleWorld) -> None:
    world.load(HIGH.replace("for: 2s", "for: 0s"))
    receive, evaluated_ms = world.sink.receive, []

    def noting(changes: Sequence[RuleAlert], at_ms: int) -> None:
        evaluated_ms.append(group(world).rules[0].rule.status.evaluated_ms)
        receive(changes, at_ms)

    world.sink.receive = noting  # type: ignore[method-assign]
    world.tick({str(number): 5.0 for number in range(2500)})
    assert evaluated_ms == [0, 0, START_MS]
    assert len(world.sink.take()) == 2500


def test_what_changed_does_not_wait_for_rules_that_are_asked_less_often(world: RuleWorld) -> None:
    rare = "{name: rare, interval: 5s, rules: [{alert: Rare, expr: 'm > 1', labels: {i: rare}}]}"
    world.load(f"groups: [{rare}, {{name: often, rules: [{{alert: Often, expr: 'm > 1'}}]}}]")
    receive, seen = world.sink.receive, []

    def noting(changes: Sequence[RuleAlert], at_ms: int) -> None:
        seen.append(([change.rule.rule for change in changes], group(world).evaluated_ms))
        receive(changes, at_ms)

    world.sink.receive = noting  # type: ignore[method-assign]
    begun_s = world.clock.monotonic_s()
    world.tick({"a": 5.0}, step_ms=1000)
    assert seen == [(["Often"], 0), (["Rare"], START_MS)]
    assert world.runner.has_told
    # the others leave the processor to the message meanwhile, and only then
    assert 0.010 < world.clock.monotonic_s() - begun_s - 1 < 0.020
    begun_s = world.clock.monotonic_s()
    world.tick({"a": 5.0}, step_ms=1000)
    assert not world.runner.has_told
    assert world.clock.monotonic_s() - begun_s == pytest.approx(1)


def test_in_short_ticks_other_rules_wait_for_part_of_their_time(world: RuleWorld) -> None:
    rare = "{name: rare, interval: 5s, rules: [{alert: Rare, expr: 'm > 1', labels: {i: rare}}]}"
    world.load(f"groups: [{rare}, {{name: often, rules: [{{alert: Often, expr: 'm > 1'}}]}}]")
    begun_s = world.clock.monotonic_s()
    world.tick({"a": 5.0}, step_ms=1000, budget_s=0.02)
    assert world.clock.monotonic_s() - begun_s - 1 == pytest.approx(0.005)
    assert len(world.sink.take()) == 2


def test_a_sink_that_fails_is_asked_once_a_tick_however_many_changes_wait(world: RuleWorld) -> None:
    world.load(HIGH.replace("for: 2s", "for: 0s"))
    asked: list[int] = []

    def failing(changes: Sequence[RuleAlert], at_ms: int) -> None:
        asked.append(at_ms)
        raise StoreError("the disk is full")

    world.sink.receive = failing  # type: ignore[method-assign]
    world.tick({str(number): 5.0 for number in range(2500)})
    assert len(asked) == 2
    world.tick({str(number): 5.0 for number in range(2500)})
    assert len(asked) == 3


def test_instants_that_are_passed_over_are_counted(world: RuleWorld) -> None:
    world.load(HIGH)
    world.tick({"a": 5}, step_ms=4000)
    world.tick({"a": 5})
    assert (group(world).missed, world.runner.counts.missed) == (3, 3)
    assert world.sink.take() == [("a", AlertPhase.PENDING), ("a", AlertPhase.FIRING)]


def test_after_a_long_sleep_what_pended_has_not_grown_older(world: RuleWorld) -> None:
    world.load(HIGH)
    world.tick({"a": 5}, step_ms=7_200_000)
    world.tick({"a": 5})
    assert [phase for _, phase in world.sink.take()] == ["pending", "pending"]
    world.tick({"a": 5})
    assert world.sink.take() == [("a", AlertPhase.FIRING)]


def test_a_clock_that_is_set_back_lets_nothing_fire_late(world: RuleWorld) -> None:
    world.load(HIGH)
    world.tick({"a": 5})
    world.tick({"a": 5})
    world.sink.take()
    world.now_ms -= 600_000
    world.tick({"a": 5})
    assert world.sink.take() == [("a", AlertPhase.PENDING), ("a", AlertPhase.FIRING)]


def test_changes_that_cannot_be_kept_are_handed_over_again_in_order(
    world: RuleWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.load(HIGH.replace("for: 2s", "for: 0s"))
    world.sink.is_failing = True
    world.tick({"a": 5})
    world.tick({"b": 5})
    assert world.runner.undelivered == 3
    world.sink.is_failing = False
    world.tick({"b": 5})
    assert world.sink.take() == [("a", AlertPhase.FIRING), ("b", AlertPhase.FIRING), ("a", AlertPhase.RESOLVED)]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_a_change_that_the_sink_does_not_understand_costs_no_other(world: RuleWorld) -> None:
    world.load(HIGH.replace("for: 2s", "for: 0s"))
    receive = world.sink.receive

    def picky(changes: list[RuleAlert], at_ms: int) -> None:
        if any(change.labels.get("i") == "b" for change in changes):
            raise ValueError("b")
        receive(changes, at_ms)

    world.sink.receive = picky  # type: ignore[method-assign,assignment]
    world.tick({"a": 5, "b": 5, "c": 5})
    assert world.sink.take() == [("a", AlertPhase.FIRING), ("c", AlertPhase.FIRING)]
    assert world.runner.undelivered == 0


def test_what_cannot_be_written_is_told_at_the_rules_that_gave_it(world: RuleWorld) -> None:
    world.load("groups: [{name: g, rules: [{record: r, expr: m}, {alert: A, expr: m > 100}]}]")
    append = world.store.append

    def refusing(batch: object, *, own: bool = False) -> None:
        if getattr(batch, "source", "").startswith("rules/"):
            raise StoreError("no room")
        append(batch, own=own)  # type: ignore[arg-type]

    world.store.append = refusing  # type: ignore[method-assign]
    world.tick({"a": 1})
    recorded, alert = (each.rule.status for each in group(world).rules)
    assert recorded.last_error == "what it gives could not be written: no room"
    assert alert.health is Health.OK


class TestReload:
    def test_what_ended_in_an_evaluation_that_is_given_up_has_ended(
        self, world: RuleWorld, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("barograph.rules.alerting._SLICE", 1)
        limited = HIGH.replace("for: 2s", "for: 0s").replace("- name: g", "- name: g\n  limit: 9")
        world.load(limited)
        world.tick({"a": 5, "b": 5})
        for _ in range(4):
            # one alert each: the new one is found and begins, and the two of before end
            world.tick({"c": 5}, budget_s=0)
        assert len(world.sink.changes) == 2
        world.load(limited)
        world.tick({"c": 5})
        assert [labels.get("i") for labels in world.sink.last()] == ["c"]

    def test_rules_that_stay_the_same_keep_their_state(self, world: RuleWorld) -> None:
        world.load(HIGH + "  - record: r\n    expr: m\n")
        world.tick({"a": 5})
        world.tick({"a": 5})
        assert world.sink.take() == [("a", AlertPhase.PENDING)]
        world.load(HIGH.replace("m > 1", "m > 2") + "  - record: s\n    expr: m\n")
        world.tick({"a": 5})
        assert world.sink.take() == [("a", AlertPhase.FIRING)]
        assert world.query("r") == {}
        assert world.query("s") == {'s{i="a"}': 5}
        assert group(world).evaluated_ms == START_MS + 2000

    def test_alerts_and_series_of_a_rule_that_is_gone_end(self, world: RuleWorld) -> None:
        world.load(HIGH.replace("for: 2s", "for: 0s") + "  - record: r\n    expr: m\n")
        world.tick({"a": 5})
        assert world.query("ALERTS")
        world.load("groups: [{name: other, interval: 2s, rules: [{record: s, expr: m}]}]")
        world.tick({"a": 5})
        assert world.sink.take() == [("a", AlertPhase.FIRING), ("a", AlertPhase.RESOLVED)]
        assert world.query("r or ALERTS") == {}

    def test_pending_and_firing_end_in_their_own_way(self, world: RuleWorld) -> None:
        world.load(HIGH)
        world.tick({"a": 5})
        world.load("groups: []")
        world.tick({"a": 5})
        assert world.sink.take() == [("a", AlertPhase.PENDING), ("a", AlertPhase.DROPPED)]
        assert world.runner.intervals_ms == frozenset()

    def test_an_evaluation_that_is_under_way_is_given_up(self, world: RuleWorld) -> None:
        world.load(HIGH)
        world.tick({"a": 5}, budget_s=0)
        world.load(HIGH)
        world.tick({"a": 5})
        assert world.runner.counts.missed == 1
        assert group(world).evaluated_ms == START_MS + 1000

    def test_two_rules_of_one_name_keep_apart(self, world: RuleWorld) -> None:
        text = """
groups:
- name: g
  rules:
  - {alert: High, expr: m > 1, for: 2s, labels: {severity: warning}}
  - {alert: High, expr: m > 4, for: 2s, labels: {severity: critical}}
"""
        world.load(text)
        world.tick({"a": 3})
        world.tick({"a": 5})
        world.load(text)
        world.sink.take()
        world.tick({"a": 5})
        assert [change.labels.get("severity") for change in world.sink.changes] == ["warning"]


class TestRestore:
    def told(self, phase: AlertPhase, rule: RuleName, **times: int) -> RuleAlert:
        labels = Labels.of(alertname=rule.rule, i="a")
        return RuleAlert(rule=rule, labels=labels, annotations={}, phase=phase, value=5, **times)

    def test_an_alert_goes_on_where_it_was(self, world: RuleWorld) -> None:
        rule = RuleName(file="r.yml", group="g", rule="High")
        world.sink.before = [self.told(AlertPhase.PENDING, rule, active_ms=START_MS - 2000)]
        world.load(HIGH, since_ms=START_MS - 1000)
        world.tick({"a": 5})
        (change,) = world.sink.changes
        assert (change.phase, change.active_ms) == (AlertPhase.FIRING, START_MS - 2000)

    def test_its_file_may_have_another_name_meanwhile(self, world: RuleWorld) -> None:
        rule = RuleName(file="old.yml", group="g", rule="High")
        world.sink.before = [self.told(AlertPhase.FIRING, rule, active_ms=1, fired_ms=2)]
        world.load(HIGH)
        world.tick({"a": 5})
        changes = [(change.rule.file, change.phase, change.fired_ms) for change in world.sink.changes]
        assert changes == [("r.yml", AlertPhase.FIRING, 2), ("old.yml", AlertPhase.RESOLVED, 2)]

    def test_what_is_no_rules_any_more_ends(self, world: RuleWorld) -> None:
        gone = RuleName(file="r.yml", group="g", rule="Gone")
        world.sink.before = [self.told(AlertPhase.FIRING, gone, active_ms=1, fired_ms=2)]
        world.load(HIGH)
        world.tick({"a": 0})
        (change,) = world.sink.changes
        assert (change.phase, change.ended_ms) == (AlertPhase.RESOLVED, START_MS)

    def test_of_rules_of_one_name_the_one_that_says_its_labels_has_it(self, world: RuleWorld) -> None:
        rule = RuleName(file="r.yml", group="g", rule="High")
        labels = Labels.of(alertname="High", i="a", severity="critical")
        before = replace(self.told(AlertPhase.FIRING, rule, active_ms=1, fired_ms=2), labels=labels)
        world.sink.before = [before]
        world.load(
            "groups: [{name: g, rules: [{alert: High, expr: m > 9},"
            " {alert: High, expr: m > 1, labels: {severity: critical}}]}]"
        )
        world.tick({"a": 5})
        assert world.sink.take() == []

    def test_after_a_long_outage_what_pended_begins_anew_and_what_fired_fires(self, world: RuleWorld) -> None:
        rule = RuleName(file="r.yml", group="g", rule="High")
        world.sink.before = [self.told(AlertPhase.PENDING, rule, active_ms=START_MS - 7_300_000)]
        world.load(HIGH, since_ms=START_MS - 7_200_000)
        world.tick({"a": 5})
        assert world.sink.take() == [("a", AlertPhase.DROPPED), ("a", AlertPhase.PENDING)]

    def test_it_is_done_once(self, world: RuleWorld) -> None:
        rule = RuleName(file="r.yml", group="g", rule="High")
        world.sink.before = [self.told(AlertPhase.FIRING, rule, active_ms=1, fired_ms=2)]
        world.load(HIGH)
        world.tick({"a": 0})
        assert world.sink.take() == [("a", AlertPhase.RESOLVED)]
        world.load(HIGH)
        world.tick({"a": 0})
        assert world.sink.take() == []


def test_what_rules_tell_of_themselves(world: RuleWorld) -> None:
    telemetry = Telemetry()
    report_rules(telemetry, world.runner)
    world.load(CHAIN)
    world.tick({"a": 11})
    schema, values = telemetry.snapshot()
    found = {labels.name: value for labels, value in zip(schema.series, values.tolist(), strict=True)}
    assert found["barograph_rule_evaluations_total"] == 4
    assert found["barograph_rule_evaluation_failures_total"] == 0
    assert found["barograph_rule_group_iterations_total"] == 1
    assert found["barograph_rules_alerts_without_series"] == 0
