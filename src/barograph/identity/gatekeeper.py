"""The front's side of identity: tells who a token or a session cookie belongs to. Holds hashes only."""

import hmac

from barograph.identity.principal import LOCAL_ADMIN, Principal, Role
from barograph.identity.secrets import hash_secret
from barograph.model.clock import Clock
from barograph.model.commands import Commands, FindSession, SessionFound

_REMEMBERED_S = 5.0
_MAX_REMEMBERED = 1000


class Gatekeeper:
    """Knows the local token's hash, asks the keeper for sessions, and remembers found ones for a few seconds.

    Args:
        token_hash: Hash of the local administrator's token.
        commands: The way to the keeper.
        clock: Measures how long a found session is remembered.
    """

    def __init__(self, token_hash: str, commands: Commands, clock: Clock) -> None:
        self._token_hash = token_hash
        self._commands = commands
        self._clock = clock
        self._remembered: dict[str, tuple[float, Principal]] = {}

    def check_token(self, token: str) -> Principal | None:
        """Return who a token belongs to, or None."""
        if hmac.compare_digest(hash_secret(token), self._token_hash):
            return Principal(name=LOCAL_ADMIN, role=Role.ADMIN)
        return None

    async def check_session(self, cookie: str) -> Principal | None:
        """Return whose session a cookie opens, or None.

        Raises:
            LinkError: The keeper is gone.
        """
        token_hash = hash_secret(cookie)
        now_s = self._clock.monotonic_s()
        until_s, principal = self._remembered.get(token_hash, (0.0, None))
        if principal is not None and now_s < until_s:
            return principal
        self._remembered.pop(token_hash, None)
        reply = await self._commands.execute(FindSession(token_hash=token_hash))
        if not isinstance(reply, SessionFound):
            return None
        principal = Principal(name=reply.user, role=Role[reply.role.upper()], session_id=reply.session_id)
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[token_hash] = (now_s + _REMEMBERED_S, principal)
        return principal

    def forget(self, session_id: str) -> None:
        """Forget a session that was ended here, at once."""
        self._remembered = {k: v for k, v in self._remembered.items() if v[1].session_id != session_id}
