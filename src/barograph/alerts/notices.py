"""Messages made of alerts: the worst first, cut or split to what a receiver takes. Pure; the dispatcher calls it."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import msgspec

from barograph.alerts.life import rank_of, worst_part
from barograph.alerts.policy import Way
from barograph.alerts.quiet import labels_of
from barograph.model.alert_state import AlertRecord
from barograph.model.notice import Notice, NoticeAlert, NoticeKind

Suspects = Callable[[AlertRecord], tuple[str, ...]]
"""Who did it, a line each, of an alert."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all messages about a group have.

    Attributes:
        way: To whom.
        group_key: Of the group.
        group_labels: Of the group.
        at_ms: Now.
        external_url: Where this Barograph is reached, or "".
        suspects: Who did it.
        serial: Different for any two messages.
        actor: Who acknowledged, or "".
        text: Why, or "".
    """

    way: Way
    group_key: str
    group_labels: dict[str, str]
    at_ms: int
    external_url: str
    suspects: Suspects
    serial: str
    actor: str = ""
    text: str = ""


def make_notices(
    frame: Frame, kind: NoticeKind, firing: Iterable[AlertRecord], over: Iterable[AlertRecord], others: int = 0
) -> list[Notice]:
    """Return the messages that tell of these alerts: one, or several where the way splits.

    Args:
        frame: What all messages about the group have.
        kind: Why they are made.
        firing: What is told as firing.
        over: What is told as ended.
        others: As in `Notice`.
    """
    ended = _told(over, frame, is_over=True)
    alerts = [*_told(firing, frame, is_over=False), *ended]
    way = frame.way
    pages: Sequence[Sequence[NoticeAlert]] = [alerts[: way.most]]
    if way.splits:
        pages = [alerts[first : first + way.most] for first in range(0, len(alerts), way.most)]
    notice = Notice(
        key="",
        kind=kind,
        receiver=way.id,
        group_key=frame.group_key,
        group_labels=frame.group_labels,
        alerts=(),
        at_ms=frame.at_ms,
        actor=frame.actor,
        text=frame.text,
        external_url=frame.external_url,
        others=others,
    )
    return [
        msgspec.structs.replace(
            notice,
            key=_key(frame, kind, place),
            alerts=tuple(page),
            total=0 if way.splits else len(alerts),
            ended=0 if way.splits else len(ended),
        )
        for place, page in enumerate(pages)
    ]


def _told(records: Iterable[AlertRecord], frame: Frame, *, is_over: bool) -> list[NoticeAlert]:
    worst_first = sorted(records, key=lambda record: (-rank_of(record.severity), -record.fired_ms, record.number))
    return [
        NoticeAlert(
            labels=labels_of(record).to_dict(),
            annotations=worst_part(record).annotations,
            fired_ms=record.fired_ms,
            ended_ms=record.ended_ms if is_over else 0,
            url=f"{frame.external_url}/alerts/{record.number}" if frame.external_url else "",
            number=record.number,
            # who did it is told of the first alone: a message is short
            who=frame.suspects(record) if place == 0 and not is_over else (),
        )
        for place, record in enumerate(worst_first)
    ]


def _key(frame: Frame, kind: NoticeKind, place: int) -> str:
    parts = (frame.way.id, frame.group_key, kind.value, str(frame.at_ms), frame.serial, str(place))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
