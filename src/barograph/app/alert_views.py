"""Live alerts in the order of the page, and alerts, transitions and silences as they are shown."""

import math
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from barograph.alerts.book import AlertBook
from barograph.alerts.inhibition import InhibitRule, may_inhibit
from barograph.alerts.life import rank_of, title_of, worst_part
from barograph.alerts.quiet import NOT_QUIET, Quiet, QuietReason, labels_of
from barograph.alerts.silence_book import Kept, SilenceBook
from barograph.model.alert import RuleName
from barograph.model.alert_replies import (
    AcknowledgmentShown,
    AlertCounts,
    AlertShown,
    DeliveryShown,
    RuleShown,
    SilenceShown,
    ToldShown,
    TransitionShown,
)
from barograph.model.alert_state import AlertRecord, LifeState, NumberedTransition
from barograph.model.clock import Clock
from barograph.model.notice import Delivery, DeliveryState
from barograph.notify.words import title_of as title_of_notice

PARTS = ("needs", "acknowledged", "silenced", "pending")
"""The headed parts of the page, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A live alert, the part of the page that it stands in, and why it is quiet."""

    record: AlertRecord
    part: str
    quiet: QuietReason


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What does not change of an alert as long as it is the same record.

    Attributes:
        placed: It, where nothing keeps it quiet.
        order: Where it stands then.
        may_inhibit: Whether a rule of inhibition names it as a source.
    """

    placed: Placed
    order: tuple[int, int, int, int]
    may_inhibit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All live alerts in order."""

    version: int
    counts: AlertCounts
    alerts: Sequence[Placed]


