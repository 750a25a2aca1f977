"""The front's side of identity: tells who a token or a session cookie belongs to. Holds hashes only.

Called by the web's guard for every request. Asks the keeper for sessions and remembers the answer, so that neither a
busy page nor a flood of invented cookies costs the keeper much.
"""

import hmac
from dataclasses import dataclass

from barograph.identity.principal import LOCAL_PRINCIPAL, Principal, Role, Scope
from barograph.identity.ratelimit import TokenRate
from barograph.identity.secrets import hash_secret
from barograph.model.clock import Clock
from barograph.model.commands import Commands, FindSession, Refused, SessionFound
from barograph.model.errors import StoreError
from barograph.model.people import FindToken, TokenFound

_REMEMBERED_S = 5.0
_MAX_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the keeper last said of a session or a token; `principal` is None where it knows none."""

    principal: Principal | None
    until_s: float
    token: TokenFound | None = None


_NOBODY = _Answer(None, float("inf"))


@dataclass(frozen=True, slots=True)
class TooOften:
    """A token that was used up for this minute."""

    wait_s: float


class Gatekeeper:
    """Knows the local token's hash and what the keeper has said of sessions. Used on one event loop.

    Args:
        token_hash: Hash of the local administrator's token.
        commands: The way to the keeper.
        clock: Measures how long a found session is remembered.
    """

    def __init__(self, token_hash: str, commands: Commands, clock: Clock) -> None:
        self._token_hash = token_hash
        self._commands = commands
        self._clock = clock
        self._rate = TokenRate(clock)
        self._answers: dict[str, _Answer] = {}

    def is_local(self, token: str) -> bool:
        """Tell whether this is the local administrator's token, at the same pace for every other."""
        return hmac.compare_digest(hash_secret(token), self._token_hash)

    async def check_token(self, token: str) -> Principal | TooOften | None:
        """Return who a token belongs to, or None; counts the request against the token's own rate.

        Raises:
            LinkError: The keeper is gone.
            StoreError: The keeper cannot read its tokens, so that nobody knows.
        """
        if self.is_local(token):
            return LOCAL_PRINCIPAL
        answer = await self._answer_of_token(token)
        if answer.token is None or answer.principal is None:
            return None
        wait_s = self._rate.wait_s(answer.token.id, answer.token.per_minute)
        return TooOften(wait_s) if wait_s > 0 else answer.principal

    async def find_token(self, token: str) -> Principal | None:
        """Return who a token belongs to, or None; counts nothing: for a request that was let in and goes on.

        Raises:
            LinkError: The keeper is gone.
            StoreError: The keeper cannot read its tokens, so that nobody knows.
        """
        return LOCAL_PRINCIPAL if self.is_local(token) else (await self._answer_of_token(token)).principal

    def knows(self, cookie: str) -> bool:
        """Tell whether the keeper was asked for this session or token before, or opened it here."""
        return hash_secret(cookie) in self._answers

    def opened(self, cookie: str) -> None:
        """Note a session that the keeper has just opened, so that its first request is no stranger's."""
        self._remember(hash_secret(cookie), _Answer(None, 0.0))

    async def check_session(self, cookie: str) -> Principal | None:
        """Return whose session a cookie opens, or None.

        Raises:
            LinkError: The keeper is gone.
            StoreError: The keeper cannot read its sessions, so that nobody knows.
        """
        token_hash = hash_secret(cookie)
        now_s = self._clock.monotonic_s()
        answer = self._answers.get(token_hash)
        if answer is not None and now_s < answer.until_s:
            return answer.principal
        reply = await self._commands.execute(FindSession(token_hash=token_hash))
        if isinstance(reply, SessionFound):
            principal = Principal(name=reply.user, role=Role[reply.role.upper()], session_id=reply.session_id)
            self._remember(token_hash, _Answer(principal, now_s + _REMEMBERED_S))
            return principal
        if isinstance(reply, Refused) and reply.kind == "store":
            raise StoreError(reply.message)
        # what is unknown stays so: tokens are random, and a session that ended never comes back
        self._remember(token_hash, _NOBODY)
        return None

    def forget(self, session_id: str) -> None:
        """Forget a session that was ended here, at once."""
        for token_hash, answer in list(self._answers.items()):
            if answer.principal is not None and answer.principal.session_id == session_id:
                self._answers[token_hash] = _NOBODY

    def forget_all(self) -> None:
        """Ask again for everybody: users or tokens have changed."""
        self._answers = {key: _Answer(None, 0.0) for key in self._answers}

    async def _answer_of_token(self, token: str) -> _Answer:
        """Return what is known of a token; `_NOBODY` of one that has expired meanwhile."""
        token_hash = hash_secret(token)
        answer = self._answers.get(token_hash)
        if answer is None or self._clock.monotonic_s() >= answer.until_s:
            answer = await self._ask_for_token(token_hash)
        if answer.token is not None and 0 < answer.token.expires_ms <= self._clock.now_ms():
            return _NOBODY
        return answer

    async def _ask_for_token(self, token_hash: str) -> _Answer:
        reply = await self._commands.execute(FindToken(token_hash=token_hash))
        if isinstance(reply, Refused) and reply.kind == "store":
            raise StoreError(reply.message)
        if isinstance(reply, TokenFound):
            principal = Principal(
                name=reply.user,
                role=Role[reply.role.upper()],
                scopes=frozenset(Scope(word) for word in reply.scopes),
                token_prefix=reply.prefix,
            )
            answer = _Answer(principal, self._clock.monotonic_s() + _REMEMBERED_S, reply)
        else:
            # what is unknown stays so: tokens are random, and one that was revoked never comes back
            answer = _NOBODY
        self._remember(token_hash, answer)
        return answer

    def _remember(self, token_hash: str, answer: _Answer) -> None:
        self._answers.pop(token_hash, None)
        while len(self._answers) >= _MAX_REMEMBERED:
            # the one heard of longest ago goes; a session in use comes to the end of the line every five seconds
            del self._answers[next(iter(self._answers))]
        self._answers[token_hash] = answer
