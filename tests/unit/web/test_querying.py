import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from barograph.model.errors import LinkError, QueryCancelledError, QueryTimeoutError
from barograph.promql.cancel import Cancel
from barograph.web.errors import RequestError
from barograph.web.querying import CHEAP_COST, QueryThread, yield_to_others
from helpers.clock import FakeClock
from unit.web.site import run

DEAR = CHEAP_COST + 1


class Gate:
    """Work that waits until it is let through, or cancelled."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()
        self.cancelled = False

    def work(self, cancel: Cancel, left_s: float) -> str:
        self.begun.set()
        while not self.open.wait(0.002):
            if cancel.cancelled:
                self.cancelled = True
                raise QueryCancelledError("cancelled")
        return f"{left_s:g}"


async def stays() -> dict[str, Any]:
    """Receive of a client that stays."""
    await asyncio.Event().wait()
    return {}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def thread(clock: FakeClock) -> Iterator[QueryThread]:
    made = QueryThread(1, clock)
    yield made
    made.close()


async def until(condition: Callable[[], bool]) -> None:
    while not condition():
        await asyncio.sleep(0.001)


def start(
    thread: QueryThread, gate: Gate, receive: Callable[[], Awaitable[Any]] = stays, timeout_s: float = 60
) -> "asyncio.Task[str]":
    return asyncio.ensure_future(thread.run(DEAR, timeout_s, receive, gate.work))


def test_cheap_work_is_done_here_and_dear_work_there(thread: QueryThread) -> None:
    def where(cancel: Cancel, left_s: float) -> threading.Thread:
        return threading.current_thread()

    assert run(thread.run(CHEAP_COST, 60, stays, where)) is threading.current_thread()
    assert run(thread.run(DEAR, 60, stays, where)) is not threading.current_thread()


def test_errors_of_the_work_come_out(thread: QueryThread) -> None:
    def fail(cancel: Cancel, left_s: float) -> None:
        raise QueryTimeoutError("too slow")

    for cost in (CHEAP_COST, DEAR):
        with pytest.raises(QueryTimeoutError):
            run(thread.run(cost, 60, stays, fail))


def test_the_wait_in_the_queue_is_taken_off_the_time(thread: QueryThread, clock: FakeClock) -> None:
    async def play() -> None:
        first, second = Gate(), Gate()
        one, two = start(thread, first), start(thread, second)
        await until(first.begun.is_set)
        clock.advance(3)
        first.open.set()
        second.open.set()
        assert await one == "60"
        assert await two == "57"

    run(play())


def test_a_query_that_is_never_begun_ends_at_its_time(thread: QueryThread) -> None:
    async def play() -> None:
        first, second = Gate(), Gate()
        one = start(thread, first)
        await until(first.begun.is_set)
        with pytest.raises(QueryTimeoutError, match="in the queue"):
            await start(thread, second, timeout_s=0.01)
        first.open.set()
        await one
        assert not second.begun.is_set()

    run(play())


def test_a_query_that_runs_past_its_time_is_left_to_the_engine(
    thread: QueryThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, submit = Gate(), thread._pool.submit

    def begun(*work: Any) -> "Future[str]":
        job = submit(*work)
        assert gate.begun.wait(60), "a thread that begins after its time would be told of the queue instead"
        return job

    monkeypatch.setattr(thread._pool, "submit", begun)

    async def play() -> None:
        task = start(thread, gate, timeout_s=0.01)
        await until(gate.begun.is_set)
        await asyncio.sleep(0.05)
        assert not task.done()
        gate.open.set()
        assert await task == "0.01"

    run(play())


def test_too_many_waiting_are_refused_by_the_name_of_the_setting(thread: QueryThread) -> None:
    async def play() -> None:
        gates = [Gate(), Gate()]
        tasks = [start(thread, gate) for gate in gates]
        await until(gates[0].begun.is_set)
        with pytest.raises(RequestError, match=r"1 queries wait already.*web\.waiting_queries") as refused:
            await start(thread, Gate())
        assert refused.value.status == 503
        for gate in gates:
            gate.open.set()
        await asyncio.gather(*tasks)
        last = Gate()
        last.open.set()
        assert await start(thread, last) == "60"

    run(play())


@pytest.mark.parametrize("waits", [False, True])
def test_a_client_that_goes_away_ends_its_query(thread: QueryThread, waits: bool) -> None:
    async def play() -> None:
        blocker, gate = Gate(), Gate()
        blocking = start(thread, blocker) if waits else None
        gone = asyncio.Event()
        sent = [{"type": "http.request"}]

        async def receive() -> dict[str, Any]:
            if sent:
                return sent.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        task = start(thread, gate, receive)
        await until(blocker.begun.is_set if waits else gate.begun.is_set)
        gone.set()
        with pytest.raises(QueryCancelledError):
            await task
        blocker.open.set()
        if blocking is not None:
            await blocking
            assert not gate.begun.is_set()
        else:
            await until(lambda: gate.cancelled)

    run(play())


def test_a_request_that_is_cancelled_ends_its_query(thread: QueryThread) -> None:
    async def play() -> None:
        gate = Gate()
        task = start(thread, gate)
        await until(gate.begun.is_set)
        await asyncio.sleep(0.03)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: gate.cancelled)

    run(play())


def test_closing_ends_what_runs_and_what_waits(thread: QueryThread) -> None:
    async def play() -> None:
        gates = [Gate(), Gate()]
        running, waiting = (start(thread, gate) for gate in gates)
        await until(gates[0].begun.is_set)
        thread.close()
        with pytest.raises(QueryCancelledError):
            await running
        with pytest.raises(LinkError, match="ending"):
            await waiting
        with pytest.raises(LinkError, match="ending"):
            await start(thread, Gate())

    run(play())


def test_dear_queries_let_others_go_first(thread: QueryThread) -> None:
    def niceness(cancel: Cancel, left_s: float) -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    here = os.getpriority(os.PRIO_PROCESS, 0)
    assert run(thread.run(DEAR, 60, stays, niceness)) == max(10, here)
    assert os.getpriority(os.PRIO_PROCESS, 0) == here


def test_a_server_that_was_started_nicer_still_stays_so() -> None:
    niceness = max(15, os.getpriority(os.PRIO_PROCESS, 0))

    def begin() -> int:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        yield_to_others()  # only root could go back to 10: for all others it was an error, and no query ran
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(begin).result() == niceness
