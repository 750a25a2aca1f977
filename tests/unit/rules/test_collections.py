"""Every rule of public collections is read, evaluated and shown; none fails on a host that has little of it."""

from pathlib import Path

import pytest

from barograph.app.yaml_source import parse_yaml
from barograph.rules.group import GroupDefaults, RuleFile, make_groups
from barograph.rules.rulefile import check_rule_file
from barograph.rules.views import show_rules
from helpers.expressions import conformance
from helpers.rules import RuleWorld


@pytest.mark.parametrize(
    "folder", ["kube-prometheus-rules", "monitoring-mixins-node-exporter", "awesome-prometheus-alerts"]
)
def test_every_rule_of_a_collection_is_evaluated(folder: str, tmp_path: Path) -> None:
    files = []
    for path in sorted(conformance(folder).rglob("*.y*ml")):
        document = parse_yaml(path.read_text(), str(path), only_first=True, as_texts=True)
        # a custom resource has the groups in its specification
        checked = check_rule_file(document.values.get("spec", document.values), document.error)
        assert not checked.findings, checked.findings
        files.append(RuleFile(name=str(path), groups=checked.groups))
    world = RuleWorld(tmp_path / "data")
    groups = make_groups(files, world.engine, world.settings, GroupDefaults(interval_ms=1000))
    world.runner.replace(groups)
    for _ in range(3):
        world.tick({"a": 1.0}, step_ms=60_000)
    shown = [rule for group in show_rules(world.runner.groups).groups for rule in group.rules]
    world.close()
    assert len(shown) > 10
    assert [(rule.name, rule.last_error) for rule in shown if rule.last_error] == []
    assert {rule.health for rule in shown} <= {"ok", "unknown"}
