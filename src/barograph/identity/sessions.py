"""Log-in codes and sessions: made, redeemed, found and ended in the keeper, over a `StateStore`."""

from barograph.identity.config import IdentityConfig
from barograph.identity.principal import LOCAL_ADMIN, Role
from barograph.identity.secrets import RandomText, hash_secret, random_text
from barograph.model.clock import Clock
from barograph.model.commands import Done, Refused, SessionFound, SessionOpened
from barograph.model.errors import StoreError
from barograph.model.secret import Secret
from barograph.model.state import StateStore, StoredSession

_ID_LENGTH = 16


class Sessions:
    """Carries out the commands that open, find and end sessions."""

    def __init__(
        self, state: StateStore, config: IdentityConfig, clock: Clock, random: RandomText = random_text
    ) -> None:
        self._state = state
        self.config = config
        self._clock = clock
        self._random = random

    def make_login_code(self) -> Secret:
        """Return a new code that opens one session of the local administrator."""
        code = self._random()
        self._state.add_login_code(hash_secret(code), self._clock.now_ms() + self.config.login_link_lifetime.ms)
        return Secret(code)

    def redeem(self, code: str) -> SessionOpened | Refused:
        """Exchange a code for a session, once."""
        now_ms = self._clock.now_ms()
        try:
            if not self._state.take_login_code(hash_secret(code), now_ms):
                return Refused(kind="access", message="this log-in link was used already, or is too old")
            token = self._random()
            expires_ms = now_ms + self.config.session_lifetime.ms
            self._state.add_session(
                StoredSession(
                    id=hash_secret(self._random())[:_ID_LENGTH],
                    token_hash=hash_secret(token),
                    user=LOCAL_ADMIN,
                    role=Role.ADMIN.word,
                    created_ms=now_ms,
                    expires_ms=expires_ms,
                )
            )
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        return SessionOpened(token=token, expires_ms=expires_ms)

    def find(self, token_hash: str) -> SessionFound | Refused:
        """Tell whose session a token's hash belongs to."""
        try:
            found = self._state.find_session(token_hash, self._clock.now_ms())
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        if found is None:
            return Refused(kind="access", message="there is no such session, or it has ended")
        return SessionFound(session_id=found.id, user=found.user, role=found.role, expires_ms=found.expires_ms)

    def end(self, session_id: str) -> Done | Refused:
        """End a session."""
        try:
            self._state.end_session(session_id)
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        return Done()
