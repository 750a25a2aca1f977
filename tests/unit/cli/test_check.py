"""`barograph check config`."""

import json
from pathlib import Path

import pytest

from unit.cli.commands import Commands


@pytest.fixture
def good(tmp_path: Path) -> str:
    file = tmp_path / "good.yml"
    file.write_text("store:\n  retention: 90d\n")
    return str(file)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    file = tmp_path / "bad.yml"
    file.write_text("collectors:\n  intervall: 5s\n")
    return str(file)


def test_what_can_be_used_says_nothing(barograph: Commands, good: str) -> None:
    said = barograph("check", "config", good)
    assert (said.status, said.out, said.err) == (0, "", "")


def test_a_finding_has_file_line_and_column(barograph: Commands, good: str, bad: str) -> None:
    said = barograph("check", "config", good, bad)
    assert said.status == 1
    assert said.out.startswith(f"{bad}:2:3: collectors.intervall: ")
    assert "interval'" in said.out
    assert said.err == "barograph: 1 of 2 cannot be used\n"


def test_findings_as_json(barograph: Commands, good: str, bad: str) -> None:
    said = barograph("check", "config", "--format", "json", bad, good)
    assert said.status == 1
    (finding,) = json.loads(said.out)
    message = finding.pop("message")
    assert finding == {"file": bad, "line": 2, "column": 3, "path": "collectors.intervall"}
    assert "did you mean" in message
    assert json.loads(barograph("check", "config", "--format", "json", good).out) == []


def test_a_file_that_is_not_there_is_a_finding(barograph: Commands, tmp_path: Path) -> None:
    said = barograph("check", "config", str(tmp_path / "none.yml"))
    assert said.status == 1
    assert said.out == f"{tmp_path / 'none.yml'}: cannot be read: No such file or directory\n"


def test_the_environment_is_left_out(barograph: Commands, good: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BAROGRAPH_STORE__RETENTION", "for ever")
    assert barograph("check", "config", good).status == 0


def test_there_is_no_other_format(barograph: Commands, good: str) -> None:
    assert barograph("check", "config", "--format", "xml", good).status == 2


def test_rule_files(barograph: Commands, tmp_path: Path) -> None:
    good, bad, odd = tmp_path / "good.yml", tmp_path / "bad.yml", tmp_path / "odd.yml"
    good.write_text("groups: [{name: a, rules: [{record: b, expr: up}]}]\n")
    bad.write_text("groups:\n  - name: a\n    rules:\n      - record: b\n        expr: sum(\n")
    odd.write_bytes(b"\xff")
    assert barograph("check", "rules", str(good)).status == 0
    said = barograph("check", "rules", str(good), str(bad), str(odd), str(tmp_path / "gone"))
    lines = said.out.splitlines()
    assert said.status == 1
    assert lines[0].startswith(f"{bad}:5:9: ")
    assert "it is not UTF-8" in lines[1]
    assert "cannot be read" in lines[2]
    assert "3 of 4 cannot be used" in said.err
    bad.write_text("a: [\n")
    assert '"line":' in barograph("check", "rules", "--format", "json", str(bad)).out


def test_rules_that_nothing_tells_apart_are_warned_of(barograph: Commands, tmp_path: Path) -> None:
    twins = tmp_path / "twins.yml"
    twins.write_text(
        "groups:\n- name: a\n  labels: {team: x}\n  rules:\n"
        "  - {alert: Down, expr: up == 0, labels: {severity: warning}}\n"
        "  - {alert: Down, expr: up == 0, labels: {severity: critical}}\n"
        "  - {alert: Down, expr: absent(up), labels: {severity: warning, team: x}}\n"
        "  - {record: b, expr: up}\n  - {record: b, expr: up}\n"
        "- name: b\n  rules:\n  - {record: b, expr: up}\n"
    )
    said = barograph("check", "rules", str(twins))
    assert (said.status, said.out) == (0, "")
    alert, record = said.err.splitlines()
    assert alert.startswith(f"barograph: warning: {twins}:7:6: groups[0].rules[2].alert: Down on line 5 has the same")
    assert "an alert that both give is one" in alert
    assert record.startswith(f"barograph: warning: {twins}:9:6: groups[0].rules[4].record: b on line 8 has the same")
    assert "a series that both give is written twice" in record
