"""What a rule knows of itself and of its alerts while it runs, and the outcome of an evaluation.

One thread, the ticker's, changes these; others may look at them and see a value of some recent moment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from barograph.model.alert import AlertPhase, RuleAlert
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray
from barograph.rules.texts import ParseText


class Health(StrEnum):
    """How a rule's newest evaluation went, in Prometheus' words."""

    UNKNOWN = "unknown"
    OK = "ok"
    ERR = "err"


@dataclass(slots=True, eq=False)
class RuleStatus:
    """What the API shows of a rule besides its text and its alerts.

    Attributes:
        health: Of the newest evaluation.
        last_error: In words, "" where it went well.
        evaluated_ms: The instant of the newest evaluation; 0 before the first.
        took_s: How long it took.
        failures: How many failed.
    """

    health: Health = Health.UNKNOWN
    last_error: str = ""
    evaluated_ms: int = 0
    took_s: float = 0.0
    failures: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The result of a rule's expression: labels, unique but for mistakes, and float64 values, one each."""

    labels: tuple[Labels, ...]
    values: FloatArray


@dataclass(slots=True, eq=False, kw_only=True)
class Active:
    """An alert that is pending or fires.

    Attributes:
        labels: As Prometheus has them: without the external ones.
        identity: With the external labels; what it is outside of the rules.
        row: The labels of the expression's row that it came from; None of one restored, until it is seen again.
        annotations: Rendered.
        phase: `PENDING` or `FIRING`.
        value: Of the newest evaluation that had it.
        active_ms: Since when the condition holds.
        fired_ms: When it began to fire; None before.
        keep_firing_ms: Since when only `keep_firing_for` keeps it.
        rendered_ms: When its annotations were made; 0: they are to be made anew.
        seen: The number of the newest evaluation that had it.
        series: Its `ALERTS` and `ALERTS_FOR_STATE`, once they are asked for.
    """

    labels: Labels
    identity: Labels
    row: Labels | None
    annotations: Mapping[str, str]
    phase: AlertPhase
    value: float
    active_ms: int
    fired_ms: int | None = None
    keep_firing_ms: int | None = None
    rendered_ms: int = 0
    seen: int = 0
    series: tuple[Labels, Labels] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSettings:
    """What all rules have in common.

    Attributes:
        external_labels: Added to alerts that lack them.
        external_url: Of this server, for templates.
        parse_text: Parses a template.
        refresh_ms: How often annotations of an alert that goes on are made anew at most; 0: at each evaluation.
        max_stored: The most alerts of one rule that have their series, `ALERTS` and `ALERTS_FOR_STATE`.
    """

    external_labels: Mapping[str, str] = field(default_factory=dict)
    external_url: str = ""
    parse_text: ParseText
    refresh_ms: int = 60_000
    max_stored: int = 5_000


Changed = Callable[[RuleAlert], None]
"""Takes an alert whose phase, annotations or times changed."""
