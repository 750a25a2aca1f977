"""Waiting on an event loop for something that another task or thread brings about."""

import asyncio
import sys
from collections.abc import Callable

_LONGEST_S = 60.0


async def until(probe: Callable[[], object], what: str = "it") -> None:
    """Let the loop run until `probe` is true; fails after a time that is long for a busy machine too."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + _LONGEST_S
    while not probe():
        if loop.time() > end_s:
            raise AssertionError(f"{what} did not happen within {_LONGEST_S:g} s")
        await asyncio.sleep(0.001)


async def end_server(server: asyncio.Server) -> None:
    """Close a server, and wait for its connections: of one that outlives the loop an innocent later test is told."""
    server.close()
    if sys.version_info >= (3, 12):
        await server.wait_closed()
    else:  # there it returns at once
        await until(lambda: not vars(server)["_active_count"], "the end of a connection")
