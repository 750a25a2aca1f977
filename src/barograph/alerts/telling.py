"""What a receiver has to be told of a group at one look. Pure: of how the group stands, and of what it was told."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from barograph.alerts.life import rank_of
from barograph.model.notice import NoticeKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a group stands.

    Attributes:
        loud: Alerts that fire and that nothing keeps quiet, with their severities.
        held: Those of them that somebody has: no reason to repeat.
        ended: Alerts that have ended.
    """

    loud: Mapping[int, str]
    held: AbstractSet[int] = field(default_factory=frozenset)
    ended: AbstractSet[int] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to be made.

    Attributes:
        kind: Why.
        firing: What is told as firing.
        over: What is told as ended.
        others: How many go on of which it does not tell, since they are quiet now.
    """

    kind: NoticeKind
    firing: AbstractSet[int]
    over: AbstractSet[int] = field(default_factory=frozenset)
    others: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What follows from a look: messages in order, and what the receiver then believes to fire.

    `tells_firing` says that the clock of repeats begins anew.
    """

    messages: tuple[Message, ...]
    believed: dict[int, str]
    tells_firing: bool


def tell(
    standing: Standing,
    known: Mapping[int, str],
    missed: Mapping[int, str],
    *,
    sends_resolved: bool,
    repeat_is_due: bool,
) -> Telling:
    """Return what a receiver is told: one message at most, since between two of a group lies its interval.

    What fired and ended between two messages is told as firing with the next one and as ended with the one after it:
    a receiver that follows alerts one by one is to hear of both, in their order, and a message names an alert once.

    Args:
        standing: The group now.
        known: What the receiver believes to fire, with the severities that it was told.
        missed: What ended before the receiver was told of it, and that nothing keeps quiet now, with severities.
        sends_resolved: Whether it is told of ends; then it is always told, whatever else is quiet.
        repeat_is_due: Whether the last message is so old that it is repeated.
    """
    loud = {**standing.loud, **missed}
    messages = []
    ended = standing.ended & known.keys()
    over = ended if sends_resolved else frozenset()
    # told before, and quiet now, or about to end: still believed to fire
    rest = {number: severity for number, severity in known.items() if number not in loud and number not in ended}
    # a severity that fell is noted when it falls, and one that rose is told of below
    believed = {**rest, **{number: known[number] for number in loud if number in known}}
    kind = _kind(loud, known, standing.held, repeat_is_due)
    if kind is not None:
        messages.append(Message(kind=kind, firing=loud.keys(), over=over))
        believed = {**rest, **loud}
    elif over:
        # what is quiet is not named as firing, but as long as it goes on it is not all over
        kind_of_end = NoticeKind.REPEAT if loud else NoticeKind.RESOLVED
        others = 0 if loud else len(rest)
        messages.append(Message(kind=kind_of_end, firing=loud.keys() & known.keys(), over=over, others=others))
    return Telling(messages=tuple(messages), believed=believed, tells_firing=kind is not None)


def _kind(
    loud: Mapping[int, str], known: Mapping[int, str], held: AbstractSet[int], repeat_is_due: bool
) -> NoticeKind | None:
    if loud.keys() - known.keys():
        return NoticeKind.FIRING
    if any(rank_of(severity) > rank_of(known[number]) for number, severity in loud.items()):
        return NoticeKind.WORSE
    if repeat_is_due and loud.keys() - held:
        return NoticeKind.REPEAT
    return None
