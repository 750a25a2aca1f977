"""Where queries are evaluated: cheap ones on the event loop, dear ones on the one query thread.

One thread, since more give no throughput under the GIL; more query power is a second front.
"""

import asyncio
import contextvars
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from barograph.model.clock import Clock
from barograph.model.errors import LinkError, QueryCancelledError, QueryTimeoutError
from barograph.promql.cancel import Cancel
from barograph.web.errors import RequestError
from barograph.web.parameters import Receive

T = TypeVar("T")
Work = Callable[[Cancel, float], T]
"""Evaluates with a token that may end it and the seconds that are left."""
CHEAP_COST = 50_000
"""Points of an answer; about 5 ms."""
DEAR_COST = CHEAP_COST + 1
"""Of what is dear for certain, so that nobody counts how dear."""
_WATCH_S = 0.02
_NICENESS = 10


def yield_to_others() -> None:
    """Have this thread wait where cores are short: ticks and the event loop go before dear queries and exports."""
    thread = threading.get_native_id()
    # a server that was started nicer still may not go back, and should not
    if os.getpriority(os.PRIO_PROCESS, thread) < _NICENESS:
        os.setpriority(os.PRIO_PROCESS, thread, _NICENESS)


class QueryThread:
    """The one thread for dear queries, with a bounded queue. Used on one event loop.

    Args:
        max_waiting: Queries that may wait for the thread, `web.waiting_queries`.
        clock: Measures what of a query's time is left when its turn comes.
    """

    def __init__(self, max_waiting: int, clock: Clock) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="query", initializer=yield_to_others)
        self._max_waiting = max_waiting
        self._clock = clock
        self._under_way: set[Cancel] = set()
        self._closed = False

    async def run(self, cost: int, timeout_s: float, receive: Receive, work: Work[T]) -> T:
        """Evaluate here or on the thread, as the cost says; a client that goes away cancels its query.

        Raises:
            RequestError: Too many queries wait already (503).
            QueryTimeoutError: The time was over before its turn came.
            QueryCancelledError: The client is gone.
            LinkError: This front is ending.
        """
        cancel = Cancel()
        if cost <= CHEAP_COST:
            return work(cancel, timeout_s)
        if self._closed:
            raise LinkError("this front is ending: try again")
        if len(self._under_way) > self._max_waiting:
            words = f"{self._max_waiting} queries wait already: try again later; web.waiting_queries raises that"
            raise RequestError(words, 503)
        self._under_way.add(cancel)
        try:
            return await self._evaluate(cancel, timeout_s, receive, work)
        finally:
            self._under_way.discard(cancel)
            cancel.cancel()  # where this task was cancelled, the thread must not work on

    def close(self) -> None:
        """End the queries under way, and the thread with them."""
        self._closed = True
        for cancel in self._under_way:
            cancel.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _evaluate(self, cancel: Cancel, timeout_s: float, receive: Receive, work: Work[T]) -> T:
        deadline_s = self._clock.monotonic_s() + timeout_s

        def evaluate() -> T:
            return work(cancel, deadline_s - self._clock.monotonic_s())

        # who asks stands in context variables, which a thread does not have of itself
        job = self._pool.submit(contextvars.copy_context().run, evaluate)
        done = asyncio.wrap_future(job)
        await asyncio.wait((done,), timeout=_WATCH_S)
        if done.done():
            return _result(done)
        gone = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((done, gone), timeout=max(0.0, timeout_s), return_when=asyncio.FIRST_COMPLETED)
            if not done.done() and gone.done():
                raise QueryCancelledError("the client is gone")
            if not done.done() and job.cancel():  # never begun; one that was begun keeps its own time
                raise QueryTimeoutError(f"query timed out after {timeout_s:g} s in the queue")
            await asyncio.wait((done,))
            return _result(done)
        finally:
            gone.cancel()
            done.cancel()


def _result(done: "asyncio.Future[T]") -> T:
    if done.cancelled():
        raise LinkError("this front is ending: try again")
    return done.result()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
