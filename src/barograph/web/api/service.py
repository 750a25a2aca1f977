"""The service itself: health, readiness, reload, status, /metrics, the API's description. Behind the guard."""

import msgspec
import orjson

from barograph.formats.exposition import CONTENT_TYPE, format_exposition
from barograph.model.commands import Refused, Reload
from barograph.web.deps import WebDeps
from barograph.web.errors import problem_of, problem_of_reply
from barograph.web.openapi import describe
from barograph.web.parameters import Receive, Scope, Send
from barograph.web.problem import Problem
from barograph.web.reply import JSON, send_body, send_problem

_TEXT = b"text/plain; charset=utf-8"


class ServiceRoutes:
    """What the service says of itself."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._exposed: tuple[int, bytes] = (0, b"")
        self._description = orjson.dumps(describe(deps.version))

    async def healthy(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every part lives: a part that hangs or has died is named. Whether there is anything to show: see `ready`."""
        wrong = self._deps.now.not_living(self._deps.clock.monotonic_s())
        if wrong:
            await send_body(send, 503, _TEXT, f"Barograph is not healthy: {wrong}\n".encode())
        else:
            await send_body(send, 200, _TEXT, b"Barograph is healthy.\n")

    async def ready(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Samples are there to be asked for."""
        if self._deps.querier.newest_ms:
            await send_body(send, 200, _TEXT, b"Barograph is ready.\n")
        else:
            await send_body(send, 503, _TEXT, b"Collecting. The first second arrives now.\n", [(b"retry-after", b"1")])

    async def reload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the configuration again, all or nothing."""
        try:
            reply = await self._deps.commands.execute(Reload())
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        if isinstance(reply, Refused):
            await send_problem(send, problem_of_reply(reply))
            return
        await send_body(send, 200, JSON, b'{"status":"success"}')

    async def status(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The keeper's newest snapshot."""
        status = self._deps.now.status
        if status is None:
            await send_problem(send, Problem(status=503, kind="unavailable", message="the keeper has not spoken yet"))
            return
        data = {
            **msgspec.to_builtins(status),
            "barograph_version": self._deps.version,
            "tick_ms": self._deps.now.tick_ms,
        }
        await send_body(send, 200, JSON, orjson.dumps({"status": "success", "data": data}))

    async def metrics(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The newest sample of each host series, and our own: written once a tick, however many ask."""
        tick_ms, body = self._deps.now.tick_ms, self._exposed[1]
        if tick_ms == 0 or tick_ms != self._exposed[0]:
            try:
                parts = self._deps.exposition()
                body = format_exposition([(schema, values, None) for schema, values in parts])
            except Exception as error:
                await send_problem(send, problem_of(error))
                return
            self._exposed = tick_ms, body
        await send_body(send, 200, CONTENT_TYPE.encode(), body)

    async def description(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The OpenAPI document."""
        await send_body(send, 200, JSON, self._description)
