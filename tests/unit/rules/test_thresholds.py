import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from barograph.model.alert import AlertPhase
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.rules.ruletext import write_groups
from barograph.rules.state import RuleSettings
from barograph.rules.thresholds import Limit, Override, Threshold, compile_threshold, compile_thresholds
from helpers.rules import BracedValue, RuleWorld

FULL = Threshold(
    name="Full",
    expr="used",
    limits={"warning": Limit(fire=90, clear=85), "critical": Limit(fire=95, clear=95, for_ms=60_000)},
    for_ms=120_000,
    labels={"team": "x"},
    annotations={"summary": "{{ $labels.disk }}"},
)
BACKUP = Override(selector='{disk="backup"}', limits={"warning": Limit(fire=97, clear=92)})
NEVER = Override(selector='{disk=~"tmp.*"}', limits={})


def test_a_threshold_is_a_recording_and_an_alert_a_severity() -> None:
    group = compile_threshold(FULL)
    value, critical, warning = group.rules
    assert (group.name, group.interval_ms) == ("Full", 10_000)
    assert (value.name, value.is_alert, value.expr) == ("threshold:Full", False, "used")
    assert critical.expr == "threshold:Full > 95"
    assert (critical.for_ms, warning.for_ms) == (60_000, 120_000)
    assert warning.labels == {"team": "x", "severity": "warning"}
    assert warning.expr == (
        "threshold:Full > 90\nor\nthreshold:Full > 85\n  and ignoring (alertname, alertstate, severity, team) "
        'ALERTS{alertname="Full", alertstate="firing", severity="warning"}'
    )
    assert warning.annotations == {"summary": "{{ $labels.disk }}"}


def test_overrides_have_limits_of_their_own() -> None:
    threshold = Threshold(
        name="Full", expr="used", limits={"warning": Limit(fire=90, clear=90)}, overrides=(NEVER, BACKUP)
    )
    assert compile_threshold(threshold).rules[1].expr == (
        'threshold:Full > 90\nunless threshold:Full{disk=~"tmp.*"}\nunless threshold:Full{disk="backup"}\nor\n'
        '(\n  threshold:Full{disk="backup"} > 97\n  or\n  threshold:Full{disk="backup"} > 92\n    and ignoring '
        '(alertname, alertstate, severity) ALERTS{alertname="Full", alertstate="firing", severity="warning"}\n)\n'
        'unless threshold:Full{disk=~"tmp.*"}'
    )


def test_below_is_the_other_way_round() -> None:
    threshold = Threshold(name="Left", expr="free", limits={"critical": Limit(fire=0.5, clear=2, is_above=False)})
    assert compile_threshold(threshold).rules[1].expr.startswith("threshold:Left < 0.5\nor\nthreshold:Left < 2\n")


def test_what_is_switched_off_has_no_rules() -> None:
    off = Threshold(name="Off", expr="x", limits={"info": Limit(fire=1, clear=1)}, enabled=False)
    assert [group.name for group in compile_thresholds([off, FULL])] == ["Full"]


def test_every_expression_is_promql() -> None:
    for overrides in ((), (BACKUP,), (NEVER, BACKUP)):
        threshold = Threshold(name="Full", expr="used", limits=FULL.limits, overrides=overrides)
        for rule in compile_threshold(threshold).rules:
            parse(rule.expr, SIGNATURES)


@pytest.mark.parametrize(
    ("max_stored", "goes_on"),
    [(2, {"a": True, "b": True}), (1, {"a": True, "b": False}), (0, dict.fromkeys("ab", False))],
)
def test_an_alert_without_a_series_ends_where_it_would_begin(
    tmp_path: Path, max_stored: int, goes_on: dict[str, bool]
) -> None:
    threshold = Threshold(name="Full", expr="m", limits={"warning": Limit(fire=90, clear=85)}, interval_ms=1000)
    world = RuleWorld(tmp_path / "data", RuleSettings(parse_text=BracedValue, max_stored=max_stored))
    world.load(write_groups(compile_thresholds([threshold])))
    world.tick({"a": 95, "b": 95})
    world.tick({"a": 87, "b": 87})
    world.close()
    last = {alert.labels.get("i"): alert.phase for alert in world.sink.changes}
    assert {name: phase is AlertPhase.FIRING for name, phase in last.items()} == goes_on


@pytest.mark.e2e
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_fires_above_one_limit_and_clears_below_the_other(tmp_path: Path) -> None:
    threshold = Threshold(
        name="Full",
        expr="used",
        limits={"warning": Limit(fire=90, clear=85)},
        overrides=(NEVER, BACKUP),
        interval_ms=60_000,
    )
    (tmp_path / "rules.yml").write_text(write_groups(compile_thresholds([threshold])))
    #         0  1  2  3  4  5  6
    series = {"a": "80 91 86 88 85 86 91", "backup": "95 98 93 92 93 98 91", "tmp1": "99 99 99 99 99 99 99"}
    firing = [[], ["a", "backup"], ["a", "backup"], ["a"], [], ["backup"], ["a"]]
    test = {
        "rule_files": ["rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": f'used{{disk="{disk}"}}', "values": v} for disk, v in series.items()],
                "alert_rule_test": [
                    {
                        "eval_time": f"{minute}m",
                        "alertname": "Full",
                        "exp_alerts": [{"exp_labels": {"disk": disk, "severity": "warning"}} for disk in disks],
                    }
                    for minute, disks in enumerate(firing)
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test))
    answer = subprocess.run(
        ["promtool", "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
