"""An alert as people and receivers know it, its transitions, and the protocol of where both are kept.

Rules know an alert by all its labels; people know one by its labels but for `severity`, so that a warning which becomes
critical is one alert that got worse. Made by room alerts, kept by room state. `gc=False`: none can be part of a cycle,
and there may be 100,000.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

SEVERITY = "severity"
"""The label that says how bad it is, and is not part of what an alert is."""


class TransitionKind(StrEnum):
    """What can happen to an alert."""

    PENDING = "pending"
    FIRED = "fired"
    ROSE = "rose"
    FELL = "fell"
    ACKNOWLEDGED = "acknowledged"
    ACK_BROKEN = "ack_broken"
    ACK_EXPIRED = "ack_expired"
    ACK_WITHDRAWN = "ack_withdrawn"
    ASSIGNED = "assigned"
    COMMENTED = "commented"
    RESOLVED = "resolved"
    DROPPED = "dropped"


class LifeState(StrEnum):
    """Where in its life an alert is."""

    PENDING = "pending"
    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    DROPPED = "dropped"


class Acknowledgment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Somebody has it.

    Attributes:
        by: Who.
        at_ms: Since when.
        reason: Why; may be "".
        until_ms: Until when; 0 until it is resolved.
        is_sticky: A rise in severity does not break it.
    """

    by: str
    at_ms: int
    reason: str = ""
    until_ms: int = 0
    is_sticky: bool = False


class AlertPart(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What one rule says of an alert: the fields of a `RuleAlert` at rest; times that are not known are 0."""

    file: str
    group: str
    rule: str
    labels: tuple[tuple[str, str], ...]
    annotations: dict[str, str]
    is_firing: bool
    value: float
    active_ms: int
    fired_ms: int = 0
    keep_firing_ms: int = 0


class AlertRecord(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One alert from its first pending instant to its end.

    Attributes:
        number: What people call it; rises by one an alert and is never used again.
        labels: Its identity: labels without `severity`, sorted.
        parts: What rules say of it now, at least one while it lives; of an ended one, what was said last.
        severity: Of the worst part that fires; before anything fires, of the worst that is pending.
        began_ms: When the first part became pending.
        fired_ms: When it began to fire; 0 before.
        ended_ms: When it was resolved or dropped; 0 before.
        assignee: Who is to look after it, or "".
        acknowledgment: Who has it.
        acknowledged_ms: The first acknowledgment, for the time to acknowledge; 0 where there was none.
        title: What it was called when something last happened to it.
    """

    number: int
    labels: tuple[tuple[str, str], ...]
    parts: tuple[AlertPart, ...]
    severity: str
    began_ms: int
    fired_ms: int = 0
    ended_ms: int = 0
    assignee: str = ""
    acknowledgment: Acknowledgment | None = None
    acknowledged_ms: int = 0
    title: str = ""

    @property
    def state(self) -> LifeState:
        """Where in its life it is."""
        if self.ended_ms:
            return LifeState.RESOLVED if self.fired_ms else LifeState.DROPPED
        if not self.fired_ms:
            return LifeState.PENDING
        return LifeState.FIRING if self.acknowledgment is None else LifeState.ACKNOWLEDGED


class Transition(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something that happened to an alert. `actor` is "" where no person did it.

    `title` is what the alert was called then. When it is kept, "" is as before; when it is read, unknown.
    """

    alert: int
    at_ms: int
    kind: TransitionKind
    severity: str
    actor: str = ""
    text: str = ""
    title: str = ""


class NumberedTransition(msgspec.Struct, frozen=True, kw_only=True):
    """A transition with its place in the history."""

    number: int
    transition: Transition


class TransitionCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many transitions of a kind lie in a span of time."""

    kind: TransitionKind
    count: int


class HistoryQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which transitions are asked for.

    Attributes:
        alert: Of one alert; 0 for all.
        kinds: Only of these kinds; all where empty.
        start_ms: Not before.
        end_ms: Before that instant; 0 for no end.
        before: Only those that stand behind the transition of this number; 0 from the newest on.
        limit: How many at most.
    """

    alert: int = 0
    kinds: tuple[TransitionKind, ...] = ()
    start_ms: int = 0
    end_ms: int = 0
    before: int = 0
    limit: int = 100


class Durations(msgspec.Struct, frozen=True, kw_only=True):
    """How long something took, in ms; 0 where `count` is."""

    count: int = 0
    mean_ms: float = 0.0
    longest_ms: int = 0


class AlertTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Of alerts that fired and ended in a span: from firing to the first acknowledgment, and to the end."""

    acknowledge: Durations
    resolve: Durations


class AlertStore(Protocol):
    """Durable when a method returns, else `StoreError`. Safe to call from any thread."""

    def live(self) -> list[AlertRecord]:
        """Return all alerts that have not ended, by number."""
        ...

    def last_number(self) -> int:
        """Return the highest number that an alert was given; 0 where there was none."""
        ...

    def keep(self, records: Sequence[AlertRecord], transitions: Sequence[Transition], *, lasting: bool = False) -> None:
        """Put records in place of those with their numbers and add transitions to the history: all or nothing.

        On a disk that takes nothing they are kept in memory for now, or refused where somebody is told that they last.
        """
        ...

    def find(self, number: int) -> AlertRecord | None:
        """Return an alert, ended or not."""
        ...

    def ended(self, before: int, limit: int) -> list[AlertRecord]:
        """Return the newest ended alerts with numbers below `before` (0: of all), the newest first."""
        ...

    def earlier(self, record: AlertRecord, since_ms: int, limit: int) -> list[AlertRecord]:
        """Return the alerts of the same labels that ended after an instant, the newest first."""
        ...

    def history(self, question: HistoryQuestion) -> list[NumberedTransition]:
        """Return transitions, the newest first: by their instants, of one alert by their numbers."""
        ...

    def after(self, number: int, limit: int) -> list[NumberedTransition]:
        """Return the first transitions after a number, in order."""
        ...

    def times(self, start_ms: int, end_ms: int) -> AlertTimes:
        """Return how long the alerts took that ended in start <= t < end."""
        ...

    def counts(self, start_ms: int, end_ms: int) -> list[TransitionCount]:
        """Return how many transitions of each kind lie in start <= t < end."""
        ...
