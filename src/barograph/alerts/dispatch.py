"""The dispatcher: reads what happened to alerts, decides who is told, and puts messages into the queue.

It follows the history of transitions in the store by their numbers, so that a process that dies between an alert and
its message makes the message at its next start: a message, what its receiver then believes, and how far the history
was read are one transaction. What it holds in memory is made anew of the store. It sends nothing, and changes no alert.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
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
from barograph.alerts.told import Told
from barograph.model.alert_state import (
    AlertRecord,
    AlertStore,
    LifeState,
    NumberedTransition,
    Transition,
    TransitionKind,
)
from barograph.model.clock import Clock, SetBack
from barograph.model.notice import DeliveryStore, GroupTold, NoticeKind

_BATCH = 5000
_RETRY_MS = 1000
_K = TransitionKind


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


@dataclass(slots=True, kw_only=True)
class _Heard:
    """What a part of the history says.

    Attributes:
        resolved: Alerts that have ended.
        acknowledged: Alerts that somebody has, by who and why.
        instants: When alerts fired.
        smaller: Groups that an ended alert was in.
    """

    resolved: list[AlertRecord] = field(default_factory=list)
    acknowledged: dict[tuple[str, str], list[AlertRecord]] = field(default_factory=dict)
    instants: set[int] = field(default_factory=set)
    smaller: set[TellingGroup] = field(default_factory=set)


class Dispatcher:
    """Used by one thread at a time."""

    def __init__(self, parts: DispatchParts, policy: Policy) -> None:
        self._parts = parts
        self._serials = count(1)
        # of this process alone: a clock that was set back must not give an old key to a new message
        self._nonce = secrets.token_hex(8)
        self._read_up_to = parts.deliveries.up_to()
        self._set_back = SetBack(parts.clock)
        self._told = Told(parts.deliveries, parts.clock.now_ms())
        self.told_of = self._told.knowers_of
        """See there."""
        self._expiry_ms: int | None = 0
        self.holds_back = False
        """Whether messages wait in memory alone, since the store takes nothing."""
        self._take_policy(policy)

    def replace(self, policy: Policy, moved: Mapping[str, str] | None = None) -> None:
        """Decide by another policy from now on; `moved`: new ids of ways by old ones, as the store has them already."""
        self._told.rename(moved or {})
        self._take_policy(policy)

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
        self.holds_back = not self._told.commit(self._read_up_to, now_ms)
        if self.holds_back:
            return now_ms + _RETRY_MS
        return min((at for at in (self._groups.next_ms(), self._expiry_ms) if at is not None), default=None)

    def _shift(self, back_ms: int) -> None:
        """Keep all waits as long as they are after the clock was set back: else nobody is told until it is as late."""
        self._groups.set_back(back_ms)
        self._told.shift(back_ms)

    # what happened

    def _read(self, now_ms: int) -> None:
        while batch := self._parts.alerts.after(self._read_up_to, _BATCH):
            heard = _Heard()
            for noted in batch:
                self._take(noted, now_ms, heard)
            if heard.resolved:
                # before anything is told: where the store refuses, all this is read again
                self._end_silences(heard.resolved, now_ms)
            for (actor, text), records in heard.acknowledged.items():
                self._tell_acknowledged(records, actor, text, now_ms)
            for group in heard.smaller:
                self._tell_held(group, now_ms)
            self._read_up_to = batch[-1].number

    def _take(self, noted: NumberedTransition, now_ms: int, heard: _Heard) -> None:
        happened = noted.transition
        if happened.kind not in _TAKEN:
            return
        record = self._parts.book.find(happened.alert)
        if record is None:
            return
        self._quieting.note(record)
        match happened.kind:
            case _K.FIRED:
                if record.fired_ms not in heard.instants:
                    heard.instants.add(record.fired_ms)
                    self._told.freeze(record.fired_ms, self._parts.fired(record.fired_ms))
                self._join(record, now_ms)
            case _K.ROSE:
                self._join(record, now_ms)
                for group in self._groups.of(record.number):
                    self._groups.look_at(group, now_ms)
            case _K.FELL:
                self._lower(happened, noted.number)
            case _K.RESOLVED:
                heard.resolved.append(record)
                # it may have fired and waited for its look in a process that died: then nobody here knows of it
                self._join(record, now_ms)
                for group in list(self._groups.of(record.number)):
                    self._end_in(group, record, now_ms)
                    heard.smaller.add(group)
            case _K.ACKNOWLEDGED:
                self._expiry_ms = 0
                heard.acknowledged.setdefault((happened.actor, happened.text), []).append(record)

    def _join(self, record: AlertRecord, now_ms: int) -> None:
        """Put an alert into the groups that it belongs to now; from those it was in before it is not taken."""
        if self._policy.root is None:
            return
        for route in self._policy.root.match(labels_of(record)):
            group = self._groups.at(route, record)
            self._groups.put(group, record.number)
            if record.ended_ms:
                # what becomes of it there its end decides, which stands further on in the history
                continue
            group.firing.add(record.number)
            if not group.next_ms:
                self._groups.look_at(group, _first_look(route, record, now_ms))

    def _end_in(self, group: TellingGroup, record: AlertRecord, now_ms: int) -> None:
        group.firing.discard(record.number)
        group.ended[record.number] = record
        is_late = record.ended_ms >= record.fired_ms + group.route.group_wait_ms
        is_owed = is_late and self._is_loud(group, record, now_ms)
        is_told = False
        for way in self._ways(group.route):
            told = self._told.get(way, group) or self._nothing_told(way, group, 0)
            if record.number in told.firing:
                is_told = True
            elif is_owed:
                told.missed[record.number] = record.severity
                self._told.put(told)
        if not is_told and not is_owed:
            self._groups.leave(group, record.number)
        elif not group.next_ms:
            self._groups.look_at(group, now_ms)

    def _lower(self, happened: Transition, number: int) -> None:
        """Note that receivers know of more than there is: should it rise again, they are told again."""
        for group in self._groups.of(happened.alert):
            for way in self._ways(group.route):
                told = self._told.get(way, group)
                if told is not None and happened.alert in told.firing and number > told.up_to:
                    told.firing[happened.alert] = happened.severity
                    self._told.put(told)

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
        # where the route is another by now, the groups of that one are told of what goes on
        goes_on = {} if group.route.is_gone else live
        loud = {number: record.severity for number, record in goes_on.items() if self._is_loud(group, record, now_ms)}
        standing = Standing(
            loud=loud,
            held={number for number, record in live.items() if record.state is LifeState.ACKNOWLEDGED},
            ended=group.ended.keys(),
        )
        for way in self._ways(group.route):
            self._tell(way, group, standing, live, now_ms)
        self._tell_held(group, now_ms)
        believed = {number for way in self._ways(group.route) for number in self._known(way, group)}
        for number in group.ended.keys() - believed:
            self._groups.leave(group, number)
        if group.firing or group.ended:
            self._groups.look_at(group, now_ms + group.route.group_interval_ms)

    def _tell(
        self, way: Way, group: TellingGroup, standing: Standing, live: dict[int, AlertRecord], now_ms: int
    ) -> None:
        told = self._told.get(way, group)
        known = told.firing if told is not None else {}
        missed = told.missed if told is not None else {}
        ended = {number: group.ended[number] for number in missed.keys() & group.ended.keys()}
        telling = tell(
            standing,
            known,
            {number: missed[number] for number, record in ended.items() if self._is_loud(group, record, now_ms)},
            sends_resolved=way.sends_resolved,
            repeat_is_due=told is not None and told.at_ms <= now_ms - group.route.repeat_interval_ms,
        )
        records = {**live, **group.ended}
        for message in telling.messages:
            firing, over = ([records[number] for number in numbers] for numbers in (message.firing, message.over))
            frame = self._frame(way, group, now_ms)
            self._told.send(make_notices(frame, message.kind, firing, over, message.others))
        if telling.messages or missed or telling.believed != known:
            if told is None or telling.tells_firing:
                told = self._nothing_told(way, group, now_ms)
            now = {"firing": telling.believed, "missed": {}, "up_to": self._read_up_to}
            self._told.put(msgspec.structs.replace(told, **now))

    def _tell_acknowledged(self, records: list[AlertRecord], actor: str, text: str, now_ms: int) -> None:
        """Tell those who know of alerts that somebody has them."""
        about: dict[tuple[str, str], tuple[Way, TellingGroup, list[AlertRecord]]] = {}
        for record in {record.number: record for record in records}.values():
            for group in self._groups.of(record.number):
                for way in self._ways(group.route):
                    told = self._told.get(way, group)
                    if told is not None and record.number in told.firing:
                        about.setdefault((way.id, group.key), (way, group, []))[2].append(record)
        for way, group, known in about.values():
            frame = replace(self._frame(way, group, now_ms), actor=actor, text=text)
            others = self._unheld(group, now_ms)
            self._told.send(make_notices(frame, NoticeKind.ACKNOWLEDGED, known, (), others))
            if way.is_one_incident and not others:
                self._note_held(way, group)

    def _tell_held(self, group: TellingGroup, now_ms: int) -> None:
        """Tell those to whom a group is one incident that somebody has all of it, where no acknowledgment did so.

        What nobody had may have ended or become quiet meanwhile, or was told of only after somebody had it.
        """
        for way in self._ways(group.route):
            told = self._told.get(way, group)
            if not way.is_one_incident or told is None or told.is_held or self._unheld(group, now_ms):
                continue
            records = self._parts.book.records(group.firing.intersection(told.firing)).values()
            held = [(each.acknowledgment, each) for each in records if each.acknowledgment is not None]
            if held:
                by = max((had for had, _ in held), key=lambda had: had.at_ms)
                frame = replace(self._frame(way, group, now_ms), actor=by.by, text=by.reason)
                self._told.send(make_notices(frame, NoticeKind.ACKNOWLEDGED, [each for _, each in held], ()))
                self._note_held(way, group)

    def _note_held(self, way: Way, group: TellingGroup) -> None:
        if (told := self._told.get(way, group)) is not None:
            self._told.put(msgspec.structs.replace(told, is_held=True))

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

    def _nothing_told(self, way: Way, group: TellingGroup, at_ms: int) -> GroupTold:
        labels = group.labels
        return GroupTold(receiver=way.id, group_key=group.key, group_labels=labels, at_ms=at_ms, firing={}, up_to=0)

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
        for told in self._told:
            if told.receiver in known_ways and policy.root is not None:
                receiver = told.receiver.rpartition("/")[0]
                self._find_again(told, places.get((receiver, told.group_key)), policy.root, now_ms)
            else:
                # nobody can be told any more of what that receiver knew
                self._told.put(msgspec.structs.replace(told, firing={}, missed={}))

    def _find_again(self, told: GroupTold, group: TellingGroup | None, root: Route, now_ms: int) -> None:
        """Put what a receiver was told into its group, or into one that tells its end where no route leads there."""
        for number in [*told.firing, *told.missed]:
            if group is not None and number in group.firing:
                continue
            record = self._parts.book.find(number)
            if record is None:
                told.firing.pop(number, None)
                told.missed.pop(number, None)
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

    def _known(self, way: Way, group: TellingGroup) -> dict[int, str]:
        told = self._told.get(way, group)
        return told.firing if told is not None else {}


_TAKEN = frozenset((_K.FIRED, _K.ROSE, _K.FELL, _K.RESOLVED, _K.ACKNOWLEDGED))


def _first_look(route: Route, record: AlertRecord, now_ms: int) -> int:
    # at once where it has fired for longer than a group waits; no longer than that where the clock was set back since
    return max(now_ms, min(record.fired_ms, now_ms) + route.group_wait_ms)
