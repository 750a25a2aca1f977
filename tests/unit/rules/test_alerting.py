from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.errors import QueryError
from barograph.model.labels import Labels
from barograph.rules.alerting import AlertingRule
from barograph.rules.rulefile import Rule
from barograph.rules.state import Rows, RuleSettings
from helpers.rules import BracedValue

T0 = 1_700_000_000_000
NAME = RuleName(file="r.yml", group="g", rule="High")


class Rig:
    """A rule that is given rows `m{i=KEY}`, a second apart."""

    def __init__(self, limit: int = 0, settings: Mapping[str, Any] | None = None, **rule: Any) -> None:
        self.settings = RuleSettings(parse_text=BracedValue, **(settings or {}))
        self.rule = AlertingRule(Rule(name="High", is_alert=True, expr="m > 1", **rule), NAME, self.settings)
        self.limit = limit
        self.changes: list[RuleAlert] = []
        self.at_ms = T0 - 1000

    def see(self, step_ms: int = 1000, **values: float) -> list[tuple[str, str]]:
        """Evaluate; returns what changed."""
        return self.take([Labels.of("m", i=key) for key in values], list(values.values()), step_ms)

    def take(self, rows: list[Labels], values: list[float], step_ms: int = 1000) -> list[tuple[str, str]]:
        self.at_ms += step_ms
        self.changes = []
        result = Rows(tuple(rows), np.array(values, np.float64))
        for _ in self.rule.evaluate(result, self.at_ms, self.changes.append, self.limit):
            pass
        return [(change.labels.get("i"), change.phase.value) for change in self.changes]

    def series(self) -> dict[str, float]:
        columns = self.rule.columns
        return {
            f"{labels.name} {labels.get('alertstate')} {labels.get('i')}".replace("  ", " "): float(value)
            for labels, value in zip(columns.series, columns.values, strict=True)
            if not np.isnan(value)
        }


def test_without_for_an_alert_fires_at_once_and_is_told_once() -> None:
    rig = Rig(labels={"sev": "page"}, annotations={"s": "{{i}} is {{value}}"})
    assert rig.rule.state == "inactive"
    assert rig.see(a=5) == [("a", "firing")]
    (change,) = rig.changes
    assert change == RuleAlert(
        rule=NAME,
        labels=Labels.of(alertname="High", i="a", sev="page"),
        annotations={"s": "a is 5"},
        phase=AlertPhase.FIRING,
        value=5.0,
        active_ms=T0,
        fired_ms=T0,
    )
    assert rig.rule.state == "firing"
    assert rig.see(a=6) == []
    assert rig.see() == [("a", "resolved")]
    assert rig.changes[0].ended_ms == T0 + 2000
    assert rig.rule.state == "inactive"


def test_an_alert_fires_once_its_condition_has_held_for_as_long_as_it_must() -> None:
    rig = Rig(for_ms=2000)
    assert rig.see(a=5) == [("a", "pending")]
    assert rig.rule.state == "pending"
    assert rig.see(a=5, b=5) == [("b", "pending")]
    assert rig.see(a=5) == [("b", "dropped"), ("a", "firing")]
    assert rig.changes[1].active_ms == T0
    assert rig.changes[1].fired_ms == T0 + 2000


def test_an_alert_is_kept_firing_and_its_condition_may_come_back() -> None:
    rig = Rig(keep_firing_ms=2000)
    rig.see(a=5)
    assert rig.see() == [("a", "firing")]
    assert rig.changes[0].keep_firing_ms == T0 + 1000
    assert rig.see(a=5) == [("a", "firing")]
    assert rig.changes[0].keep_firing_ms is None
    assert rig.see() == [("a", "firing")]
    assert rig.see() == []
    assert rig.see() == [("a", "resolved")]


