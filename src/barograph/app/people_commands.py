"""The keeper's commands about people: users, sessions, tokens and the audit log, over state.db."""

from barograph.identity.audit import AuditLog
from barograph.identity.config import IdentityConfig
from barograph.identity.passwords import PasswordBusyError, Passwords
from barograph.identity.people import People, refused_of
from barograph.identity.sessions import Sessions
from barograph.identity.tokens import Tokens
from barograph.model.acting import Actor
from barograph.model.clock import Clock
from barograph.model.commands import AnyReply, EndSession, FindSession, RedeemLogin
from barograph.model.errors import StoreError
from barograph.model.people import (
    AddUser,
    ChangePassword,
    ChangeUser,
    CreateToken,
    FindToken,
    ListSessions,
    ListTokens,
    ListUsers,
    LogIn,
    MakeLoginLink,
    PeopleCommand,
    ReadAudit,
    RemoveUser,
    RevokeToken,
)
from barograph.state.audit import SqliteAudit
from barograph.state.people import SqlitePeople
from barograph.state.sqlite import SqliteState

AnyPeopleCommand = PeopleCommand | RedeemLogin | FindSession | EndSession
_Lists = ListUsers | ListSessions | ListTokens | ReadAudit
_AtOnce = (
    _Lists | RemoveUser | MakeLoginLink | CreateToken | RevokeToken | FindToken | RedeemLogin | FindSession | EndSession
)


class PeopleCommands:
    """Everything that the keeper knows of people. Used on its event loop.

    Args:
        state: The open state.db; stays the caller's to close.
        config: The `identity` section.
        clock: Where time comes from.
    """

    def __init__(self, state: SqliteState, config: IdentityConfig, clock: Clock) -> None:
        store = SqlitePeople(state)
        self.sessions = Sessions(state, store, config, clock)
        self.audit = AuditLog(SqliteAudit(state), clock)
        self._people = People(store, self.sessions, Passwords(), clock)
        self._tokens = Tokens(store, clock)

    async def execute(self, command: AnyPeopleCommand, actor: Actor) -> AnyReply:
        """Carry out a command."""
        try:
            return await self._execute(command, actor)
        except (StoreError, PasswordBusyError) as error:
            return refused_of(error)

    async def _execute(self, command: AnyPeopleCommand, actor: Actor) -> AnyReply:
        match command:
            case LogIn():
                return await self._people.log_in(command)
            case AddUser():
                return await self._people.add(command)
            case ChangeUser():
                return await self._people.change(command)
            case ChangePassword():
                return await self._people.change_own_password(command, actor)
            case _:
                return self._execute_at_once(command, actor)

    def _execute_at_once(self, command: _AtOnce, actor: Actor) -> AnyReply:
        match command:
            case FindSession():
                return self.sessions.find(command.token_hash)
            case FindToken():
                return self._tokens.find(command.token_hash)
            case RedeemLogin():
                return self.sessions.redeem(command.code, command.remote)
            case MakeLoginLink():
                return self.sessions.make_link(command.user)
            case RemoveUser():
                return self._people.remove(command.name)
            case CreateToken():
                return self._tokens.create(command, actor)
            case RevokeToken():
                return self._tokens.revoke(command.token_id, actor)
            case EndSession():
                return self.sessions.end(command.session_id, actor)
            case _:
                return self._list(command, actor)

    def _list(self, command: _Lists, actor: Actor) -> AnyReply:
        match command:
            case ListUsers():
                return self._people.listed()
            case ListSessions():
                return self.sessions.listed(actor)
            case ListTokens():
                return self._tokens.listed(actor)
            case ReadAudit():
                return self.audit.read(command.before, command.limit)
