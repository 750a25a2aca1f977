"""The keeper's commands about alerts, silences and deliveries, over state.db. Answers are bounded in rows and bytes."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from barograph.alerts.book import AlertBook
from barograph.alerts.life import title_of
from barograph.alerts.matchers import parse_all
from barograph.alerts.quiet import labels_of
from barograph.alerts.silence_book import SilenceBook
from barograph.alerts.silences import SilenceState
from barograph.app.alert_views import (
    PARTS,
    AlertViews,
    Placed,
    show_delivery,
    show_silence,
    show_transition,
)
from barograph.model.acting import Actor
from barograph.model.alert_commands import (
    AcknowledgeAlerts,
    AddSilence,
    AlertCommand,
    AssignAlert,
    CommentAlert,
    ExpireSilence,
    ListAlerts,
    ListReceivers,
    ListSilences,
    PreviewSilence,
    ReadAlertHistory,
    ReadDeliveries,
    ShowAlert,
    TestReceiver,
    WithdrawAcknowledgments,
)
from barograph.model.alert_replies import (
    AlertDetail,
    AlertHistory,
    AlertShown,
    AlertsListed,
    DeliveriesRead,
    FiringShown,
    SilencePreviewed,
    SilenceShown,
    SilencesListed,
    TimesShown,
    TransitionShown,
)
from barograph.model.alert_state import (
    Acknowledgment,
    AlertRecord,
    AlertStore,
    Durations,
    HistoryQuestion,
    NumberedTransition,
    TransitionKind,
)
from barograph.model.clock import Clock
from barograph.model.commands import AnyReply, Done, Refused
from barograph.model.errors import AlertError, StoreError
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, matches_all
from barograph.model.notice import DeliveryStore
from barograph.model.silence import StoredSilence
from barograph.state.frozen import FrozenTables

_MOST_ROWS = 500
_MOST_BYTES = 400_000
"""Of the rows of one answer, so that a page of them stays quick."""
_MOST_CHARACTERS = 10_000
_MOST_MATCHERS = 100
_MONTH_MS = 30 * 86_400_000
_NO_END = (1 << 62) - 1
_Shown = TypeVar("_Shown", AlertShown, SilenceShown, TransitionShown)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertParts:
    """What commands work on."""

    book: AlertBook
    alerts: AlertStore
    silences: SilenceBook
    deliveries: DeliveryStore
    frozen: FrozenTables
    views: AlertViews
    clock: Clock


class AlertCommands:
    """Used on the keeper's event loop; each command runs on a thread, so that a slow disk holds up no other part."""

    def __init__(self, parts: AlertParts) -> None:
        self._parts = parts
        self._book = parts.book
        self._views = parts.views
        self.nobody_told = True

    async def execute(self, command: AlertCommand, actor: Actor) -> AnyReply:
        """Carry out a command."""
        try:
            return await asyncio.to_thread(self._execute, command, actor)
        except AlertError as error:
            kind = "not_found" if str(error).startswith("there is no ") else "bad_request"
            return Refused(kind=kind, message=str(error))
        except StoreError as error:
            return Refused(kind="store", message=str(error))

    def _execute(self, command: AlertCommand, actor: Actor) -> AnyReply:
        match command:
            case ListAlerts():
                return self._list(command)
            case ShowAlert():
                return self._show(command.number)
            case ReadAlertHistory():
                return self._history(command)
            case ListSilences():
                return self._silences(command)
            case PreviewSilence():
                return self._preview(command)
            case ReadDeliveries():
                return self._deliveries(command)
            case AddSilence():
                return self._add_silence(command, actor)
            case ExpireSilence():
                self._parts.silences.expire(command.id, actor.name, self._now_ms())
                return Done()
            case ListReceivers() | TestReceiver():
                raise AssertionError("the notifier answers these")
            case _:
                return self._change(command, actor)

    def _change(
        self, command: AcknowledgeAlerts | WithdrawAcknowledgments | AssignAlert | CommentAlert, actor: Actor
    ) -> Done:
        match command:
            case AcknowledgeAlerts():
                held = Acknowledgment(
                    by=actor.name,
                    at_ms=self._now_ms(),
                    reason=_bounded(command.reason, "reason"),
                    until_ms=command.until_ms,
                    is_sticky=command.is_sticky,
                )
                self._book.acknowledge_all(_some(command.numbers), held)
            case WithdrawAcknowledgments():
                self._book.withdraw_all(_some(command.numbers), actor.name, self._now_ms())
            case AssignAlert():
                assignee = _bounded(command.assignee, "assignee")
                self._book.assign(command.number, assignee, actor.name, self._now_ms())
            case CommentAlert():
                self._comment(command, actor)
        return Done()

    def _comment(self, command: CommentAlert, actor: Actor) -> None:
        kinds = (TransitionKind.COMMENTED,)
        written = self._parts.alerts.history(HistoryQuestion(alert=command.number, kinds=kinds, limit=_MOST_ROWS))
        words = (command.at_ms, actor.name, command.text)
        # a command that was repeated, since its answer was lost
        if not any((each.transition.at_ms, each.transition.actor, each.transition.text) == words for each in written):
            self._book.comment(command.number, _bounded(command.text, "comment"), actor.name, command.at_ms)

    def _list(self, command: ListAlerts) -> AlertsListed:
        unknown = [part for part in command.parts if part not in PARTS]
        if unknown:
            raise AlertError(f"{unknown[0]!r} is no part: {', '.join(PARTS)} are")
        matchers = parse_all(command.matchers)
        page = self._views.page()
        found = [each for each in page.alerts if _is_meant(each, command, matchers)]
        first, most = max(command.offset, 0), _rows(command.limit)
        shown = [self._views.show(each.record, each.quiet) for each in found[first : first + most]]
        return AlertsListed(
            alerts=tuple(_within_bytes(shown)),
            total=len(found),
            counts=page.counts,
            version=page.version,
            nobody_told=self.nobody_told,
        )

    def _show(self, number: int) -> AlertDetail:
        record = self._book.find(number)
        if record is None:
            raise AlertError(f"there is no alert {number}; `barograph alerts list` shows all")
        alerts, deliveries = self._parts.alerts, self._parts.deliveries
        title = title_of(record)
        happened = alerts.history(HistoryQuestion(alert=number, limit=_MOST_ROWS))
        timeline = [show_transition(each, title) for each in happened]
        told = deliveries.log(0, 100, alert=number)
        since_ms = self._now_ms() - _MONTH_MS
        fired = [each for each in (record, *alerts.earlier(record, since_ms, _MOST_ROWS)) if each.fired_ms]
        quiet = self._views.quiet_now().reason(record)
        return AlertDetail(
            alert=self._views.show(record, quiet) if not record.ended_ms else self._views.show(record),
            timeline=tuple(_within_bytes(timeline)),
            deliveries=tuple(map(show_delivery, told)),
            processes=self._parts.frozen.find(record.fired_ms) if record.fired_ms else b"",
            firings=tuple(map(_firing, fired)),
        )

    def _history(self, command: ReadAlertHistory) -> AlertHistory:
        limit = _rows(command.limit)
        question = HistoryQuestion(
            alert=command.alert,
            kinds=tuple(map(_kind, command.kinds)),
            start_ms=command.start_ms,
            end_ms=command.end_ms,
            before=command.before,
            limit=limit,
        )
        found = self._parts.alerts.history(question)
        shown = tuple(_within_bytes(self._titled(found)))
        following = found[len(shown) - 1].number if len(found) == limit or len(shown) < len(found) else None
        if not command.counts:
            return AlertHistory(transitions=shown, next=following)
        span = (command.start_ms, command.end_ms or _NO_END)
        times = self._parts.alerts.times(*span)
        return AlertHistory(
            transitions=shown,
            next=following,
            counts={each.kind.value: each.count for each in self._parts.alerts.counts(*span)},
            acknowledge=_times(times.acknowledge),
            resolve=_times(times.resolve),
        )

    def _titled(self, found: Sequence[NumberedTransition]) -> tuple[TransitionShown, ...]:
        titles: dict[int, str] = {}
        for number in {each.transition.alert for each in found if not each.transition.title}:
            record = self._book.find(number)
            titles[number] = "" if record is None else title_of(record)
        return tuple(show_transition(each, titles.get(each.transition.alert, "")) for each in found)

    def _silences(self, command: ListSilences) -> SilencesListed:
        now_ms = self._now_ms()
        kept = self._parts.silences.silences()
        if not command.ended:
            kept = [each for each in kept if each.silence.state(now_ms) is not SilenceState.EXPIRED]
        kept.sort(key=lambda each: (-each.silence.starts_ms, each.silence.id))
        live = [labels_of(record) for record in self._book.live()]
        rows = kept[: _rows(command.limit)]
        shown = [show_silence(each, _count(each.silence.matchers, live), now_ms) for each in rows]
        return SilencesListed(silences=tuple(_within_bytes(shown)), total=len(kept))

    def _add_silence(self, command: AddSilence, actor: Actor) -> Done:
        self._parts.silences.add(
            StoredSilence(
                id=command.id,
                matchers=_few(command.matchers),
                author=actor.name,
                reason=_bounded(command.reason, "reason"),
                starts_ms=command.starts_ms,
                ends_ms=command.ends_ms,
                windows=_bounded(command.windows, "windows"),
            )
        )
        return Done()

    def _preview(self, command: PreviewSilence) -> SilencePreviewed:
        matchers = parse_all(command.matchers)
        page = self._views.page()
        found = [each for each in page.alerts if matches_all(matchers, labels_of(each.record))]
        shown = [self._views.show(each.record, each.quiet) for each in found[:20]]
        return SilencePreviewed(count=len(found), alerts=tuple(_within_bytes(shown)))

    def _deliveries(self, command: ReadDeliveries) -> DeliveriesRead:
        limit = _rows(command.limit)
        log = self._parts.deliveries.log
        found = log(max(command.before, 0), limit, alert=command.alert, receiver=command.receiver)
        following = found[-1].number if len(found) == limit else None
        return DeliveriesRead(deliveries=tuple(map(show_delivery, found)), next=following)

    def _now_ms(self) -> int:
        return self._parts.clock.now_ms()


