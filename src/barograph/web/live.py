"""The live stream: at every tick, the newest value of chosen expressions, as server-sent events (docs/api.md).

A page asks by POST: its expressions together are longer than the request line that proxies pass (nginx 8 KiB).

All clients' expressions are evaluated once a tick. A client that does not read loses rows, never anybody's time:
it is told of the gap and asks the store for what it missed.
"""

import asyncio
import logging
from collections.abc import Iterable

import msgspec
import orjson

from barograph.identity.principal import Principal, Role
from barograph.model.alert_replies import AlertsNow
from barograph.model.errors import QueryError
from barograph.promql.ast import ValueType
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.livefeed import Client, Row, TickEvents, make_row, tick_events
from barograph.web.parameters import Parameters, Receive, Scope, Send, read_parameters
from barograph.web.places import stream_places
from barograph.web.standing import Standing

_log = logging.getLogger(__name__)
_KEEP_ALIVE_S = 10.0
_SHARES = 2
"""How many times `web.live_samples` all streams of one user may touch."""
_ALL_SHARES, _OTHERS_SHARES = 5, 4
"""So many times all streams together may, and with one that is opened by somebody who is no administrator."""
_LEAST_COST = 100
"""Of an expression that touches nothing."""
_TYPES = (ValueType.VECTOR, ValueType.SCALAR)
EVENT_STREAM = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
PING = b"event: ping\ndata: {}\n\n"


