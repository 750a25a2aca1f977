"""`StateStore` on SQLite: state.db in the data folder, written by the keeper alone, every change synced.

A disk that is full must not keep people out of the very program that shows it, nor alerts from being told: what cannot
be written is then kept in memory, with all that was stored before, and goes back to the file once the disk takes it.
What a person was promised to last is refused meanwhile. Statements are portable SQL, since a pair of hubs will keep
them in PostgreSQL.
"""

import logging
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

import apsw

from barograph.model.errors import StoreError, VersionError
from barograph.model.state import StoredSession
from barograph.state.migrations import MIGRATIONS, VERSION

T = TypeVar("T")
Row = tuple[int | float | bytes | str | None, ...]
_log = logging.getLogger(__name__)
FILE = "state.db"
_UNWRITABLE = (apsw.FullError, apsw.IOError, apsw.CantOpenError, apsw.ReadOnlyError)
_DAMAGED = (apsw.NotADBError, apsw.CorruptError)
_BUSY_MS = 2000
_LONGEST_LOG = 16 << 20
"""Bytes that the write-ahead log keeps after a large change, as all of the state is one."""
_SPARE = 1.05
"""Space that writing all back takes, as a part of what is written: the log has a little beside each page."""
_MEANWHILE = "what changes is kept in memory until it can be; acknowledgments, silences and users wait till then"
_SESSIONS = "SELECT id, token_hash, user_name, role, created_ms, expires_ms, remote FROM session"


def open_state(folder: Path) -> "SqliteState":
    """Open state.db; where it cannot be written, a state in memory with what could be read of it.

    Raises:
        VersionError: The file was written by a newer Barograph.
        StoreError: The file is damaged.
    """
    path = folder / FILE

    def reopen() -> apsw.Connection:
        return _connect(str(path))

    try:
        try:
            return SqliteState(reopen(), str(path), reopen)
        except _UNWRITABLE as error:
            _log.error("%s cannot be written (%s): %s", path, error, _MEANWHILE)
            memory, is_whole = _read_into_memory(path)
            trouble = f"{path} cannot be written ({error})"
            return SqliteState(memory, str(path), reopen if is_whole else None, trouble)
    except _DAMAGED as error:
        raise StoreError(
            f"{path} is damaged: {error}; restore it, or move it away to begin with no sessions"
        ) from error


def connect_memory() -> "SqliteState":
    """Return a state that ends with the process."""
    return SqliteState(apsw.Connection(":memory:"), "state in memory")


