"""Who asks: each way in which somebody can be known. The guard asks them in turn, for every request.

A further way (a proxy's or a certificate's word for somebody, OIDC's token) is one more `Identifier` in `identifiers`.
"""

from typing import Protocol

from barograph.identity.gatekeeper import Gatekeeper, TooOften
from barograph.identity.principal import LOCAL_PRINCIPAL, Principal
from barograph.identity.throttle import AttemptLimit, holder_of
from barograph.identity.tokens import PREFIX as TOKEN_PREFIX
from barograph.model.errors import BarographError
from barograph.web.credentials import read_credential
from barograph.web.errors import problem_of
from barograph.web.parameters import Scope
from barograph.web.problem import Problem


class Identifier(Protocol):
    """One way in which somebody is known."""

    async def identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Principal | Problem | None:
        """Return who asks, or why they are not let in; None where a request brings nothing of this kind."""
        ...


def identifiers(gatekeeper: Gatekeeper, attempts: AttemptLimit) -> tuple[Identifier, ...]:
    """Return all ways, in the order in which they are asked: a token goes before a cookie."""
    wrong = _WrongCredentials(attempts)
    return TokenIdentifier(gatekeeper, wrong), SessionIdentifier(gatekeeper, wrong)


def source_of(scope: Scope) -> str:
    """Return the address a request came from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


class _WrongCredentials:
    """Counts failures by source, apart by what was brought."""

    def __init__(self, attempts: AttemptLimit) -> None:
        self._attempts = attempts

    def are_many(self, attempt: str) -> bool:
        return self._attempts.wait_s(attempt) > 0

    def refuse(self, attempt: str, source: str) -> Problem:
        wait_s = self._attempts.wait_s(attempt)
        self._attempts.failed(attempt)
        if wait_s <= 0:
            words = "this credential is wrong or no longer good: log in again, or send the token of the data folder"
            return Problem(status=401, kind="unauthorized", message=words)
        words = f"too many wrong credentials from {source}: try again in {wait_s:.0f} s"
        return Problem(status=429, kind="unauthorized", message=words, retry_after_s=int(wait_s) + 1)


class TokenIdentifier:
    """The local administrator's token and those of users, as Bearer or as Basic password."""

    def __init__(self, gatekeeper: Gatekeeper, wrong: _WrongCredentials) -> None:
        self._gatekeeper = gatekeeper
        self._wrong = wrong

    async def identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Principal | Problem | None:
        """See `Identifier`."""
        token = read_credential(headers).token
        if not token:
            return None
        if self._gatekeeper.is_local(token):
            return LOCAL_PRINCIPAL
        source = source_of(scope)
        attempt = f"token {holder_of(source)}"
        if not self._gatekeeper.knows(token) and (not token.startswith(TOKEN_PREFIX) or self._wrong.are_many(attempt)):
            # a flood of invented tokens must not reach the keeper
            return self._wrong.refuse(attempt, source)
        try:
            found = await self._gatekeeper.check_token(token)
        except BarographError as error:
            return problem_of(error)
        if isinstance(found, TooOften):
            words = f"this token is used more often than it is good for: try again in {found.wait_s:.1f} s"
            return Problem(status=429, kind="unavailable", message=words, retry_after_s=int(found.wait_s) + 1)
        return found or self._wrong.refuse(attempt, source)


class SessionIdentifier:
    """The cookie of a session."""

    def __init__(self, gatekeeper: Gatekeeper, wrong: _WrongCredentials) -> None:
        self._gatekeeper = gatekeeper
        self._wrong = wrong

    async def identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Principal | Problem | None:
        """See `Identifier`."""
        session = read_credential(headers).session
        if not session:
            return None
        source = source_of(scope)
        attempt = f"session {holder_of(source)}"
        known = self._gatekeeper.knows(session)
        if not known and self._wrong.are_many(attempt):
            # a flood of invented cookies must not reach the keeper
            return self._wrong.refuse(attempt, source)
        try:
            principal = await self._gatekeeper.check_session(session)
        except BarographError as error:
            return problem_of(error)
        if principal is not None:
            return principal
        if known:  # a page whose session is over asks again and again
            return Problem(status=401, kind="unauthorized", message="this session is over: log in again")
        return self._wrong.refuse(attempt, source)
