from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from barograph.alerts.book import AlertBook
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.alert_state import (
    Acknowledgment,
    AlertRecord,
    HistoryQuestion,
    LifeState,
    Transition,
    TransitionKind,
)
from barograph.model.errors import AlertError, StoreError
from barograph.model.labels import Labels
from barograph.state.alerts import SqliteAlerts
from barograph.state.sqlite import SqliteState, open_state


def said(phase: AlertPhase, severity: str = "warning", host: str = "atlas") -> RuleAlert:
    return RuleAlert(
        rule=RuleName(file="a.yml", group="g", rule="DiskFull"),
        labels=Labels([("alertname", "DiskFull"), ("host", host), ("severity", severity)]),
        annotations={},
        phase=phase,
        value=1.0,
        active_ms=1000,
        fired_ms=1000 if phase is AlertPhase.FIRING else None,
        ended_ms=9000 if phase is AlertPhase.RESOLVED else None,
    )


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    opened = open_state(tmp_path)
    yield opened
    opened.close()


class RefusingStore(SqliteAlerts):
    """A store that refuses to keep anything while `refuses`."""

    refuses = False

    def keep(self, records: Sequence[AlertRecord], transitions: Sequence[Transition], *, lasting: bool = False) -> None:
        if self.refuses:
            raise StoreError("not now")
        super().keep(records, transitions, lasting=lasting)


def test_the_book_goes_on_after_a_restart_where_it_was(state: SqliteState) -> None:
    book = AlertBook(SqliteAlerts(state))
    book.receive([said(AlertPhase.FIRING), said(AlertPhase.PENDING, host="borea")], 1000)
    book.acknowledge(1, Acknowledgment(by="ada", at_ms=2000))
    again = AlertBook(SqliteAlerts(state))
    assert again.live() == book.live()
    assert list(again.active()) == [said(AlertPhase.FIRING), said(AlertPhase.PENDING, host="borea")]
    again.receive([said(AlertPhase.FIRING, host="creon")], 3000)
    assert [record.number for record in again.live()] == [1, 2, 3]


def test_what_could_not_be_kept_did_not_happen(state: SqliteState) -> None:
    store = RefusingStore(state)
    told: list[Transition] = []
    book = AlertBook(store, told.extend)
    store.refuses = True
    with pytest.raises(StoreError):
        book.receive([said(AlertPhase.FIRING)], 1000)
    assert (book.live(), told) == ([], [])
    store.refuses = False
    book.receive([said(AlertPhase.FIRING)], 2000)
    assert [(each.number, each.state) for each in book.live()] == [(1, LifeState.FIRING)]
    assert [each.kind for each in told] == [TransitionKind.FIRED]


def test_what_still_pends_becomes_an_alert_of_its_own(state: SqliteState) -> None:
    book = AlertBook(SqliteAlerts(state))
    book.receive([said(AlertPhase.FIRING, "critical"), said(AlertPhase.PENDING)], 1000)
    book.receive([said(AlertPhase.RESOLVED, "critical")], 9000)
    assert [(each.number, each.state) for each in book.live()] == [(2, LifeState.PENDING)]
    found = SqliteAlerts(state).find(1)
    assert found is not None
    assert found.state is LifeState.RESOLVED


def test_the_history_says_what_an_alert_was_called_when_it_happened(state: SqliteState) -> None:
    store = SqliteAlerts(state)
    book = AlertBook(store)

    def said_now(phase: AlertPhase, full: str, severity: str = "warning") -> None:
        book.receive([replace(said(phase, severity), annotations={"summary": f"{full} full"} if full else {})], 1000)

    said_now(AlertPhase.PENDING, "80 %")
    said_now(AlertPhase.FIRING, "80 %")
    said_now(AlertPhase.FIRING, "90 %")
    book.acknowledge(1, Acknowledgment(by="ada", at_ms=2000))
    said_now(AlertPhase.FIRING, "97 %", "critical")
    book.comment(1, "hm", "ada", 3000)
    said_now(AlertPhase.FIRING, "", "critical")
    book.comment(1, "hm", "ada", 4000)
    found = [each.transition for each in reversed(store.history(HistoryQuestion(alert=1)))]
    assert [(each.kind.value, each.title) for each in found] == [
        ("pending", "80 % full"),
        ("fired", "80 % full"),
        ("acknowledged", "90 % full"),
        ("rose", "97 % full"),
        ("ack_broken", "97 % full"),
        ("commented", "97 % full"),
        ("commented", "DiskFull"),
    ]


def test_the_end_of_what_was_never_known_is_left_out(state: SqliteState) -> None:
    book = AlertBook(SqliteAlerts(state))
    book.receive([said(AlertPhase.RESOLVED)], 1000)
    assert (book.live(), SqliteAlerts(state).history(HistoryQuestion())) == ([], [])


def test_ended_alerts_can_be_commented_and_unknown_ones_are_said(state: SqliteState) -> None:
    book = AlertBook(SqliteAlerts(state))
    book.receive([said(AlertPhase.FIRING)], 1000)
    book.assign(1, "bob", "ada", 1500)
    book.acknowledge(1, Acknowledgment(by="ada", at_ms=2000, until_ms=4000))
    assert book.expire(3000) == 4000
    book.withdraw(1, "ada", 3000)
    book.receive([said(AlertPhase.RESOLVED)], 9000)
    book.receive([said(AlertPhase.FIRING)], 10_000)
    book.comment(1, "a cable", "ada", 11_000)
    assert [each.number for each in book.live()] == [2]
    assert [each.transition.kind for each in SqliteAlerts(state).history(HistoryQuestion(alert=1, limit=2))] == [
        TransitionKind.COMMENTED,
        TransitionKind.RESOLVED,
    ]
    with pytest.raises(AlertError, match="no alert 99"):
        book.withdraw(99, "ada", 1)


def test_an_acknowledgment_that_is_over_is_told(state: SqliteState) -> None:
    told: list[Transition] = []
    book = AlertBook(SqliteAlerts(state), told.extend)
    book.receive([said(AlertPhase.FIRING)], 1000)
    book.acknowledge(1, Acknowledgment(by="ada", at_ms=2000, until_ms=4000))
    assert book.expire(4000) is None
    assert [each.kind for each in told] == [
        TransitionKind.FIRED,
        TransitionKind.ACKNOWLEDGED,
        TransitionKind.ACK_EXPIRED,
    ]
    assert AlertBook(SqliteAlerts(state)).live()[0].state is LifeState.FIRING


def test_what_a_person_does_is_refused_where_it_would_not_last(
    state: SqliteState, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = AlertBook(SqliteAlerts(state))

    def refuse(*_: object) -> None:
        raise apsw.FullError("no space is left")

    with monkeypatch.context() as patch:
        patch.setattr(state, "_reopen", refuse)
        with patch.context() as first:
            first.setattr(state, "_transact", once(refuse, state._transact))
            book.receive([said(AlertPhase.FIRING)], 1000)
        with pytest.raises(StoreError, match=r"no space is left.*nothing was changed"):
            book.acknowledge(1, Acknowledgment(by="ada", at_ms=2000))
    book.acknowledge(1, Acknowledgment(by="ada", at_ms=3000))
    assert state.is_durable


def once(first: Callable[..., object], then: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that is one thing when it is called for the first time, and another from then on."""
    calls = iter((first,))

    def call(*values: object) -> object:
        return next(calls, then)(*values)

    return call
