"""Runs the app on sockets that the keeper bound: uvicorn with uvloop and httptools, nothing said of single requests."""

import asyncio
import resource
import socket
import ssl
from collections.abc import Coroutine
from functools import partial
from typing import Any

import uvicorn
import uvloop

from barograph.web.connection import Connection
from barograph.web.crowd import Crowd
from barograph.web.guard import App
from barograph.web.tls_door import TlsDoor

_GRACE_S = 1
_MAX_CONNECTIONS = 2048
_LEAST_CONNECTIONS = 16
_SPARE_CONNECTIONS = 64


class Http:
    """The HTTP server of a front; `run` returns after `stop`.

    Args:
        app: What answers.
        sockets: Bound and listening; those of the internet speak TLS where that is given.
        tls: What every one of these speaks it with, or None.
    """

    def __init__(self, app: App, sockets: list[socket.socket], tls: ssl.SSLContext | None = None) -> None:
        self._sockets = sockets
        most = most_connections(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        crowd = Crowd(most)
        config = uvicorn.Config(
            app,
            loop="none",
            # typed as a class; what it is used for is to be called
            http=partial(Connection, crowd),  # type: ignore[arg-type]  # see above
            ws="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            date_header=True,
            proxy_headers=False,
            limit_concurrency=most + _SPARE_CONNECTIONS,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_GRACE_S,
        )
        config.load()
        self._server = _Server(config, crowd, tls)

    async def run(self) -> None:
        """Serve until stopped. Signals are the caller's."""
        # `serve` would take the signals over; what it does besides is this
        await self._server._serve(self._sockets)

    def stop(self) -> None:
        """Take no more connections, give those under way a second, and end."""
        self._server.should_exit = True


def most_connections(descriptors: int) -> int:
    """Return how many connections there may be, given how many files may be open.

    Half of them are for clients, so that the store's files can always be opened. Those who hold a connection and do
    nothing with it cost memory alone; those who are pushed out come again, and that costs time, so there are many.
    """
    if descriptors == resource.RLIM_INFINITY:
        return _MAX_CONNECTIONS
    return max(_LEAST_CONNECTIONS, min(_MAX_CONNECTIONS, descriptors // 2))


class _Server(uvicorn.Server):
    """Inherits since uvicorn and uvloop between them open unix sockets by path alone, and ours are open already.

    And since a connection counts from when it is accepted, which with TLS is before anybody has said anything.
    """

    def __init__(self, config: uvicorn.Config, crowd: Crowd, context: ssl.SSLContext | None) -> None:
        super().__init__(config)
        self._crowd = crowd
        self._context = context
        self._accepting: list[asyncio.Task[None]] = []

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        sockets = sockets or []
        plain = [each for each in sockets if each.family != socket.AF_UNIX and self._context is None]
        await super().startup(plain)
        loop = asyncio.get_running_loop()
        for each in sockets:
            if each.family == socket.AF_UNIX:
                self.servers.append(await loop.create_unix_server(self._connection, sock=each))
            elif self._context is not None:
                door = TlsDoor(self._crowd, self._context, self._connection)
                self._accepting.append(loop.create_task(door.accept(each)))

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        for each in self._accepting:
            each.cancel()
        await super().shutdown(sockets)

    def _connection(self) -> asyncio.Protocol:
        make = self.config.http_protocol_class
        made: asyncio.Protocol = make(
            config=self.config,  # type: ignore[call-arg]  # as uvicorn itself calls it
            server_state=self.server_state,
            app_state=self.lifespan.state,
        )
        return made


def run_loop(main: Coroutine[Any, Any, int]) -> int:
    """Run a coroutine on uvloop and return what it returns."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
