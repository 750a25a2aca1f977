"""The same rules over the same samples, here and in Debian's Prometheus: the same answer of `/api/v1/rules`."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from barograph.model.clock import SystemClock
from barograph.model.labels import Labels
from barograph.rules.state import RuleSettings
from barograph.rules.template_texts import TemplateTexts
from helpers.rules import RuleWorld
from helpers.server import eventually
from peers import Peer, prometheus
from unit.web.site import Site

pytestmark = pytest.mark.e2e
VALUES = {"a": 1.0, "b": 3.0, "c": 5.5, "d": float("inf")}
RULES = """
groups:
- name: z
  rules:
  - {record: double, expr: m*2, labels: {team: x}}
  - {alert: OnRecorded, expr: double > 7}
  - {alert: Firing, expr: m > 1, labels: {severity: page, level: '{{ if gt $value 4.0 }}high{{ else }}low{{ end }}'},
     annotations: {s: '{{ $labels.i }} is {{ $value | humanize }}', q: '{{ query "count(m)" | first | value }}'}}
  - {alert: Pending, expr: 'm == 1', for: 1h, annotations: {bad: '{{ query "nosuch" | first | value }}'}}
  - {alert: Idle, expr: m > 1000}
- name: a
  limit: 1
  rules:
  - {record: many, expr: m}
  - {alert: TooMany, expr: m > 1}
- name: errors
  rules:
  - {record: collide, expr: 'm', labels: {i: same}}
  - {alert: Collide, expr: m > 1, labels: {i: same}}
  - {record: matching, expr: m * on() m}
"""
FIRE = ("OnRecorded", "Firing", "Pending")
FAIL = ("many", "TooMany", "collide", "Collide", "matching")
_TIMES = ("evaluationTime", "lastEvaluation", "activeAt")


def plain(value: Any) -> Any:
    """Return an answer without what no two servers have in common: times."""
    if isinstance(value, dict):
        if "many-to-many" in value.get("lastError", ""):
            # Prometheus names the two series in any order
            value = {**value, "lastError": value["lastError"][:60]}
        return {key: plain(each) for key, each in value.items() if key not in _TIMES}
    if isinstance(value, list):
        found = [plain(each) for each in value]
        return sorted(found, key=json.dumps) if found and "state" in found[0] and "labels" in found[0] else found
    return value


def theirs(peer: Peer) -> Any:
    """Feed a Prometheus for some seconds; return its groups once each rule was evaluated on samples."""
    labels = [Labels.of("m", i=key) for key in VALUES]
    values = np.array([[value] for value in VALUES.values()])

    def ready() -> Any:
        peer.push(labels, np.array([SystemClock().now_ms()], np.int64), values)
        time.sleep(0.5)
        groups = json.loads(peer.get("/api/v1/rules"))["data"]["groups"]
        rules = {rule["name"]: rule for group in groups for rule in group["rules"]}
        # each group has its own offset in the second, so each is waited for
        done = all(rules[name].get("alerts") for name in FIRE) and all(rules[name].get("lastError") for name in FAIL)
        # within a group one rule comes after the other
        done = done and all(rule["health"] != "unknown" for rule in rules.values())
        return groups if done else None

    return eventually(ready, 120, "an evaluation with samples")


def test_rules_and_alerts_are_told_as_prometheus_does(tmp_path: Path) -> None:
    file = tmp_path / "rules.yml"
    file.write_text(RULES)
    with prometheus(tmp_path / "peer", rules=str(file)) as peer:
        if peer is None:
            pytest.skip("prometheus is not installed")
        expected = plain(theirs(peer))
    world = RuleWorld(tmp_path / "ours")
    world.settings = RuleSettings(
        parse_text=TemplateTexts(world.engine).parse, external_url=peer.url, external_labels={}
    )
    world.load(RULES, file=str(file))
    for _ in range(3):
        world.tick(VALUES)
    (tmp_path / "site").mkdir()
    site = Site(tmp_path / "site")
    site.keeper.rules = world.runner.groups
    found = plain(site.get("/api/v1/rules").json()["data"]["groups"])
    site.close()
    world.close()
    assert found == expected
    assert json.dumps(found, sort_keys=True) == json.dumps(expected, sort_keys=True)