class SqliteState:
    """Implements `StateStore`. `open_state` makes it. Any thread may use it: one at a time is let in.

    Args:
        connection: To state.db, or to a database in memory; taken over.
        name: The file's name, for messages.
        reopen: Connects to the file anew; None where what is in memory must not take its place.
        trouble: Why it is in memory, where it is.

    Raises:
        VersionError: It was written by a newer Barograph.
    """

    def __init__(
        self,
        connection: apsw.Connection,
        name: str,
        reopen: Callable[[], apsw.Connection] | None = None,
        trouble: str = "",
    ) -> None:
        self._connection = connection
        self._name = name
        self._reopen = reopen
        self._trouble = trouble
        self._one_at_a_time = threading.RLock()
        try:
            self._migrate()
        except BaseException:
            self._connection.close()
            raise

    @property
    def is_durable(self) -> bool:
        """Whether changes reach the disk."""
        with self._one_at_a_time:  # a connection that is busy with another thread does not even tell its name
            return bool(self._connection.filename)

    @property
    def trouble(self) -> str:
        """Why changes do not reach the disk, "" where they do. Waits for nobody."""
        return self._trouble

    def return_to_disk(self) -> bool:
        """Write all back where it is in memory and the disk takes it again; tells whether it is there now.

        Takes as long as the state is large: to be called now and then, on a thread that may wait.
        """
        with self._one_at_a_time:
            if self._connection.filename or self._reopen is None:
                return bool(self._connection.filename)
            try:
                disk = self._reopen()
                try:
                    self._copy_to(disk)
                except BaseException:
                    disk.close()
                    raise
            except (apsw.Error, OSError) as error:
                _log.debug("%s still cannot be written: %s", self._name, error)
                return False
            self._connection.close()
            self._connection, self._trouble = disk, ""
            _log.warning("%s can be written again: what was kept in memory is stored", self._name)
            return True

    def _copy_to(self, disk: apsw.Connection) -> None:
        pages, size = self._connection.pragma("page_count"), self._connection.pragma("page_size")
        assert isinstance(pages, int)
        assert isinstance(size, int)
        needed = pages * size * _SPARE
        if (found := os.statvfs(Path(disk.filename).parent)).f_bavail * found.f_frsize < needed:
            # a log that grows until nothing is left takes from the store what it would need itself
            raise apsw.FullError(f"{needed / 1e6:.1f} MB are needed")
        with disk.backup("main", self._connection, "main") as backup:
            backup.step()

    def add_login_code(self, code_hash: str, user: str, expires_ms: int) -> None:
        """See `StateStore`."""
        statement = "INSERT INTO login_code (code_hash, user_name, expires_ms) VALUES (?, ?, ?)"
        self.write(lambda: self.run(statement, code_hash, user, expires_ms))

    def take_login_code(self, code_hash: str, now_ms: int) -> str:
        """See `StateStore`."""

        def take() -> str:
            self.run("DELETE FROM login_code WHERE expires_ms <= ?", now_ms)
            rows = self.rows("SELECT user_name FROM login_code WHERE code_hash = ?", code_hash)
            self.run("DELETE FROM login_code WHERE code_hash = ?", code_hash)
            return str(rows[0][0]) if rows else ""

        return self.write(take)

    def add_session(self, session: StoredSession) -> None:
        """See `StateStore`."""

        def add() -> None:
            self.run("DELETE FROM session WHERE expires_ms <= ?", session.created_ms)
            self.run(
                "INSERT INTO session (id, token_hash, user_name, role, created_ms, expires_ms, remote)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                session.id,
                session.token_hash,
                session.user,
                session.role,
                session.created_ms,
                session.expires_ms,
                session.remote,
            )

        self.write(add)

    def find_session(self, token_hash: str, now_ms: int) -> StoredSession | None:
        """See `StateStore`."""
        rows = self.rows(_SESSIONS + " WHERE token_hash = ? AND expires_ms > ?", token_hash, now_ms)
        return _session(rows[0]) if rows else None

    def sessions(self, now_ms: int) -> list[StoredSession]:
        """See `StateStore`."""
        rows = self.rows(_SESSIONS + " WHERE expires_ms > ? ORDER BY created_ms DESC, id", now_ms)
        return [_session(row) for row in rows]

    def end_session(self, session_id: str) -> None:
        """See `StateStore`."""
        self.write(lambda: self.run("DELETE FROM session WHERE id = ?", session_id))

    def close(self) -> None:
        """See `StateStore`."""
        with self._one_at_a_time:
            if self._trouble and not self.return_to_disk():
                _log.error("what changed since %s could not be written is lost", self._name)
                self._trouble = ""
            self._connection.close()

    def rows(self, statement: str, *values: str | int) -> list[Row]:
        """Return the rows of a query.

        Raises:
            StoreError: They could not be read.
        """
        try:
            with self._one_at_a_time:
                return self._connection.execute(statement, values).fetchall()
        except apsw.Error as error:
            raise StoreError(f"{self._name} could not be read: {error}") from error

    def run(self, statement: str, *values: str | int | bytes) -> int:
        """Execute one statement; returns how many rows it changed."""
        self._connection.execute(statement, values)
        return self._connection.changes()

    def run_many(self, statement: str, values: Sequence[tuple[str | int | bytes, ...]]) -> None:
        """Execute one statement once for each tuple of values."""
        self._connection.executemany(statement, values)

    def write(self, change: Callable[[], T], *, lasting: bool = False) -> T:
        """Make a change, of calls of `run`, whole and synced.

        Args:
            change: Run inside one transaction.
            lasting: Refuse it where the disk takes none; else it is then made in memory, from now on.

        Raises:
            StoreError: It could not be made; nothing was changed.
        """
        if lasting and self._trouble and not self.return_to_disk():
            raise StoreError(f"{self._trouble}: nothing was changed; free space on its disk, or mend it, and ask again")
        try:
            with self._one_at_a_time:
                try:
                    return self._transact(change)
                except _UNWRITABLE as error:
                    if lasting or not self.is_durable:
                        raise
                    self._move_to_memory(error)
                    return self._transact(change)
        except apsw.Error as error:
            raise StoreError(f"{self._name} could not be written: {error}; nothing was changed") from error

    def _transact(self, change: Callable[[], T]) -> T:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = change()
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:  # a full disk may have ended it already
                self._connection.execute("ROLLBACK")
            raise
        return result

    def _move_to_memory(self, reason: apsw.Error) -> None:
        """Go on in memory with all that is stored. Only what nobody was told to last may do so."""
        memory = _copy(self._connection)
        with suppress(*_UNWRITABLE):  # what its log holds stays there
            self._connection.close()
        self._connection = memory
        self._trouble = f"{self._name} cannot be written ({reason})"
        _log.error("%s: %s", self._trouble, _MEANWHILE)

    def _migrate(self) -> None:
        version = self._connection.pragma("user_version")
        assert isinstance(version, int)
        if version > VERSION:
            raise VersionError(
                f"{self._name} has version {version}, this Barograph knows {VERSION}: use the newer Barograph"
            )
        for number in range(version, VERSION):
            self._transact(partial(self._bring_to, number + 1))

    def _bring_to(self, version: int) -> None:
        self._connection.execute(MIGRATIONS[version - 1])
        self._connection.pragma("user_version", version)


