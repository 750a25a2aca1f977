"""A message about a group of alerts, its delivery, and the protocol of where deliveries wait."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

import msgspec


class NoticeKind(StrEnum):
    """Why somebody is told."""

    FIRING = "firing"
    REPEAT = "repeat"
    WORSE = "worse"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class NoticeAlert(msgspec.Struct, frozen=True, kw_only=True):
    """An alert as it is told. `ended_ms` is 0 while it fires; `url` is its page."""

    labels: dict[str, str]
    annotations: dict[str, str]
    fired_ms: int
    ended_ms: int = 0
    url: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one receiver.

    Attributes:
        key: The same for every attempt and after every restart, and for no other message.
        kind: Why.
        receiver: To whom, by name.
        group_key: Which group, as Alertmanager writes it.
        group_labels: What the alerts of the group share by `group_by`.
        alerts: The worst first.
        at_ms: When it was made.
        actor: Who acknowledged, or "".
        text: Why it was acknowledged, or "".
        external_url: Where this Barograph is reached.
    """

    key: str
    kind: NoticeKind
    receiver: str
    group_key: str
    group_labels: dict[str, str]
    alerts: tuple[NoticeAlert, ...]
    at_ms: int
    actor: str = ""
    text: str = ""
    external_url: str = ""


class DeliveryState(StrEnum):
    """Where a message is."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    """Refused for good: a repeat cannot help."""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way. `next_ms`: not before; `answer`: of the last attempt, "" before the first."""

    number: int
    notice: Notice
    state: DeliveryState = DeliveryState.WAITING
    attempts: int = 0
    next_ms: int = 0
    tried_ms: int = 0
    answer: str = ""


class DeliveryStore(Protocol):
    """Durable when a method returns, else `StoreError`. Safe to call from any thread."""

    def enqueue(self, notices: Sequence[Notice]) -> None:
        """Let messages wait for delivery; one whose receiver and key are known already is left out."""
        ...

    def heads(self, receiver: str) -> list[Delivery]:
        """Return the oldest waiting message of each group of a receiver, the oldest first."""
        ...

    def keep(self, delivery: Delivery) -> None:
        """Put what became of an attempt in place of what was before, and add it to the log."""
        ...

    def log(self, before: int, limit: int) -> list[Delivery]:
        """Return the newest attempts before a number (0: of all), the newest first; `number` is the attempt's."""
        ...
