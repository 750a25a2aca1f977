"""The front's reader kept up to date on a thread: labels of a million series would keep its event loop for seconds.

What folds and imports bring is read at each tick, a little at a time; a request that reads the store waits for it, and
others are answered meanwhile. Used on the event loop.
"""

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor

from barograph.model.clock import Clock
from barograph.tsdb.reader import StoreReader

_PAUSE_S = 0.002
_log = logging.getLogger(__name__)


class CatchingUp:
    """Reads what has come to the block files.

    Args:
        reader: The front's.
        clock: Waits between two steps.
    """

    def __init__(self, reader: StoreReader, clock: Clock) -> None:
        self._reader = reader
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="catch-up")
        self._under_way: asyncio.Future[None] | None = None
        self._closed = False

    def look(self, _tick_ms: int = 0) -> None:
        """Begin to read where something has come; returns at once."""
        if self._under_way is None and not self._closed and self._reader.is_behind:
            self._reader.put_off()  # here: its thread may come to it later than who asks next on this loop
            self._under_way = asyncio.get_running_loop().run_in_executor(self._thread, self._read)
            self._under_way.add_done_callback(self._ended)

    async def wait(self) -> None:
        """Wait until everything is known that was stored when this was called."""
        for _ in range(2):  # what is under way may have looked before
            self.look()
            if self._under_way is None:
                return
            await asyncio.wait((self._under_way,))

    def close(self) -> None:
        """End; what is under way ends after its step."""
        self._closed = True
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _read(self) -> None:
        while self._reader.read_ahead(lambda: self._clock.sleep(_PAUSE_S)) and not self._closed:
            pass
        self._reader.catch_up()

    def _ended(self, done: "asyncio.Future[None]") -> None:
        self._under_way = None
        if not done.cancelled() and (error := done.exception()) is not None:
            _log.error("what has come to the block files could not be read: %s", error)
