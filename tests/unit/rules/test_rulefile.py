import pytest

from barograph.app.yaml_source import parse_yaml
from barograph.rules.rulefile import Checked, Rule, RuleGroup, check_rule_file


def check(text: str) -> Checked:
    document = parse_yaml(text, "r.yml", as_texts=True)
    return check_rule_file(document.values, document.error)


def test_a_file_with_everything() -> None:
    text = """
groups:
  - name: one
    interval: 30s
    query_offset: 1m
    limit: 5
    labels: {team: db}
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
        labels: {a: b, n: 3}
      - alert: Down
        expr: up == 0
        for: 5m
        keep_firing_for: 1h30m
        labels: {severity: page}
        annotations: {summary: "{{ $labels.job }} is down", sch-on: x}
  - name: two
    rules: []
"""
    checked = check(text)
    assert checked.findings == ()
    record = Rule(name="job:up:sum", is_alert=False, expr="sum by (job) (up)", labels={"a": "b", "n": "3"})
    alert = Rule(
        name="Down",
        is_alert=True,
        expr="up == 0",
        for_ms=300_000,
        keep_firing_ms=5_400_000,
        labels={"severity": "page"},
        annotations={"summary": "{{ $labels.job }} is down", "sch-on": "x"},
    )
    one = RuleGroup(
        name="one", interval_ms=30_000, query_offset_ms=60_000, limit=5, labels={"team": "db"}, rules=(record, alert)
    )
    assert checked.groups[0] == one
    assert [rule.line for rule in checked.groups[0].rules] == [9, 12]
    assert (checked.groups[1].rules, checked.groups[1].interval_ms) == ((), None)


@pytest.mark.parametrize("text", ["", "groups:\n", "groups: []\n"])
def test_files_without_groups(text: str) -> None:
    assert check(text) == Checked((), ())


@pytest.mark.parametrize(
    ("rule", "line", "words"),
    [
        ("record: a\n        expr: sum(", 5, "the expression cannot be used"),
        ("record: a", 4, "a rule needs an expression"),
        ("record: a\n        expr: ''", 5, "a rule needs an expression"),
        ("expr: up", 4, "has neither"),
        ("record: a\n        alert: b\n        expr: up", 4, "has both"),
        ("record: a\n        expr: up\n        for: 5m", 6, "for is for alerts"),
        ("record: a\n        expr: up\n        keep_firing_for: 5m", 6, "keep_firing_for is for alerts"),
        ("record: a\n        expr: up\n        annotations: {a: b}", 6, "annotations is for alerts"),
        ('record: a{b="c"}\n        expr: up', 4, "is no name of a metric"),
        ("alert: a\n        expr: up\n        for: soon", 6, "for: "),
        ("alert: a\n        expr: up\n        for: 1.5", 6, "is not a duration"),
        ("alert: a\n        expr: up\n        labels: {__name__: x}", 6, "is no name for a label"),
        ("alert: a\n        expr: up\n        labels: {x: [1]}", 6, "x must be text"),
        ("alert: a\n        expr: up\n        labels: [1]", 6, "names and texts are expected"),
        ("alert: a\n        expr: up\n        annotation: {x: y}", 6, "unknown key 'annotation'"),
        ("alert: [a]\n        expr: up", 4, "alert must be text"),
        ("alert: a\n        expr: up\n        annotations: {'': y}", 6, "an annotation needs a name"),
    ],
)
def test_rules_that_cannot_be_used(rule: str, line: int, words: str) -> None:
    checked = check(f"groups:\n  - name: g\n    rules:\n      - {rule}\n")
    assert checked.findings[0].line == line
    assert words in str(checked.findings[0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- a\n", "keys are expected here: groups"),
        ("other: 1\n", "unknown key 'other'"),
        ("groups: 5\n", "a list is expected here"),
        ("groups: [5]\n", "keys are expected here: name"),
        ("groups: [{rules: []}]\n", "a group needs a name"),
        ("groups: [{name: a, limit: x}]\n", "is no limit"),
        ("groups: [{name: a, limit: 0x10}]\n", "'0x10' is no limit"),
        ("groups: [{name: a, limit: -1}]\n", "'-1' is no limit"),
        ("groups: [{name: a, interval: [5]}]\n", "is no duration"),
        ("groups: [{name: a}, {name: a}]\n", "group 'a' stands here twice"),
    ],
)
def test_files_that_cannot_be_used(text: str, words: str) -> None:
    assert any(words in str(finding) for finding in check(text).findings)


def test_values_are_texts_as_they_stand() -> None:
    text = """
groups:
  - name: 1.10
    limit: 5
    labels: {team: yes}
    rules:
      - record: on
        expr: 0x10
        for: 0
        labels: {version: 1.10, hex: 0x10, oct: 010, big: 1_000, tm: 12:30, day: 2024-01-02, none: ~, quoted: "no"}
      - alert: Off
        expr: "1"
        annotations: {on_call: on, on: Yes, sum: .5}
"""
    checked = check(text)
    assert checked.findings == ()
    group = checked.groups[0]
    assert (group.name, group.limit, group.labels) == ("1.10", 5, {"team": "yes"})
    assert (group.rules[0].name, group.rules[0].expr) == ("on", "0x10")
    assert group.rules[0].labels == {
        "version": "1.10",
        "hex": "0x10",
        "oct": "010",
        "big": "1_000",
        "tm": "12:30",
        "day": "2024-01-02",
        "quoted": "no",
    }
    assert group.rules[1].annotations == {"on_call": "on", "on": "Yes", "sum": ".5"}


def test_every_finding_is_told() -> None:
    text = "groups:\n  - name: g\n    rules:\n      - record: a\n        expr: (\n      - alert: b\n        expr: )\n"
    assert [finding.line for finding in check(text).findings] == [5, 7]


def test_templates_of_alerts_are_looked_at() -> None:
    text = """groups:
  - name: g
    rules:
      - alert: Down
        expr: up == 0
        labels: {severity: "{{ $lables.x }}"}
        annotations:
          good: "{{ $value | humanize }}"
          bad: |
            first
            {{ if true }}{{ nope }}{{ end }}
          open: "{{ if 1 }}"
      - record: a
        expr: up
        labels: {x: "{{ is none"}
"""
    found = [(finding.line, finding.path, finding.message) for finding in check(text).findings]
    opening = "the template cannot be used: "
    assert found == [
        (6, "groups[0].rules[0].labels.severity", opening + 'undefined variable "$lables" (at character 4)'),
        (
            9,
            "groups[0].rules[0].annotations.bad",
            opening + 'function "nope" not defined (at line 2, character 17)',
        ),
        (12, "groups[0].rules[0].annotations.open", opening + "unexpected EOF (at character 11)"),
    ]
