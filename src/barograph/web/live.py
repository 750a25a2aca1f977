"""The live stream: at every tick, the newest value of chosen expressions, as server-sent events.

All clients' expressions are evaluated once a tick. A client that does not read loses rows, never anybody's time:
it is told of the gap and asks the store for what it missed.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from barograph.model.errors import QueryError
from barograph.promql.ast import ValueType
from barograph.promql.value import QueryResult, StepScalar, StepVector
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError, problem_of
from barograph.web.parameters import Receive, Scope, Send, parse_parameters
from barograph.web.reply import send_problem

_KEEP_ALIVE_S = 10.0
_QUEUE = 30
_TYPES = (ValueType.VECTOR, ValueType.SCALAR)


@dataclass(slots=True, eq=False)
class Client:
    """One open stream."""

    expressions: tuple[str, ...]
    queue: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(_QUEUE))
    schema: bytes = b""
    gap: bool = False

    def put(self, event: bytes) -> None:
        """Queue an event; a full queue drops it, and the next one that fits tells of a gap."""
        if self.gap and self.queue.qsize() < _QUEUE - 1:
            self.queue.put_nowait(b"event: gap\ndata: {}\n\n")
            self.gap = False
        try:
            self.queue.put_nowait(event)
        except asyncio.QueueFull:
            self.gap = True

    def close(self) -> None:
        """End the stream after what is queued; what does not fit is dropped."""
        while self.queue.full():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


class LiveStream:
    """All open streams of this front."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._clients: set[Client] = set()
        self._open = deps.telemetry.gauge("barograph_live_clients", "Live streams that are open.")
        self._open.set(0)
        deps.now.on_tick.append(self._tick)
        deps.now.on_close.append(self._close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`expr`, repeated; answers with events `schema`, `row`, `ping`, `gap` and `bye` (docs/api.md)."""
        try:
            client = Client(self._expressions(scope))
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        self._clients.add(client)
        self._open.set(len(self._clients))
        try:
            await self._run(client, receive, send)
        finally:
            self._clients.discard(client)
            self._open.set(len(self._clients))

    def _expressions(self, scope: Scope) -> tuple[str, ...]:
        config = self._deps.config
        expressions = tuple(parse_parameters(scope["query_string"]).get("expr", ()))
        if not expressions:
            raise RequestError("parameter 'expr' is missing: name at least one expression")
        if len(expressions) > config.live_expressions:
            raise RequestError(
                f"{len(expressions)} expressions, more than {config.live_expressions}; web.live_expressions raises that"
            )
        if len(self._clients) >= config.live_clients:
            raise RequestError(f"{len(self._clients)} live streams are open already; web.live_clients raises that", 503)
        for expression in expressions:
            if self._deps.engine.check(expression) not in _TYPES:
                raise QueryError(f"{expression!r} has no single value a tick: an instant vector or scalar is needed")
        return expressions

    async def _run(self, client: Client, receive: Receive, send: Send) -> None:
        headers = [
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if self._deps.now.tick_ms:
            self._push({client}, self._deps.now.tick_ms)
        gone = asyncio.ensure_future(_gone(receive, client))
        try:
            while True:
                try:
                    event = await asyncio.wait_for(client.queue.get(), _KEEP_ALIVE_S)
                except TimeoutError:
                    event = b"event: ping\ndata: {}\n\n"
                if event is None:
                    break
                await send({"type": "http.response.body", "body": event, "more_body": True})
            await send({"type": "http.response.body", "body": b"event: bye\ndata: {}\n\n", "more_body": False})
        finally:
            gone.cancel()

    def _tick(self, timestamp_ms: int) -> None:
        if self._clients:
            self._push(self._clients, timestamp_ms)

    def _push(self, clients: set[Client], timestamp_ms: int) -> None:
        texts = list(dict.fromkeys(text for client in clients for text in client.expressions))
        results = self._deps.engine.instant_many(texts, timestamp_ms)
        rows = {text: _row(result) for text, result in zip(texts, results, strict=True)}
        for client in clients:
            chosen = [rows[text] for text in client.expressions]
            schema = b'{"exprs":[' + b",".join(labels for labels, _ in chosen) + b"]}"
            if schema != client.schema:
                client.schema = schema
                client.put(b"event: schema\ndata: " + schema + b"\n\n")
            row = [timestamp_ms, *(value for _, values in chosen for value in values)]
            # orjson writes NaN and infinities as null, which is what a chart can draw of them
            client.put(b"event: row\ndata: " + orjson.dumps(row) + b"\n\n")

    def _close(self) -> None:
        for client in self._clients:
            client.close()


def _row(result: QueryResult | QueryError) -> tuple[bytes, Sequence[float]]:
    """Return the labels of an expression's series as JSON, and their values now."""
    if isinstance(result, QueryError):
        return b"[]", ()
    value = result.value
    if isinstance(value, StepScalar):
        return b"[{}]", value.values.tolist()
    if not isinstance(value, StepVector):
        return b"[]", ()
    places = range(len(value.labels)) if value.present is None else value.present[:, 0].nonzero()[0].tolist()
    labels = orjson.dumps([value.labels[i].to_dict() for i in places])
    return labels, [float(value.values[i, 0]) for i in places]


async def _gone(receive: Receive, client: Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.close()
