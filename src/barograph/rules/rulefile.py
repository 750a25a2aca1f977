"""A rule file's values -> groups of rules, or every finding about it. Pure: the caller reads the file.

Every value is a text as it stands there: a label `version: 1.10` is "1.10", and `on` is "on". The format is that of
Prometheus' recording_rules.md and alerting_rules.md, with UTF-8 names. Called by `check rules`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from barograph.model.errors import ConfigError, QueryError, TemplateError
from barograph.model.labels import METRIC_NAME
from barograph.model.units import Duration
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.templates.template import parse as parse_template

KeyPath = tuple[str | int, ...]
Refuse = Callable[[str, KeyPath], ConfigError]
"""Makes an error that names the file and the place of a key path."""
_GROUP_KEYS = ("name", "interval", "query_offset", "limit", "labels", "rules")
_RULE_KEYS = ("record", "alert", "expr", "for", "keep_firing_for", "labels", "annotations")
_MOST_DIGITS = 18
"""Of a limit; it fits into 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A recording rule (`record`) or an alerting rule (`alert`)."""

    name: str
    is_alert: bool
    expr: str
    for_ms: int = 0
    keep_firing_ms: int = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    line: int = field(default=0, compare=False)
    """Where it stands in its file; 0 where it stands in none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleGroup:
    """Rules that are evaluated one after the other, at one instant."""

    name: str
    interval_ms: int | None
    """None: the global evaluation interval."""
    query_offset_ms: int | None
    limit: int
    labels: Mapping[str, str]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file came to: its groups, which are whole where there is no finding, and what is allowed but odd."""

    groups: tuple[RuleGroup, ...]
    findings: tuple[ConfigError, ...]
    warnings: tuple[ConfigError, ...] = ()


def check_rule_file(values: object, refuse: Refuse) -> Checked:
    """Read a rule file's values, which are texts; every finding is told, not only the first."""
    return _Reader(refuse).read(values)


