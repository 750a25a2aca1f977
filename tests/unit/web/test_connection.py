"""One connection over a transport in memory: what a request's head may cost."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from barograph.web.connection import MAX_HEAD_BYTES, MAX_PIPELINED, Connection
from barograph.web.crowd import Crowd
from unit.web.site import run

REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        if self.closed:
            raise RuntimeError("as uvloop's")
        self.written += bytes(data)

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default


async def answer(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


def connected(
    script: Callable[[Connection, Wire], Awaitable[None]], app: Any = answer, crowd: Crowd | None = None
) -> None:
    """Run a script on a fresh connection."""

    async def play() -> None:
        config = uvicorn.Config(app, http=Connection, lifespan="off", log_config=None)
        connection, wire = Connection(Crowd(10) if crowd is None else crowd, config, ServerState(), {}), Wire()
        connection.connection_made(wire)
        await script(connection, wire)
        connection.connection_lost(None)

    run(play())


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def test_requests_are_answered_one_after_the_other() -> None:
    async def script(connection: Connection, wire: Wire) -> None:
        for count in (1, 2):
            connection.data_received(REQUEST[:10])
            connection.data_received(REQUEST[10:])
            await settle()
            assert wire.written.count(b"HTTP/1.1 200 OK") == count
        assert not wire.closed

    connected(script)


def test_a_head_without_end_is_refused() -> None:
    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(REQUEST[:-2])
        sent = 0
        while not wire.closed:
            connection.data_received(b"x: " + b"y" * 1000 + b"\r\n")
            sent += 1005
            assert sent <= MAX_HEAD_BYTES + 1005
        assert wire.written.startswith(b"HTTP/1.1 431 ")

    connected(script)


def test_a_single_header_without_end_is_refused() -> None:
    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(REQUEST[:-2] + b"x: ")
        for _ in range(MAX_HEAD_BYTES // 1000 + 1):
            connection.data_received(b"y" * 1000)
        assert wire.closed

    connected(script)


CHUNKED = b"POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begun", "piece"),
    [
        (CHUNKED + b"0\r\n", b"a:b\r\n" * 200),
        (CHUNKED + b"1\r\nx\r\n0\r\na: ", b"y" * 1000),
        (CHUNKED + b"0\r\n", b"y" * 1000),
        (CHUNKED + b"1;x=", b"y" * 1000),
    ],
)
def test_fields_behind_a_body_and_of_a_chunk_have_an_end(begun: bytes, piece: bytes) -> None:
    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(begun)
        sent = 0
        while not wire.closed:
            connection.data_received(piece)
            sent += len(piece)
            assert sent <= MAX_HEAD_BYTES + 1000
        assert wire.written.startswith(b"HTTP/1.1 431 "), "nothing was answered yet, so this can be"
        assert len(connection.headers) == 2

    connected(script)


def test_fields_behind_a_body_do_not_end_an_answer_that_has_begun_with_another() -> None:
    async def begin(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await receive()

    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(CHUNKED + b"0\r\n")
        await settle()
        before = wire.written
        connection.data_received(b"a:b\r\n" * MAX_HEAD_BYTES)
        assert wire.closed
        assert wire.written == before

    connected(script, begin)


def test_who_is_asked_sees_the_fields_of_the_head_alone() -> None:
    seen: list[Any] = []

    async def look(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        seen.extend(scope["headers"])
        await answer(scope, receive, send)

    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(CHUNKED + b"1\r\nx\r\n0\r\nauthorization: Bearer x\r\n\r\n" + REQUEST)
        await settle()
        assert wire.written.count(b"HTTP/1.1 200 OK") == 2

    connected(script, look)
    assert seen == [(b"host", b"localhost"), (b"transfer-encoding", b"chunked"), (b"host", b"localhost")]


def test_a_body_of_many_chunks_is_no_head() -> None:
    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(CHUNKED)
        for _ in range(3 * MAX_HEAD_BYTES // 1000):
            connection.data_received(b"3e8\r\n" + b"x" * 1000 + b"\r\n")
        connection.data_received(b"0\r\na: b\r\n\r\n")
        await settle()
        assert not wire.closed
        assert wire.written.startswith(b"HTTP/1.1 200 OK")

    connected(script)


@pytest.mark.parametrize("begun", [b"", REQUEST[:10], REQUEST[:-2]])
def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, begun: bytes) -> None:
    monkeypatch.setattr("barograph.web.connection.HEAD_TIMEOUT_S", 0.005)

    async def script(connection: Connection, wire: Wire) -> None:
        if begun:
            connection.data_received(begun)
        while not wire.closed:
            await asyncio.sleep(0.001)
        assert wire.written == b""

    connected(script)


def test_the_second_head_is_timed_as_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.web.connection.HEAD_TIMEOUT_S", 0.005)

    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(REQUEST)
        await settle()
        await asyncio.sleep(0.02)
        assert not wire.closed, "between two requests the server's own keep-alive counts"
        connection.data_received(b"\r\n")
        while not wire.closed:
            await asyncio.sleep(0.001)

    connected(script)


def test_a_long_body_is_no_head() -> None:
    async def script(connection: Connection, wire: Wire) -> None:
        head = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 200000\r\n\r\n"
        connection.data_received(head)
        for _ in range(200):
            connection.data_received(b"x" * 1000)
        await settle()
        assert not wire.closed
        assert wire.written.startswith(b"HTTP/1.1 200 OK")

    connected(script)


@pytest.mark.parametrize("rest", [b"\x01\x02 no HTTP\r\n\r\n", REQUEST[:-2] + b"x: " + b"y" * MAX_HEAD_BYTES])
def test_an_answer_that_has_nowhere_to_go_any_more_ends_quietly(rest: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(REQUEST * 2 + rest)
        assert wire.closed
        before = wire.written
        await settle()
        assert wire.written == before

    connected(script)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_what_follows_a_refusal_is_read_for_a_while_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.web.connection.HEAD_TIMEOUT_S", 0.02)

    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9000000000\r\n\r\n")
        await settle()
        assert wire.written.endswith(b"ok")
        connection.data_received(b"x" * 1000)
        assert not wire.closed, "a client that sends before it reads would lose the answer"
        while not wire.closed:
            connection.data_received(b"x" * 1000)
            await asyncio.sleep(0.001)

    connected(script)


def test_an_answer_that_is_not_read_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.web.connection.UNREAD_TIMEOUT_S", 0.02)

    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(REQUEST)
        connection.pause_writing()
        connection.resume_writing()
        await asyncio.sleep(0.05)
        assert not wire.closed, "who reads on has all the time of the world"
        connection.pause_writing()
        while not wire.closed:
            await asyncio.sleep(0.001)

    connected(script)


def test_who_asks_for_much_at_once_is_closed() -> None:
    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(REQUEST * (MAX_PIPELINED + 1))
        for _ in range(MAX_PIPELINED):
            await settle()
        assert not wire.closed
        assert wire.written.count(b"HTTP/1.1 200 OK") == MAX_PIPELINED + 1
        connection.data_received(REQUEST * 1000)
        assert wire.closed
        assert len(connection.pipeline) <= MAX_PIPELINED

    connected(script)


class Newcomer:
    """Another connection, which is never told to go unless nobody else can."""

    def __init__(self) -> None:
        self.is_dropped = False

    def drop(self) -> None:
        self.is_dropped = True


BODY = b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n"


@pytest.mark.parametrize("begun", [BODY, BODY + b"x" * 99, CHUNKED + b"5\r\nhello\r\n", REQUEST + BODY])
def test_who_waits_with_a_body_has_no_claim_to_a_place(begun: bytes) -> None:
    crowd, newcomer = Crowd(1), Newcomer()

    async def take(scope: Any, receive: Any, send: Any) -> None:
        while scope["method"] == "POST" and (await receive()).get("more_body"):
            pass
        await answer(scope, receive, send)

    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(begun)
        await settle()
        assert not wire.closed
        crowd.enter(newcomer)
        assert (wire.closed, newcomer.is_dropped) == (True, False)

    connected(script, take, crowd)


@pytest.mark.parametrize("whole", [REQUEST, BODY + b"x" * 100, BODY + b"x" * 100 + BODY + b"x"])
def test_who_waits_for_an_answer_keeps_the_place(whole: bytes) -> None:
    crowd, newcomer, done = Crowd(1), Newcomer(), asyncio.Event()

    async def work(scope: Any, receive: Any, send: Any) -> None:
        await done.wait()
        await answer(scope, receive, send)

    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(whole)
        await settle()
        crowd.enter(newcomer)
        assert (wire.closed, newcomer.is_dropped) == (False, True)
        done.set()
        await settle()
        crowd.enter(Newcomer())
        assert wire.closed, "it has its answer"

    connected(script, work, crowd)


def test_a_body_that_comes_on_outlasts_one_that_does_not() -> None:
    crowd, still, newcomer = Crowd(2), Newcomer(), Newcomer()

    async def take(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async def script(connection: Connection, wire: Wire) -> None:
        connection.data_received(BODY)
        crowd.enter(still)
        connection.data_received(b"x")
        crowd.enter(newcomer)
        assert (wire.closed, still.is_dropped) == (False, True)

    connected(script, take, crowd)
