"""Log-in codes and sessions: made, redeemed, found and ended in the keeper, over a `StateStore`."""

from barograph.identity.config import IdentityConfig
from barograph.identity.principal import LOCAL_ADMIN, Role
from barograph.identity.secrets import RandomText, hash_secret, random_text
from barograph.model.acting import Actor
from barograph.model.clock import Clock
from barograph.model.commands import Done, Refused, SessionFound, SessionOpened
from barograph.model.errors import StoreError
from barograph.model.people import LoginLinkMade, SessionShown, SessionsListed
from barograph.model.secret import Secret
from barograph.model.state import PeopleStore, StateStore, StoredSession

_ID_LENGTH = 16
MOST_SESSIONS = 100
"""Of one user: a program that signs in again and again, instead of having a token, ends its own oldest ones."""


class Sessions:
    """Carries out the commands that open, find and end sessions."""

    def __init__(
        self,
        state: StateStore,
        people: PeopleStore,
        config: IdentityConfig,
        clock: Clock,
        random: RandomText = random_text,
    ) -> None:
        self._state = state
        self._people = people
        self.config = config
        self._clock = clock
        self._random = random

    @property
    def has_users(self) -> bool:
        """Whether there is anybody beside the local administrator."""
        return bool(self._people.users())

    def make_login_code(self, user: str = LOCAL_ADMIN) -> Secret:
        """Return a new code that opens one session of a user."""
        code = self._random()
        expires_ms = self._clock.now_ms() + self.config.login_link_lifetime.ms
        self._state.add_login_code(hash_secret(code), user, expires_ms)
        return Secret(code)

    def make_link(self, user: str) -> LoginLinkMade | Refused:
        """Make a log-in code for a user; for the local administrator where `user` is ""."""
        try:
            if user and self._people.find_user(user) is None:
                return Refused(kind="not_found", message=f"there is no user {user!r}")
            code = self.make_login_code(user or LOCAL_ADMIN).reveal()
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        return LoginLinkMade(code=code, expires_ms=self._clock.now_ms() + self.config.login_link_lifetime.ms)

    def redeem(self, code: str, remote: str = "") -> SessionOpened | Refused:
        """Exchange a code for a session, once."""
        try:
            user = self._state.take_login_code(hash_secret(code), self._clock.now_ms())
            role = self._role_of(user) if user else None
            if role is None:
                return Refused(kind="access", message="this log-in link was used already, or is too old")
            return self.open(user, role, remote)
        except StoreError as error:
            return Refused(kind="store", message=str(error))

    def open(self, user: str, role: Role, remote: str) -> SessionOpened:
        """Open a session for somebody who has shown who they are; of very many the oldest ends.

        Raises:
            StoreError: It cannot be kept.
        """
        now_ms = self._clock.now_ms()
        for oldest in [each for each in self._state.sessions(now_ms) if each.user == user][MOST_SESSIONS - 1 :]:
            self._state.end_session(oldest.id)
        token, session_id = self._random(), hash_secret(self._random())[:_ID_LENGTH]
        expires_ms = now_ms + self.config.session_lifetime.ms
        self._state.add_session(
            StoredSession(
                id=session_id,
                token_hash=hash_secret(token),
                user=user,
                role=role.word,
                created_ms=now_ms,
                expires_ms=expires_ms,
                remote=remote,
            )
        )
        return SessionOpened(token=token, expires_ms=expires_ms, user=user, session_id=session_id)

    def find(self, token_hash: str) -> SessionFound | Refused:
        """Tell whose session a token's hash belongs to."""
        try:
            found = self._state.find_session(token_hash, self._clock.now_ms())
            role = self._role_of(found.user) if found is not None else None
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        if found is None or role is None:
            return Refused(kind="access", message="there is no such session, or it has ended")
        return SessionFound(session_id=found.id, user=found.user, role=role.word, expires_ms=found.expires_ms)

    def listed(self, actor: Actor) -> SessionsListed | Refused:
        """Return the sessions that somebody may see: one's own, and for an administrator all."""
        try:
            found = self._state.sessions(self._clock.now_ms())
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        shown = (
            SessionShown(
                id=each.id,
                user=each.user,
                role=each.role,
                remote=each.remote,
                created_ms=each.created_ms,
                expires_ms=each.expires_ms,
            )
            for each in found
            if may_touch(actor, each.user)
        )
        return SessionsListed(sessions=tuple(shown))

    def end(self, session_id: str, actor: Actor) -> Done | Refused:
        """End a session: one's own, or as an administrator anybody's; others are not told that it exists."""
        try:
            found = [each for each in self._state.sessions(self._clock.now_ms()) if each.id == session_id]
            if not found or not may_touch(actor, found[0].user):
                whose = "" if actor.role == Role.ADMIN.word else " of yours"
                return Refused(kind="not_found", message=f"there is no session {session_id!r}{whose}")
            self._state.end_session(session_id)
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        return Done()

    def is_open(self, session_id: str) -> bool:
        """Tell whether a session has not been ended; "" stands for a token, which is looked at with each request."""
        return not session_id or any(each.id == session_id for each in self._state.sessions(self._clock.now_ms()))

    def _role_of(self, user: str) -> Role | None:
        """Return a user's role as it is now; None where the user is gone."""
        if user == LOCAL_ADMIN:
            return Role.ADMIN
        found = self._people.find_user(user)
        return Role[found.role.upper()] if found is not None else None


def may_touch(actor: Actor, owner: str) -> bool:
    """Tell whether somebody may see and end what belongs to `owner`."""
    return actor.name == owner or actor.role == Role.ADMIN.word
