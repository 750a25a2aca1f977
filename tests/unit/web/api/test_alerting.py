"""The routes about rules, over real rules; the keeper of these tests gives two alerts a page."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.rules import RuleWorld
from unit.web.site import Site

TEXT = """
groups:
- name: first
  rules:
  - {record: r, expr: m*2}
  - alert: High
    expr: m > 1
    keep_firing_for: 1m
    labels: {severity: page, i2: "{{ $labels.i }}"}
    annotations: {s: "{{ $value }}"}
- name: second
  interval: 5s
  limit: 9
  rules:
  - {alert: Odd, expr: m > 2, for: 1m}
  - {alert: Bad, expr: m * on() m}
- name: third
  rules:
  - {record: q, expr: m, labels: {team: x}}
"""
RULES = "/api/v1/rules"


@pytest.fixture
def ruled(site: Site, tmp_path: Path) -> Iterator[Site]:
    world = RuleWorld(tmp_path / "rules")
    world.load(TEXT)
    world.tick({"a": 1, "b": 3, "c": 5, "d": 7, "e": 9})
    world.tick({"a": 1, "b": 3, "c": 5, "d": 7})
    site.keeper.rules = world.runner.groups
    yield site
    world.close()


def groups(site: Site, query: str = "") -> list[dict[str, Any]]:
    answer = site.get(f"{RULES}{query}")
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json()["data"]["groups"]
    return found


def names(site: Site, query: str) -> list[str]:
    return [rule["name"] for group in groups(site, query) for rule in group["rules"]]


def test_rules_have_prometheus_shape(ruled: Site) -> None:
    first, second, third = groups(ruled)
    assert {key: value for key, value in first.items() if key not in ("rules", "evaluationTime")} == {
        "name": "first",
        "file": "r.yml",
        "interval": 1.0,
        "limit": 0,
        "lastEvaluation": "2023-11-14T22:14:01Z",
    }
    record, alert = first["rules"]
    assert record.pop("evaluationTime") >= 0
    assert record == {
        "name": "r",
        "query": "m * 2",
        "health": "ok",
        "lastEvaluation": "2023-11-14T22:14:01Z",
        "type": "recording",
    }
    assert third["rules"][0]["labels"] == {"team": "x"}
    assert alert.pop("evaluationTime") >= 0
    alerts = alert.pop("alerts")
    assert alert == {
        "state": "firing",
        "name": "High",
        "query": "m > 1",
        "duration": 0.0,
        "keepFiringFor": 60.0,
        "labels": {"severity": "page", "i2": "{{ $labels.i }}"},
        "annotations": {"s": "{{ $value }}"},
        "health": "ok",
        "lastEvaluation": "2023-11-14T22:14:01Z",
        "type": "alerting",
    }
    assert [each["labels"]["i"] for each in alerts] == ["b", "c", "d", "e"]
    assert alerts[0] == {
        "labels": {"alertname": "High", "i": "b", "i2": "b", "severity": "page"},
        "annotations": {"s": "3"},
        "state": "firing",
        "activeAt": "2023-11-14T22:14:00Z",
        "value": "3e+00",
    }
    assert alerts[3]["keepFiringSince"] == "2023-11-14T22:14:01Z"
    odd, bad = second["rules"]
    assert [each["state"] for each in odd["alerts"]] == ["pending"] * 4
    assert (bad["health"], bad["alerts"]) == ("err", [])
    assert "many-to-many" in bad["lastError"]


def test_alerts_of_all_rules(ruled: Site) -> None:
    alerts = ruled.get("/api/v1/alerts").json()["data"]["alerts"]
    assert [each["labels"]["alertname"] for each in alerts] == ["High"] * 4 + ["Odd"] * 4
    assert alerts[0]["state"] == "firing"


def test_rules_may_be_chosen(ruled: Site) -> None:
    assert names(ruled, "?type=alert") == ["High", "Odd", "Bad"]
    assert names(ruled, "?type=record") == ["r", "q"]
    assert names(ruled, "?rule_name[]=High&rule_name[]=q") == ["High", "q"]
    assert names(ruled, "?rule_group[]=second") == ["Odd", "Bad"]
    assert names(ruled, "?file[]=other.yml") == []
    assert len(names(ruled, "?file[]=r.yml")) == 5
    assert names(ruled, "?match[]={severity=%22page%22}&match[]={team=%22x%22}") == ["High", "q"]
    assert names(ruled, "?match[]={i2=%22%22,severity!=%22%22}") == ["High"]
    assert groups(ruled, "?rule_name[]=High&exclude_alerts=true")[0]["rules"][0]["alerts"] is None


def test_alerts_are_only_asked_for_as_far_as_they_are_shown(ruled: Site) -> None:
    groups(ruled, "?rule_name[]=High")
    assert len(ruled.keeper.asked) == 1 + 2
    ruled.keeper.asked.clear()
    groups(ruled, "?type=record")
    assert len(ruled.keeper.asked) == 1


def test_groups_come_in_pages(ruled: Site) -> None:
    data = ruled.get(f"{RULES}?group_limit=1").json()["data"]
    token = hashlib.sha1(b"r.yml;second", usedforsecurity=False).hexdigest()
    assert [group["name"] for group in data["groups"]] == ["first"]
    assert data["groupNextToken"] == token
    data = ruled.get(f"{RULES}?group_limit=2&group_next_token={token}").json()["data"]
    assert [group["name"] for group in data["groups"]] == ["second", "third"]
    assert "groupNextToken" not in data


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("type=x", "neither alert nor record"),
        ("group_limit=0", "no whole number above 0"),
        ("group_limit=x", "no whole number above 0"),
        ("group_next_token=x", "goes with group_next_token"),
        ("group_limit=1&group_next_token=x", "no group has it"),
        ("match[]=m%2Bm", "no series selector"),
        ("exclude_alerts=maybe", "neither true nor false"),
    ],
)
def test_what_cannot_be_meant_is_refused(ruled: Site, query: str, words: str) -> None:
    answer = ruled.get(f"{RULES}?{query}")
    assert answer.status == 400
    assert words in answer.json()["error"]


def test_a_keeper_that_is_gone_is_told(site: Site) -> None:
    site.keeper.is_gone = True
    assert site.get("/api/v1/alerts").status == 503
