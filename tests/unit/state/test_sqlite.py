import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import apsw
import pytest

from barograph.model.errors import StoreError, VersionError
from barograph.model.state import StoredSession
from barograph.state.migrations import MIGRATIONS, VERSION
from barograph.state.sqlite import FILE, SqliteState, connect_memory, open_state

Open = Callable[[], SqliteState]


def session(number: int = 1, expires_ms: int = 5000, created_ms: int = 1000) -> StoredSession:
    return StoredSession(
        id=f"id-{number}",
        token_hash=f"hash-{number}",
        user="local administrator",
        role="admin",
        created_ms=created_ms,
        expires_ms=expires_ms,
    )


class FullDisk(apsw.VFS):
    """The machine's own file system, on which every write to a log may be refused."""

    def __init__(self) -> None:
        self.is_full = False
        super().__init__("full-disk", "")

    def xOpen(self, name: Any, flags: list[int]) -> "FullFile":  # noqa: N802  as SQLite names it
        return FullFile(self, name, flags)


class FullFile(apsw.VFSFile):
    def __init__(self, disk: FullDisk, name: Any, flags: list[int]) -> None:
        self._disk = disk
        super().__init__("", name, flags)

    def xWrite(self, data: Any, offset: int) -> None:  # noqa: N802  as SQLite names it
        if self._disk.is_full:
            raise apsw.FullError("no space is left")
        super().xWrite(data, offset)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    made: list[SqliteState] = []

    def open_one() -> SqliteState:
        made.append(open_state(tmp_path))
        return made[-1]

    yield open_one
    for state in made:
        state.close()


def test_a_session_is_found_until_it_expires(opened: Open) -> None:
    state = opened()
    state.add_session(session())
    assert state.find_session("hash-1", 4999) == session()
    assert state.find_session("hash-1", 5000) is None
    assert state.find_session("hash-2", 1) is None


def test_an_ended_session_is_gone_and_may_be_ended_again(opened: Open) -> None:
    state = opened()
    state.add_session(session(1))
    state.add_session(session(2))
    state.end_session("id-1")
    state.end_session("id-1")
    assert state.find_session("hash-1", 1) is None
    assert state.find_session("hash-2", 1) == session(2)


def test_expired_sessions_are_forgotten_when_another_begins(opened: Open, tmp_path: Path) -> None:
    state = opened()
    state.add_session(session(1, expires_ms=2000))
    state.add_session(session(2, created_ms=2000))
    rows = apsw.Connection(str(tmp_path / FILE)).execute("SELECT id FROM session").fetchall()
    assert rows == [("id-2",)]


def test_a_code_is_taken_once_and_in_time(opened: Open) -> None:
    state = opened()
    state.add_login_code("early", "ann", 1000)
    state.add_login_code("late", "bob", 9000)
    assert not state.take_login_code("early", 1000)
    assert state.take_login_code("late", 8999) == "bob"
    assert not state.take_login_code("late", 8999)


def test_everything_outlives_the_process(opened: Open) -> None:
    first = opened()
    first.add_session(session())
    first.add_login_code("code", "ann", 9000)
    first.close()
    second = opened()
    assert second.is_durable
    assert second.find_session("hash-1", 1) == session()
    assert second.take_login_code("code", 1)


def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    connection = apsw.Connection(str(tmp_path / FILE))
    connection.pragma("user_version", VERSION + 1)
    connection.close()
    with pytest.raises(VersionError, match=f"version {VERSION + 1}, this Barograph knows {VERSION}"):
        open_state(tmp_path)
    assert apsw.Connection(str(tmp_path / FILE)).pragma("user_version") == VERSION + 1


@pytest.mark.parametrize("version", range(VERSION))
def test_a_file_of_an_older_version_is_brought_to_this_one(tmp_path: Path, version: int) -> None:
    connection = apsw.Connection(str(tmp_path / FILE))
    for step in MIGRATIONS[:version]:
        connection.execute(step)
    connection.pragma("user_version", version)
    connection.close()
    state = open_state(tmp_path)
    state.add_session(session())
    layout = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"
    assert state.rows(layout) == connect_memory().rows(layout)
    state.close()
    assert apsw.Connection(str(tmp_path / FILE)).pragma("user_version") == VERSION


def test_a_damaged_file_is_refused_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database" * 300)
    with pytest.raises(StoreError, match=r"is damaged.*move it away"):
        open_state(tmp_path)


def test_where_nothing_can_be_written_at_first_the_state_is_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = open_state(tmp_path / "absent")
    assert not state.is_durable
    assert "what changes is kept in memory until it can be" in caplog.text
    state.add_session(session())
    assert state.find_session("hash-1", 1) == session()
    state.close()


