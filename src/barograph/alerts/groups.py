"""The groups of alerts that are being told of, by route: who is in which, and which is looked at next. In memory only.

It is made anew at each start, of the alerts that live and of what receivers were told: nothing here must last.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from barograph.alerts.quiet import labels_of
from barograph.alerts.routing import Route
from barograph.model.alert_state import AlertRecord


@dataclass(slots=True, kw_only=True, eq=False)
class TellingGroup:
    """One group at one route.

    Attributes:
        route: How it is told, and to whom.
        key: Its name.
        labels: What its alerts share.
        next_ms: When it is looked at.
        firing: Numbers of its alerts that fire.
        ended: Those that have ended, until all who knew of them are told.
    """

    route: Route
    key: str
    labels: dict[str, str]
    next_ms: int
    firing: set[int] = field(default_factory=set)
    ended: dict[int, AlertRecord] = field(default_factory=dict)


class Groups:
    """All of them. Used by one thread."""

    def __init__(self) -> None:
        self._groups: dict[tuple[str, str], TellingGroup] = {}
        self._of: dict[int, list[TellingGroup]] = defaultdict(list)
        self._due: list[tuple[int, int, TellingGroup]] = []
        self._count = 0

    def __iter__(self) -> Iterator[TellingGroup]:
        return iter(list(self._groups.values()))

    def of(self, number: int) -> list[TellingGroup]:
        """Return the groups that an alert is in."""
        return self._of.get(number, [])

    def at(self, route: Route, record: AlertRecord) -> TellingGroup:
        """Return the group of an alert at a route, made where there is none; the alert is not put into it."""
        labels = labels_of(record)
        key = route.group_key(labels)
        return self.named(route, key, route.group_labels(labels).to_dict())

    def named(self, route: Route, key: str, labels: dict[str, str]) -> TellingGroup:
        """Return a group by its name, made where there is none."""
        place = (route.place, key)
        group = self._groups.get(place)
        if group is None:
            group = self._groups[place] = TellingGroup(route=route, key=key, labels=labels, next_ms=0)
        return group

    def put(self, group: TellingGroup, number: int) -> None:
        """Note that an alert is in a group."""
        if group not in self._of[number]:
            self._of[number].append(group)

    def look_at(self, group: TellingGroup, at_ms: int) -> None:
        """Have a group looked at at an instant, unless that comes sooner anyway."""
        if not group.next_ms or at_ms < group.next_ms:
            group.next_ms = at_ms
            self._count += 1
            heapq.heappush(self._due, (at_ms, self._count, group))

    def set_back(self, by_ms: int) -> None:
        """Let what waits wait as long as before: the clock was set back."""
        self._due = []
        for group in self._groups.values():
            if group.next_ms:
                next_ms, group.next_ms = max(group.next_ms - by_ms, 1), 0
                self.look_at(group, next_ms)

    def take_due(self, now_ms: int) -> list[TellingGroup]:
        """Return the groups whose time has come; they have no next look until they are given one."""
        due = []
        while self._due and self._due[0][0] <= now_ms:
            at_ms, _, group = heapq.heappop(self._due)
            if group.next_ms == at_ms:
                group.next_ms = 0
                due.append(group)
        return due

    def next_ms(self) -> int | None:
        """Return when the next group is looked at."""
        while self._due and self._due[0][2].next_ms != self._due[0][0]:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def leave(self, group: TellingGroup, number: int) -> None:
        """Take an alert out of a group, and away with a group that is empty."""
        group.firing.discard(number)
        group.ended.pop(number, None)
        left = [each for each in self._of.get(number, []) if each is not group]
        if left:
            self._of[number] = left
        else:
            self._of.pop(number, None)
        if not group.firing and not group.ended:
            self._groups.pop((group.route.place, group.key), None)
            group.next_ms = 0
