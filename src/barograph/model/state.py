"""The protocol of small precious state, and what is kept there: so far sessions and log-in codes, all as hashes."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSession:
    """A session at rest; `token_hash` is the SHA-256 of what the cookie carries, in hex."""

    id: str
    token_hash: str
    user: str
    role: str
    created_ms: int
    expires_ms: int


class StateStore(Protocol):
    """Durable when a method returns. Used by one thread, the keeper's event loop."""

    def add_login_code(self, code_hash: str, expires_ms: int) -> None:
        """Keep a log-in code until it is taken or has expired."""
        ...

    def take_login_code(self, code_hash: str, now_ms: int) -> bool:
        """Use a code up; False where there is none, or it has expired."""
        ...

    def add_session(self, session: StoredSession) -> None:
        """Keep a session; expired ones are forgotten."""
        ...

    def find_session(self, token_hash: str, now_ms: int) -> StoredSession | None:
        """Return the session of a token, unless it has expired."""
        ...

    def end_session(self, session_id: str) -> None:
        """Forget a session."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...
