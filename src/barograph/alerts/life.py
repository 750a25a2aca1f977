"""The machine of an alert's life: pure steps from one record to the next, with the transitions that they make.

The book calls it, a hypothesis state machine checks it. It reads no clock, keeps nothing and sends nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.alert_state import (
    SEVERITY,
    Acknowledgment,
    AlertPart,
    AlertRecord,
    LifeState,
    Transition,
    TransitionKind,
)
from barograph.model.errors import AlertError
from barograph.model.labels import Labels

SEVERITIES = ("none", "info", "warning", "error", "critical", "emergency")
"""From mild to grave. A severity that is not among them counts as `warning`, none at all as `none`."""
_NEEDS_REASON_MS = 2 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What became of an alert. Without transitions nothing happened that people need know."""

    record: AlertRecord
    transitions: tuple[Transition, ...] = ()
    left: tuple[AlertPart, ...] = ()
    """What still pends when the alert is resolved: an alert of its own, for the book to begin."""


def subject_of(labels: Labels) -> tuple[tuple[str, str], ...]:
    """Return what an alert is: its labels without the severity."""
    return tuple([pair for pair in labels.pairs if pair[0] != SEVERITY])


def rank_of(severity: str) -> int:
    """Return how grave a severity is; higher is graver."""
    name = severity.lower() or "none"
    return SEVERITIES.index(name if name in SEVERITIES else "warning")


def worst_part(record: AlertRecord) -> AlertPart:
    """Return what the rule says that speaks for an alert: of the firing ones the gravest."""
    return max(record.parts, key=lambda part: (part.is_firing, rank_of(_severity(part))))


def title_of(record: AlertRecord) -> str:
    """Return what an alert is called now, or was at its end."""
    return worst_part(record).annotations.get("summary", "") or dict(record.labels).get("alertname", "")


def titled(step: Step) -> Step:
    """Return a step that says what the alert is called, where it has become another title since the last one."""
    if not step.transitions or (title := title_of(step.record)) == step.record.title:
        return step
    first, *others = step.transitions
    return Step(
        record=msgspec.structs.replace(step.record, title=title),
        transitions=(msgspec.structs.replace(first, title=title), *others),
        left=step.left,
    )


def begin(number: int, change: RuleAlert, at_ms: int) -> Step:
    """Open a record with the first thing that a rule says of an alert, which must be that it is pending or fires."""
    empty = AlertRecord(
        number=number, labels=subject_of(change.labels), parts=(), severity="", began_ms=change.active_ms
    )
    return take(empty, change, at_ms)


def take(record: AlertRecord, change: RuleAlert, at_ms: int) -> Step:
    """Lay what a rule says now over what rules have said of the alert.

    Raises:
        AlertError: The record has ended; the alert needs a new one.
    """
    _refuse_ended(record)
    parts = _parts_after(record.parts, change)
    if not parts:
        return _end(record, change, at_ms, ())
    firing = [_severity(part) for part in parts if part.is_firing]
    # what only pends is as grave as it would be; what has fired stays as grave as it was
    severity = record.severity if record.fired_ms and not firing else _worst(firing or map(_severity, parts))
    after = msgspec.structs.replace(record, parts=parts, severity=severity)
    if not record.parts and not firing:
        return Step(record=after, transitions=(_note(after, TransitionKind.PENDING, at_ms),))
    if firing and not record.fired_ms:
        after = msgspec.structs.replace(after, fired_ms=change.fired_ms or at_ms)
        return Step(record=after, transitions=(_note(after, TransitionKind.FIRED, at_ms),))
    if record.fired_ms and not firing:
        # what fired is over; what else pends under the same name is a new alert, which the book opens
        return _end(record, change, at_ms, parts)
    if not firing:
        return Step(record=after)
    if rank_of(severity) > rank_of(record.severity):
        return _rise(after, at_ms)
    if rank_of(severity) < rank_of(record.severity):
        return Step(record=after, transitions=(_note(after, TransitionKind.FELL, at_ms),))
    return Step(record=after)


def acknowledge(record: AlertRecord, acknowledgment: Acknowledgment) -> Step:
    """Let somebody have the alert; a second acknowledgment takes the place of the first.

    Raises:
        AlertError: It does not fire, nobody is named, a long time has no reason, or the time is over already.
    """
    if record.state not in (LifeState.FIRING, LifeState.ACKNOWLEDGED):
        raise AlertError(f"alert {record.number} is {record.state}: only one that fires can be acknowledged")
    if not acknowledgment.by:
        raise AlertError(f"alert {record.number} was not acknowledged: nobody is named who does")
    if 0 < acknowledgment.until_ms <= acknowledgment.at_ms:
        raise AlertError(f"alert {record.number} was not acknowledged: the time until which is over already")
    if acknowledgment.until_ms - acknowledgment.at_ms > _NEEDS_REASON_MS and not acknowledgment.reason.strip():
        raise AlertError(f"alert {record.number} was not acknowledged: more than 2 hours need a reason")
    held = record.acknowledgment
    if held is not None and msgspec.structs.replace(acknowledgment, at_ms=held.at_ms) == held:
        # a command that was repeated, since its answer was lost
        return Step(record=record)
    first_ms = record.acknowledged_ms or acknowledgment.at_ms
    after = msgspec.structs.replace(record, acknowledgment=acknowledgment, acknowledged_ms=first_ms)
    kind = TransitionKind.ACKNOWLEDGED
    return Step(
        record=after,
        transitions=(_note(after, kind, acknowledgment.at_ms, acknowledgment.by, acknowledgment.reason),),
    )


