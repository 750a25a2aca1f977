"""An alert as rules decide it, and where rules hand it over. Rules make these values; alerts keeps their lives.

What a person or a receiver does with an alert (acknowledge, silence, deliver) is not here: rules never know of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from barograph.model.labels import Labels


class AlertPhase(StrEnum):
    """What a rule says of an alert at one evaluation."""

    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"
    """It fired, and its condition (and `keep_firing_for`) is over. A pending alert that ends is `DROPPED`."""
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleName:
    """Which rule of which group; unique while the rule files are unchanged."""

    file: str
    """The rule file as it was found, or "stock" for the rules that come with the program."""
    group: str
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAlert:
    """One alert of one rule, as of its newest evaluation."""

    rule: RuleName
    labels: Labels
    """Without `__name__`, with `alertname` and the rule's and the external labels: the alert's identity."""
    annotations: Mapping[str, str]
    """Rendered."""
    phase: AlertPhase
    value: float
    """Of the expression when the phase was entered, or when annotations last changed."""
    active_ms: int
    """Since when the condition holds: the planned instant of that evaluation."""
    fired_ms: int | None = None
    """When it went from pending to firing."""
    keep_firing_ms: int | None = None
    """Since when only `keep_firing_for` keeps it firing."""
    ended_ms: int | None = None
    """When it was resolved or dropped."""


class AlertSink(Protocol):
    """Takes what rules decide. Called by the keeper's ticker, after the tick's commit."""

    def receive(self, changes: Sequence[RuleAlert], at_ms: int) -> None:
        """Take the alerts whose phase, annotations or `keep_firing_ms` changed at this evaluation.

        They are durable when it returns, all or none. An alert that stays as it was is not handed over again. What ends
        at an instant comes after all that begins then, unless it is the same rule's same alert.

        Raises:
            StoreError: They could not be kept; the same changes are handed over again at the next evaluation.
        """
        ...

    def active(self) -> Sequence[RuleAlert]:
        """Return every alert that is pending or firing as last received: what rules begin with after a start."""
        ...
