"""The server on a real socket of loopback: it says little of itself, and ends soon whatever is open."""

import asyncio
import resource
import socket
from collections.abc import Awaitable, Callable

import pytest

from barograph.web.serve import Http, most_connections, run_loop
from unit.web.site import HOST, TOKEN, Site

Connect = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]
Script = Callable[[Connect, Http], Awaitable[None]]


def serving(site: Site, script: Script) -> None:
    async def play() -> int:
        listening = socket.create_server(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        http = Http(site.app, [listening])
        server = asyncio.ensure_future(http.run())

        async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            return await asyncio.open_connection("127.0.0.1", port)

        async with asyncio.timeout(60):
            await script(connect, http)
            http.stop()
            await server
        return 0

    assert run_loop(play()) == 0


def request(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nhost: {HOST}\r\nauthorization: Bearer {TOKEN}\r\n\r\n".encode()


def test_an_answer_over_the_wire_does_not_name_the_server(site: Site) -> None:
    site.fill()

    async def script(connect: Connect, http: Http) -> None:
        reader, writer = await connect()
        writer.write(request("/api/v1/query?query=load"))
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200 ok")
        assert b"server:" not in head
        assert b"x-content-type-options: nosniff" in head
        writer.close()

    serving(site, script)


def test_an_open_stream_is_told_when_the_server_stops(site: Site) -> None:
    async def script(connect: Connect, http: Http) -> None:
        reader, writer = await connect()
        writer.write(request("/api/barograph/v1/live?expr=1"))
        await reader.readuntil(b"\r\n\r\n")
        site.now.ticked(site.clock.now_ms())
        await reader.readuntil(b"event: row")
        site.now.close()
        http.stop()
        rest = await reader.read()
        assert b'event: bye\ndata: {"reason":"stopping"}' in rest
        writer.close()

    serving(site, script)


@pytest.mark.parametrize(
    ("descriptors", "most"), [(65_536, 2048), (1024, 512), (128, 64), (20, 16), (resource.RLIM_INFINITY, 2048)]
)
def test_half_of_the_descriptors_are_for_clients(descriptors: int, most: int) -> None:
    assert most_connections(descriptors) == most
