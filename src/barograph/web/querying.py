"""Where queries are evaluated: cheap ones on the event loop, dear ones on the one query thread.

One thread, since more give no throughput under the GIL; more query power is a second front.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from barograph.promql.cancel import Cancel
from barograph.web.errors import RequestError
from barograph.web.parameters import Receive

T = TypeVar("T")
_CHEAP_COST = 200_000
"""Samples and points; about 5 ms of evaluation."""
_MAX_WAITING = 20
_WATCH_S = 0.02


class QueryThread:
    """The one thread for dear queries, with a bounded queue."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="query")
        self._waiting = 0

    async def run(self, cost: int, receive: Receive, work: Callable[[Cancel], T]) -> T:
        """Evaluate here or on the thread, as the cost says; a client that goes away cancels its query.

        Raises:
            RequestError: Too many queries wait already (503).
        """
        cancel = Cancel()
        if cost <= _CHEAP_COST:
            return work(cancel)
        if self._waiting >= _MAX_WAITING:
            raise RequestError(f"{_MAX_WAITING} queries wait already: try again when they are done", 503)
        self._waiting += 1
        try:
            evaluation = asyncio.get_running_loop().run_in_executor(self._pool, work, cancel)
            return await _watched(evaluation, receive, cancel)
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End the thread after the query under way."""
        self._pool.shutdown(wait=False, cancel_futures=True)


async def _watched(evaluation: "asyncio.Future[T]", receive: Receive, cancel: Cancel) -> T:
    """Wait for an evaluation; cancel it when the client is gone."""
    done, _ = await asyncio.wait({evaluation}, timeout=_WATCH_S)
    if done:
        return evaluation.result()
    gone = asyncio.ensure_future(_gone(receive))
    gone.add_done_callback(lambda _: cancel.cancel())
    try:
        return await evaluation
    finally:
        gone.cancel()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
