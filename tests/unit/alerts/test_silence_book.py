from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from barograph.alerts.silence_book import SilenceBook, silence_of
from barograph.model.errors import AlertError, StoreError
from barograph.model.labels import Labels
from barograph.model.silence import StoredSilence
from barograph.state.silences import SqliteSilences
from barograph.state.sqlite import SqliteState, open_state

ATLAS = Labels([("host", "atlas")])
STORED = StoredSilence(id="s1", matchers=("host=atlas",), author="ada", reason="new disk", starts_ms=1000, ends_ms=9000)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    opened = open_state(tmp_path)
    yield opened
    opened.close()


class RefusingStore(SqliteSilences):
    """A store on a disk that fails."""

    def keep(self, silence: StoredSilence, *, lasting: bool = False) -> None:
        raise StoreError("not now")


def test_silences_are_there_after_a_restart(state: SqliteState) -> None:
    book = SilenceBook(SqliteSilences(state))
    nightly = '[{"times": [{"start_time": "00:00", "end_time": "01:00"}]}]'
    book.add(STORED)
    book.add(msgspec.structs.replace(STORED, id="s2", ends_ms=0, windows=nightly))
    again = SilenceBook(SqliteSilences(state))
    assert again.silences() == book.silences()
    assert again.silenced_by(ATLAS, 2000) == ("s1", "s2")
    assert again.silenced_by(ATLAS, 3_600_000) == ()


def test_a_silence_is_ended_once_and_stays_to_be_seen(state: SqliteState) -> None:
    book = SilenceBook(SqliteSilences(state))
    book.add(STORED)
    book.expire("s1", "bob", 2000)
    assert book.silenced_by(ATLAS, 2000) == ()
    book.expire("s1", "eve", 2001)
    with pytest.raises(AlertError, match="no silence s9"):
        book.expire("s9", "bob", 2001)
    assert [(each.stored.ends_ms, each.stored.ended_by) for each in SilenceBook(SqliteSilences(state)).silences()] == [
        (2000, "bob")
    ]


def test_one_that_has_not_begun_never_begins(state: SqliteState) -> None:
    book = SilenceBook(SqliteSilences(state))
    book.add(STORED)
    book.expire("s1", "bob", 500)
    assert [book.silenced_by(ATLAS, at_ms) for at_ms in (499, 500, 1000, 5000)] == [()] * 4
    assert SqliteSilences(state).silences()[0].starts_ms == 500


def test_one_until_resolved_ends_with_its_alerts(state: SqliteState) -> None:
    book = SilenceBook(SqliteSilences(state))
    book.add(msgspec.structs.replace(STORED, ends_ms=0))
    book.alerts_ended([(ATLAS, 2000)], [ATLAS], 2000)
    assert book.silenced_by(ATLAS, 2000) == ("s1",)
    book.alerts_ended([(ATLAS, 3000)], [], 3000)
    assert book.silenced_by(ATLAS, 3000) == ()


def test_what_could_not_be_kept_does_not_count(state: SqliteState) -> None:
    book = SilenceBook(RefusingStore(state))
    with pytest.raises(StoreError):
        book.add(STORED)
    assert book.silences() == []


@pytest.mark.parametrize("windows", ["{", "[1]", '[{"weekday": ["monday"]}]'])
def test_windows_that_cannot_be_read_are_refused(windows: str) -> None:
    with pytest.raises(AlertError, match="cannot be read"):
        silence_of(msgspec.structs.replace(STORED, windows=windows))


def test_no_two_have_one_id_and_none_is_without_a_reason(state: SqliteState) -> None:
    book = SilenceBook(SqliteSilences(state))
    book.add(STORED)
    book.add(STORED)
    assert len(book.silences()) == 1
    with pytest.raises(AlertError, match="already"):
        book.add(msgspec.structs.replace(STORED, author="eve"))
    with pytest.raises(AlertError, match="a reason"):
        book.add(msgspec.structs.replace(STORED, id="s2", reason=""))
