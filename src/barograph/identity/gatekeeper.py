"""The front's side of identity: tells who a token or a session cookie belongs to. Holds hashes only.

Called by the web's guard for every request. Asks the keeper for sessions and remembers the answer, so that neither a
busy page nor a flood of invented cookies costs the keeper much.
"""

import hmac
from dataclasses import dataclass

from barograph.identity.principal import LOCAL_ADMIN, Principal, Role
from barograph.identity.secrets import hash_secret
from barograph.model.clock import Clock
from barograph.model.commands import Commands, FindSession, Refused, SessionFound
from barograph.model.errors import StoreError

_REMEMBERED_S = 5.0
_MAX_REMEMBERED = 1000


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the keeper last said of a session; `principal` is None where it knows none."""

    principal: Principal | None
    until_s: float


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
        self._answers: dict[str, _Answer] = {}

    def check_token(self, token: str) -> Principal | None:
        """Return who a token belongs to, or None."""
        if hmac.compare_digest(hash_secret(token), self._token_hash):
            return Principal(name=LOCAL_ADMIN, role=Role.ADMIN)
        return None

    def knows(self, cookie: str) -> bool:
        """Tell whether the keeper was asked for this session before, or opened it here."""
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
        self._remember(token_hash, _Answer(None, float("inf")))
        return None

    def forget(self, session_id: str) -> None:
        """Forget a session that was ended here, at once."""
        for token_hash, answer in list(self._answers.items()):
            if answer.principal is not None and answer.principal.session_id == session_id:
                self._answers[token_hash] = _Answer(None, float("inf"))

    def _remember(self, token_hash: str, answer: _Answer) -> None:
        self._answers.pop(token_hash, None)
        while len(self._answers) >= _MAX_REMEMBERED:
            # the one heard of longest ago goes; a session in use comes to the end of the line every five seconds
            del self._answers[next(iter(self._answers))]
        self._answers[token_hash] = answer
