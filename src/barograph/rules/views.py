"""Rules and their alerts as they are shown. Called on another thread than rules run on: what it sees is recent."""

from collections.abc import Mapping, Sequence

from barograph.model.alert import RuleName
from barograph.model.alert_replies import RuleShown
from barograph.model.alert_state import SEVERITY
from barograph.model.rule_commands import RuleAlertsShown, RulesShown, ShownAlert, ShownGroup, ShownRule
from barograph.promql.parser.printer import print_expr
from barograph.rules.alerting import AlertingRule
from barograph.rules.group import Group, Runnable
from barograph.rules.limits import limit_of
from barograph.rules.state import Active


def show_rules(groups: Sequence[Group]) -> RulesShown:
    """Return all groups, without alerts."""
    return RulesShown(groups=tuple(_group(group) for group in _ordered(groups)))


def show_alerts(groups: Sequence[Group], rule: int, skip: int, limit: int) -> RuleAlertsShown:
    """Return a page of alerts; see `ShowRuleAlerts`."""
    rules = [runnable.rule for group in _ordered(groups) for runnable in group.rules]
    found: list[ShownAlert] = []
    for number in range(rule, len(rules)):
        each = rules[number]
        if not isinstance(each, AlertingRule) or not each.alerts:
            skip = 0
            continue
        # one step for the interpreter: the other thread cannot come in between
        alerts = list(each.alerts.values())
        room = limit - len(found)
        found += [_alert(number, active) for active in alerts[skip : skip + room]]
        if len(alerts) > skip + room:
            return RuleAlertsShown(alerts=tuple(found), next_rule=number, next_skip=skip + room)
        skip = 0
    return RuleAlertsShown(alerts=tuple(found), next_rule=-1, next_skip=0)


def show_rule(groups: Sequence[Group], name: RuleName, labels: Mapping[str, str]) -> RuleShown | None:
    """Return the rule that an alert of these labels comes of; of several that differ in severity, its own."""
    found: RuleShown | None = None
    for group in groups:
        if (group.file, group.spec.name) != (name.file, name.group):
            continue
        for runnable in group.rules:
            spec = runnable.rule.rule
            if not spec.is_alert or spec.name != name.rule:
                continue
            if spec.labels.get(SEVERITY, "") == labels.get(SEVERITY, ""):
                return _rule_of_alert(runnable, name)
            found = found or _rule_of_alert(runnable, name)
    return found


def _rule_of_alert(runnable: Runnable, name: RuleName) -> RuleShown:
    spec = runnable.rule.rule
    limit = limit_of(runnable.prepared.plan.expr)
    return RuleShown(
        file=name.file,
        group=name.group,
        name=name.rule,
        line=spec.line,
        expression=spec.expr,
        limit=None if limit is None else limit.value,
        is_above=limit is None or limit.is_above,
    )


def _ordered(groups: Sequence[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: group.key)


def _group(group: Group) -> ShownGroup:
    return ShownGroup(
        file=group.file,
        name=group.spec.name,
        interval_ms=group.interval_ms,
        query_offset_ms=group.offset_ms,
        limit=group.spec.limit,
        evaluated_ms=group.evaluated_ms,
        took_s=group.took_s,
        missed=group.missed,
        rules=tuple(_rule(runnable) for runnable in group.rules),
    )


def _rule(runnable: Runnable) -> ShownRule:
    rule = runnable.rule
    spec, status = rule.rule, rule.status
    return ShownRule(
        name=spec.name,
        is_alert=spec.is_alert,
        expr=print_expr(runnable.prepared.plan.expr),
        for_ms=spec.for_ms,
        keep_firing_ms=spec.keep_firing_ms,
        labels=dict(spec.labels),
        annotations=dict(spec.annotations),
        health=status.health.value,
        last_error=status.last_error,
        evaluated_ms=status.evaluated_ms,
        took_s=status.took_s,
        failures=status.failures,
        state=rule.state if isinstance(rule, AlertingRule) else "",
        alerts=len(rule.alerts) if isinstance(rule, AlertingRule) else 0,
    )


def _alert(rule: int, active: Active) -> ShownAlert:
    return ShownAlert(
        rule=rule,
        labels=active.labels.to_dict(),
        annotations=dict(active.annotations),
        state=active.phase.value,
        value=active.value,
        active_ms=active.active_ms,
        keep_firing_ms=active.keep_firing_ms or 0,
    )
