"""`/api/barograph/v1/alerts/stream`: how alerts stand, as server-sent events, at once and whenever it changes.

Only the newest state is sent: a client that does not read misses states in between, never the last one.
"""

import asyncio

from barograph.identity.principal import Principal
from barograph.model.alert_replies import AlertsNow
from barograph.web.deps import WebDeps
from barograph.web.live import EVENT_STREAM, PING, alerts_event
from barograph.web.parameters import Receive, Scope, Send
from barograph.web.places import stream_places
from barograph.web.standing import Standing

_KEEP_ALIVE_S = 10.0


class AlertStream:
    """All open streams of this front."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._clients: set[_Client] = set()
        self._places = stream_places(deps.config.live_clients)
        deps.now.on_alerts.append(self._changed)
        deps.now.on_session_end.append(self._end_session)
        deps.now.on_close.append(lambda: self._end_all("stopping"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with events `alerts`, `ping` and `bye` until somebody ends it."""
        principal: Principal = scope["state"]["principal"]
        with self._places.taken(principal):
            await send({"type": "http.response.start", "status": 200, "headers": EVENT_STREAM})
            if scope["method"] == "HEAD":
                await send({"type": "http.response.body", "body": b""})
                return
            await self._serve(principal, scope, receive, send)

    async def _serve(self, principal: Principal, scope: Scope, receive: Receive, send: Send) -> None:
        client = _Client(principal.session_id)
        self._clients.add(client)
        gone = asyncio.ensure_future(_gone(receive, client))
        try:
            await self._run(client, Standing(self._deps, scope), send)
        finally:
            gone.cancel()
            self._clients.discard(client)

    async def _run(self, client: "_Client", standing: Standing, send: Send) -> None:
        client.wake.set()
        while not client.end_reason:
            try:
                async with asyncio.timeout(min(_KEEP_ALIVE_S, standing.due_s)):
                    await client.wake.wait()
                event = alerts_event(self._deps.now.alerts)
            except TimeoutError:
                event = PING
            client.wake.clear()
            if not client.end_reason and await standing.is_over():
                client.end("session")
            if not client.end_reason:
                await send({"type": "http.response.body", "body": event, "more_body": True})
        if client.end_reason != "gone":
            bye = b'event: bye\ndata: {"reason":"%s"}\n\n' % client.end_reason.encode()
            await send({"type": "http.response.body", "body": bye, "more_body": False})

    def _changed(self, _: AlertsNow) -> None:
        for client in self._clients:
            client.wake.set()

    def _end_session(self, session_id: str) -> None:
        for client in self._clients:
            if client.session_id == session_id:
                client.end("session")

    def _end_all(self, reason: str) -> None:
        for client in self._clients:
            client.end(reason)


class _Client:
    """One open stream."""

    def __init__(self, session_id: str) -> None:
        self.session_id = session_id
        self.end_reason = ""
        self.wake = asyncio.Event()

    def end(self, reason: str) -> None:
        self.end_reason = self.end_reason or reason
        self.wake.set()


async def _gone(receive: Receive, client: _Client) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    client.end("gone")
