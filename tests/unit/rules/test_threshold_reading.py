from typing import Any

import pytest

from barograph.model.errors import ConfigError
from barograph.rules.rulefile import KeyPath
from barograph.rules.threshold_reading import read_thresholds
from barograph.rules.thresholds import Limit, Threshold

STOCK = {
    "Full": Threshold(
        name="Full",
        expr="used",
        limits={"warning": Limit(fire=90, clear=85, for_ms=1_000), "critical": Limit(fire=95, clear=93)},
        for_ms=60_000,
        annotations={"summary": "full", "runbook": "look"},
    ),
    "Left": Threshold(name="Left", expr="free", limits={"warning": Limit(fire=5, clear=8, is_above=False)}),
}


def refuse(message: str, path: KeyPath) -> ConfigError:
    return ConfigError(message, path=".".join(map(str, path)))


def read(values: dict[str, Any]) -> dict[str, Threshold]:
    return read_thresholds(values, STOCK, refuse)


def test_nothing_given_is_what_there_was() -> None:
    assert read({}) == STOCK


def test_a_threshold_of_ones_own() -> None:
    given = {
        "expr": " queue ",
        "interval": "30s",
        "for": "5m",
        "keep_firing_for": "1m",
        "warning": {"above": 10, "clear": 5.5},
        "critical": 50,
        "labels": {"team": "x"},
        "summary": "{{ $value }}",
    }
    assert read({"Queue": given})["Queue"] == Threshold(
        name="Queue",
        expr="queue",
        interval_ms=30_000,
        for_ms=300_000,
        keep_firing_ms=60_000,
        limits={"warning": Limit(fire=10, clear=5.5), "critical": Limit(fire=50, clear=50)},
        labels={"team": "x"},
        annotations={"summary": "{{ $value }}"},
    )


def test_a_number_alone_keeps_the_distance_and_the_direction() -> None:
    assert read({"Full": {"warning": 80}})["Full"].limits["warning"] == Limit(fire=80, clear=75, for_ms=1_000)
    assert read({"Left": {"warning": 2}})["Left"].limits["warning"] == Limit(fire=2, clear=5, is_above=False)
    assert read({"Left": {"critical": 1}})["Left"].limits["critical"] == Limit(fire=1, clear=1, is_above=False)


def test_what_is_changed_leaves_the_rest() -> None:
    found = read({"Full": {"summary": "mine", "for": "0s", "critical": False}})["Full"]
    assert found.annotations == {"summary": "mine", "runbook": "look"}
    assert (found.for_ms, set(found.limits), found.expr) == (0, {"warning"}, "used")


def test_one_or_all_can_be_switched_off() -> None:
    assert not read({"Full": False})["Full"].enabled
    assert not read({"Full": {"enabled": False}})["Full"].enabled
    assert read({"stock": False}) == {}
    assert set(read({"stock": False, "Left": {}})) == {"Left"}
    assert set(read({"stock": True})) == set(STOCK)


def test_an_override_of_one_number_says_not_before() -> None:
    found = read({"Full": {"overrides": {'{d="backup"}': 94}}})["Full"].overrides[0]
    assert found.limits == {"warning": Limit(fire=94, clear=89, for_ms=1_000), "critical": Limit(fire=95, clear=93)}
    found = read({"Left": {"overrides": {'{d="backup"}': 3}}})["Left"].overrides[0]
    assert found.limits == {"warning": Limit(fire=3, clear=6, is_above=False)}


def test_overrides_by_severity_and_none_at_all() -> None:
    overrides = {
        '{d="a"}': {"warning": 50, "critical": False},
        '{d=~"b.*"}': False,
        '{d="c"}': {"critical": {"above": 1}},
    }
    first, second, third = read({"Full": {"overrides": overrides}})["Full"].overrides
    assert first.limits == {"warning": Limit(fire=50, clear=45, for_ms=1_000)}
    assert second.limits == {}
    assert third.limits == {"warning": STOCK["Full"].limits["warning"], "critical": Limit(fire=1, clear=1)}


