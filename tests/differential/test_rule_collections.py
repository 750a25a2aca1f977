"""Every rule of the public collections is loaded, evaluated and rendered, and comes to what promtool makes of it.

The series are made of the expressions: what a selector asks for, on three hosts: from zero up, zero, and large.
Rules that are written for a single host (their matching is not one to one with three) are tried with one.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import re2
import yaml

from barograph.app.rule_files import read_rule_file
from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.promql.walk import selections
from barograph.rules.group import RuleFile
from barograph.rules.rulefile import RuleGroup
from barograph.rules.trial.running import run_trial
from helpers.clock import FakeClock
from helpers.expressions import conformance
from helpers.rule_tests import promtool, read_file

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]
COUNTS = {
    "awesome-prometheus-alerts": (316, 387),
    "kube-prometheus-rules": (73, 66),
    "monitoring-mixins-node-exporter": (41, 18),
}
"""Rules, and alerts that fire and are rendered, of each collection: docs/rules.md has them too."""
SHAPES = {"rising": "0+1000x200", "still": "0x200", "large": "1e9+10x200"}
WORDS = ("a", "node", "1", "sda", "prod", "0.99", "1h", "http", "5", "x-y", "")


def groups_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the groups of every rule file, also those wrapped as an object of Kubernetes."""
    names: set[str] = set()
    for path in sorted(folder.rglob("*.y*ml")):
        for document in yaml.safe_load_all(path.read_text()):
            found = document.get("spec", document) if isinstance(document, dict) else {}
            for group in found.get("groups", ()):
                # groups of several files are put into one here, where names are unique
                name = f"{path.parent.name}/{path.name}/{group['name']}"
                assert name not in names
                names.add(name)
                yield {**group, "name": name}


def series_of(groups: tuple[RuleGroup, ...]) -> set[Labels]:
    recorded = {rule.name for group in groups for rule in group.rules if not rule.is_alert}
    found: set[Labels] = set()
    for group in groups:
        for rule in group.rules:
            for selector in selections(parse(rule.expr, SIGNATURES), 1):
                pairs = {matcher.name: _fitting(matcher) for matcher in selector.matchers}
                if pairs.get(METRIC_NAME) and pairs[METRIC_NAME] not in recorded and "ALERTS" not in pairs[METRIC_NAME]:
                    found.add(Labels.from_mapping(pairs))
    return found


def _fitting(matcher: Matcher) -> str:
    """Return a value that a matcher takes."""
    if matcher.op is MatchOp.EQUAL:
        return matcher.value
    if matcher.op is MatchOp.REGEX:
        for word in (*re.split(r"[|()]", matcher.value), *WORDS):
            if re2.fullmatch(matcher.value, plain := word.replace(".*", "a").replace(".+", "a").replace("\\", "")):
                return plain
    return next((word for word in WORDS if matcher.matches(word)), "")


def write_test(folder: Path, groups: list[dict[str, Any]], shapes: Mapping[str, str] = SHAPES) -> tuple[RuleFile, Path]:
    """Write the rules, and a test that expects no alert, so that every one is told."""
    rules = folder / "rules.yml"
    rules.write_text(yaml.safe_dump({"groups": groups}, allow_unicode=True))
    checked = read_rule_file(rules)
    assert checked.findings == ()
    series = [
        {"series": str(labels.with_labels({"instance": labels.get("instance") or shape})), "values": values}
        for labels in sorted(series_of(checked.groups))
        for shape, values in shapes.items()
    ]
    unique = list({each["series"]: each for each in series}.values())
    names = sorted({rule.name for group in checked.groups for rule in group.rules if rule.is_alert})
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "15m",
        "tests": [
            {
                # never at the edge of a range, which belongs to it in the older Prometheus only
                "interval": "37s",
                "external_labels": {"cluster": "c"},
                "external_url": "http://h/",
                "input_series": unique,
                "alert_rule_test": [{"eval_time": "2h", "alertname": name, "exp_alerts": []} for name in names],
            }
        ],
    }
    file = folder / "test.yml"
    file.write_text(yaml.safe_dump(test, allow_unicode=True))
    return RuleFile(name=str(rules), groups=checked.groups), file


@dataclass(frozen=True)
class Tried:
    """A test file, its rules, and what we told of it."""

    file: Path
    rules: RuleFile
    told: list[str]


