from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.identity.config import IdentityConfig
from barograph.identity.principal import LOCAL_ADMIN
from barograph.identity.secrets import hash_secret
from barograph.identity.sessions import MOST_SESSIONS, Sessions
from barograph.model.acting import Actor
from barograph.model.commands import Done, Refused, SessionFound, SessionOpened
from barograph.model.errors import StoreError
from barograph.model.state import PeopleStore, StateStore, StoredSession
from barograph.state.people import SqlitePeople
from barograph.state.sqlite import SqliteState, open_state
from helpers.clock import FakeClock

DAY_S = 86_400
ADMIN = Actor(name=LOCAL_ADMIN, role="admin")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[SqliteState]:
    opened = open_state(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sessions(state: SqliteState, clock: FakeClock) -> Sessions:
    return Sessions(state, SqlitePeople(state), IdentityConfig(), clock)


def open_session(sessions: Sessions) -> SessionOpened:
    reply = sessions.redeem(sessions.make_login_code().reveal())
    assert isinstance(reply, SessionOpened)
    return reply


def test_a_code_opens_one_session_of_the_local_administrator(sessions: Sessions, clock: FakeClock) -> None:
    opened = open_session(sessions)
    found = sessions.find(hash_secret(opened.token))
    assert isinstance(found, SessionFound)
    assert (found.user, found.role) == (LOCAL_ADMIN, "admin")
    assert found.expires_ms == opened.expires_ms == clock.now_ms() + 30 * DAY_S * 1000


def test_a_code_works_once(sessions: Sessions) -> None:
    code = sessions.make_login_code().reveal()
    assert isinstance(sessions.redeem(code), SessionOpened)
    again = sessions.redeem(code)
    assert isinstance(again, Refused)
    assert again.kind == "access"


def test_a_code_lasts_ten_minutes(sessions: Sessions, clock: FakeClock) -> None:
    early, late = sessions.make_login_code().reveal(), sessions.make_login_code().reveal()
    clock.advance(599.9)
    assert isinstance(sessions.redeem(early), SessionOpened)
    clock.advance(0.1)
    assert isinstance(sessions.redeem(late), Refused)


def test_an_invented_code_opens_nothing(sessions: Sessions) -> None:
    sessions.make_login_code()
    assert isinstance(sessions.redeem(""), Refused)
    assert isinstance(sessions.redeem("invented"), Refused)


def test_a_session_ends_after_its_lifetime(sessions: Sessions, clock: FakeClock) -> None:
    opened = open_session(sessions)
    clock.advance(30 * DAY_S)
    assert isinstance(sessions.find(hash_secret(opened.token)), Refused)


def test_ending_one_session_leaves_the_others(sessions: Sessions) -> None:
    first, second = open_session(sessions), open_session(sessions)
    found = sessions.find(hash_secret(first.token))
    assert isinstance(found, SessionFound)
    assert isinstance(sessions.end(found.session_id, ADMIN), Done)
    again = sessions.end(found.session_id, ADMIN)
    assert again == Refused(kind="not_found", message=f"there is no session {found.session_id!r}")
    assert isinstance(sessions.find(hash_secret(first.token)), Refused)
    assert isinstance(sessions.find(hash_secret(second.token)), SessionFound)


def test_of_very_many_sessions_the_oldest_ends(sessions: Sessions, clock: FakeClock) -> None:
    opened = []
    for _ in range(MOST_SESSIONS + 2):
        opened.append(open_session(sessions))
        clock.advance(1)
    kinds = [type(sessions.find(hash_secret(each.token))) for each in opened]
    assert kinds == [Refused] * 2 + [SessionFound] * MOST_SESSIONS


def test_no_secret_is_stored(sessions: Sessions, tmp_path: Path) -> None:
    waiting = sessions.make_login_code().reveal()
    opened = open_session(sessions)
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert hash_secret(opened.token).encode() in stored, "the test looks at the right bytes"
    assert opened.token.encode() not in stored
    assert waiting.encode() not in stored


class Broken:
    """A state store whose every method fails."""

    def __getattr__(self, name: str) -> object:
        def fail(*_: object) -> None:
            raise StoreError("the disk is on fire")

        return fail


@pytest.mark.parametrize(
    ("act", "given"),
    [("redeem", ("x",)), ("find", ("x",)), ("end", ("x", ADMIN)), ("listed", (ADMIN,)), ("make_link", ("ann",))],
)
def test_a_store_that_fails_is_no_wrong_credential(clock: FakeClock, act: str, given: tuple[object, ...]) -> None:
    broken: StateStore = Broken()  # type: ignore[assignment]  # it answers to every name
    people: PeopleStore = Broken()  # type: ignore[assignment]  # likewise
    reply = getattr(Sessions(broken, people, IdentityConfig(), clock), act)(*given)
    assert reply == Refused(kind="store", message="the disk is on fire")


def test_a_protocol_is_kept(state: StateStore) -> None:
    kept = StoredSession(id="i", token_hash="h", user="u", role="viewer", created_ms=1, expires_ms=9)
    state.add_session(kept)
    assert state.find_session("h", 2) == kept