def test_series_of_alerts() -> None:
    rig = Rig(for_ms=1000)
    rig.see(a=5)
    assert rig.series() == {"ALERTS pending a": 1, "ALERTS_FOR_STATE a": T0 // 1000}
    rig.see(a=5)
    assert rig.series() == {"ALERTS firing a": 1, "ALERTS_FOR_STATE a": T0 // 1000}
    rig.see()
    assert rig.series() == {}
    names = {labels.name: labels for labels in rig.rule.columns.series}
    assert names["ALERTS_FOR_STATE"] == Labels.of("ALERTS_FOR_STATE", alertname="High", i="a")


def test_more_alerts_than_are_stored_are_alerts_all_the_same() -> None:
    rig = Rig(settings={"max_stored": 1})
    assert len(rig.see(a=5, b=5)) == 2
    assert rig.series() == {"ALERTS firing a": 1, "ALERTS_FOR_STATE a": T0 // 1000}
    assert rig.rule.unstored == 1


def test_two_rows_that_make_one_alert_are_refused_and_nothing_changes() -> None:
    rig = Rig(labels={"i": "same"})
    assert rig.see(a=5) == [("same", "firing")]
    with pytest.raises(QueryError, match="same labelset after applying alert labels"):
        rig.see(a=5, b=5)
    with pytest.raises(QueryError, match="same labelset"):
        rig.see(b=5, c=5)
    assert rig.changes == []
    assert rig.see(b=7) == []
    assert next(iter(rig.rule.alerts.values())).value == 7
    assert rig.see() == [("same", "resolved")]


def test_a_row_that_comes_under_another_name_is_the_same_alert() -> None:
    rig = Rig()
    rig.take([Labels.of("m", i="a")], [5])
    assert rig.take([Labels.of("n", i="a")], [5]) == []
    assert rig.take([Labels.of("m", i="a")], [5]) == []


def test_a_label_that_is_a_template_makes_another_alert_when_it_says_something_else() -> None:
    rig = Rig(labels={"level": "{{value}}", "alertname": "other"})
    assert rig.see(a=5) == [("a", "firing")]
    assert rig.changes[0].labels == Labels.of(alertname="High", i="a", level="5")
    assert rig.see(a=5) == []
    assert sorted(rig.see(a=6)) == [("a", "firing"), ("a", "resolved")]


def test_a_text_that_cannot_be_rendered_says_why_and_the_alert_fires_all_the_same() -> None:
    rig = Rig(annotations={"s": "{{bad}}"})
    assert rig.see(a=5) == [("a", "firing")]
    assert rig.changes[0].annotations == {"s": "<error expanding template: bad template>"}


def test_annotations_are_made_anew_from_time_to_time_where_the_value_is_in_them() -> None:
    rig = Rig(annotations={"s": "{{value}}", "i": "{{i}}"}, settings={"refresh_ms": 2000})
    rig.see(a=5)
    assert rig.see(a=6) == []
    assert rig.see(a=7) == [("a", "firing")]
    assert rig.changes[0].annotations == {"s": "7", "i": "a"}
    assert rig.see(step_ms=2000, a=7) == []


def test_annotations_without_a_value_are_made_once() -> None:
    rig = Rig(annotations={"i": "{{i}}"}, settings={"refresh_ms": 0})
    rig.see(a=5)
    rig.rule._annotations.render = None  # type: ignore[method-assign,assignment]
    assert rig.see(a=6) == []


def test_annotations_tell_the_value_of_the_instant_of_firing() -> None:
    rig = Rig(for_ms=1000, annotations={"s": "{{value}}"})
    rig.see(a=5)
    assert rig.see(a=6) == [("a", "firing")]
    assert rig.changes[0].annotations == {"s": "6"}


def test_what_ends_while_others_are_over_the_limit_is_told_to_have_ended() -> None:
    rig = Rig(limit=2)
    rig.see(a=1, b=1)
    with pytest.raises(QueryError, match="exceeded limit of 2 with 3 alerts"):
        rig.see(c=1, d=1, e=1)
    assert sorted((change.labels.get("i"), change.phase.value) for change in rig.changes) == [
        ("a", "resolved"),
        ("b", "resolved"),
    ]
    assert not rig.rule.alerts


def test_a_rule_over_its_limit_has_no_alerts_and_says_so() -> None:
    rig = Rig(limit=2)
    assert len(rig.see(a=5, b=5)) == 2
    with pytest.raises(QueryError, match="exceeded limit of 2 with 3 alerts"):
        rig.see(a=5, b=5, c=5)
    assert [(change.labels.get("i"), change.phase) for change in rig.changes] == [("a", "resolved"), ("b", "resolved")]
    assert rig.series() == {}
    assert len(rig.see(a=5)) == 1


def test_external_labels_are_part_of_what_an_alert_is_but_not_of_its_series() -> None:
    rig = Rig(labels={"dc": "mine"}, settings={"external_labels": {"dc": "x", "region": "eu"}})
    rig.see(a=5)
    assert rig.changes[0].labels == Labels.of(alertname="High", i="a", dc="mine", region="eu")
    assert {labels.get("region") for labels in rig.rule.columns.series} == {""}


def test_what_is_restored_goes_on_as_if_nothing_had_been() -> None:
    rig = Rig(
        for_ms=5000, keep_firing_ms=3000, annotations={"s": "new"}, settings={"external_labels": {"region": "eu"}}
    )
    for key, phase, times in (
        ("p", AlertPhase.PENDING, {"active_ms": T0 - 4000}),
        ("f", AlertPhase.FIRING, {"active_ms": T0 - 9000, "fired_ms": T0 - 4000}),
        ("k", AlertPhase.FIRING, {"active_ms": T0 - 9000, "fired_ms": T0 - 4000, "keep_firing_ms": T0 - 2000}),
        ("g", AlertPhase.FIRING, {"active_ms": T0 - 9000, "fired_ms": T0 - 4000}),
    ):
        labels = Labels.of(alertname="High", i=key, region="eu")
        alert = RuleAlert(rule=NAME, labels=labels, annotations={"s": "old"}, phase=phase, value=1, **times)
        assert rig.rule.could_have(alert)
        rig.rule.restore(alert)
    # p pends on, f fires on with its new text, k is kept, g begins to be kept
    assert rig.see(p=5, f=5) == [("g", "firing"), ("p", "pending"), ("f", "firing")]
    assert rig.changes[1].active_ms == T0 - 4000
    assert rig.changes[2].annotations == {"s": "new"}
    assert rig.see(p=5, f=5) == [("k", "resolved"), ("p", "firing")]
    assert rig.see(p=5, f=5) == []


def test_a_restored_alert_is_only_of_a_rule_with_its_labels() -> None:
    alert = RuleAlert(
        rule=NAME,
        labels=Labels.of(alertname="High", sev="page", level="3"),
        annotations={},
        phase=AlertPhase.FIRING,
        value=1,
        active_ms=1,
    )
    assert Rig(labels={"sev": "page", "level": "{{value}}"}).rule.could_have(alert)
    assert not Rig(labels={"sev": "ticket"}).rule.could_have(alert)


def test_a_rule_that_is_read_again_goes_on() -> None:
    before = Rig(for_ms=2000, annotations={"s": "old"})
    before.see(a=5)
    after = Rig(for_ms=2000, annotations={"s": "new"})
    after.at_ms = before.at_ms
    after.rule.adopt(before.rule, after.changes.append, after.at_ms)
    assert after.see(a=5) == [("a", "pending")]
    assert after.changes[0].annotations == {"s": "new"}
    assert after.see(a=5) == [("a", "firing")]


def test_an_alert_that_is_over_at_the_first_evaluation_after_reading_again_ends() -> None:
    before, after = Rig(), Rig()
    before.see(a=5)
    after.at_ms = before.at_ms
    after.rule.adopt(before.rule, after.changes.append, after.at_ms)
    assert after.see() == [("a", "resolved")]


def test_other_external_labels_make_other_alerts() -> None:
    before = Rig(settings={"external_labels": {"dc": "x"}})
    before.see(a=5)
    after = Rig(settings={"external_labels": {"dc": "y"}})
    after.rule.adopt(before.rule, after.changes.append, T0)
    assert [(change.labels.get("dc"), change.phase) for change in after.changes] == [("x", "resolved")]
    assert after.see(a=5) == [("a", "firing")]


def test_ages_stay_what_they_are_when_the_clock_is_set() -> None:
    rig = Rig(for_ms=2000, keep_firing_ms=2000)
    rig.see(a=5)
    rig.rule.shift(-3_600_000, rig.changes.append)
    assert rig.changes[-1].active_ms == T0 - 3_600_000
    rig.at_ms -= 3_600_000
    assert rig.see(a=5) == []
    assert rig.see(a=5) == [("a", "firing")]
    assert rig.see() == [("a", "firing")]
    rig.rule.shift(5000, rig.changes.append)
    assert rig.changes[-1].keep_firing_ms == rig.at_ms + 5000


def test_a_large_result_is_taken_in_slices() -> None:
    rig = Rig(for_ms=1000)
    rows = Rows(tuple(Labels.of("m", i=str(number)) for number in range(1000)), np.ones(1000))
    steps = list(rig.rule.evaluate(rows, T0, rig.changes.append))
    assert len(steps) > 5
    assert len(rig.changes) == 1000
    rig.changes.clear()
    assert len(list(rig.rule.evaluate(rows, T0 + 1000, rig.changes.append))) >= 5
    assert {change.phase for change in rig.changes} == {AlertPhase.FIRING}
    rig.changes.clear()
    assert len(list(rig.rule.evaluate(Rows((), np.zeros(0)), T0 + 2000, rig.changes.append))) >= 5
    assert len(rig.changes) == 1000
