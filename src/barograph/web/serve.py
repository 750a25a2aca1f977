"""Runs the app on sockets that the keeper bound: uvicorn with uvloop and httptools, nothing said of single requests."""

import asyncio
import socket
from collections.abc import Coroutine
from typing import Any

import uvicorn
import uvloop

from barograph.web.connection import Connection
from barograph.web.guard import App

_GRACE_S = 1
_MAX_CONNECTIONS = 512


class Http:
    """The HTTP server of a front; `run` returns after `stop`."""

    def __init__(self, app: App, sockets: list[socket.socket]) -> None:
        self._sockets = sockets
        config = uvicorn.Config(
            app,
            loop="none",
            http=Connection,
            ws="none",
            lifespan="off",
            interface="asgi3",
            access_log=False,
            log_config=None,
            log_level="warning",
            server_header=False,
            date_header=True,
            proxy_headers=False,
            limit_concurrency=_MAX_CONNECTIONS,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=_GRACE_S,
        )
        self._server = uvicorn.Server(config)

    async def run(self) -> None:
        """Serve until stopped. Signals are the caller's."""
        # `serve` would take the signals over; what it does besides is this
        await self._server._serve(self._sockets)

    def stop(self) -> None:
        """Take no more connections, give those under way a second, and end."""
        self._server.should_exit = True


def run_loop(main: Coroutine[Any, Any, int]) -> int:
    """Run a coroutine on uvloop and return what it returns."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)