def _is_meant(placed: Placed, command: ListAlerts, matchers: tuple[Matcher, ...]) -> bool:
    return (
        (not command.parts or placed.part in command.parts)
        and (not command.assignee or placed.record.assignee == command.assignee)
        and (not matchers or matches_all(matchers, labels_of(placed.record)))
    )


def _rows(limit: int) -> int:
    return max(1, min(limit, _MOST_ROWS))


def _within_bytes(shown: Sequence[_Shown]) -> list[_Shown]:
    """Return the first of them, as many as one answer can hold; at least one."""
    kept, size = list[_Shown](), 0
    for each in shown:
        size += len(msgspec.msgpack.encode(each))
        if kept and size > _MOST_BYTES:
            break
        kept.append(each)
    return kept


def _some(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if not numbers:
        raise AlertError("no alert was named")
    return numbers


def _bounded(text: str, what: str) -> str:
    if len(text) > _MOST_CHARACTERS:
        raise AlertError(f"the {what} has {len(text):,} characters: {_MOST_CHARACTERS:,} are the most")
    return text


def _few(matchers: tuple[str, ...]) -> tuple[str, ...]:
    if len(matchers) > _MOST_MATCHERS:
        raise AlertError(f"the silence has {len(matchers):,} matchers: {_MOST_MATCHERS} are the most")
    for matcher in matchers:
        _bounded(matcher, "matcher")
    return matchers


def _kind(text: str) -> TransitionKind:
    try:
        return TransitionKind(text)
    except ValueError:
        raise AlertError(f"{text!r} is no kind of transition: {', '.join(TransitionKind)} are") from None


def _count(matchers: tuple[Matcher, ...], live: Sequence[Labels]) -> int:
    return sum(matches_all(matchers, labels) for labels in live)


def _firing(record: AlertRecord) -> FiringShown:
    end = record.ended_ms / 1000 if record.ended_ms else None
    return FiringShown(id=record.number, start=record.fired_ms / 1000, end=end, severity=record.severity)


def _times(found: Durations) -> TimesShown:
    if not found.count:
        return TimesShown()
    return TimesShown(count=found.count, mean=found.mean_ms / 1000, longest=found.longest_ms / 1000)
