"""The dispatcher: reads what happened to alerts, decides who is told, and puts messages into the queue.

It follows the history of transitions in the store by their numbers, so that a process that dies between an alert and
its message makes the message at its next start: a message, what its receiver then believes, and how far the history
was read are one transaction. What it holds in memory is made anew of the store. It sends nothing, and changes no alert.
"""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count

import msgspec

from barograph.alerts.book import AlertBook
from barograph.alerts.groups import Groups, TellingGroup
from barograph.alerts.notices import Frame, Suspects, make_notices
from barograph.alerts.policy import Policy, Way
from barograph.alerts.quiet import Quieting, labels_of
from barograph.alerts.routing import Route, route_as_told
from barograph.alerts.silence_book import SilenceBook
from barograph.alerts.telling import Standing, tell
from barograph.model.alert_state import (
    AlertRecord,
    AlertStore,
    LifeState,
    NumberedTransition,
    Transition,
    TransitionKind,
)
from barograph.model.clock import Clock, SetBack
from barograph.model.errors import StoreError
from barograph.model.notice import DeliveryStore, GroupTold, Notice, NoticeKind

_log = logging.getLogger(__name__)
_BATCH = 5000
_NOTE_AFTER_MS = 10_000
_RETRY_MS = 1000
_K = TransitionKind
_ToldKey = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchParts:
    """What a dispatcher works on.

    Attributes:
        book: The alerts.
        alerts: Their history.
        silences: The silences.
        deliveries: The queue.
        clock: Wall clock.
        fired: Told of each instant at which alerts fired, before anything is said of them; returns what is to be kept
            of it, b"" for nothing.
        suspects: Who did it.
    """

    book: AlertBook
    alerts: AlertStore
    silences: SilenceBook
    deliveries: DeliveryStore
    clock: Clock
    fired: Callable[[int], bytes] = lambda _: b""
    suspects: Suspects = lambda _: ()


