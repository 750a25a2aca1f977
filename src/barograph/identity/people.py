"""Users: added, changed, removed, logged in by password; in the keeper, over a `PeopleStore`."""

import re

from barograph.identity.passwords import PasswordBusyError, Passwords, refuse_password
from barograph.identity.principal import LOCAL_ADMIN, Role
from barograph.identity.sessions import Sessions
from barograph.model.acting import Actor
from barograph.model.clock import Clock
from barograph.model.commands import Done, Refused, SessionOpened
from barograph.model.errors import StoreError
from barograph.model.people import AddUser, ChangePassword, ChangeUser, LogIn, UserShown, UsersListed
from barograph.model.state import PeopleStore, StoredUser

_NAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_WRONG = Refused(kind="access", message="this name and password do not go together")
_ROLES = ", ".join(role.word for role in Role)


class People:
    """Carries out the commands about users. What it raises (`StoreError`, `PasswordBusyError`) changed nothing."""

    def __init__(self, store: PeopleStore, sessions: Sessions, passwords: Passwords, clock: Clock) -> None:
        self._store = store
        self._sessions = sessions
        self._passwords = passwords
        self._clock = clock

    async def log_in(self, command: LogIn) -> SessionOpened | Refused:
        """Open a session for a name and a password. An unknown name is answered as a wrong password is, as late."""
        user = self._store.find_user(command.user.casefold())
        verified = user.password_hash if user else ""
        is_right = await self._passwords.verify(command.password, verified)
        # who was removed meanwhile does not come in, nor does who has a password that was changed meanwhile
        user = self._store.find_user(command.user.casefold())
        if user is None or not is_right or user.password_hash != verified:
            return _WRONG
        return self._sessions.open(user.name, Role[user.role.upper()], command.remote)

    async def add(self, command: AddUser) -> Done | Refused:
        """Add a user."""
        if not _NAME.fullmatch(command.name):
            words = "a user's name has up to 64 of a-z, 0-9, '.', '_', '@' and '-', and begins with a letter or digit"
            return Refused(kind="bad_request", message=f"{command.name!r}: {words}")
        refused = _refuse_role(command.role)
        if command.password:
            refused = refused or refuse_password(command.password, command.name)
        if refused:
            return Refused(kind="bad_request", message=refused)
        password_hash = await self._passwords.hash(command.password) if command.password else ""
        user = StoredUser(
            name=command.name,
            role=command.role,
            password_hash=password_hash,
            created_ms=self._clock.now_ms(),
        )
        if not self._store.add_user(user):
            return Refused(kind="bad_request", message=f"there is a user {command.name!r} already")
        return Done()

    async def change(self, command: ChangeUser) -> Done | Refused:
        """Change a user's role or password; a new password ends all sessions."""
        refused = _refuse_role(command.role) if command.role else ""
        if command.password:
            refused = refused or refuse_password(command.password, command.name)
        if refused:
            return Refused(kind="bad_request", message=refused)
        new_hash = await self._passwords.hash(command.password) if command.password else ""
        user = self._store.find_user(command.name)
        if user is None:
            return _unknown(command.name)
        self._put(user, command.role or user.role, new_hash or user.password_hash)
        if new_hash:
            self._store.end_sessions(user.name, "")
        return Done()

    async def change_own_password(self, command: ChangePassword, actor: Actor) -> Done | Refused:
        """Change the password of whoever asks. The old one is asked for where there is one."""
        user = self._store.find_user(actor.name)
        if user is None:
            return Refused(kind="bad_request", message=f"the {LOCAL_ADMIN} has no password")
        if user.password_hash and not await self._passwords.verify(command.old_password, user.password_hash):
            return Refused(kind="wrong_password", message="the old password is wrong")
        refused = refuse_password(command.password, user.name)
        if refused:
            return Refused(kind="bad_request", message=refused)
        new_hash = await self._passwords.hash(command.password)
        before, user = user, self._store.find_user(actor.name)
        if user is None:
            return _unknown(actor.name)
        if user.password_hash != before.password_hash or not self._sessions.is_open(command.keep_session):
            words = "the password was changed, or this session ended, meanwhile: log in and try again"
            return Refused(kind="wrong_password", message=words)
        self._put(user, user.role, new_hash)
        self._store.end_sessions(user.name, command.keep_session)
        return Done()

    def remove(self, name: str) -> Done | Refused:
        """Remove a user with everything that is theirs."""
        return Done() if self._store.remove_user(name) else _unknown(name)

    def listed(self) -> UsersListed:
        """Return all users."""
        shown = (
            UserShown(name=user.name, role=user.role, has_password=bool(user.password_hash), created_ms=user.created_ms)
            for user in self._store.users()
        )
        return UsersListed(users=tuple(shown))

    def _put(self, user: StoredUser, role: str, password_hash: str) -> None:
        self._store.change_user(
            StoredUser(name=user.name, role=role, password_hash=password_hash, created_ms=user.created_ms)
        )


def refused_of(error: StoreError | PasswordBusyError) -> Refused:
    """Return the answer to a command that could not be carried out."""
    return Refused(kind="busy" if isinstance(error, PasswordBusyError) else "store", message=str(error))


def _refuse_role(word: str) -> str:
    return "" if word.upper() in Role.__members__ and word.islower() else f"{word!r} is no role: one of {_ROLES}"


def _unknown(name: str) -> Refused:
    return Refused(kind="not_found", message=f"there is no user {name!r}")