def withdraw(record: AlertRecord, actor: str, at_ms: int) -> Step:
    """Take an acknowledgment back.

    Raises:
        AlertError: Nobody has the alert.
    """
    _refuse_ended(record)
    if record.acknowledgment is None:
        raise AlertError(f"alert {record.number} is not acknowledged")
    return _unacknowledged(record, TransitionKind.ACK_WITHDRAWN, at_ms, actor)


def expire(record: AlertRecord, now_ms: int) -> Step:
    """End an acknowledgment whose time is over; else nothing happens."""
    held = record.acknowledgment
    if record.ended_ms or held is None or not held.until_ms or now_ms < held.until_ms:
        return Step(record=record)
    return _unacknowledged(record, TransitionKind.ACK_EXPIRED, held.until_ms)


def assign(record: AlertRecord, assignee: str, actor: str, at_ms: int) -> Step:
    """Give the alert to somebody, or to nobody ("").

    Raises:
        AlertError: It has ended.
    """
    _refuse_ended(record)
    if assignee == record.assignee:
        return Step(record=record)
    after = msgspec.structs.replace(record, assignee=assignee)
    return Step(record=after, transitions=(_note(after, TransitionKind.ASSIGNED, at_ms, actor, assignee),))


def comment(record: AlertRecord, text: str, actor: str, at_ms: int) -> Step:
    """Write something beside the alert, also after its end.

    Raises:
        AlertError: There is nothing in it.
    """
    if not text.strip():
        raise AlertError(f"alert {record.number} was not commented: the comment is empty")
    return Step(record=record, transitions=(_note(record, TransitionKind.COMMENTED, at_ms, actor, text),))


def part_of(change: RuleAlert) -> AlertPart:
    """Return what a rule says, at rest."""
    return AlertPart(
        file=change.rule.file,
        group=change.rule.group,
        rule=change.rule.rule,
        labels=change.labels.pairs,
        annotations=dict(change.annotations),
        is_firing=change.phase is AlertPhase.FIRING,
        value=change.value,
        active_ms=change.active_ms,
        fired_ms=change.fired_ms or 0,
        keep_firing_ms=change.keep_firing_ms or 0,
    )


def said_by(part: AlertPart) -> RuleAlert:
    """Return what a rule said, as it said it."""
    return RuleAlert(
        rule=RuleName(file=part.file, group=part.group, rule=part.rule),
        labels=Labels.from_sorted(part.labels),
        annotations=part.annotations,
        phase=AlertPhase.FIRING if part.is_firing else AlertPhase.PENDING,
        value=part.value,
        active_ms=part.active_ms,
        fired_ms=part.fired_ms or None,
        keep_firing_ms=part.keep_firing_ms or None,
    )


def _parts_after(parts: Sequence[AlertPart], change: RuleAlert) -> tuple[AlertPart, ...]:
    rule = (change.rule.file, change.rule.group, change.rule.rule, change.labels.pairs)
    others = tuple(part for part in parts if (part.file, part.group, part.rule, part.labels) != rule)
    if change.phase in (AlertPhase.RESOLVED, AlertPhase.DROPPED):
        return others
    return (*others, part_of(change))


def _severity(part: AlertPart) -> str:
    for name, value in part.labels:
        if name == SEVERITY:
            return value
    return ""


def _worst(severities: Iterable[str]) -> str:
    return max(severities, key=lambda name: (rank_of(name), name))


def _rise(record: AlertRecord, at_ms: int) -> Step:
    rose = _note(record, TransitionKind.ROSE, at_ms)
    held = record.acknowledgment
    if held is None or held.is_sticky:
        return Step(record=record, transitions=(rose,))
    broken = _unacknowledged(record, TransitionKind.ACK_BROKEN, at_ms)
    return Step(record=broken.record, transitions=(rose, *broken.transitions))


def _end(record: AlertRecord, change: RuleAlert, at_ms: int, left: tuple[AlertPart, ...]) -> Step:
    ended_ms = max(change.ended_ms or at_ms, record.fired_ms, record.began_ms)
    # of an ended alert stays what was said last, for whoever reads of it later
    after = msgspec.structs.replace(record, acknowledgment=None, ended_ms=ended_ms)
    kind = TransitionKind.RESOLVED if record.fired_ms else TransitionKind.DROPPED
    return Step(record=after, transitions=(_note(after, kind, ended_ms),), left=left)


def _unacknowledged(record: AlertRecord, kind: TransitionKind, at_ms: int, actor: str = "") -> Step:
    after = msgspec.structs.replace(record, acknowledgment=None)
    return Step(record=after, transitions=(_note(after, kind, at_ms, actor),))


def _note(record: AlertRecord, kind: TransitionKind, at_ms: int, actor: str = "", text: str = "") -> Transition:
    return Transition(alert=record.number, at_ms=at_ms, kind=kind, severity=record.severity, actor=actor, text=text)


def _refuse_ended(record: AlertRecord) -> None:
    if record.ended_ms:
        raise AlertError(f"alert {record.number} is {record.state}: nothing but a comment can be added to it")
