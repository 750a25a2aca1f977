"""`barograph rules show`."""

import json
from pathlib import Path

import pytest

from unit.cli.commands import Commands

OWN = """thresholds:
  stock: false
  QueueLong: {expr: queue, warning: {above: 100, clear: 50}, summary: "{{ $value }}"}
"""


@pytest.fixture
def own(tmp_path: Path) -> str:
    file = tmp_path / "own.yml"
    file.write_text(OWN)
    return str(file)


def test_without_a_configuration_it_is_what_comes_with_the_program(barograph: Commands, tmp_path: Path) -> None:
    said = barograph("rules", "show")
    assert said.status == 0
    assert "  - name: DiskSpaceLow\n    interval: 10s\n" in said.out
    file = tmp_path / "rules.yml"
    file.write_text(said.out)
    assert barograph("check", "rules", str(file)).status == 0


def test_only_what_is_named(barograph: Commands) -> None:
    said = barograph("rules", "show", "OomKill")
    assert said.out.count("- name: ") == 1
    assert "increase(node_vmstat_oom_kill[10m])" in said.out


def test_thresholds_of_ones_own(barograph: Commands, own: str) -> None:
    said = barograph("rules", "show", "--config", own, "--format", "json")
    (group,) = json.loads(said.out)["groups"]
    assert [rule.get("alert") or rule.get("record") for rule in group["rules"]] == ["threshold:QueueLong", "QueueLong"]
    assert group["rules"][1]["labels"] == {"severity": "warning"}
    assert group["rules"][1]["annotations"] == {"summary": "{{ $value }}"}


def test_a_name_that_is_not_there(barograph: Commands) -> None:
    said = barograph("rules", "show", "DiskSpacLow")
    assert (said.status, said.out) == (1, "")
    assert "no alert is called 'DiskSpacLow'; did you mean DiskSpaceLow?" in said.err


def test_a_mistake_has_its_place(barograph: Commands, tmp_path: Path) -> None:
    file = tmp_path / "bad.yml"
    file.write_text("thresholds:\n  DiskSpaceLow:\n    warning: {above: 80, clear: 90}\n")
    said = barograph("check", "config", str(file))
    assert said.status == 1
    assert said.out.startswith(f"{file}:3:26: thresholds.DiskSpaceLow.warning.clear: clear is 90")
