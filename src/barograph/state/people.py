"""`PeopleStore` on state.db: users and their tokens. A disk that is full refuses changes here, for they must last."""

from pathlib import Path

import apsw

from barograph.model.errors import StoreError
from barograph.model.state import StoredToken, StoredUser
from barograph.state.sqlite import FILE, Row, SqliteState

_USERS = "SELECT name, role, password_hash, created_ms FROM account"
_TOKENS = (
    "SELECT id, token_hash, prefix, name, user_name, scopes,"
    " created_ms, expires_ms, per_minute, last_used_ms FROM token"
)


class SqlitePeople:
    """Implements `PeopleStore` on the connection of a `SqliteState`."""

    def __init__(self, state: SqliteState) -> None:
        self._state = state

    def add_user(self, user: StoredUser) -> bool:
        """See `PeopleStore`."""
        statement = (
            "INSERT INTO account (name, role, password_hash, created_ms) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
        )
        values = (user.name, user.role, user.password_hash, user.created_ms)
        return self._state.write(lambda: self._state.run(statement, *values), lasting=True) == 1

    def change_user(self, user: StoredUser) -> None:
        """See `PeopleStore`."""
        statement = "UPDATE account SET role = ?, password_hash = ? WHERE name = ?"
        self._state.write(lambda: self._state.run(statement, user.role, user.password_hash, user.name), lasting=True)

    def remove_user(self, name: str) -> bool:
        """See `PeopleStore`."""

        def remove() -> bool:
            self._state.run("DELETE FROM session WHERE user_name = ?", name)
            self._state.run("DELETE FROM login_code WHERE user_name = ?", name)
            self._state.run("DELETE FROM token WHERE user_name = ?", name)
            return self._state.run("DELETE FROM account WHERE name = ?", name) == 1

        return self._state.write(remove, lasting=True)

    def find_user(self, name: str) -> StoredUser | None:
        """See `PeopleStore`."""
        rows = self._state.rows(_USERS + " WHERE name = ?", name)
        return _user(rows[0]) if rows else None

    def users(self) -> list[StoredUser]:
        """See `PeopleStore`."""
        return [_user(row) for row in self._state.rows(_USERS + " ORDER BY name")]

    def end_sessions(self, user: str, but: str) -> None:
        """See `PeopleStore`."""

        def end() -> None:
            self._state.run("DELETE FROM session WHERE user_name = ? AND id <> ?", user, but)
            self._state.run("DELETE FROM login_code WHERE user_name = ?", user)

        self._state.write(end)

    def add_token(self, token: StoredToken) -> None:
        """See `PeopleStore`."""
        values = (token.id, token.token_hash, token.prefix, token.name, token.user, " ".join(token.scopes))
        numbers = (token.created_ms, token.expires_ms, token.per_minute, token.last_used_ms)
        statement = "INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        self._state.write(lambda: self._state.run(statement, *values, *numbers), lasting=True)

    def find_token(self, token_hash: str) -> StoredToken | None:
        """See `PeopleStore`."""
        rows = self._state.rows(_TOKENS + " WHERE token_hash = ?", token_hash)
        return _token(rows[0]) if rows else None

    def tokens(self) -> list[StoredToken]:
        """See `PeopleStore`."""
        return [_token(row) for row in self._state.rows(_TOKENS + " ORDER BY created_ms DESC, id")]

    def token_used(self, token_id: str, now_ms: int) -> None:
        """See `PeopleStore`."""
        statement = "UPDATE token SET last_used_ms = ? WHERE id = ?"
        self._state.write(lambda: self._state.run(statement, now_ms, token_id))

    def remove_token(self, token_id: str) -> bool:
        """See `PeopleStore`."""
        statement = "DELETE FROM token WHERE id = ?"
        return self._state.write(lambda: self._state.run(statement, token_id), lasting=True) == 1


def read_people(folder: Path, now_ms: int) -> tuple[list[StoredUser], list[StoredToken], list[tuple[str, str]]]:
    """Return the users and tokens of a folder's state.db, and of each session that has not ended user and source.

    Reads only, whoever else writes.

    Raises:
        StoreError: There is no such file, or it cannot be read.
    """
    path = folder / FILE
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            users = [_user(row) for row in connection.execute(_USERS + " ORDER BY name")]
            tokens = [_token(row) for row in connection.execute(_TOKENS + " ORDER BY created_ms DESC, id")]
            open_ones = connection.execute("SELECT user_name, remote FROM session WHERE expires_ms > ?", (now_ms,))
            return users, tokens, [(str(user), str(remote)) for user, remote in open_ones]
        finally:
            connection.close()
    except apsw.Error as error:
        raise StoreError(f"{path} cannot be read: {error}") from error


def _user(row: Row) -> StoredUser:
    name, role, password_hash, created_ms = row
    return StoredUser(name=str(name), role=str(role), password_hash=str(password_hash), created_ms=_whole(created_ms))


def _token(row: Row) -> StoredToken:
    identifier, token_hash, prefix, name, user, scopes = (str(value) for value in row[:6])
    created_ms, expires_ms, per_minute, last_used_ms = (_whole(value) for value in row[6:])
    return StoredToken(
        id=identifier,
        token_hash=token_hash,
        prefix=prefix,
        name=name,
        user=user,
        scopes=tuple(scopes.split()),
        created_ms=created_ms,
        expires_ms=expires_ms,
        per_minute=per_minute,
        last_used_ms=last_used_ms,
    )


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
