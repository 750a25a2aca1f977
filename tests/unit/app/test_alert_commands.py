"""The commands about alerts as fronts send them: what they answer, and what they refuse in which words."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from barograph.model.alert import AlertPhase
from barograph.model.alert_commands import (
    AcknowledgeAlerts,
    AddSilence,
    AlertCommand,
    AssignAlert,
    CommentAlert,
    ExpireSilence,
    ListAlerts,
    ListSilences,
    PreviewSilence,
    ReadAlertHistory,
    ReadDeliveries,
    ShowAlert,
    WithdrawAcknowledgments,
)
from barograph.model.alert_replies import (
    AlertDetail,
    AlertHistory,
    AlertsListed,
    DeliveriesRead,
    SilencePreviewed,
    SilencesListed,
)
from barograph.model.commands import Done, Refused
from barograph.model.errors import StoreError
from barograph.model.notice import Notice, NoticeAlert, NoticeKind
from barograph.state.alerts import SqliteAlerts
from barograph.state.deliveries import SqliteDeliveries
from unit.app.alerting import START_MS, Alerting

T = TypeVar("T")
S = START_MS / 1000


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    made = Alerting(tmp_path)
    made.fire("atlas")
    made.fire("borea", "critical")
    made.say(AlertPhase.PENDING, "creon")
    yield made
    made.close()


class Ask(Protocol):
    """Carries out a command, whose answer must be of a kind."""

    def __call__(self, command: AlertCommand, kind: type[T]) -> T: ...


@pytest.fixture
def ask(alerting: Alerting) -> Ask:
    def ask(command: AlertCommand, kind: type[T]) -> T:
        reply = alerting.do(command)
        assert isinstance(reply, kind), reply
        return reply

    return ask


def test_live_alerts_are_filtered_by_part_matchers_and_assignee_and_paged(ask: Ask) -> None:
    ask(AssignAlert(number=1, assignee="bob"), Done)
    assert [each.id for each in ask(ListAlerts(), AlertsListed).alerts] == [2, 1, 3]
    assert [each.id for each in ask(ListAlerts(parts=("pending",)), AlertsListed).alerts] == [3]
    assert [each.id for each in ask(ListAlerts(matchers=("severity=critical",)), AlertsListed).alerts] == [2]
    assert [each.id for each in ask(ListAlerts(assignee="bob"), AlertsListed).alerts] == [1]
    page = ask(ListAlerts(offset=1, limit=1), AlertsListed)
    assert ([each.id for each in page.alerts], page.total, page.nobody_told) == ([1], 3, True)


def test_an_answer_is_as_long_as_the_link_can_carry(alerting: Alerting, ask: Ask) -> None:
    for number in range(6):
        alerting.fire("h" * 60_000 + str(number))
    page = ask(ListAlerts(), AlertsListed)
    assert 1 <= len(page.alerts) < page.total == 9


def test_alerts_are_acknowledged_and_taken_back_with_who_and_why(ask: Ask) -> None:
    ask(AcknowledgeAlerts(numbers=(1, 2), reason="mine"), Done)
    held = ask(ShowAlert(number=1), AlertDetail).alert.acknowledgment
    assert held is not None and (held.by, held.reason, held.until) == ("ada", "mine", None)
    ask(WithdrawAcknowledgments(numbers=(1, 2)), Done)
    assert ask(ShowAlert(number=1), AlertDetail).alert.acknowledgment is None


def test_a_detail_has_all_that_happened_all_that_was_told_and_earlier_firings(alerting: Alerting, ask: Ask) -> None:
    alerting.clock.advance(60)
    alerting.say(AlertPhase.RESOLVED)
    alerting.clock.advance(60)
    alerting.fire()
    told = NoticeAlert(labels={"alertname": "DiskFull"}, annotations={}, fired_ms=START_MS, number=4)
    notice = Notice(
        key="k", kind=NoticeKind.FIRING, receiver="w", group_key="g", group_labels={}, alerts=(told,), at_ms=START_MS
    )
    SqliteDeliveries(alerting.state).enqueue([notice])
    detail = ask(ShowAlert(number=4), AlertDetail)
    assert [(each.id, each.start, each.end) for each in detail.firings] == [(4, S + 120, None), (1, S, S + 60)]
    assert [each.kind for each in detail.timeline] == ["fired"]
    assert detail.processes == b""
    ended = ask(ShowAlert(number=1), AlertDetail)
    assert (ended.alert.part, [each.kind for each in ended.timeline]) == ("ended", ["resolved", "fired"])
    assert ask(ReadDeliveries(alert=4), DeliveriesRead).next is None


def test_a_comment_that_is_repeated_is_written_once(ask: Ask) -> None:
    for _ in range(2):
        ask(CommentAlert(number=1, text="look", at_ms=START_MS), Done)
    ask(CommentAlert(number=1, text="look", at_ms=START_MS + 1), Done)
    kinds = [each.kind for each in ask(ShowAlert(number=1), AlertDetail).timeline]
    assert kinds == ["commented", "commented", "fired"]


def test_the_history_is_paged_counted_and_timed(alerting: Alerting, ask: Ask) -> None:
    alerting.clock.advance(10)
    ask(AcknowledgeAlerts(numbers=(1,)), Done)
    alerting.clock.advance(10)
    alerting.say(AlertPhase.RESOLVED)
    first = ask(ReadAlertHistory(limit=2), AlertHistory)
    assert [each.kind for each in first.transitions] == ["resolved", "acknowledged"]
    assert first.next is not None
    rest = ask(ReadAlertHistory(before=first.next, counts=False), AlertHistory)
    assert ([each.kind for each in rest.transitions], rest.next, rest.counts) == (
        ["pending", "fired", "fired"],
        None,
        {},
    )
    assert first.counts == {"pending": 1, "fired": 2, "acknowledged": 1, "resolved": 1}
    assert (first.acknowledge.count, first.acknowledge.mean, first.resolve.longest) == (1, 10, 20)
    assert ask(ReadAlertHistory(start_ms=START_MS + 21_000), AlertHistory).acknowledge.mean is None
    only = ask(ReadAlertHistory(kinds=("fired",), alert=2), AlertHistory)
    assert [(each.alert, each.title) for each in only.transitions] == [(2, "Disk full on borea")]


def test_silences_are_tried_made_listed_and_ended(ask: Ask) -> None:
    preview = ask(PreviewSilence(matchers=('instance=~"atlas|borea"',)), SilencePreviewed)
    assert (preview.count, [each.id for each in preview.alerts]) == (2, [2, 1])
    ask(AddSilence(id="s", matchers=("instance=atlas",), reason="work", starts_ms=START_MS), Done)
    listed = ask(ListSilences(), SilencesListed)
    (shown,) = listed.silences
    assert (shown.id, shown.author, shown.reason, shown.alerts, shown.until_resolved) == ("s", "ada", "work", 1, True)
    ask(ExpireSilence(id="s"), Done)
    assert ask(ListSilences(), SilencesListed).total == 0
    assert ask(ListSilences(ended=True), SilencesListed).total == 1


def silence(*, matchers: tuple[str, ...]) -> AddSilence:
    return AddSilence(id="s", matchers=matchers, reason="work", starts_ms=START_MS)


def test_an_answer_has_as_many_rows_as_fit(ask: Ask) -> None:
    long = ("instance=" + "x" * 9_000,) * 10
    for number in range(9):
        ask(AddSilence(id=f"s{number}", matchers=long, reason="x", starts_ms=START_MS), Done)
    listed = ask(ListSilences(), SilencesListed)
    assert (len(listed.silences), listed.total) == (4, 9)
    for number in range(60):
        ask(CommentAlert(number=1, text=f"{number:09999}", at_ms=START_MS + number), Done)
    assert len(ask(ShowAlert(number=1), AlertDetail).timeline) == 39
    first = ask(ReadAlertHistory(alert=1), AlertHistory)
    assert first.next is not None
    second = ask(ReadAlertHistory(alert=1, before=first.next), AlertHistory)
    seen = [int(each.text[-4:]) for each in (*first.transitions, *second.transitions) if each.kind == "commented"]
    assert seen == list(range(59, -1, -1))


@pytest.mark.parametrize(
    ("command", "kind", "words"),
    [
        (ListAlerts(parts=("x",)), "bad_request", "'x' is no part: needs, acknowledged, silenced, pending are"),
        (ListAlerts(matchers=("==",)), "bad_request", "list of matchers"),
        (ShowAlert(number=9), "not_found", "there is no alert 9; `barograph alerts list` shows all"),
        (AcknowledgeAlerts(numbers=()), "bad_request", "no alert was named"),
        (AcknowledgeAlerts(numbers=(3,)), "bad_request", "only one that fires can be acknowledged"),
        (AcknowledgeAlerts(numbers=(1,), reason="x" * 10_001), "bad_request", "the reason has 10,001 characters"),
        (WithdrawAcknowledgments(numbers=()), "bad_request", "no alert was named"),
        (silence(matchers=("a=b",) * 101), "bad_request", "the silence has 101 matchers: 100 are the most"),
        (silence(matchers=("a=" + "b" * 10_000,)), "bad_request", "the matcher has 10,002 characters"),
        (AssignAlert(number=1, assignee="x" * 10_001), "bad_request", "the assignee has 10,001 characters"),
        (CommentAlert(number=1, text=" ", at_ms=1), "bad_request", "the comment is empty"),
        (ReadAlertHistory(kinds=("x",)), "bad_request", "'x' is no kind of transition: pending, fired"),
        (ExpireSilence(id="x"), "not_found", "there is no silence"),
        (AddSilence(id="a", matchers=("a=b",), reason="", starts_ms=1), "bad_request", "reason"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    alerting: Alerting, command: AlertCommand, kind: str, words: str
) -> None:
    reply = alerting.do(command)
    assert isinstance(reply, Refused)
    assert reply.kind == kind
    assert words in reply.message


def test_a_store_that_fails_is_said_to_fail(alerting: Alerting, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(SqliteAlerts, "keep", fail)
    assert alerting.do(AcknowledgeAlerts(numbers=(1,))) == Refused(kind="store", message="disk I/O error")
    reply = alerting.do(ShowAlert(number=1))
    assert isinstance(reply, AlertDetail) and reply.alert.acknowledgment is None