def test_overrides_of_the_stock_stay_behind_those_given() -> None:
    before = read({"Full": {"overrides": {'{d="a"}': 91, '{d="b"}': 92}}})
    after = read_thresholds({"Full": {"overrides": {'{d="b"}': 99}}}, before, refuse)["Full"]
    assert [override.selector for override in after.overrides] == ['{d="b"}', '{d="a"}']
    assert after.overrides[0].limits["warning"].fire == 99


@pytest.mark.parametrize(
    ("values", "path", "word"),
    [
        ({"stock": 1}, "thresholds.stock", "true or false"),
        ({"a-b": {}}, "thresholds.a-b", "no name for an alert"),
        ({"Ful": {"warning": 1}}, "thresholds.Ful", "no stock alert is called 'Ful': did you mean 'Full'?"),
        ({"Ful": False}, "thresholds.Ful", "did you mean 'Full'?"),
        ({"New": {"warning": 1}}, "thresholds.New", "an expression of PromQL is expected"),
        ({"New": {"expr": "x"}}, "thresholds.New", "needs a limit: give one of critical, warning, info"),
        ({"New": False}, "thresholds.New", "keys are expected here"),
        ({"New": {"expr": "x +", "warning": 1}}, "thresholds.New.expr", "cannot be used: "),
        ({"Full": {"expr": 5}}, "thresholds.Full.expr", "an expression"),
        ({"Full": {"warn": 5}}, "thresholds.Full.warn", "did you mean 'warning'?"),
        ({"Full": {"zzz": 5}}, "thresholds.Full.zzz", "known here: enabled, expr"),
        ({"Full": {"enabled": "no"}}, "thresholds.Full.enabled", "true or false"),
        ({"Full": {"for": "5 minutes"}}, "thresholds.Full.for", "is not a duration"),
        ({"Full": {"warning": "90"}}, "thresholds.Full.warning", "'90' is no limit"),
        ({"Full": {"warning": float("nan")}}, "thresholds.Full.warning", "nan is no limit"),
        ({"Full": {"warning": True}}, "thresholds.Full.warning", "True is no limit"),
        ({"Full": {"warning": {}}}, "thresholds.Full.warning", "one of above and below"),
        ({"Full": {"warning": {"above": 1, "below": 2}}}, "thresholds.Full.warning", "one of above and below"),
        ({"Full": {"warning": {"above": 1, "clear": 2}}}, "thresholds.Full.warning.clear", "clear is 2"),
        ({"Full": {"warning": {"below": 2, "clear": 1}}}, "thresholds.Full.warning.clear", "other side of below 2"),
        ({"Full": {"overrides": 97}}, "thresholds.Full.overrides", "selectors with their limits"),
        ({"Full": {"overrides": {"backup": 97}}}, "thresholds.Full.overrides.backup", "no selector of labels"),
        ({"Full": {"overrides": {"{a=}": 97}}}, "thresholds.Full.overrides.{a=}", "no selector of labels"),
        ({"Full": {"overrides": {'{a="b"}[5m]': 97}}}, 'thresholds.Full.overrides.{a="b"}[5m]', "no selector"),
        (
            {"Full": {"overrides": {'{a="b"} + {c="d"}': 9}}},
            'thresholds.Full.overrides.{a="b"} + {c="d"}',
            "no selector",
        ),
        ({"Full": {"overrides": {'{a="b"}': "x"}}}, 'thresholds.Full.overrides.{a="b"}', "no limit"),
        (
            {"Full": {"overrides": {'{a="b"}': {"warning": {"above": 1, "for": "5m"}}}}},
            'thresholds.Full.overrides.{a="b"}.warning.for',
            "for stands at warning itself",
        ),
        ({"Full": {"labels": {"severity": "x"}}}, "thresholds.Full.labels.severity", "cannot be set"),
        ({"Full": {"labels": 5}}, "thresholds.Full.labels", "names and texts"),
        ({"Full": {"summary": 5}}, "thresholds.Full.summary", "a text is expected"),
        ({"Full": {"summary": "{{ nope }}"}}, "thresholds.Full.summary", 'function "nope" not defined'),
    ],
)
def test_what_cannot_be_used_is_refused_at_its_place(values: dict[str, Any], path: str, word: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(values)
    assert caught.value.path == path
    assert word in caught.value.message
