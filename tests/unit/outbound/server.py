"""A server of loopback that answers as a test says, and a client that finds it under public-looking names."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient
from helpers.eventually_async import end_server

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Peer:
    """What a server has heard, and its port."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self.heard: list[bytes] = []
        self.port = 0
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        self.heard.append(head + await reader.readexactly(length))
        answer = self._answer(head)
        if answer:
            writer.write(answer)
            await writer.drain()
        else:
            await reader.read()  # until the client has gone


@asynccontextmanager
async def peer(answer: Callable[[bytes], bytes] | bytes = OK) -> AsyncIterator[Peer]:
    """Serve; an empty answer is none at all."""
    made = Peer(answer if callable(answer) else lambda _: answer)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        await end_server(server)


def client_of(**names: str) -> OutboundClient:
    """Return a client that may reach `allowed`, and for which names have the addresses given (loopback by default)."""

    async def resolve(host: str, port: int) -> list[str]:
        return names.get(host, "127.0.0.1").split()

    return OutboundClient(AddressRules(["allowed", "other"]), resolve=resolve)
