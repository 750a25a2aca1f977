"""The instants at which ticks are due: whole multiples of their interval since the Unix epoch. Pure."""

from collections.abc import Collection
from typing import NamedTuple

_LEAST_OWN_MS = 1000


class Plan(NamedTuple):
    """The next tick: its instant, and how many instants before it have been passed over."""

    instant_ms: int
    missed: int


def next_instant_ms(intervals_ms: Collection[int], after_ms: int) -> int:
    """Return the first instant after `after_ms` at which one of the intervals is due."""
    return min((after_ms // interval_ms + 1) * interval_ms for interval_ms in intervals_ms)


def own_interval_ms(intervals_ms: Collection[int]) -> int:
    """Return how often our own metrics are stored: with the shortest interval's ticks, but at most once a second."""
    shortest_ms = min(intervals_ms)
    return -(-_LEAST_OWN_MS // shortest_ms) * shortest_ms


def plan_tick(intervals_ms: Collection[int], last_ms: int, now_ms: int) -> Plan:
    """Return the next tick after the one of `last_ms`.

    A tick that is late by less than its interval is still done; of several passed instants the newest is done and the
    others are missed.
    """
    instant_ms = next_instant_ms(intervals_ms, last_ms)
    shortest_ms = min(intervals_ms)
    if now_ms - instant_ms < shortest_ms:
        return Plan(instant_ms, 0)
    newest_ms = now_ms // shortest_ms * shortest_ms
    return Plan(newest_ms, max((newest_ms - instant_ms) // shortest_ms, 1))
