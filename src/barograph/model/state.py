"""The protocols of small precious state, and what is kept there of people. Secrets are kept as hashes."""

from dataclasses import dataclass
from typing import Protocol

from barograph.model.people import AuditEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session at rest; `token_hash` is the SHA-256 of what the cookie carries, in hex."""

    id: str
    token_hash: str
    user: str
    role: str
    created_ms: int
    expires_ms: int
    remote: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUser:
    """A user at rest. `password_hash` is argon2's encoded text, "" where there is no password."""

    name: str
    role: str
    password_hash: str
    created_ms: int

    def __repr__(self) -> str:
        return f"StoredUser({self.name!r}, {self.role!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """A token at rest; `token_hash` is the SHA-256 in hex, `expires_ms` and `last_used_ms` are 0 for never."""

    id: str
    token_hash: str
    prefix: str
    name: str
    user: str
    scopes: tuple[str, ...]
    created_ms: int
    expires_ms: int
    per_minute: int
    last_used_ms: int = 0


class StateStore(Protocol):
    """Durable when a method returns. Used by one thread, the keeper's event loop."""

    def add_login_code(self, code_hash: str, user: str, expires_ms: int) -> None:
        """Keep a user's log-in code until it is taken or has expired."""
        ...

    def take_login_code(self, code_hash: str, now_ms: int) -> str:
        """Use a code up and return whose it is; "" where there is none, or it has expired."""
        ...

    def add_session(self, session: StoredSession) -> None:
        """Keep a session; expired ones are forgotten."""
        ...

    def find_session(self, token_hash: str, now_ms: int) -> StoredSession | None:
        """Return the session of a token, unless it has expired."""
        ...

    def sessions(self, now_ms: int) -> list[StoredSession]:
        """Return all sessions that have not expired, the newest first."""
        ...

    def end_session(self, session_id: str) -> None:
        """Forget a session."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class PeopleStore(Protocol):
    """Users and their tokens. Durable when a method returns, else `StoreError`. Used by the keeper's event loop."""

    def add_user(self, user: StoredUser) -> bool:
        """Keep a user; False where there is one of that name."""
        ...

    def change_user(self, user: StoredUser) -> None:
        """Put a user's new values in place of the old."""
        ...

    def remove_user(self, name: str) -> bool:
        """Forget a user with sessions, log-in codes and tokens; False where there is none."""
        ...

    def find_user(self, name: str) -> StoredUser | None:
        """Return a user."""
        ...

    def users(self) -> list[StoredUser]:
        """Return all users, by name."""
        ...

    def end_sessions(self, user: str, but: str) -> None:
        """End a user's sessions and log-in codes but for the session of one id."""
        ...

    def add_token(self, token: StoredToken) -> None:
        """Keep a token."""
        ...

    def find_token(self, token_hash: str) -> StoredToken | None:
        """Return a token, expired or not."""
        ...

    def tokens(self) -> list[StoredToken]:
        """Return all tokens, the newest first."""
        ...

    def token_used(self, token_id: str, now_ms: int) -> None:
        """Note that a token was used. May be lost."""
        ...

    def remove_token(self, token_id: str) -> bool:
        """Forget a token; False where there is none."""
        ...


class AuditStore(Protocol):
    """Lines that are only ever added. Used by the keeper's event loop."""

    def last(self) -> AuditEntry | None:
        """Return the newest entry."""
        ...

    def append(self, entry: AuditEntry) -> None:
        """Keep an entry; its number follows the last one's."""
        ...

    def read(self, before: int, limit: int) -> list[AuditEntry]:
        """Return the newest entries before a number (0: of all), the newest first."""
        ...
