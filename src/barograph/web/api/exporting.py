"""`/api/v1/export` and `/export/csv`: every sample of some series as a stream, in bounded memory. Behind the guard.

A thread of its own makes the text, a step at a time and only as fast as the client reads, so queries go on meanwhile.
"""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from barograph.formats.run_writer import RunWriter
from barograph.formats.text_parts import CSV, JSON_LINES, OPENMETRICS
from barograph.formats.writers import writer_of
from barograph.web.api.selectors import range_of, selectors_of
from barograph.web.deps import ExportSteps, WebDeps
from barograph.web.errors import RequestError, problem_of
from barograph.web.parameters import Parameters, Receive, Scope, Send, one, read_parameters
from barograph.web.places import Places
from barograph.web.querying import yield_to_others
from barograph.web.reply import send_problem

_AT_ONCE = 4
_AT_ONCE_OF_ONE = 2


class ExportRoutes:
    """Exports, a few at once on one thread."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._places = Places("exports", _AT_ONCE, _AT_ONCE_OF_ONE, "ask again in a moment")
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export", initializer=yield_to_others)
        deps.now.on_close.append(self._close)

    async def json_lines(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`match[]`, `start`, `end`, `format`: `jsonl` (the default) or `openmetrics`."""
        await self._answer("", scope, receive, send)

    async def csv(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`match[]`, `start`, `end`."""
        await self._answer(CSV, scope, receive, send)

    async def _answer(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            parameters = await read_parameters(scope, receive, self._deps.config.max_body.bytes)
            name = name or _format(parameters)
            self._places.check(scope["state"]["principal"])
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        gone = asyncio.ensure_future(_gone(receive))
        try:
            with self._places.taken(scope["state"]["principal"]):
                await self._stream(name, parameters, send, gone)
        finally:
            gone.cancel()

    async def _stream(self, name: str, parameters: Parameters, send: Send, gone: "asyncio.Future[None]") -> None:
        loop = asyncio.get_running_loop()
        try:
            writer, steps = await loop.run_in_executor(self._thread, self._begin, name, parameters)
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        headers = [(b"content-type", writer.content_type.encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        while not gone.done():
            text = await loop.run_in_executor(self._thread, next, steps, None)
            if text is None:
                break
            await send({"type": "http.response.body", "body": text, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    def _begin(self, name: str, parameters: Parameters) -> tuple[RunWriter, Iterator[bytes]]:
        """Look the series up; on the thread."""
        if self._deps.export is None:
            raise RequestError("this server exports nothing", 503)
        export = self._deps.export(
            selectors_of(parameters, self._deps.engine.config.max_query_length) or [()], *range_of(parameters)
        )
        writer = writer_of(name, export.label_names)
        return writer, _texts(export, writer)

    def _close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)


def _texts(export: ExportSteps, writer: RunWriter) -> Iterator[bytes]:
    yield writer.begin()
    for runs in export:
        yield writer.write(runs)
    yield writer.end()


def _format(parameters: Parameters) -> str:
    name = one(parameters, "format", JSON_LINES)
    if name not in (JSON_LINES, OPENMETRICS):
        raise RequestError(f"parameter 'format': {name[:40]!r} is neither {JSON_LINES} nor {OPENMETRICS}")
    return name


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
