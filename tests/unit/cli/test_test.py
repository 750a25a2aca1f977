"""`barograph test rules`."""

from pathlib import Path

import pytest

from helpers.rule_tests import FOLDER
from unit.cli.commands import Commands


def test_a_file_that_passes(barograph: Commands) -> None:
    file = str(FOLDER / "passing.yml")
    said = barograph("test", "rules", file)
    assert (said.status, said.out, said.err) == (0, f"Unit Testing:  {file}\n  SUCCESS\n\n", "")


def test_every_file_is_run_and_one_failure_is_enough(barograph: Commands) -> None:
    said = barograph("test", "rules", str(FOLDER / "failing.yml"), str(FOLDER / "passing.yml"))
    assert said.status == 1
    assert said.out.count("Unit Testing:") == 2
    assert said.out.endswith("  SUCCESS\n\n")
    assert said.err.startswith("  FAILED:\n    name: all of it,\n    alertname: High, time: 1m, \n")


def test_only_groups_whose_name_matches(barograph: Commands) -> None:
    said = barograph("test", "rules", "--run", "other", "--run", "^none$", str(FOLDER / "failing.yml"))
    assert said.status == 0
    said = barograph("test", "rules", "--run", "all", str(FOLDER / "failing.yml"))
    assert said.status == 1
    assert 'exp: {__name__="x"} 6E+00' not in said.err
    assert barograph("test", "rules", "--run", "[", str(FOLDER / "failing.yml")).status == 2


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("tests: 5", "test.yml:1:1: tests: a list is expected here"),
        ("rule_files: [bad.yml]", "bad.yml:1:1: this is no YAML"),
        ("rule_files: [rules.yml]", "rules.yml:1:40: groups[0].rules[0].expr: the expression cannot be used"),
        ("a: [", "test.yml:"),
    ],
)
def test_what_cannot_be_used_is_a_failure(barograph: Commands, tmp_path: Path, text: str, word: str) -> None:
    (tmp_path / "test.yml").write_text(text)
    (tmp_path / "bad.yml").write_text("}")
    (tmp_path / "rules.yml").write_text("groups: [{name: g, rules: [{record: x, expr: 'x +'}]}]")
    said = barograph("test", "rules", str(tmp_path / "test.yml"))
    assert said.status == 1
    assert word in said.err


def test_a_file_that_is_not_there(barograph: Commands, tmp_path: Path) -> None:
    said = barograph("test", "rules", str(tmp_path / "none.yml"))
    assert said.status == 1
    assert "none.yml: the file cannot be read: No such file or directory" in said.err


def test_a_rule_file_that_nothing_matches_is_a_warning(barograph: Commands) -> None:
    said = barograph("test", "rules", str(FOLDER / "no_rules.yml"))
    assert said.status == 0
    assert "  WARNING: no file match pattern" in said.err