class _Reader:
    """Reads one file and gathers what is wrong with it."""

    def __init__(self, refuse: Refuse) -> None:
        self._refuse = refuse
        self._findings: list[ConfigError] = []
        self._warnings: list[ConfigError] = []

    def read(self, values: object) -> Checked:
        top = self._mapping(values if values is not None else {}, (), ("groups",))
        groups = []
        names: set[str] = set()
        for path, entry in self._entries(top.get("groups"), ("groups",)):
            group = self._group(entry, path)
            if group.name in names:
                self._find(f"group {group.name!r} stands here twice: names are unique in a file", (*path, "name"))
            names.add(group.name)
            groups.append(group)
        return Checked(tuple(groups), tuple(self._findings), tuple(self._warnings))

    def _group(self, values: object, path: KeyPath) -> RuleGroup:
        given = self._mapping(values, path, _GROUP_KEYS)
        name = self._text(given, "name", path)
        if not name:
            self._find("a group needs a name", (*path, "name"))
        labels = self._labels(given.get("labels"), (*path, "labels"))
        rules: dict[KeyPath, Rule] = {}
        for place, entry in self._entries(given.get("rules"), (*path, "rules")):
            if (rule := self._rule(entry, place)) is not None:
                rules[place] = rule
        self._look_for_twins(rules, labels)
        return RuleGroup(
            name=name,
            interval_ms=self._duration(given, "interval", path),
            query_offset_ms=self._duration(given, "query_offset", path),
            limit=self._limit(given.get("limit"), (*path, "limit")),
            labels=labels,
            rules=tuple(rules.values()),
        )

    def _look_for_twins(self, rules: Mapping[KeyPath, Rule], labels: Mapping[str, str]) -> None:
        """Warn of rules of one group that Prometheus takes, but whose results are told apart by nothing of theirs."""
        first: dict[object, Rule] = {}
        for path, rule in rules.items():
            said = rule.is_alert, rule.name, frozenset({**labels, **rule.labels}.items())
            twin = first.setdefault(said, rule)
            if twin is not rule:
                key = "alert" if rule.is_alert else "record"
                what = "an alert that both give is one" if rule.is_alert else "a series that both give is written twice"
                words = f"{rule.name} on line {twin.line} has the same labels, and {what}: give one of them another"
                self._warnings.append(self._refuse(words, (*path, key)))

    def _rule(self, values: object, path: KeyPath) -> Rule | None:
        given = self._mapping(values, path, _RULE_KEYS)
        record, alert = self._text(given, "record", path), self._text(given, "alert", path)
        if bool(record) == bool(alert):
            both = "has both: a rule is one or the other" if record else "has neither: one of them names the rule"
            self._find(f"of record and alert this rule {both}", path)
            return None
        expr = self._expression(given, path)
        rule = Rule(
            name=record or alert,
            is_alert=bool(alert),
            expr=expr,
            for_ms=self._duration(given, "for", path) or 0,
            keep_firing_ms=self._duration(given, "keep_firing_for", path) or 0,
            labels=self._labels(given.get("labels"), (*path, "labels")),
            annotations=self._texts(given.get("annotations"), (*path, "annotations")),
            line=self._refuse("", (*path, "alert" if alert else "record")).line,
        )
        if record:
            self._check_record(rule, path)
        if "" in rule.annotations:
            self._find("an annotation needs a name", (*path, "annotations"))
        if alert:
            for key, texts in (("labels", rule.labels), ("annotations", rule.annotations)):
                for name, text in texts.items():
                    self._check_template(text, (*path, key, name))
        return rule

    def _check_template(self, text: str, path: KeyPath) -> None:
        try:
            parse_template(text)
        except TemplateError as error:
            # of the error's words only those behind the place, which is told in our way
            message = error.message.rpartition(f"template: template:{error.line}: ")[2]
            line = f"line {error.line}, " if "\n" in text.strip() else ""
            where = f" (at {line}character {error.column})" if error.line else ""
            self._find(f"the template cannot be used: {message}{where}", path)

    def _check_record(self, rule: Rule, path: KeyPath) -> None:
        if "{" in rule.name or "}" in rule.name:
            message = f"{rule.name!r} is no name of a metric: labels stand under `labels`, a selector in `expr`"
            self._find(message, (*path, "record"))
        for_alerts = {"for": rule.for_ms, "keep_firing_for": rule.keep_firing_ms, "annotations": rule.annotations}
        for key, value in for_alerts.items():
            if value:
                self._find(f"{key} is for alerts: a recording rule has none", (*path, key))

    def _expression(self, given: Mapping[str, object], path: KeyPath) -> str:
        expr = given.get("expr")
        if not isinstance(expr, str) or not expr.strip():
            self._find("a rule needs an expression, expr", (*path, "expr") if "expr" in given else path)
            return ""
        try:
            parse(expr, SIGNATURES)
        except QueryError as error:
            where = "" if error.position is None else f" (at character {error.position + 1})"
            self._find(f"the expression cannot be used: {error.message}{where}", (*path, "expr"))
        return expr

    def _labels(self, values: object, path: KeyPath) -> Mapping[str, str]:
        labels = self._texts(values, path)
        for name in labels:
            if not name or name == METRIC_NAME:
                self._find(f"{name!r} is no name for a label", (*path, name))
        return labels

    def _limit(self, value: object, path: KeyPath) -> int:
        if value is None:
            return 0
        # digits alone: of other notations (0x10, 1_000, 1:30) people and versions of YAML read different numbers
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS:
            return int(value)
        self._find(f"{value!r} is no limit: write a whole number, 0 for none", path)
        return 0

    def _duration(self, given: Mapping[str, object], key: str, path: KeyPath) -> int | None:
        value = given.get(key)
        if value is None:
            return None
        try:
            if isinstance(value, str):
                return Duration.parse(value).ms
            self._find(f"{key}: {value!r} is no duration: write it like 5m", (*path, key))
        except ValueError as error:
            self._find(f"{key}: {error}", (*path, key))
        return None

    def _text(self, given: Mapping[str, object], key: str, path: KeyPath) -> str:
        value = given.get(key, "")
        if value is None:
            return ""
        if not isinstance(value, str):
            self._find(f"{key} must be text", (*path, key))
            return ""
        return value

    def _texts(self, values: object, path: KeyPath) -> Mapping[str, str]:
        if values is None:
            return {}
        if not isinstance(values, Mapping):
            self._find("names and texts are expected here", path)
            return {}
        found = {}
        for name, value in values.items():
            if isinstance(value, str):
                found[str(name)] = value
            elif value is not None:
                self._find(f"{name} must be text", (*path, str(name)))
        return found

    def _mapping(self, values: object, path: KeyPath, known: Sequence[str]) -> Mapping[str, object]:
        if not isinstance(values, Mapping):
            self._find(f"keys are expected here: {', '.join(known)}", path)
            return {}
        for key in values:
            if key not in known:
                self._find(f"unknown key {key!r}: there are {', '.join(known)}", (*path, str(key)))
        return values

    def _entries(self, values: object, path: KeyPath) -> Iterator[tuple[KeyPath, object]]:
        if values is None:
            return
        if not isinstance(values, list):
            self._find("a list is expected here", path)
            return
        for number, entry in enumerate(values):
            yield (*path, number), entry

    def _find(self, message: str, path: KeyPath) -> None:
        self._findings.append(self._refuse(message, path))