class AlertViews:
    """Any thread may ask. A page is made once for each state of the books and second.

    Args:
        book: The alerts.
        silences: The silences.
        rules: What inhibits what, now.
        clock: Wall clock.
    """

    def __init__(
        self, book: AlertBook, silences: SilenceBook, rules: Callable[[], Sequence[InhibitRule]], clock: Clock
    ) -> None:
        self._book = book
        self._silences = silences
        self._rules = rules
        self._clock = clock
        self._one_at_a_time = threading.Lock()
        self._made_for = (-1, -1, -1)
        self._page = Page(version=0, counts=AlertCounts(), alerts=())
        self._known: dict[int, _Known] = {}
        self._known_for: Sequence[InhibitRule] = ()
        self.rule_of: Callable[[RuleName, Mapping[str, str]], RuleShown | None] = lambda _name, _labels: None
        self.told_of: Callable[[int], tuple[ToldShown, ...]] = lambda _: ()

    @property
    def newest(self) -> Page:
        """The last page that was made."""
        return self._page

    def page(self) -> Page:
        """Return all live alerts in order."""
        with self._one_at_a_time:
            now_ms = self._clock.now_ms()
            state = (self._book.version, self._silences.version, now_ms // 1000)
            if state != self._made_for:
                self._page = self._make_page(now_ms)
                self._made_for = state
            return self._page

    def quiet_now(self) -> Quiet:
        """Return what keeps alerts quiet at this moment."""
        silences = [kept.silence for kept in self._silences.silences()]
        return Quiet(silences, self._rules(), self._book.live(), self._clock.now_ms())

    def show(self, record: AlertRecord, quiet: QuietReason = NOT_QUIET) -> AlertShown:
        """Return an alert as it is shown."""
        said = worst_part(record)
        labels = labels_of(record).to_dict()
        name = RuleName(file=said.file, group=said.group, rule=said.rule)
        notes = said.annotations
        held = record.acknowledgment
        return AlertShown(
            id=record.number,
            name=labels.get("alertname", ""),
            title=title_of(record),
            description=notes.get("description", ""),
            runbook=notes.get("runbook_url", ""),
            severity=record.severity,
            state=record.state.value,
            part=_part_of(record, quiet),
            host=labels.get("instance", ""),
            since=(record.ended_ms or record.fired_ms or record.began_ms) / 1000,
            began=record.began_ms / 1000,
            fired=_seconds(record.fired_ms),
            ended=_seconds(record.ended_ms),
            value=said.value if math.isfinite(said.value) else None,
            rule=self.rule_of(name, dict(said.labels)) or RuleShown(file=name.file, group=name.group, name=name.rule),
            labels=labels,
            annotations=notes,
            assignee=record.assignee,
            acknowledgment=None
            if held is None
            else AcknowledgmentShown(
                by=held.by,
                at=held.at_ms / 1000,
                reason=held.reason,
                until=_seconds(held.until_ms),
                sticky=held.is_sticky,
            ),
            silenced_by=quiet.silences,
            inhibited_by=quiet.inhibited_by or None,
            told=self.told_of(record.number),
        )

    def _make_page(self, now_ms: int) -> Page:
        rules = self._rules()
        known = self._known = self._looked_at(rules)
        silences = [kept.silence for kept in self._silences.silences()]
        sources = [each.placed.record for each in known.values() if each.may_inhibit]
        quiet = Quiet(silences, rules, sources, now_ms)
        if quiet.is_idle:
            placed = [each.placed for each in sorted(known.values(), key=_by_order)]
        else:
            placed = sorted((_placed(each, quiet) for each in known.values()), key=_order)
        counts = {**dict.fromkeys(PARTS, 0), **Counter([each.part for each in placed])}
        worst = next((each.record.severity for each in placed if each.part == "needs"), "")
        return Page(
            version=self._book.version + self._silences.version,
            counts=AlertCounts(**counts, worst=worst),
            alerts=placed,
        )

    def _looked_at(self, rules: Sequence[InhibitRule]) -> dict[int, _Known]:
        """Return what is known of each live alert; what is new alone is looked at, for there may be 100,000."""
        before = self._known if rules is self._known_for else {}
        self._known_for = rules
        return {
            record.number: known
            if (known := before.get(record.number)) is not None and known.placed.record is record
            else _know(record, rules)
            for record in self._book.live()
        }


def show_transition(noted: NumberedTransition, title_now: str) -> TransitionShown:
    """Return a transition as it is shown; by the title of now where that of then is not known."""
    transition = noted.transition
    return TransitionShown(
        number=noted.number,
        alert=transition.alert,
        title=transition.title or title_now,
        at=transition.at_ms / 1000,
        kind=transition.kind.value,
        severity=transition.severity,
        actor=transition.actor,
        text=transition.text,
    )


def show_delivery(attempt: Delivery) -> DeliveryShown:
    """Return an attempt as it is shown."""
    notice = attempt.notice
    return DeliveryShown(
        number=attempt.number,
        receiver=notice.receiver,
        kind=notice.kind.value,
        title=title_of_notice(notice),
        group=notice.group_key,
        alerts=tuple(alert.number for alert in notice.alerts),
        alert_count=notice.alert_count,
        at=attempt.tried_ms / 1000,
        state=attempt.state.value,
        attempts=attempt.attempts,
        next=_seconds(attempt.next_ms) if attempt.state is DeliveryState.WAITING else None,
        answer=attempt.answer,
        key=notice.key,
    )


def show_silence(kept: Kept, alerts: int, now_ms: int) -> SilenceShown:
    """Return a silence as it is shown."""
    silence, stored = kept.silence, kept.stored
    return SilenceShown(
        id=silence.id,
        matchers=tuple(map(str, silence.matchers)),
        author=silence.author,
        reason=silence.reason,
        starts=silence.starts_ms / 1000,
        ends=_seconds(silence.ends_ms),
        until_resolved=silence.until_resolved,
        windows=stored.windows,
        state=silence.state(now_ms).value,
        ended_by=stored.ended_by,
        alerts=alerts,
    )


def _part_of(record: AlertRecord, quiet: QuietReason) -> str:
    if record.ended_ms:
        return "ended"
    if record.state is LifeState.PENDING:
        return "pending"
    if record.state is LifeState.ACKNOWLEDGED:
        return "acknowledged"
    return "silenced" if quiet else "needs"


def _know(record: AlertRecord, rules: Sequence[InhibitRule]) -> _Known:
    placed = Placed(record=record, part=_part_of(record, NOT_QUIET), quiet=NOT_QUIET)
    labels = labels_of(record)
    return _Known(placed, _order(placed), may_inhibit(rules, labels))


def _placed(known: _Known, quiet: Quiet) -> Placed:
    record = known.placed.record
    reason = quiet.reason(record)
    return Placed(record=record, part=_part_of(record, reason), quiet=reason) if reason else known.placed


_by_order = attrgetter("order")


def _order(placed: Placed) -> tuple[int, int, int, int]:
    record = placed.record
    newest_ms = record.fired_ms or record.began_ms
    return PARTS.index(placed.part), -rank_of(record.severity), -newest_ms, -record.number


def _seconds(at_ms: int) -> float | None:
    return at_ms / 1000 if at_ms else None
