"""`/api/barograph/v1/sessions`, `tokens` and `audit`: what is open to whom, and who did what. Behind the guard."""

from typing import Any

from barograph.identity.principal import Principal
from barograph.model.commands import Done, EndSession
from barograph.model.people import (
    AuditRead,
    CreateToken,
    ListSessions,
    ListTokens,
    ReadAudit,
    RevokeToken,
    SessionsListed,
    TokenCreated,
    TokensListed,
)
from barograph.model.units import Duration
from barograph.web.api.answering import Data, answer, ask
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.parameters import Parameters, Receive, Scope, Send, last_segment, one, parse_limit, parse_whole

_DEFAULT_EXPIRY = "90d"
_DEFAULT_PER_MINUTE = "6000"
_DEFAULT_LIMIT = 100


class AccessRoutes:
    """Sessions, tokens and the audit log, each a command to the keeper."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def sessions(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sessions that whoever asks may see."""
        who: Principal = scope["state"]["principal"]

        async def look(_: Parameters) -> Data:
            listed = await ask(self._deps, ListSessions(), SessionsListed)
            return [
                {
                    "id": each.id,
                    "user": each.user,
                    "source": each.remote,
                    "created": each.created_ms / 1000,
                    "expires": each.expires_ms / 1000,
                    "current": each.id == who.session_id,
                }
                for each in listed.sessions
            ]

        await answer(self._deps, look, scope, receive, send)

    async def session(self, scope: Scope, receive: Receive, send: Send) -> None:
        """End the session of the path."""
        session_id = last_segment(scope)

        async def look(_: Parameters) -> Data:
            await ask(self._deps, EndSession(session_id=session_id), Done)
            self._deps.gatekeeper.forget(session_id)
            self._deps.now.session_ended(session_id)
            return {}

        await answer(self._deps, look, scope, receive, send)

    async def tokens(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Tokens, or a new one: `name`, `scope` (repeats), `expires` (a duration, or `never`), `per_minute`."""

        async def look(parameters: Parameters) -> Data:
            if scope["method"] != "POST":
                return await self._tokens()
            created = await ask(self._deps, _creation(parameters), TokenCreated)
            return {"id": created.id, "token": created.token, "expires": _seconds(created.expires_ms)}

        await answer(self._deps, look, scope, receive, send)

    async def token(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Revoke the token of the path."""

        async def look(_: Parameters) -> Data:
            await ask(self._deps, RevokeToken(token_id=last_segment(scope)), Done)
            self._deps.gatekeeper.forget_all()
            return {}

        await answer(self._deps, look, scope, receive, send)

    async def audit(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`limit`, `before` (a line's number): lines of the audit log, the newest first."""

        async def look(parameters: Parameters) -> Data:
            limit = parse_limit(parameters) or _DEFAULT_LIMIT
            before = parse_whole(parameters, "before", "0")
            read = await ask(self._deps, ReadAudit(before=before, limit=limit), AuditRead)
            return [
                {
                    "number": entry.number,
                    "at": entry.at_ms / 1000,
                    "actor": entry.actor,
                    "via": entry.via,
                    "source": entry.source,
                    "action": entry.action,
                    "target": entry.target,
                    "outcome": entry.outcome,
                    "hash": entry.hash,
                }
                for entry in read.entries
            ]

        await answer(self._deps, look, scope, receive, send)

    async def _tokens(self) -> list[dict[str, Any]]:
        listed = await ask(self._deps, ListTokens(), TokensListed)
        return [
            {
                "id": each.id,
                "prefix": each.prefix,
                "name": each.name,
                "user": each.user,
                "scopes": each.scopes,
                "created": each.created_ms / 1000,
                "expires": _seconds(each.expires_ms),
                "last_used": _seconds(each.last_used_ms),
                "per_minute": each.per_minute,
            }
            for each in listed.tokens
        ]


def _creation(parameters: Parameters) -> CreateToken:
    expires = one(parameters, "expires", _DEFAULT_EXPIRY)
    try:
        lifetime_ms = 0 if expires == "never" else Duration.parse(expires).ms
    except ValueError as error:
        raise RequestError(f"parameter 'expires': {error}") from error
    if expires != "never" and lifetime_ms <= 0:
        raise RequestError("parameter 'expires': a token needs a time to live, or never")
    return CreateToken(
        name=one(parameters, "name"),
        scopes=tuple(parameters.get("scope", ())),
        lifetime_ms=lifetime_ms,
        per_minute=parse_whole(parameters, "per_minute", _DEFAULT_PER_MINUTE),
    )


def _seconds(timestamp_ms: int) -> float | None:
    return timestamp_ms / 1000 if timestamp_ms else None
