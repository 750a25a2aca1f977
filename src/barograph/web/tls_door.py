"""Takes in connections that speak TLS: each has its place in the crowd from the moment that it is accepted.

asyncio's servers tell of a connection when TLS is agreed on. Until then nobody would count those who connect and say
nothing, and they would take every descriptor.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable

from barograph.web.crowd import Crowd

HANDSHAKE_TIMEOUT_S = 10.0
_REST_S = 0.1
_log = logging.getLogger(__name__)


class _Greeting:
    """A connection on which TLS is being agreed on."""

    def __init__(self, task: "asyncio.Task[None]") -> None:
        self._task = task

    def drop(self) -> None:
        """Close it at once."""
        self._task.cancel()


class TlsDoor:
    """Used on the front's event loop.

    Args:
        crowd: Who counts connections.
        context: What TLS is spoken with.
        make: Makes the protocol of a connection that speaks it.
    """

    def __init__(self, crowd: Crowd, context: ssl.SSLContext, make: Callable[[], asyncio.Protocol]) -> None:
        self._crowd = crowd
        self._context = context
        self._make = make
        self._tasks: set[asyncio.Task[None]] = set()

    async def accept(self, listening: socket.socket) -> None:
        """Take in whoever connects, until cancelled."""
        listening.setblocking(False)
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    accepted, _ = await loop.sock_accept(listening)
                except OSError as error:  # no descriptor is left, or the client is gone already
                    _log.warning("a connection could not be taken in: %s", error.strerror)
                    await asyncio.sleep(_REST_S)
                    continue
                task = loop.create_task(self._greet(accepted))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        finally:
            for task in list(self._tasks):
                task.cancel()

    async def _greet(self, accepted: socket.socket) -> None:
        task = asyncio.current_task()
        assert task is not None
        greeting = _Greeting(task)
        self._crowd.enter(greeting)
        loop = asyncio.get_running_loop()
        try:
            await loop.connect_accepted_socket(
                self._make, accepted, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S
            )
        except (OSError, asyncio.CancelledError):
            # it hung up, spoke something else or nothing, or others needed its place
            accepted.close()
        finally:
            self._crowd.leave(greeting)