class LiveStream:
    """All open streams of this front."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._clients: dict[Client, tuple[str, dict[str, int]]] = {}
        """Whose each is, and what each of its expressions costs a tick."""
        self._places = stream_places(deps.config.live_clients)
        self._open = deps.telemetry.gauge("barograph_live_clients", "Live streams that are open.")
        self._failures = deps.telemetry.counter(
            "barograph_live_failures_total", "Ticks that reached no live stream, since their evaluation failed."
        )
        self._open.set(0)
        self._failures.labels()
        deps.now.on_tick.append(self._tick)
        deps.now.on_alerts.append(self._alerts_changed)
        deps.now.on_session_end.append(self._end_session)
        deps.now.on_close.append(self._close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with events `schema`, `row`, `alerts`, `gap`, `ping` and `bye` until somebody ends it."""
        principal: Principal = scope["state"]["principal"]
        parameters = await read_parameters(scope, receive, self._deps.config.max_body.bytes)
        expressions, costs = self._expressions(parameters, principal)
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": 200, "headers": EVENT_STREAM})
            await send({"type": "http.response.body", "body": b""})
            return
        client = Client(expressions, principal.session_id)
        if self._deps.now.alerts is not None:
            client.tell(alerts_event(self._deps.now.alerts))
        self._clients[client] = (principal.name, costs)
        self._open.set(len(self._clients))
        try:
            with self._places.taken(principal):
                await self._run(client, Standing(self._deps, scope), receive, send)
        finally:
            del self._clients[client]
            self._open.set(len(self._clients))

    def _expressions(self, parameters: Parameters, principal: Principal) -> tuple[tuple[str, ...], dict[str, int]]:
        """Return the expressions asked for, all of them good, and what each costs a tick.

        Raises:
            RequestError, QueryError: One of them is not, or a limit is exceeded.
        """
        config, engine = self._deps.config, self._deps.engine
        expressions = tuple(parameters.get("expr", ()))
        if not expressions:
            raise RequestError("parameter 'expr' is missing: name at least one expression")
        if len(expressions) > config.live_expressions:
            raise RequestError(
                f"{len(expressions)} expressions, more than {config.live_expressions}; web.live_expressions raises that"
            )
        self._places.check(principal)
        for expression in expressions:
            if engine.check(expression) not in _TYPES:
                raise QueryError(f"{expression!r} has no single value a tick: an instant vector or scalar is needed")
        now_ms = self._deps.now.tick_ms or self._deps.clock.now_ms()
        cost, costs = 0, {}
        for expression in dict.fromkeys(expressions):
            estimate = engine.cost_estimate(expression, now_ms, now_ms, enough=config.live_samples - cost)
            costs[expression] = max(estimate, _LEAST_COST)
            cost += costs[expression]
            if cost > config.live_samples:
                words = f"these expressions touch {cost:,} samples and points a tick, or more, where"
                words += f" {config.live_samples:,} may be"
                raise RequestError(f"{words}; shorten their ranges or raise web.live_samples", 422)
        self._refuse_many(principal, costs)
        return expressions, costs

    def _refuse_many(self, principal: Principal, costs: dict[str, int]) -> None:
        """Have nobody make ticks slow for all by many streams; equal expressions cost once.

        Raises:
            RequestError: It would be too much of one who is no administrator, or of all together.
        """
        share, is_admin = self._deps.config.live_samples, principal.effective_role >= Role.ADMIN
        remedy = "shorten their ranges or raise web.live_samples"
        mine: dict[str, int] = {}
        everybodys: dict[str, int] = {}
        for name, theirs in self._clients.values():
            everybodys |= theirs
            if name == principal.name:
                mine |= theirs
        together, most = sum((mine | costs).values()), _SHARES * share
        if together > most and not is_admin:
            words = f"your live streams touch {together:,} samples and points a tick, where {most:,} may be"
            raise RequestError(f"{words}; close others, {remedy}", 503)
        together, most = sum((everybodys | costs).values()), (_ALL_SHARES if is_admin else _OTHERS_SHARES) * share
        if together > most and not costs.keys() <= everybodys.keys():
            words = f"all live streams together touch {together:,} samples and points a tick, where {most:,} may be"
            raise RequestError(f"{words}; come again when others are closed, {remedy}", 503)

    async def _run(self, client: Client, standing: Standing, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": EVENT_STREAM})
        if self._deps.now.tick_ms:
            self._push((client,), self._deps.now.tick_ms)
        gone = asyncio.ensure_future(_gone(receive, client))
        try:
            while True:
                try:
                    event = await asyncio.wait_for(client.next(), min(_KEEP_ALIVE_S, standing.due_s))
                except TimeoutError:
                    event = PING
                if event is None:
                    break
                if await standing.is_over():
                    client.end("session")
                    break
                await send({"type": "http.response.body", "body": event, "more_body": True})
            if client.end_reason == "gone":
                return
            bye = b'event: bye\ndata: {"reason":"%s"}\n\n' % client.end_reason.encode()
            await send({"type": "http.response.body", "body": bye, "more_body": False})
        finally:
            gone.cancel()

    def _tick(self, timestamp_ms: int) -> None:
        if self._clients:
            self._push(self._clients, timestamp_ms)

    def _push(self, clients: Iterable[Client], timestamp_ms: int) -> None:
        """Evaluate what these clients ask for, once, and queue it for each. Never raises: ticks come over the link."""
        texts = list(dict.fromkeys(text for client in clients for text in client.expressions))
        try:
            results = self._deps.engine.instant_many(texts, timestamp_ms)
            rows: dict[str, Row] = {text: make_row(result) for text, result in zip(texts, results, strict=True)}
            events: dict[tuple[str, ...], TickEvents] = {}
            for client in clients:
                if client.expressions not in events:
                    theirs = [rows[text] for text in client.expressions]
                    events[client.expressions] = tick_events(timestamp_ms, theirs)
                client.offer(events[client.expressions])
        except Exception:
            self._failures.inc()
            _log.exception("a tick could not be evaluated for the live streams")

    def _alerts_changed(self, alerts: AlertsNow) -> None:
        event = alerts_event(alerts)
        for client in self._clients:
            client.tell(event)

    def _end_session(self, session_id: str) -> None:
        for client in self._clients:
            if client.session_id == session_id:
                client.end("session")

    def _close(self) -> None:
        for client in self._clients:
            client.end("stopping")


def alerts_event(alerts: AlertsNow | None) -> bytes:
    """Return the event that says how alerts stand; a ping where nobody knows yet."""
    if alerts is None:
        return PING
    return b"event: alerts\ndata: " + orjson.dumps(msgspec.to_builtins(alerts)) + b"\n\n"


async def _gone(receive: Receive, client: Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.end("gone")