class Dispatcher:
    """Used by one thread at a time."""

    def __init__(self, parts: DispatchParts, policy: Policy) -> None:
        self._parts = parts
        self._serials = count(1)
        # of this process alone: a clock that was set back must not give an old key to a new message
        self._nonce = secrets.token_hex(8)
        self._read_up_to = parts.deliveries.up_to()
        self._noted_up_to = self._read_up_to
        self._noted_ms = parts.clock.now_ms()
        self._set_back = SetBack(parts.clock)
        # the clock may have been set back while no process was there to notice
        told = (_moved(each, min(each.at_ms, self._noted_ms)) for each in parts.deliveries.told())
        self._told = {(each.receiver, each.group_key): each for each in told}
        self._changed: set[_ToldKey] = set()
        self._outbox: list[Notice] = []
        self._frozen: dict[int, bytes] = {}
        self._knowers: dict[int, list[tuple[str, int]]] | None = None
        self._expiry_ms: int | None = 0
        self.holds_back = False
        """Whether messages wait in memory alone, since the store takes nothing."""
        self._take_policy(policy)

    def replace(self, policy: Policy) -> None:
        """Decide by another policy from now on."""
        self._take_policy(policy)

    def told_of(self, number: int) -> list[tuple[str, int]]:
        """Return who believes an alert to fire, and when they were told last. Any thread may ask."""
        knowers = self._knowers
        if knowers is None:
            knowers = {}
            for each in list(self._told.values()):
                for known in list(each.firing):
                    knowers.setdefault(known, []).append((each.receiver, each.at_ms))
            self._knowers = knowers
        return knowers.get(number, [])

    def step(self) -> int | None:
        """Take what happened, and look at the groups whose time has come; returns when there is more to do.

        Raises:
            StoreError: The store could not be read; it is to be tried again.
        """
        now_ms = self._parts.clock.now_ms()
        if back_ms := self._set_back.take_ms():
            self._shift(back_ms)
        if self._expiry_ms is not None and now_ms >= self._expiry_ms:
            self._expiry_ms = self._parts.book.expire(now_ms)
        self._look_what_is_quiet(now_ms)
        self._read(now_ms)
        self._look_what_is_quiet(now_ms)
        for group in self._groups.take_due(now_ms):
            self._look(group, now_ms)
        self.holds_back = not self._commit(now_ms)
        if self.holds_back:
            return now_ms + _RETRY_MS
        return min((at for at in (self._groups.next_ms(), self._expiry_ms) if at is not None), default=None)

    def _shift(self, back_ms: int) -> None:
        """Keep all waits as long as they are after the clock was set back: else nobody is told until it is as late."""
        self._groups.set_back(back_ms)
        self._noted_ms -= back_ms
        self._told = {key: _moved(told, told.at_ms - back_ms) for key, told in self._told.items()}
        self._changed.update(self._told)

    # what happened

    def _read(self, now_ms: int) -> None:
        while batch := self._parts.alerts.after(self._read_up_to, _BATCH):
            resolved: list[AlertRecord] = []
            acknowledged: dict[tuple[str, str], list[AlertRecord]] = {}
            instants: set[int] = set()
            for noted in batch:
                self._take(noted, now_ms, resolved, acknowledged, instants)
            for (actor, text), records in acknowledged.items():
                self._tell_acknowledged(records, actor, text, now_ms)
            if resolved:
                self._end_silences(resolved, now_ms)
            self._read_up_to = batch[-1].number

    def _take(
        self,
        noted: NumberedTransition,
        now_ms: int,
        resolved: list[AlertRecord],
        acknowledged: dict[tuple[str, str], list[AlertRecord]],
        instants: set[int],
    ) -> None:
        happened = noted.transition
        if happened.kind not in _TAKEN:
            return
        record = self._parts.book.find(happened.alert)
        if record is None:
            return
        self._quieting.note(record)
        match happened.kind:
            case _K.FIRED:
                if record.fired_ms not in instants:
                    instants.add(record.fired_ms)
                    self._freeze(record.fired_ms)
                self._join(record, now_ms)
            case _K.ROSE:
                self._join(record, now_ms)
                for group in self._groups.of(record.number):
                    self._groups.look_at(group, now_ms)
            case _K.FELL:
                self._lower(happened, noted.number)
            case _K.RESOLVED:
                resolved.append(record)
                # it may have fired and waited for its look in a process that died: then nobody here knows of it
                self._join(record, now_ms)
                for group in list(self._groups.of(record.number)):
                    self._end_in(group, record, now_ms)
            case _K.ACKNOWLEDGED:
                self._expiry_ms = 0
                acknowledged.setdefault((happened.actor, happened.text), []).append(record)

    def _freeze(self, at_ms: int) -> None:
        if document := self._parts.fired(at_ms):
            self._frozen[at_ms] = document

    def _join(self, record: AlertRecord, now_ms: int) -> None:
        """Put an alert into the groups that it belongs to now; from those it was in before it is not taken."""
        if self._policy.root is None:
            return
        for route in self._policy.root.match(labels_of(record)):
            group = self._groups.at(route, record)
            self._groups.put(group, record.number)
            if record.ended_ms:
                self._end_in(group, record, now_ms)
                continue
            group.firing.add(record.number)
            if not group.next_ms:
                self._groups.look_at(group, _first_look(route, record, now_ms))

    def _end_in(self, group: TellingGroup, record: AlertRecord, now_ms: int) -> None:
        if record.number in group.missed:
            return
        group.firing.discard(record.number)
        group.ended[record.number] = record
        known = [record.number in told.firing for told in self._told_of_group(group)]
        is_late = record.ended_ms >= record.fired_ms + group.route.group_wait_ms
        if not all(known) and is_late and self._is_loud(group, record, now_ms):
            # looked at in this very step, so that nobody has to remember it
            group.missed.add(record.number)
            self._groups.look_at(group, now_ms)
        elif not any(known):
            self._groups.leave(group, record.number)

    def _lower(self, happened: Transition, number: int) -> None:
        """Note that receivers know of more than there is: should it rise again, they are told again."""
        for group in self._groups.of(happened.alert):
            for way in self._ways(group.route):
                told = self._told.get((way.id, group.key))
                if told is not None and happened.alert in told.firing and number > told.up_to:
                    told.firing[happened.alert] = happened.severity
                    self._changed.add((way.id, group.key))

    def _end_silences(self, resolved: list[AlertRecord], now_ms: int) -> None:
        if any(kept.silence.until_resolved for kept in self._parts.silences.silences()):
            firing = [labels_of(record) for record in self._parts.book.live() if record.fired_ms]
            ended = [(labels_of(record), record.ended_ms) for record in resolved]
            self._parts.silences.alerts_ended(ended, firing, now_ms)

    # what is told

    def _look_what_is_quiet(self, now_ms: int) -> None:
        self._quieting.look((each.silence for each in self._parts.silences.silences()), now_ms)

    def _is_loud(self, group: TellingGroup, record: AlertRecord, now_ms: int) -> bool:
        """Tell whether nothing keeps an alert of a group quiet."""
        return not self._policy.is_muted(group.route, now_ms) and not self._quieting.is_quiet(record)

    def _look(self, group: TellingGroup, now_ms: int) -> None:
        live = self._parts.book.records(group.firing)
        loud = {number: record.severity for number, record in live.items() if self._is_loud(group, record, now_ms)}
        standing = Standing(
            loud=loud,
            held={number for number, record in live.items() if record.state is LifeState.ACKNOWLEDGED},
            ended=group.ended.keys(),
            missed=frozenset(group.missed),
        )
        for way in self._ways(group.route):
            self._tell(way, group, standing, live, now_ms)
        for number in list(group.ended):
            self._groups.leave(group, number)
        if group.firing:
            self._groups.look_at(group, now_ms + group.route.group_interval_ms)

    def _tell(
        self, way: Way, group: TellingGroup, standing: Standing, live: dict[int, AlertRecord], now_ms: int
    ) -> None:
        told = self._told.get((way.id, group.key))
        known = told.firing if told is not None else {}
        telling = tell(
            standing,
            known,
            sends_resolved=way.sends_resolved,
            repeat_is_due=told is not None and told.at_ms <= now_ms - group.route.repeat_interval_ms,
        )
        records = {**live, **group.ended}
        for message in telling.messages:
            firing, over = ([records[number] for number in numbers] for numbers in (message.firing, message.over))
            self._outbox += make_notices(self._frame(way, group, now_ms), message.kind, firing, over, message.others)
        if telling.messages or telling.believed != known:
            at_ms = now_ms if told is None or telling.tells_firing else told.at_ms
            self._believe(way, group, telling.believed, at_ms)

    def _tell_acknowledged(self, records: list[AlertRecord], actor: str, text: str, now_ms: int) -> None:
        """Tell those who know of alerts that somebody has them."""
        about: dict[tuple[str, str], tuple[Way, TellingGroup, list[AlertRecord]]] = {}
        for record in {record.number: record for record in records}.values():
            for group in self._groups.of(record.number):
                for way in self._ways(group.route):
                    told = self._told.get((way.id, group.key))
                    if told is not None and record.number in told.firing:
                        about.setdefault((way.id, group.key), (way, group, []))[2].append(record)
        for way, group, known in about.values():
            frame = replace(self._frame(way, group, now_ms), actor=actor, text=text)
            others = self._unheld(group, now_ms)
            self._outbox += make_notices(frame, NoticeKind.ACKNOWLEDGED, known, (), others)

    def _unheld(self, group: TellingGroup, now_ms: int) -> int:
        """Count the alerts of a group that are loud and that nobody has."""
        firing = self._parts.book.records(group.firing).values()
        return sum(each.state is not LifeState.ACKNOWLEDGED and self._is_loud(group, each, now_ms) for each in firing)

    def _frame(self, way: Way, group: TellingGroup, now_ms: int) -> Frame:
        return Frame(
            way=way,
            group_key=group.key,
            group_labels=group.labels,
            at_ms=now_ms,
            external_url=self._policy.external_url.rstrip("/"),
            suspects=self._parts.suspects,
            serial=f"{self._nonce}-{next(self._serials)}",
        )

    def _believe(self, way: Way, group: TellingGroup, firing: dict[int, str], at_ms: int) -> None:
        key = (way.id, group.key)
        self._told[key] = GroupTold(
            receiver=way.id,
            group_key=group.key,
            group_labels=group.labels,
            at_ms=at_ms,
            firing=firing,
            up_to=self._read_up_to,
        )
        self._changed.add(key)

    def _commit(self, now_ms: int) -> bool:
        """Keep messages, frozen processes, beliefs and how far was read, together; false where that cannot be now."""
        up_to = self._read_up_to
        is_noted = up_to == self._noted_up_to or now_ms - self._noted_ms < _NOTE_AFTER_MS
        if is_noted and not self._outbox and not self._changed and not self._frozen:
            return True
        try:
            told = [self._told[key] for key in self._changed]
            self._parts.deliveries.enqueue(self._outbox, told, up_to, self._frozen)
        except StoreError as error:
            _log.error("messages could not be kept, and are tried again: %s", error)
            return False
        for key in self._changed:
            if not self._told[key].firing:
                del self._told[key]
        self._outbox, self._frozen, self._changed, self._knowers = [], {}, set(), None
        self._noted_up_to, self._noted_ms = up_to, now_ms
        return True

    # by which policy

    def _take_policy(self, policy: Policy) -> None:
        """Make the groups anew: of the alerts that live, and of what receivers were told."""
        self._policy = policy
        self._groups = Groups()
        self._quieting = Quieting(policy.rules)
        now_ms = self._parts.clock.now_ms()
        self._look_what_is_quiet(now_ms)
        for record in self._parts.book.live():
            self._quieting.note(record)
            if record.fired_ms:
                self._join(record, now_ms)
        known_ways = {way.id for ways in policy.ways.values() for way in ways}
        places = {(group.route.receiver, group.key): group for group in self._groups}
        for key, told in list(self._told.items()):
            if key[0] in known_ways and policy.root is not None:
                receiver = told.receiver.rpartition("/")[0]
                self._find_again(told, places.get((receiver, told.group_key)), policy.root, now_ms)
            else:
                # nobody can be told any more of what that receiver knew
                self._told[key] = msgspec.structs.replace(told, firing={})
                self._changed.add(key)

    def _find_again(self, told: GroupTold, group: TellingGroup | None, root: Route, now_ms: int) -> None:
        """Put what a receiver was told into its group, or into one of its own where no route leads there any more."""
        for number in list(told.firing):
            if group is not None and number in group.firing:
                continue
            record = self._parts.book.find(number)
            if record is None:
                del told.firing[number]
                continue
            if group is None:
                route = route_as_told(root, told.receiver.rpartition("/")[0], told.group_key, labels_of(record))
                group = self._groups.named(route, told.group_key, told.group_labels)
            self._groups.put(group, number)
            if record.ended_ms:
                group.ended[number] = record
            else:
                group.firing.add(number)
        if group is not None:
            self._groups.look_at(group, max(now_ms, told.at_ms + group.route.group_interval_ms))

    def _ways(self, route: Route) -> tuple[Way, ...]:
        return self._policy.ways.get(route.receiver, ())

    def _told_of_group(self, group: TellingGroup) -> list[GroupTold]:
        empty = GroupTold(receiver="", group_key="", group_labels={}, at_ms=0, firing={}, up_to=0)
        return [self._told.get((way.id, group.key), empty) for way in self._ways(group.route)]


_TAKEN = frozenset((_K.FIRED, _K.ROSE, _K.FELL, _K.RESOLVED, _K.ACKNOWLEDGED))


def _moved(told: GroupTold, at_ms: int) -> GroupTold:
    return msgspec.structs.replace(told, at_ms=at_ms)


def _first_look(route: Route, record: AlertRecord, now_ms: int) -> int:
    # at once where it has fired for longer than a group waits; no longer than that where the clock was set back since
    return max(now_ms, min(record.fired_ms, now_ms) + route.group_wait_ms)
