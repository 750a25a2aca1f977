"""What the front asks of the keeper about rules, and what it is told. Nothing here changes anything.

Rules and their alerts are asked apart, alerts a page at a time: 100,000 of them must not hold up the keeper.
"""

import msgspec


class ShowRules(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="show_rules"):
    """Ask for all groups of rules, without alerts."""


class ShowRuleAlerts(msgspec.Struct, frozen=True, kw_only=True, tag_field="command", tag="show_rule_alerts"):
    """Ask for a page of the alerts that are pending or fire, in the order of their rules.

    Attributes:
        rule: The first rule, as `ShowRules` counts them over all groups, from 0.
        skip: How many of its alerts to pass over.
        limit: The most alerts of the page.
    """

    rule: int = 0
    skip: int = 0
    limit: int = 500


RuleCommand = ShowRules | ShowRuleAlerts


class ShownRule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule and how it is doing. `state` is that of its alerts; `took_s` the duration of its newest evaluation."""

    name: str
    is_alert: bool
    expr: str
    for_ms: int
    keep_firing_ms: int
    labels: dict[str, str]
    annotations: dict[str, str]
    health: str
    last_error: str
    evaluated_ms: int
    took_s: float
    failures: int
    state: str
    alerts: int


class ShownGroup(msgspec.Struct, frozen=True, kw_only=True):
    """A group of rules and how it is doing."""

    file: str
    name: str
    interval_ms: int
    query_offset_ms: int
    limit: int
    evaluated_ms: int
    took_s: float
    missed: int
    rules: tuple[ShownRule, ...]


class RulesShown(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="rules_shown"):
    """All groups, in the order of their files and names."""

    groups: tuple[ShownGroup, ...]


class ShownAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert that is pending or fires, with its labels as Prometheus has them. Times that are not known are 0."""

    rule: int
    labels: dict[str, str]
    annotations: dict[str, str]
    state: str
    value: float
    active_ms: int
    keep_firing_ms: int = 0


class RuleAlertsShown(msgspec.Struct, frozen=True, kw_only=True, tag_field="reply", tag="rule_alerts_shown"):
    """A page of alerts, and where the next one begins; `next_rule` is -1 where there is none."""

    alerts: tuple[ShownAlert, ...]
    next_rule: int
    next_skip: int


RuleReply = RulesShown | RuleAlertsShown