def test_what_cannot_be_opened_for_writing_is_read_into_memory(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = opened()
    stored.add_session(session())
    stored.close()

    def refuse(_: str) -> apsw.Connection:
        raise apsw.FullError("no space is left")

    monkeypatch.setattr("barograph.state.sqlite._connect", refuse)
    state = opened()
    assert not state.is_durable
    assert state.find_session("hash-1", 1) == session()
    state.add_session(session(2))
    assert state.find_session("hash-2", 1) == session(2)


def test_a_disk_that_fills_up_moves_the_state_to_memory(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    disk = FullDisk()
    state = state_on("full-disk", tmp_path)
    state.add_session(session(1))
    assert state.is_durable
    disk.is_full = True
    state.add_session(session(2))
    assert not state.is_durable
    assert "what changes is kept in memory until it can be" in caplog.text
    assert state.find_session("hash-1", 1) == session(1)
    assert state.find_session("hash-2", 1) == session(2)
    with pytest.raises(StoreError, match=r"no space is left.*nothing was changed; free space"):
        state.write(lambda: state.run("DELETE FROM session"), lasting=True)
    state.close()
    assert "what changed since state.db could not be written is lost" in caplog.text
    again = open_state(tmp_path)
    assert again.find_session("hash-1", 1) == session(1), "what was stored is still stored"
    assert again.find_session("hash-2", 1) is None
    again.close()


def test_a_disk_that_takes_changes_again_gets_all_that_was_kept_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = FullDisk()
    state = state_on("full-disk", tmp_path)
    state.add_session(session(1))
    disk.is_full = True
    state.add_session(session(2))
    assert "no space is left" in state.trouble
    assert not state.return_to_disk()
    disk.is_full = False
    assert state.return_to_disk()
    assert (state.trouble, state.is_durable) == ("", True)
    assert "can be written again" in caplog.text
    state.add_session(session(3))
    other = open_state(tmp_path)
    assert [each.id for each in other.sessions(1)] == ["id-1", "id-2", "id-3"]
    assert other.rows("PRAGMA integrity_check") == [("ok",)]
    other.close()
    state.close()


def test_what_must_last_and_the_end_of_the_process_try_the_disk_too(tmp_path: Path) -> None:
    disk = FullDisk()
    for end in (SqliteState.close, lambda state: state.write(lambda: None, lasting=True)):
        state = state_on("full-disk", tmp_path)
        disk.is_full = True
        state.add_session(session())
        disk.is_full = False
        end(state)
        other = open_state(tmp_path)
        assert other.find_session("hash-1", 1) == session()
        other.end_session("id-1")
        other.close()


def test_a_log_that_a_kill_left_behind_is_read_on_a_full_disk_and_kept(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened().add_session(session(1))
    killed = tmp_path / "killed"
    killed.mkdir()
    for name in (FILE, f"{FILE}-wal"):
        (killed / name).write_bytes((tmp_path / name).read_bytes())

    def refuse(_: str) -> apsw.Connection:
        raise apsw.FullError("no space is left")

    with monkeypatch.context() as patch:
        patch.setattr("barograph.state.sqlite._connect", refuse)
        state = open_state(killed)
        assert state.find_session("hash-1", 1) == session(1)
        state.add_session(session(2))
        assert not state.return_to_disk()
    state.close()
    again = open_state(killed)
    assert [each.id for each in again.sessions(1)] == ["id-1", "id-2"]
    again.close()


def test_what_was_not_read_whole_never_takes_the_place_of_the_file(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = opened()
    stored.add_session(session(1))
    other = apsw.Connection(str(tmp_path / FILE))
    other.execute("BEGIN; SELECT * FROM session")

    def refuse(_: str) -> apsw.Connection:
        raise apsw.FullError("no space is left")

    with monkeypatch.context() as patch:
        patch.setattr("barograph.state.sqlite._connect", refuse)
        state = opened()
    state.add_session(session(2))
    assert not state.return_to_disk()
    assert stored.find_session("hash-1", 1) == session(1)
    other.close()


def state_on(vfs: str, folder: Path) -> SqliteState:
    def connect() -> apsw.Connection:
        connection = apsw.Connection(str(folder / FILE), vfs=vfs)
        connection.pragma("journal_mode", "wal")
        return connection

    return SqliteState(connect(), "state.db", connect)


def test_a_change_that_fails_changes_nothing(opened: Open) -> None:
    state = opened()
    state.add_session(session(1))
    state.add_session(session(2, expires_ms=9000))
    twice = session(1, created_ms=6000, expires_ms=9000)
    with pytest.raises(StoreError, match="nothing was changed"):
        state.add_session(StoredSession(**{**_fields(twice), "token_hash": "hash-2"}))
    assert state.find_session("hash-1", 1) == session(1), "the expired one is still there"


def test_memory_that_fails_is_told(tmp_path: Path) -> None:
    connection = apsw.Connection(":memory:")
    state = SqliteState(connection, "state.db")
    connection.pragma("query_only", True)
    with pytest.raises(StoreError, match="nothing was changed"):
        state.end_session("id-1")
    state.close()


def test_a_lookup_that_fails_is_told() -> None:
    connection = apsw.Connection(":memory:")
    state = SqliteState(connection, "state.db")
    connection.execute("DROP TABLE session")
    with pytest.raises(StoreError, match=r"state\.db could not be read"):
        state.find_session("hash-1", 1)
    state.close()


def _fields(one: StoredSession) -> dict[str, Any]:
    return {name: getattr(one, name) for name in StoredSession.__slots__}


def test_a_change_waits_for_another_thread_that_is_in_the_middle_of_one(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    begun, ended = threading.Event(), threading.Event()

    def linger(*_: object) -> bool:
        begun.set()
        return ended.wait(60)

    def slow() -> int:
        # a statement under way: SQLite calls this in its middle
        state._connection.create_scalar_function("linger", linger)
        return state.run("DELETE FROM session WHERE linger()")

    state.add_session(session())
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(state.write, slow)
        assert begun.wait(60)
        second = pool.submit(state.write, lambda: state.run("DELETE FROM login_code"), lasting=True)
        third = pool.submit(lambda: state.is_durable)
        waiting: list[Future[Any]] = [second, third]
        assert not wait(waiting, timeout=0.2).done
        ended.set()
        assert (first.result(), second.result(), third.result()) == (1, 0, True)
    state.close()
