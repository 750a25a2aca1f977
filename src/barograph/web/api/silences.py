"""`/api/barograph/v1/silences`: what people do not want to be told, and until when. Behind the guard."""

import secrets

import msgspec

from barograph.model.alert_commands import AddSilence, ExpireSilence, ListSilences, PreviewSilence
from barograph.model.alert_replies import SilencePreviewed, SilencesListed
from barograph.model.commands import Done
from barograph.web.api.answering import Data, answer, ask
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.parameters import (
    Parameters,
    Receive,
    Scope,
    Send,
    last_segment,
    one,
    parse_end_ms,
    parse_flag,
    parse_time_ms,
    parse_whole,
)


class SilenceRoutes:
    """Silences, each question and each change a command to the keeper."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def silences(self, scope: Scope, receive: Receive, send: Send) -> None:
        """List silences (`ended`, `limit`), or add one: see `_addition`."""

        async def look(parameters: Parameters) -> Data:
            if scope["method"] == "POST":
                command = self._addition(parameters)
                await ask(self._deps, command, Done)
                return {"id": command.id}
            listing = ListSilences(ended=parse_flag(parameters, "ended"), limit=parse_whole(parameters, "limit", "100"))
            listed = await ask(self._deps, listing, SilencesListed)
            return {"silences": msgspec.to_builtins(listed.silences), "total": listed.total}

        await answer(self._deps, look, scope, receive, send)

    async def preview(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`matcher` (repeats): how many live alerts would be kept quiet, and the first 20 of them."""

        async def look(parameters: Parameters) -> Data:
            command = PreviewSilence(matchers=_matchers(parameters))
            found = await ask(self._deps, command, SilencePreviewed)
            return {"count": found.count, "alerts": msgspec.to_builtins(found.alerts)}

        await answer(self._deps, look, scope, receive, send)

    async def silence(self, scope: Scope, receive: Receive, send: Send) -> None:
        """End the silence of the path."""

        async def look(_: Parameters) -> Data:
            await ask(self._deps, ExpireSilence(id=last_segment(scope)), Done)
            return {}

        await answer(self._deps, look, scope, receive, send)

    def _addition(self, parameters: Parameters) -> AddSilence:
        """`matcher` (repeats), `reason`, `starts`, and an end: `ends`, `until_resolved=true`, or `windows`."""
        now_ms = self._deps.clock.now_ms()
        starts, ends = one(parameters, "starts", ""), one(parameters, "ends", "")
        windows = one(parameters, "windows", "")
        until_resolved = parse_flag(parameters, "until_resolved")
        if until_resolved and windows:
            raise RequestError(
                "parameters `until_resolved` and `windows` exclude each other: give `ends` or nothing with `windows`"
            )
        if bool(ends) == until_resolved and not windows:
            raise RequestError(
                "a silence needs an end: `ends` (a time or a duration), `until_resolved=true`, or recurring `windows`"
            )
        starts_ms = parse_time_ms(starts, "starts") if starts else now_ms
        return AddSilence(
            id=one(parameters, "id", "") or secrets.token_hex(8),
            matchers=_matchers(parameters),
            reason=one(parameters, "reason"),
            starts_ms=starts_ms,
            ends_ms=parse_end_ms(ends, "ends", starts_ms),
            windows=windows,
        )


def _matchers(parameters: Parameters) -> tuple[str, ...]:
    matchers = tuple(parameters.get("matcher", ()))
    if not matchers:
        raise RequestError("parameter 'matcher' is missing: it says which alerts, such as instance=\"atlas\"")
    return matchers