def tried(folder: Path, groups: list[dict[str, Any]]) -> Iterator[Tried]:
    """Yield the tests that try each rule once: with three hosts, and with one where three collide."""
    single: set[str] = set()
    while True:
        many = ran(*write_test(folder, _only(groups, single, keep=False)))
        found = {name for line in many.told for name in re.findall(r"^    rule: (.*), time: ", line)}
        if not found:
            break
        single |= found
    yield many
    if single:
        yield ran(*write_test(folder, _only(groups, single, keep=True), {"rising": SHAPES["rising"]}))


def _only(groups: list[dict[str, Any]], names: set[str], *, keep: bool) -> list[dict[str, Any]]:
    return [
        {
            **group,
            "rules": [each for each in group["rules"] if ((each.get("alert") or each["record"]) in names) is keep],
        }
        for group in groups
    ]


def ran(rules: RuleFile, file: Path) -> Tried:
    trial = read_file(file)
    return Tried(file, rules, run_trial(trial, [rules], FakeClock(), trial.groups[0]))


@dataclass(frozen=True)
class Outcome:
    """What came of a collection: of rules that Debian's Prometheus knows, and of those that are too new for it."""

    known: list[Tried]
    newer: list[Tried]


@pytest.fixture(scope="module")
def outcome_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Outcome]:
    """Try a collection, once for all tests."""

    @cache
    def make(collection: str) -> Outcome:
        groups = list(groups_of(conformance(collection)))
        folder = tmp_path_factory.mktemp(collection)
        write_test(folder, groups)
        refused = _refused_by_debian(folder) if shutil.which("promtool") else set()
        parts = {
            is_newer: [
                {**group, "rules": [rule for rule in group["rules"] if (str(rule["expr"]) in refused) is is_newer]}
                for group in groups
            ]
            for is_newer in (False, True)
        }
        newer = tried(tmp_path_factory.mktemp("newer"), parts[True]) if refused else ()
        known: list[Tried] = []
        for place, each in enumerate(tried(folder, parts[False])):
            # the folder is used again for rules that match one host alone
            kept = shutil.copytree(folder, folder.with_name(f"{folder.name}-{place}"))
            known.append(replace(each, file=kept / each.file.name))
        return Outcome(known, list(newer))

    return make


@pytest.mark.parametrize("collection", COUNTS)
def test_every_rule_is_loaded_evaluated_and_rendered(collection: str, outcome_of: Callable[[str], Outcome]) -> None:
    outcome = outcome_of(collection)
    count = alerts = 0
    for each in (*outcome.known, *outcome.newer):
        assert [line for line in each.told if "err: " in line or "error expanding" in line] == []
        count += sum(len(group.rules) for group in each.rules.groups)
        alerts += len(re.findall(r"^ +Labels:", "\n".join(each.told), re.MULTILINE))
    assert (count, alerts) == COUNTS[collection]
    page = (Path(__file__).parents[2] / "docs/rules.md").read_text()
    assert f"| {collection} | {count} | {alerts} |" in page


@pytest.mark.e2e
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("collection", COUNTS)
def test_alerts_are_those_of_prometheus_word_by_word(collection: str, outcome_of: Callable[[str], Outcome]) -> None:
    for each in outcome_of(collection).known:
        theirs = promtool(each.file).said.removeprefix("  FAILED:\n").rstrip("\n")
        assert _lines("\n".join(each.told)) == _lines(theirs)


def _lines(told: str) -> list[str]:
    """Cut into lines, with the last digits of long numbers left out: sums depend on their order."""
    return re.sub(r"(\d+\.\d{10})\d+", r"\1", told).split("\n")


def _refused_by_debian(folder: Path) -> set[str]:
    """Return the expressions that the older Prometheus cannot parse."""
    answer = subprocess.run(
        ["promtool", "check", "rules", "rules.yml"], cwd=folder, capture_output=True, text=True, check=False
    )
    if "FAILED" not in answer.stderr:
        return set()
    groups = yaml.safe_load((folder / "rules.yml").read_text())["groups"]
    refused: set[str] = set()
    for name, number in re.findall(r'group "([^"]+)", rule (\d+)', answer.stderr):
        refused.update(str(g["rules"][int(number) - 1]["expr"]) for g in groups if g["name"] == name)
    return refused