def _session(row: Row) -> StoredSession:
    identifier, found, user, role, created_ms, expires_ms, remote = row
    assert isinstance(created_ms, int)
    assert isinstance(expires_ms, int)
    return StoredSession(
        id=str(identifier),
        token_hash=str(found),
        user=str(user),
        role=str(role),
        created_ms=created_ms,
        expires_ms=expires_ms,
        remote=str(remote),
    )


def _connect(name: str) -> apsw.Connection:
    connection = apsw.Connection(name)
    try:
        connection.set_busy_timeout(_BUSY_MS)  # a person's sqlite3 shell may hold it for a moment
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("journal_size_limit", _LONGEST_LOG)
    except BaseException:
        connection.close()
        raise
    return connection


def _read_into_memory(path: Path) -> tuple[apsw.Connection, bool]:
    """Return a database in memory with what could be read of a file that cannot be opened for writing.

    Also tells whether that is all of it, so that it may take the file's place.
    """
    try:
        if not path.stat().st_size:
            return apsw.Connection(":memory:"), True
    except FileNotFoundError:
        return apsw.Connection(":memory:"), True
    except OSError:
        return apsw.Connection(":memory:"), False
    try:
        # alone with it, the index of the write-ahead log is in memory: on a full disk none could be made
        return _read(str(path), apsw.SQLITE_OPEN_READWRITE, "exclusive"), True
    except (*_UNWRITABLE, apsw.BusyError, apsw.LockedError) as error:
        _log.info("%s is read as of its last checkpoint: %s", path, error)
    try:
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
        return _read(f"{path.absolute().as_uri()}?immutable=1", flags, "normal"), False
    except apsw.CantOpenError:
        return apsw.Connection(":memory:"), False


def _read(name: str, flags: int, locking: str) -> apsw.Connection:
    stored = apsw.Connection(name, flags=flags)
    try:
        stored.pragma("locking_mode", locking)
        return _copy(stored)
    finally:
        stored.close()


def _copy(source: apsw.Connection) -> apsw.Connection:
    memory = apsw.Connection(":memory:")
    with memory.backup("main", source, "main") as backup:
        backup.step()
    return memory
