"""What rules tell of themselves, in our own metrics. Stored with each tick."""

from collections.abc import Callable

from barograph.rules.alerting import AlertingRule
from barograph.rules.runner import RuleRunner
from barograph.telemetry.metrics import Telemetry


def report_rules(telemetry: Telemetry, runner: RuleRunner) -> None:
    """Have a runner's counts in our own metrics."""
    counters: dict[str, tuple[str, Callable[[], int]]] = {
        "barograph_rule_evaluations_total": ("Evaluations of rules.", lambda: runner.counts.evaluations),
        "barograph_rule_evaluation_failures_total": (
            "Evaluations of rules that failed; the API tells which and why.",
            lambda: runner.counts.failures,
        ),
        "barograph_rule_group_iterations_total": ("Evaluations of groups begun.", lambda: runner.counts.iterations),
        "barograph_rule_group_iterations_missed_total": (
            "Evaluations of groups that were passed over, since the one before took too long or the machine slept.",
            lambda: runner.counts.missed,
        ),
    }
    made = {telemetry.counter(name, help_text).labels(): value for name, (help_text, value) in counters.items()}
    took = telemetry.gauge("barograph_rules_seconds", "How long rules took at the tick before this one.").labels()
    waiting = telemetry.gauge(
        "barograph_rules_undelivered", "Changes of alerts that could not be kept yet, and are handed over again."
    ).labels()
    unstored = telemetry.gauge(
        "barograph_rules_alerts_without_series",
        "Alerts that have no series ALERTS, because their rule has more than rules.max_alert_series of them.",
    ).labels()

    def refresh() -> None:
        for metric, value in made.items():
            metric.set(value())
        took.set(runner.took_s)
        waiting.set(runner.undelivered)
        rules = [each.rule for group in runner.groups for each in group.rules]
        unstored.set(sum(rule.unstored for rule in rules if isinstance(rule, AlertingRule)))

    telemetry.on_snapshot(refresh)
