"""A message about a group of alerts, its delivery, and the protocol of where deliveries wait."""

from collections.abc import Mapping, Sequence
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
    """An alert as it is told.

    Attributes:
        labels: All of them.
        annotations: Rendered.
        fired_ms: Since when it fires.
        ended_ms: When it ended; 0 while it fires.
        url: Its page, or "".
        number: The alert's; 0 in a test message.
        who: Who did it, a line each, the first three.
    """

    labels: dict[str, str]
    annotations: dict[str, str]
    fired_ms: int
    ended_ms: int = 0
    url: str = ""
    number: int = 0
    who: tuple[str, ...] = ()


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one receiver.

    Attributes:
        key: The same for every attempt and after every restart, and for no other message.
        kind: Why.
        receiver: To whom: the receiver's name, and which of its ways (`team/webhook[0]`).
        group_key: Which group, as Alertmanager writes it.
        group_labels: What the alerts of the group share by `group_by`.
        alerts: The worst first; where `total` is more, those that are told of one by one.
        at_ms: When it was made.
        actor: Who acknowledged, or "".
        text: Why it was acknowledged, or "".
        external_url: Where this Barograph is reached.
        total: How many alerts it is about; 0 where all of them are in `alerts`.
        ended: How many of them have ended; 0 where all of them are in `alerts`.
        others: How many alerts of the group it is not about, though they go on: what is quiet where something else is
            resolved, what nobody has where something else is acknowledged.
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
    total: int = 0
    others: int = 0
    ended: int = 0

    @property
    def alert_count(self) -> int:
        """How many alerts it is about."""
        return max(self.total, len(self.alerts))

    @property
    def ended_count(self) -> int:
        """How many of them have ended."""
        return max(self.ended, sum(alert.ended_ms > 0 for alert in self.alerts))

    @property
    def receiver_name(self) -> str:
        """The receiver's name, whichever of its ways this goes."""
        return self.receiver.rpartition("/")[0] or self.receiver


class GroupTold(msgspec.Struct, frozen=True, kw_only=True):
    """What one way of a receiver was told of a group: kept with the message, so that both or neither are there.

    Attributes:
        receiver: As in `Notice`.
        group_key: As in `Notice`.
        group_labels: As in `Notice`.
        at_ms: When it was told last of what fires.
        firing: The alerts that it believes to fire, each with the severity it was told.
        up_to: The last transition that this takes into account.
        is_held: Since it was told last of what fires it was told that somebody has all of it.
        missed: Alerts that have fired and ended since the last message, each with its severity: yet to be told.
    """

    receiver: str
    group_key: str
    group_labels: dict[str, str]
    at_ms: int
    firing: dict[int, str]
    up_to: int
    is_held: bool = False
    missed: dict[int, str] = {}

    @property
    def is_over(self) -> bool:
        """Whether nothing more follows from it, so that it is forgotten."""
        return not self.firing and not self.missed


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

    def enqueue(
        self,
        notices: Sequence[Notice],
        told: Sequence[GroupTold] = (),
        up_to: int = 0,
        frozen: Mapping[int, bytes] | None = None,
    ) -> None:
        """Let messages wait for delivery; one whose receiver and key are known already is left out.

        Args:
            notices: The messages.
            told: What receivers have been told with them.
            up_to: All transitions up to this one are told of, or need not be; 0 leaves it as it is.
            frozen: What is kept of instants of firing, by instant; one that is kept already stays as it is.
        """
        ...

    def told(self) -> list[GroupTold]:
        """Return what each receiver was told."""
        ...

    def up_to(self) -> int:
        """Return the last transition of which everything was told; 0 at first."""
        ...

    def heads(self, receiver: str) -> list[Delivery]:
        """Return the oldest waiting message of each group of a receiver, the oldest first."""
        ...

    def keep(self, delivery: Delivery) -> None:
        """Put what became of an attempt in place of what was before, and add it to the log."""
        ...

    def log(self, before: int, limit: int, *, alert: int = 0, receiver: str = "") -> list[Delivery]:
        """Return the newest attempts before a number (0: of all), the newest first; `number` is the attempt's.

        Args:
            before: See above.
            limit: How many at most.
            alert: Only of messages about this alert; 0 for all.
            receiver: Only to this one; "" for all.

        Returns:
            Their notices hold the first 20 alerts.
        """
        ...

    def waiting(self, receiver: str) -> int:
        """Return how many messages wait for a receiver."""
        ...

    def waited_for(self) -> list[str]:
        """Return the receivers for which messages wait, whether they are there or not."""
        ...

    def ways(self) -> dict[str, str]:
        """Return the mark of each receiver's way of the last configuration, by its id; none at first."""
        ...

    def keep_ways(self, marks: Mapping[str, str], moved: Mapping[str, str]) -> None:
        """Put the ways of another configuration in place of those.

        Args:
            marks: Of each, by its id.
            moved: New ids by old ones: what waits for the old one, and what was told it, is the new one's.
        """
        ...

    def forget(self, before_ms: int) -> int:
        """Remove messages that wait no more and were last tried before an instant, with their attempts.

        The newest message and the one tried last stay, since numbers go on from them.

        Returns:
            How many messages.
        """
        ...
