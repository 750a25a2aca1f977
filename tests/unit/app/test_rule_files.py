from pathlib import Path

import pytest

from barograph.app.config import load_config
from barograph.app.rule_files import load_rule_files, read_rule_file
from barograph.model.errors import ConfigError

GOOD = "groups: [{name: g, rules: [{record: r, expr: up}]}]"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    for name in ("b.yml", "a.yml", "c.txt"):
        (tmp_path / "rules" / name).write_text(GOOD)
    return tmp_path


def test_each_file_is_read_once_in_the_order_of_patterns_and_names(folder: Path) -> None:
    files = load_rule_files([str(folder / "rules/b.yml"), "rules/*.yml", "rules/?.txt", "none/*"], folder)
    assert [Path(file.name).name for file in files] == ["b.yml", "a.yml", "c.txt"]
    assert files[0].groups[0].rules[0].name == "r"


def test_the_first_mistake_is_told_with_its_place(folder: Path) -> None:
    (folder / "rules/b.yml").write_text("groups:\n- name: g\n  rules: [{record: r, expr: 'up ='}]\n")
    with pytest.raises(ConfigError, match=r"b\.yml:3:23: .*expr"):
        load_rule_files(["rules/*.yml"], folder)


def test_a_file_that_is_named_must_be_there(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"rule_files\[1\]: there is no file .*nosuch.yml"):
        load_rule_files(["rules/a.yml", "nosuch.yml"], folder)


def test_a_pattern_must_be_one(folder: Path) -> None:
    with pytest.raises(ConfigError, match="is no pattern"):
        load_rule_files(["rules/**x/[*"], folder)


def test_what_is_no_text_and_no_yaml_is_a_finding(folder: Path) -> None:
    (folder / "x.yml").write_bytes(b"\xff")
    (folder / "y.yml").write_text("{")
    assert "it is not UTF-8" in str(read_rule_file(folder / "x.yml").findings[0])
    assert "this is no YAML" in str(read_rule_file(folder / "y.yml").findings[0])
    assert "cannot be read" in str(read_rule_file(folder / "nosuch").findings[0])


def test_labels_keep_their_text(folder: Path) -> None:
    (folder / "x.yml").write_text("groups: [{name: g, rules: [{record: r, expr: up, labels: {v: 1.10, on: yes}}]}]")
    assert read_rule_file(folder / "x.yml").groups[0].rules[0].labels == {"v": "1.10", "on": "yes"}


def test_a_configuration_with_a_bad_rule_file_is_refused(folder: Path) -> None:
    config = folder / "barograph.yml"
    config.write_text("rule_files: [rules/*.yml]")
    assert load_config(config, {}).rule_files == ("rules/*.yml",)
    (folder / "rules/a.yml").write_text("groups: [{name: g, rules: [{record: r}]}]")
    with pytest.raises(ConfigError, match="a rule needs an expression"):
        load_config(config, {})


def test_prometheus_global_section_is_read(folder: Path) -> None:
    config = folder / "barograph.yml"
    config.write_text("global: {evaluation_interval: 15s, external_labels: {dc: x}}")
    found = load_config(config, {}).global_
    assert (found.evaluation_interval.ms, found.external_labels) == (15_000, {"dc": "x"})
    config.write_text("global: {external_labels: {'': x}}")
    with pytest.raises(ConfigError, match="'' is no name for a label"):
        load_config(config, {})
    config.write_text("global: {evaluation_intervall: 1s}")
    with pytest.raises(ConfigError, match="did you mean 'evaluation_interval'"):
        load_config(config, {})
