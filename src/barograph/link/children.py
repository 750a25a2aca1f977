"""Processes that the keeper starts: without privileges, and ended so that nothing of one outlives the event loop."""

import asyncio
import logging
import sys
from functools import cache
from pathlib import Path
from typing import Any

from barograph.link.privileges import needed

_log = logging.getLogger(__name__)
_LONGEST_END_S = 2.0


async def start(module: str, *arguments: str, folder: Path | None = None, **how: Any) -> asyncio.subprocess.Process:  # noqa: ANN401  asyncio's
    """Run one of our modules in a process of its own, without privileges; `how` is for asyncio.

    Args:
        module: As `python -m` takes it.
        arguments: What it finds in `sys.argv`.
        folder: What it works with; where that is closed to this user, it keeps what it takes to open it.
        how: For `asyncio.create_subprocess_exec`.
    """
    keeps = needed(folder)
    if keeps.why:
        _say_once(keeps.why)
    kept = ",".join(map(str, sorted(keeps.capabilities)))
    command = (sys.executable, "-P", "-m", "barograph.link.unprivileged", kept, module, *arguments)
    starting = asyncio.ensure_future(asyncio.create_subprocess_exec(*command, **how))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # asyncio itself would wait for its pipes without a bound
        await end(await starting)
        raise


@cache
def _say_once(words: str) -> None:
    _log.warning("%s", words)


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process, and return once it and this end of its pipes are gone.

    Whoever else holds the other end of a pipe is not waited for. A task that reads from the process reads its end.
    """
    if process.returncode is None:
        process.kill()
    # not twice: asyncio does not expect that
    if process.stdin is not None and not process.stdin.transport.is_closing():
        process.stdin.transport.abort()
    # there is no public way to let go of a pipe that is read from
    transport: asyncio.SubprocessTransport = process._transport  # type: ignore[attr-defined]
    for number in (1, 2):
        pipe = transport.get_pipe_transport(number)
        if pipe is not None:
            pipe.close()
    try:
        async with asyncio.timeout(_LONGEST_END_S):
            await process.wait()
    except TimeoutError:
        _log.warning("process %d was killed and is not gone after %g s: it is left alone", process.pid, _LONGEST_END_S)
    finally:
        # not before the process is gone: closing reaps, and its status would be missed by who waits for it
        transport.close()
        await asyncio.sleep(0)  # the pipes close in the loop's next turn
