"""Thresholds: an expression, and per severity a value above which an alert fires and one below which it is over.

They compile to ordinary Prometheus rules: one that records the expression, and one alert a severity, which fires on
beyond its own limit as long as it fires already (`ALERTS` says so) and the value has not passed the second. Pure; made
by `threshold_reading.py`, shown by `barograph rules show`, run like every other rule.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from barograph.promql.numbers import plain
from barograph.rules.rulefile import Rule, RuleGroup

SEVERITIES = ("critical", "warning", "info")
"""From grave to mild: the order in which rules stand."""
RECORD_PREFIX = "threshold:"
"""Before an alert's name: the series that holds the value of its expression."""
DEFAULT_INTERVAL_MS = 10_000
_IGNORED = ("alertname", "alertstate", "severity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """When one severity fires and when it is over.

    Attributes:
        fire: It fires beyond this value.
        clear: It goes on until the value is back at this one; the same where there is no second one.
        is_above: Whether beyond is above; else it is below.
        for_ms: How long the value must be beyond; None: as the threshold says.
    """

    fire: float
    clear: float
    is_above: bool = True
    for_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Other limits for the series that a selector names; a severity without one never fires for them."""

    selector: str
    limits: Mapping[str, Limit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """One alert with its limits."""

    name: str
    expr: str
    limits: Mapping[str, Limit]
    """By severity."""
    overrides: tuple[Override, ...] = ()
    """The first that fits a series holds."""
    for_ms: int = 0
    keep_firing_ms: int = 0
    interval_ms: int = DEFAULT_INTERVAL_MS
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    enabled: bool = True

    @property
    def record(self) -> str:
        """The name of the series that holds the value."""
        return RECORD_PREFIX + self.name


def compile_thresholds(thresholds: Sequence[Threshold]) -> tuple[RuleGroup, ...]:
    """Return a group of rules for each threshold that is enabled."""
    return tuple(compile_threshold(each) for each in thresholds if each.enabled)


def compile_threshold(threshold: Threshold) -> RuleGroup:
    """Return the rules of a threshold: the value, then the alerts, the gravest first."""
    value = Rule(name=threshold.record, is_alert=False, expr=threshold.expr)
    # a severity may have a limit in an override alone
    known = {*threshold.limits, *(severity for override in threshold.overrides for severity in override.limits)}
    alerts = [_alert(threshold, severity) for severity in SEVERITIES if severity in known]
    return RuleGroup(
        name=threshold.name,
        interval_ms=threshold.interval_ms,
        query_offset_ms=None,
        limit=0,
        labels={},
        rules=(value, *alerts),
    )


def _alert(threshold: Threshold, severity: str) -> Rule:
    own = threshold.limits.get(severity)
    for_ms = threshold.for_ms if own is None or own.for_ms is None else own.for_ms
    return Rule(
        name=threshold.name,
        is_alert=True,
        expr=_expression(threshold, severity),
        for_ms=for_ms,
        keep_firing_ms=threshold.keep_firing_ms,
        labels={**threshold.labels, "severity": severity},
        annotations=threshold.annotations,
    )


def _expression(threshold: Threshold, severity: str) -> str:
    """Write the condition of one severity: for what no override names, then for each override."""
    branches = []
    selections = [threshold.record + override.selector for override in threshold.overrides]
    own = threshold.limits.get(severity)
    if own is not None:
        branches.append(_branch(threshold, severity, (threshold.record, own), selections))
    for place, override in enumerate(threshold.overrides):
        limit = override.limits.get(severity)
        if limit is not None:
            branches.append(_branch(threshold, severity, (selections[place], limit), selections[:place]))
    return "\nor\n".join(branches)


def _branch(threshold: Threshold, severity: str, limited: tuple[str, Limit], others: Sequence[str]) -> str:
    """Write when series fire that are not among others."""
    condition = _condition(threshold, severity, *limited)
    if not others:
        return condition
    unless = "\n".join(f"unless {other}" for other in others)
    return f"(\n{_indented(condition)}\n)\n{unless}" if "\n" in condition else f"{condition}\n{unless}"


def _condition(threshold: Threshold, severity: str, series: str, limit: Limit) -> str:
    sign = ">" if limit.is_above else "<"
    fires = f"{series} {sign} {plain(limit.fire)}"
    if limit.clear == limit.fire:
        return fires
    ignored = ", ".join([*_IGNORED, *sorted(set(threshold.labels) - set(_IGNORED))])
    still = f'ALERTS{{alertname="{threshold.name}", alertstate="firing", severity="{severity}"}}'
    return f"{fires}\nor\n{series} {sign} {plain(limit.clear)}\n  and ignoring ({ignored}) {still}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))
