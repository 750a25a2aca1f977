"""`StateStore` on SQLite: state.db in the data folder, written by the keeper alone, every change synced.

Where the disk is full at the very first start there is nothing to write to: `open_state` then keeps the state in
memory and says so. Statements are portable SQL, since a pair of hubs will keep them in PostgreSQL.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from barograph.model.errors import StoreError, VersionError
from barograph.model.state import StoredSession

_log = logging.getLogger(__name__)
FILE = "state.db"
VERSION = 1
_MIGRATIONS = (
    """
    CREATE TABLE session (
      id TEXT PRIMARY KEY, token_hash TEXT NOT NULL UNIQUE, user_name TEXT NOT NULL, role TEXT NOT NULL,
      created_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL
    );
    CREATE TABLE login_code (code_hash TEXT PRIMARY KEY, expires_ms BIGINT NOT NULL);
    """,
)
"""Each brings the file from the version before it to the next; they are never edited once released."""


def open_state(folder: Path) -> "SqliteState":
    """Open state.db, or a state in memory where the disk is full.

    Raises:
        VersionError: The file was written by a newer Barograph.
        StoreError: The file is damaged or cannot be opened.
    """
    path = folder / FILE
    try:
        return SqliteState(str(path))
    except (apsw.FullError, apsw.CantOpenError, apsw.IOError) as error:
        if path.exists() and path.stat().st_size > 0:
            raise StoreError(f"{path} cannot be opened: {error}; see whether the disk is full or failing") from error
        _log.error("%s cannot be written (%s): sessions are kept in memory and end with this process", path, error)
        return SqliteState(":memory:")
    except (apsw.NotADBError, apsw.CorruptError) as error:
        raise StoreError(
            f"{path} is damaged: {error}; restore it, or move it away to begin with no sessions"
        ) from error


class SqliteState:
    """Implements `StateStore`."""

    def __init__(self, name: str) -> None:
        self._connection = apsw.Connection(name)
        try:
            self._migrate(name)
        except BaseException:
            self._connection.close()
            raise

    def add_login_code(self, code_hash: str, expires_ms: int) -> None:
        """See `StateStore`."""
        with self._transaction():
            self._connection.execute("INSERT INTO login_code VALUES (?, ?)", (code_hash, expires_ms))

    def take_login_code(self, code_hash: str, now_ms: int) -> bool:
        """See `StateStore`."""
        with self._transaction():
            self._connection.execute("DELETE FROM login_code WHERE expires_ms <= ?", (now_ms,))
            self._connection.execute("DELETE FROM login_code WHERE code_hash = ?", (code_hash,))
            return self._connection.changes() == 1

    def add_session(self, session: StoredSession) -> None:
        """See `StateStore`."""
        with self._transaction():
            self._connection.execute("DELETE FROM session WHERE expires_ms <= ?", (session.created_ms,))
            self._connection.execute(
                "INSERT INTO session (id, token_hash, user_name, role, created_ms, expires_ms)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (session.id, session.token_hash, session.user, session.role, session.created_ms, session.expires_ms),
            )

    def find_session(self, token_hash: str, now_ms: int) -> StoredSession | None:
        """See `StateStore`."""
        rows = self._connection.execute(
            "SELECT id, token_hash, user_name, role, created_ms, expires_ms FROM session"
            " WHERE token_hash = ? AND expires_ms > ?",
            (token_hash, now_ms),
        )
        for identifier, found, user, role, created_ms, expires_ms in rows:
            return StoredSession(
                id=str(identifier),
                token_hash=str(found),
                user=str(user),
                role=str(role),
                created_ms=int(created_ms),
                expires_ms=int(expires_ms),
            )
        return None

    def end_session(self, session_id: str) -> None:
        """See `StateStore`."""
        with self._transaction():
            self._connection.execute("DELETE FROM session WHERE id = ?", (session_id,))

    def close(self) -> None:
        """See `StateStore`."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            with self._connection:
                yield
        except apsw.Error as error:
            raise StoreError(f"state.db could not be written: {error}; nothing was changed") from error

    def _migrate(self, name: str) -> None:
        mode = self._connection.pragma("journal_mode", "wal")
        if mode not in ("wal", "memory"):
            raise StoreError(f"{name} cannot use a write-ahead log (SQLite answers {mode!r})")
        self._connection.pragma("synchronous", "full")
        version = self._connection.pragma("user_version")
        assert isinstance(version, int)
        if version > VERSION:
            raise VersionError(f"{name} has version {version}, this Barograph knows {VERSION}: use the newer Barograph")
        for number in range(version, VERSION):
            with self._connection:
                self._connection.execute(_MIGRATIONS[number])
                self._connection.pragma("user_version", number + 1)
