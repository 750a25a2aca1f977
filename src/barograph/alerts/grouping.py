"""When a group of alerts is told of: Alertmanager's timing, as pure functions of what was told before."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a receiver was told of a group last: numbers of alerts that fired and that were resolved, and when."""

    at_ms: int
    firing: AbstractSet[int] = frozenset()
    resolved: AbstractSet[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group at one route. `next_ms` is when it is looked at again."""

    key: str
    next_ms: int
    told: Told | None = None
    urgent: AbstractSet[int] = field(default_factory=frozenset)
    """Alerts that got worse since they were told: told again though nobody else joined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often a group is told, of its route; and whether its receiver wants the end too."""

    wait_ms: int
    interval_ms: int
    repeat_ms: int
    sends_resolved: bool = True


def first_look(cadence: Cadence, fired_ms: int, now_ms: int) -> int:
    """Return when a new group is looked at: after the wait, at once for an alert that has fired longer than that."""
    return now_ms if fired_ms + cadence.wait_ms <= now_ms else now_ms + cadence.wait_ms


def is_due(group: Group, firing: AbstractSet[int], resolved: AbstractSet[int], cadence: Cadence, now_ms: int) -> bool:
    """Tell whether a receiver has to be told of a group as it is at this look.

    Args:
        group: With what was told before.
        firing: Alerts of the group that fire and that nothing keeps quiet.
        resolved: Alerts of the group that have ended since.
        cadence: Of the route.
        now_ms: The instant of the look.
    """
    told = group.told
    if told is None:
        return bool(firing)
    if firing - told.firing or firing & group.urgent:
        return True
    if cadence.sends_resolved and (resolved & told.firing) - told.resolved:
        # a resolved message is never suppressed, whatever the repeat interval
        return True
    if not firing:
        return False
    return told.at_ms <= now_ms - cadence.repeat_ms
