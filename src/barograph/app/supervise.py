"""Keeps one front alive: starts it by exec, hands it its descriptors, starts it again when it dies.

Runs on the keeper's event loop. Never blocks the ticker, and never gives up: it waits longer between starts instead.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from barograph.link import children
from barograph.model.clock import Clock

_log = logging.getLogger(__name__)
_FIRST_WAIT_S = 0.1
_LONGEST_WAIT_S = 10.0
_STEADY_S = 30.0


def next_wait_s(last_wait_s: float, lived_s: float) -> float:
    """Return how long to wait before the next start: at once after a steady life, else twice the last wait."""
    if lived_s >= _STEADY_S or last_wait_s == 0.0:
        return _FIRST_WAIT_S
    return min(last_wait_s * 2, _LONGEST_WAIT_S)


class FrontSupervisor:
    """Starts `barograph.app.front` without privileges and keeps it running until told to stop.

    Args:
        prepare: Called before each start; returns the arguments and the descriptors that the new front inherits.
        release: Called with each started front's descriptors once it has them; closes the keeper's copies.
        count_restart: Called at every start but the first.
        clock: Measures how long a front lived.
        folder: The data folder, where the fronts keep what privileges they need to read it.
    """

    def __init__(
        self,
        prepare: Callable[[], tuple[list[str], list[int]]],
        release: Callable[[Sequence[int]], None],
        count_restart: Callable[[], None],
        clock: Clock,
        folder: Path | None = None,
    ) -> None:
        self._prepare = prepare
        self._release = release
        self._count_restart = count_restart
        self._clock = clock
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._starting = False
        self._replacing = False

    @property
    def pid(self) -> int | None:
        """Process id of the running front, or None between two of them."""
        return self._process.pid if self._process and self._process.returncode is None else None

    async def run(self) -> None:
        """Keep a front running until `stop`."""
        wait_s = 0.0
        while not self._stopping.is_set():
            started_s = self._clock.monotonic_s()
            code = await self._run_once()
            if self._stopping.is_set():
                return
            self._count_restart()
            if self._replacing:
                self._replacing, wait_s = False, 0.0
                continue
            lived_s = self._clock.monotonic_s() - started_s
            wait_s = next_wait_s(wait_s, lived_s)
            _log.warning("the front ended (%s) after %.1f s; starting another in %.1f s", _cause(code), lived_s, wait_s)
            try:
                await asyncio.wait_for(self._stopping.wait(), wait_s)
            except TimeoutError:
                continue

    def replace(self) -> None:
        """End the running front so that one with the newest configuration takes over the same sockets."""
        # one that is being started was told the configuration of before
        if self._starting or self.pid is not None:
            self._replacing = True
        if self.pid is not None:
            self._signal(signal.SIGTERM)

    async def stop(self, grace_s: float) -> None:
        """End the front and return when it is gone; after `grace_s` it is killed."""
        self._stopping.set()
        if self._process is None or self.pid is None:
            return
        self._signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), grace_s)
        except TimeoutError:
            self._signal(signal.SIGKILL)
            await self._process.wait()

    async def _run_once(self) -> int:
        arguments, descriptors = self._prepare()
        self._starting = True
        try:
            self._process = await children.start(
                "barograph.app.front",
                *arguments,
                folder=self._folder,
                pass_fds=descriptors,
                stdin=asyncio.subprocess.DEVNULL,
                # a terminal's Ctrl-C is the keeper's to hear; it ends the front itself
                process_group=0,
            )
        finally:
            self._starting = False
            self._release(descriptors)
        if self._stopping.is_set():
            # the stop came while this one was being started, and found nobody to end
            self._signal(signal.SIGKILL)
        elif self._replacing:
            self._signal(signal.SIGTERM)
        return await self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        try:
            os.kill(self._process.pid, number)
        except ProcessLookupError:
            return  # it ended by itself meanwhile


def _cause(code: int) -> str:
    if code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit status {code}"
