"""`/api/v1/import`, `/import/csv`, `/import/prometheus`: bodies of samples for the keeper. Behind the guard.

The body goes to a file of the data folder as it comes, never whole into memory; the keeper's worker reads it there. The
answer comes when everything is stored.
"""

import asyncio
import os
import secrets
from contextlib import suppress
from pathlib import Path

import orjson

from barograph.formats.text_parts import CSV, JSON_LINES, OPENMETRICS
from barograph.model.commands import ImportSamples, Refused, SamplesImported
from barograph.model.errors import LinkError
from barograph.model.units import whole_number
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError, problem_of, problem_of_reply
from barograph.web.parameters import Parameters, Receive, Scope, Send, one, parse_parameters
from barograph.web.problem import Problem
from barograph.web.reply import JSON, send_body, send_problem

_ENCODINGS = {b"": "identity", b"identity": "identity", b"gzip": "gzip", b"zstd": "zstd", b"snappy": "snappy"}
_AT_ONCE = 4
_PIECE_BYTES = 1 << 20
_PAUSE_S = 60.0
_TRUE = ("1", "true")


class ImportRoutes:
    """Imports, a few at once."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._under_way = 0

    async def json_lines(self, scope: Scope, receive: Receive, send: Send) -> None:
        """JSON lines, as VictoriaMetrics exports them."""
        await self._answer(JSON_LINES, scope, receive, send)

    async def csv(self, scope: Scope, receive: Receive, send: Send) -> None:
        """CSV: `format` describes its columns, else it has our header."""
        await self._answer(CSV, scope, receive, send)

    async def prometheus(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Prometheus text, or OpenMetrics."""
        await self._answer(OPENMETRICS, scope, receive, send)

    async def _answer(self, name: str, scope: Scope, receive: Receive, send: Send) -> None:
        if self._under_way >= _AT_ONCE:
            words = f"{_AT_ONCE} imports are under way: send this again in a moment"
            await send_problem(send, Problem(status=429, kind="unavailable", message=words, retry_after_s=1))
            return
        self._under_way += 1
        try:
            reply = await self._import(name, scope, receive)
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        finally:
            self._under_way -= 1
        if not isinstance(reply, SamplesImported):
            await send_problem(send, problem_of_reply(reply))
            return
        data = {"samples": reply.samples, "skipped": reply.skipped, "notes": reply.notes}
        await send_body(send, 200, JSON, orjson.dumps({"status": "success", "data": data}))

    async def _import(self, name: str, scope: Scope, receive: Receive) -> SamplesImported | Refused:
        command = _command(name, scope, self._deps.config.max_import_text.bytes)
        path = self._deps.incoming / f"{command.name}.body"
        try:
            await _spool(scope, receive, path, self._deps.config.max_import_body.bytes)
            reply = await self._deps.commands.execute(command)
        except OSError as error:
            raise RequestError(f"the body cannot be kept ({error.strerror}): is the disk full?", 503) from error
        finally:
            with suppress(OSError):
                path.unlink(missing_ok=True)
        if not isinstance(reply, SamplesImported | Refused):
            raise LinkError(f"the keeper answered {type(reply).__name__} where samples were to be imported")
        return reply


def _command(name: str, scope: Scope, most_bytes: int) -> ImportSamples:
    parameters = parse_parameters(scope["query_string"])
    encoding = dict(scope["headers"]).get(b"content-encoding", b"").strip().lower()
    if encoding not in _ENCODINGS:
        raise RequestError(
            f"a body in {encoding.decode('latin-1')!r} is not read: send gzip, zstd, snappy or none", 415
        )
    return ImportSamples(
        name=secrets.token_hex(16),
        format=name,
        encoding=_ENCODINGS[encoding],
        csv_format=one(parameters, "format", "") if name == CSV else "",
        skip_bad=one(parameters, "skip_bad", "") in _TRUE,
        default_ms=_timestamp(parameters),
        most_bytes=most_bytes,
    )


def _timestamp(parameters: Parameters) -> int:
    text = one(parameters, "timestamp", "0")
    found = whole_number(text)
    if found is None:
        raise RequestError(f"parameter 'timestamp': {text[:40]!r} is no time in milliseconds")
    return found


async def _spool(scope: Scope, receive: Receive, path: Path, most_bytes: int) -> None:
    """Write a body to a file as it comes, off the loop.

    Raises:
        RequestError: It is too large (413), comes too slowly (408), or the client is gone.
        OSError: It cannot be written.
    """
    told = dict(scope["headers"]).get(b"content-length", b"0")
    size_bytes = int(told) if told.isdigit() else 0
    piece = bytearray()
    path.parent.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        more = True
        received = 0
        while more:
            if max(size_bytes, received) > most_bytes:
                raise RequestError(f"the body is larger than {most_bytes} bytes; web.max_import_body raises that", 413)
            message = await _next(receive)
            piece += message.get("body", b"")
            received += len(message.get("body", b""))
            more = bool(message.get("more_body"))
            if len(piece) >= _PIECE_BYTES or not more:
                whole, piece = piece, bytearray()
                await asyncio.to_thread(_write, file.fileno(), whole)
        if received > most_bytes:
            raise RequestError(f"the body is larger than {most_bytes} bytes; web.max_import_body raises that", 413)


async def _next(receive: Receive) -> Scope:
    try:
        async with asyncio.timeout(_PAUSE_S):
            message = await receive()
    except TimeoutError:
        raise RequestError(f"nothing more of the body came within {_PAUSE_S:g} s", 408) from None
    if message["type"] == "http.disconnect":
        raise RequestError("the client went away")
    return message


def _write(descriptor: int, data: bytearray) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
