"""Groups of rules made ready to run: each rule with its plan and state, in the order of its file.

Made by whoever loads rule files, before anything is replaced; the runner evaluates them.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from barograph.model.alert import RuleName
from barograph.model.crossings import Limit
from barograph.model.labels import METRIC_NAME
from barograph.model.matcher import MatchOp
from barograph.promql.engine import Engine, Prepared
from barograph.promql.limits import limit_of
from barograph.promql.partition import Part, part_of
from barograph.promql.walk import selections
from barograph.rules.alerting import AlertingRule
from barograph.rules.recording import RecordingRule
from barograph.rules.rulefile import Rule, RuleGroup
from barograph.rules.state import RuleSettings

AnyRule = AlertingRule | RecordingRule


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """The groups of one file, under the name that people know it by."""

    name: str
    groups: tuple[RuleGroup, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDefaults:
    """What groups have that say nothing of it themselves."""

    interval_ms: int
    query_offset_ms: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Runnable:
    """One rule with its plan.

    Attributes:
        rule: It.
        prepared: Its expression.
        reads: The names of the metrics that it reads; None: perhaps any.
        limit: The limit that its expression is, where it is no more than that.
        part: What its expression is a part of, where it can be evaluated together with others.
    """

    rule: AnyRule
    prepared: Prepared
    reads: frozenset[str] | None
    limit: Limit | None = None
    part: Part | None = None


@dataclass(slots=True, eq=False)
class Group:
    """One group.

    Attributes:
        file: The name of its file.
        spec: As written.
        interval_ms: How often it is evaluated.
        offset_ms: How far behind the instant its queries look.
        rules: Its rules, in order.
        evaluated_ms: The instant of its newest evaluation; 0 before the first.
        took_s: How long that took.
        missed: Iterations that were passed over, because the one before took too long or the machine slept.
    """

    file: str
    spec: RuleGroup
    interval_ms: int
    offset_ms: int
    rules: tuple[Runnable, ...]
    evaluated_ms: int = 0
    took_s: float = 0.0
    missed: int = 0

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others."""
        return self.file, self.spec.name


def make_groups(
    files: Sequence[RuleFile], engine: Engine, settings: RuleSettings, defaults: GroupDefaults
) -> list[Group]:
    """Make rules ready to run.

    Raises:
        QueryError: An expression is refused, which reading the file should have told.
    """
    return [
        _group(file.name, spec, defaults, lambda rule, name: _runnable(rule, name, engine, settings))
        for file in files
        for spec in file.groups
    ]


def adopt(groups: Sequence[Group], before: Sequence[Group], changed: Callable[..., None], at_ms: int) -> list[Group]:
    """Let groups go on from where those of the same names were, rule by rule.

    A rule is the same while its group, name and labels are, as in Prometheus. What is left over ends.

    Args:
        groups: The new ones.
        before: The old ones.
        changed: Takes alerts that end because their rule is gone.
        at_ms: The instant.

    Returns:
        The new groups.
    """
    old: defaultdict[tuple[object, ...], list[AnyRule]] = defaultdict(list)
    status = {group.key: group for group in before}
    for group in before:
        for runnable in group.rules:
            old[_same(group, runnable.rule)].append(runnable.rule)
    for group in groups:
        if (known := status.get(group.key)) is not None:
            group.evaluated_ms, group.took_s, group.missed = known.evaluated_ms, known.took_s, known.missed
        for runnable in group.rules:
            found = old.get(_same(group, runnable.rule))
            _adopt_rule(runnable.rule, found.pop(0) if found else None, changed, at_ms)
    for left in old.values():
        for rule in left:
            if isinstance(rule, AlertingRule):
                rule.end_all(changed, at_ms)
    return list(groups)


def _adopt_rule(rule: AnyRule, before: AnyRule | None, changed: Callable[..., None], at_ms: int) -> None:
    if isinstance(rule, AlertingRule) and isinstance(before, AlertingRule):
        rule.adopt(before, changed, at_ms)
    elif isinstance(rule, RecordingRule) and isinstance(before, RecordingRule):
        rule.adopt(before)


def _same(group: Group, rule: AnyRule) -> tuple[object, ...]:
    spec = rule.rule
    return (*group.key, spec.is_alert, spec.name, tuple(sorted(spec.labels.items())))


def _group(file: str, spec: RuleGroup, defaults: GroupDefaults, make: Callable[[Rule, RuleName], Runnable]) -> Group:
    offset_ms = defaults.query_offset_ms if spec.query_offset_ms is None else spec.query_offset_ms
    return Group(
        file,
        spec,
        spec.interval_ms or defaults.interval_ms,
        offset_ms,
        tuple(
            make(
                replace(rule, labels={**spec.labels, **rule.labels}),
                RuleName(file=file, group=spec.name, rule=rule.name),
            )
            for rule in spec.rules
        ),
    )


def _runnable(rule: Rule, name: RuleName, engine: Engine, settings: RuleSettings) -> Runnable:
    prepared = engine.prepare(rule.expr)
    made: AnyRule = AlertingRule(rule, name, settings) if rule.is_alert else RecordingRule(rule, name)
    limit = limit_of(prepared.plan) if rule.is_alert else None
    part = part_of(prepared.plan) if rule.is_alert and limit is None else None
    return Runnable(made, prepared, reads_of(prepared), limit, part)


def reads_of(prepared: Prepared) -> frozenset[str] | None:
    """Return the names of the metrics that an expression reads; None where they may be any."""
    names: set[str] = set()
    for leaf in selections(prepared.plan.expr, 1):
        found = [each.value for each in leaf.matchers if each.name == METRIC_NAME and each.op is MatchOp.EQUAL]
        if not found:
            return None
        names.update(found)
    return frozenset(names)
