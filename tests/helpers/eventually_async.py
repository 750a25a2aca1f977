"""Waiting on an event loop for something that another task or thread brings about."""

import asyncio
from collections.abc import Callable


async def until(probe: Callable[[], object], what: str = "it") -> None:
    """Let the loop run until `probe` is true; fails after a few seconds."""
    for _ in range(5000):
        if probe():
            return
        await asyncio.sleep(0.001)
    raise AssertionError(f"{what} did not happen")
