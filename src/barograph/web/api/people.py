"""`/api/barograph/v1/me`, `users` and `login-links`: who asks, and who may. Behind the guard."""

from typing import Any
from urllib.parse import quote

from barograph.identity.principal import Principal
from barograph.identity.principal import Scope as TokenScope
from barograph.identity.throttle import holder_of
from barograph.model.commands import AnyCommand, Done
from barograph.model.people import (
    AddUser,
    ChangePassword,
    ChangeUser,
    ListUsers,
    LoginLinkMade,
    MakeLoginLink,
    RemoveUser,
    UsersListed,
)
from barograph.web.api.answering import Data, RefusedError, answer, ask
from barograph.web.api.turns import PasswordTurns
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.identify import source_of
from barograph.web.parameters import Parameters, Receive, Scope, Send, last_segment, one


class PeopleRoutes:
    """Users, each change a command to the keeper."""

    def __init__(self, deps: WebDeps, turns: PasswordTurns) -> None:
        self._deps = deps
        self._turns = turns

    async def me(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Who asks."""
        who: Principal = scope["state"]["principal"]
        scopes = sorted(TokenScope if who.scopes is None else who.scopes)
        data: dict[str, Any] = {
            "name": who.name,
            "role": who.role.word,
            "scopes": scopes,
            "session": who.session_id,
            "token": who.token_prefix,
        }
        await answer(self._deps, lambda _: data, scope, receive, send)

    async def password(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`old_password`, `password`: change one's own; other sessions end."""
        who: Principal = scope["state"]["principal"]
        attempt, holder = f"user {who.name}", holder_of(source_of(scope))

        async def look(parameters: Parameters) -> Data:
            command = ChangePassword(
                old_password=one(parameters, "old_password", ""),
                password=one(parameters, "password"),
                keep_session=who.session_id,
            )
            wait_s = self._deps.attempts.wait_s(attempt)
            if wait_s > 0:
                raise RequestError(f"too many wrong passwords: try again in {wait_s:.0f} s", 429)
            wait_s = self._turns.wait_s(who.name, holder)
            if wait_s > 0:
                raise RequestError(
                    f"too many passwords of yours, or from here, at once: try again in {wait_s:.0f} s", 429
                )
            # counted before it is tried: of a hundred at once no more than the limit are verified
            self._deps.attempts.failed(attempt)
            try:
                with self._turns.taken(who.name, holder):
                    done = await self._change(command)
            except RefusedError as error:
                if error.problem.status != 403:
                    self._deps.attempts.succeeded(attempt)
                raise
            self._deps.attempts.succeeded(attempt)
            return done

        await answer(self._deps, look, scope, receive, send)

    async def users(self, scope: Scope, receive: Receive, send: Send) -> None:
        """List users, or add one: `name`, `role`, `password` (may be left out)."""

        async def look(parameters: Parameters) -> Data:
            if scope["method"] != "POST":
                listed = await ask(self._deps, ListUsers(), UsersListed)
                return [
                    {
                        "name": user.name,
                        "role": user.role,
                        "has_password": user.has_password,
                        "created": user.created_ms / 1000,
                    }
                    for user in listed.users
                ]
            name, role = one(parameters, "name"), one(parameters, "role", "viewer")
            return await self._change(AddUser(name=name, role=role, password=one(parameters, "password", "")))

        await answer(self._deps, look, scope, receive, send)

    async def user(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Change `role` or `password` of the user of the path, or remove the user."""
        name = last_segment(scope)

        async def look(parameters: Parameters) -> Data:
            if scope["method"] == "DELETE":
                return await self._change(RemoveUser(name=name))
            role, password = one(parameters, "role", ""), one(parameters, "password", "")
            return await self._change(ChangeUser(name=name, role=role, password=password))

        await answer(self._deps, look, scope, receive, send)

    async def login_link(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`user`: a path that logs them in, once; the local administrator where it is left out."""

        async def look(parameters: Parameters) -> Data:
            made = await ask(self._deps, MakeLoginLink(user=one(parameters, "user", "")), LoginLinkMade)
            return {"path": f"/login?code={quote(made.code)}", "expires": made.expires_ms / 1000}

        await answer(self._deps, look, scope, receive, send)

    async def _change(self, command: AnyCommand) -> Data:
        """Carry out a change; everybody's rights are asked for anew."""
        await ask(self._deps, command, Done)
        self._deps.gatekeeper.forget_all()
        return {}
