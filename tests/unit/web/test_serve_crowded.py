"""A server with four places on a real socket: who does nothing with one gives it up, also before TLS is agreed on."""

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from barograph.web.connection import Connection
from barograph.web.serve import Http, run_loop

PLACES = 4
LARGE = b"x" * 20_000_000
REQUEST = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.fixture
def pair(tmp_path: Path) -> ssl.SSLContext:
    key, certificate = str(tmp_path / "key"), str(tmp_path / "pem")
    new = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=x"]
    subprocess.run(["openssl", *new, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture(autouse=True)
def few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.web.serve.most_connections", lambda descriptors: PLACES)


async def large(scope: Any, receive: Any, send: Any) -> None:
    size = b"%d" % len(LARGE)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", size)]})
    for first in range(0, len(LARGE), 100_000):
        more = first + 100_000 < len(LARGE)
        await send({"type": "http.response.body", "body": LARGE[first : first + 100_000], "more_body": more})


def serving(script: Callable[[int], Awaitable[None]], certificate: ssl.SSLContext | None = None) -> None:
    async def play() -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        http = Http(large, [listening], certificate)
        server = asyncio.ensure_future(http.run())
        try:
            async with asyncio.timeout(60):
                await script(port)
        finally:
            http.stop()
            await server
        return 0

    assert run_loop(play()) == 0


async def silent(port: int, *, asking: bool) -> socket.socket:
    """Connect, perhaps ask, and read nothing."""
    loop = asyncio.get_running_loop()
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.setblocking(False)
    await loop.sock_connect(client, ("127.0.0.1", port))
    if asking:
        await loop.sock_sendall(client, REQUEST)
    return client


async def ask(port: int, context: ssl.SSLContext | None = None) -> bytes:
    """Return the whole answer to a client that reads."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(REQUEST)
    head = await reader.readuntil(b"\r\n\r\n")
    body = await reader.readexactly(len(LARGE))
    writer.close()
    return head + body


def test_who_reads_nothing_of_an_answer_gives_the_place_up(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, pause = set[Connection](), Connection.pause_writing

    def note(connection: Connection) -> None:
        pause(connection)
        stuck.add(connection)

    monkeypatch.setattr(Connection, "pause_writing", note)

    async def script(port: int) -> None:
        clients = [await silent(port, asking=True) for _ in range(PLACES)]
        while len(stuck) < PLACES:  # until then an answer is being made, and its place is not to be had
            await asyncio.sleep(0.01)
        for _ in range(3):
            assert (await ask(port)).startswith(b"HTTP/1.1 200 OK")
        for client in clients:
            client.close()

    serving(script)


def test_who_connects_and_agrees_on_nothing_gives_the_place_up(pair: ssl.SSLContext) -> None:
    async def script(port: int) -> None:
        clients = [await silent(port, asking=False) for _ in range(3 * PLACES)]
        await asyncio.sleep(0.2)
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        for _ in range(2):
            assert (await ask(port, trusting)).startswith(b"HTTP/1.1 200 OK")
        loop = asyncio.get_running_loop()
        ended = [await asyncio.wait_for(loop.sock_recv(client, 10), 30) for client in clients[:PLACES]]
        assert ended == [b""] * PLACES
        for client in clients:
            client.close()

    serving(script, pair)


def test_tls_that_is_none_ends_that_connection_alone(pair: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.web.tls_door.HANDSHAKE_TIMEOUT_S", 0.1)

    async def script(port: int) -> None:
        loop = asyncio.get_running_loop()
        plain, quiet = await silent(port, asking=True), await silent(port, asking=False)
        for client in (plain, quiet):
            with pytest.raises(ConnectionError):
                while await asyncio.wait_for(loop.sock_recv(client, 100), 30):
                    pass
                raise ConnectionError
            client.close()
        trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        monkeypatch.setattr("barograph.web.tls_door.HANDSHAKE_TIMEOUT_S", 60)  # of who means it, on a busy machine
        assert (await ask(port, trusting)).startswith(b"HTTP/1.1 200 OK")

    serving(script, pair)
