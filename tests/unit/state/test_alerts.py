from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec
import pytest

from barograph.model.alert_state import AlertPart, AlertRecord, HistoryQuestion, Transition, TransitionKind
from barograph.state.alerts import SqliteAlerts
from barograph.state.sqlite import FILE, SqliteState, open_state


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    opened = open_state(tmp_path)
    yield opened
    opened.close()


def record(number: int, ended_ms: int = 0) -> AlertRecord:
    part = AlertPart(
        file="f",
        group="g",
        rule="r",
        labels=(("alertname", "A"),),
        annotations={"summary": "é"},
        is_firing=True,
        value=float("inf"),
        active_ms=1,
    )
    return AlertRecord(
        number=number, labels=(("alertname", "A"),), parts=(part,), severity="", began_ms=1, ended_ms=ended_ms
    )


def noted(alert: int, at_ms: int, kind: TransitionKind = TransitionKind.FIRED) -> Transition:
    return Transition(alert=alert, at_ms=at_ms, kind=kind, severity="warning", actor="ada", text="why")


def test_records_come_back_by_number_and_by_end(state: SqliteState) -> None:
    store = SqliteAlerts(state)
    assert store.last_number() == 0
    store.keep([record(1), record(2), record(3), record(4)], [])
    store.keep([record(2, ended_ms=50), record(3, ended_ms=40)], [])
    assert store.live() == [record(1), record(4)]
    assert store.ended(0, 10) == [record(3, ended_ms=40), record(2, ended_ms=50)]
    assert store.ended(3, 10) == [record(2, ended_ms=50)]
    assert (store.find(2), store.find(9), store.last_number()) == (record(2, ended_ms=50), None, 4)


def test_the_history_is_numbered_paged_and_counted(state: SqliteState) -> None:
    store = SqliteAlerts(state)
    store.keep([], [noted(1, 10), noted(2, 20)])
    store.keep([], [noted(1, 30, TransitionKind.RESOLVED)])
    assert [(each.number, each.transition) for each in store.history(HistoryQuestion(limit=2))] == [
        (3, noted(1, 30, TransitionKind.RESOLVED)),
        (2, noted(2, 20)),
    ]
    assert [each.number for each in store.history(HistoryQuestion(alert=1, before=3, limit=5))] == [1]
    assert {each.kind.value: each.count for each in store.counts(10, 30)} == {"fired": 2}


def test_a_transition_has_the_title_that_was_said_last(state: SqliteState) -> None:
    store = SqliteAlerts(state)
    titles = ["", "90 %", "", "95 %", ""]
    store.keep([], [msgspec.structs.replace(noted(1, 10 + at), title=title) for at, title in enumerate(titles)])
    store.keep([], [noted(2, 50)])
    known = [(1, ""), (1, "90 %"), (1, "90 %"), (1, "95 %"), (1, "95 %"), (2, "")]
    found = [each.transition for each in store.history(HistoryQuestion())]
    assert [(each.alert, each.title) for each in found] == known[::-1]
    found = [each.transition for each in store.history(HistoryQuestion(alert=1, kinds=(TransitionKind.FIRED,)))]
    assert [(each.alert, each.title) for each in found] == known[4::-1]
    assert [each.transition.title for each in store.after(0, 9)] == [*titles, ""]


@pytest.mark.parametrize("statement", ["UPDATE alert_transition SET actor = 'eve'", "DELETE FROM alert_transition"])
def test_the_file_itself_keeps_the_history(state: SqliteState, tmp_path: Path, statement: str) -> None:
    SqliteAlerts(state).keep([], [noted(1, 10)])
    connection = apsw.Connection(str(tmp_path / FILE))
    with pytest.raises(apsw.ConstraintError, match="only added to"):
        connection.execute(statement)
    connection.close()


def test_records_and_history_are_kept_together_or_not_at_all(state: SqliteState) -> None:
    store = SqliteAlerts(state)
    with pytest.raises(AttributeError):
        store.keep([record(1)], [None])  # type: ignore[list-item]
    assert store.live() == []
