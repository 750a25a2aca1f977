"""Many requests on some connections at once: pipelined where the server keeps them, one by one where it does not."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

import httptools

from helpers.hostile import address_of

_KEPT = 20
_KEPT_BYTES = 600


class Flood:
    """Sends whole requests and counts the statuses of what comes back. Bodies are read and dropped as they come.

    Args:
        url: The server.
        lanes: How many batches are under way at once, each on a connection of its own.
        timeout_s: How long nothing may come on a connection.
    """

    def __init__(self, url: str, lanes: int = 8, timeout_s: float = 60.0) -> None:
        self._address = address_of(url)
        self._lanes = lanes
        self._timeout_s = timeout_s
        self.statuses = Counter[int]()
        self.kept: list[bytes] = []
        """The first answers of 5xx, with their heads."""
        self.waited_in_vain = 0
        """Connections on which nothing came for longer than it may."""

    def pipelined(self, batches: Iterable[Sequence[bytes]]) -> None:
        """Send batches of requests that are well framed, each on one connection.

        Where the server ends a connection, what it has not answered comes on the next one: of each batch everything is
        asked. A request that ends one without an answer is not asked again.
        """
        asyncio.run(self._all(self._pipelined, batches))

    def alone(self, batches: Iterable[Sequence[bytes]]) -> None:
        """Send each of the requests on a connection of its own, close our side, and read to the end."""
        asyncio.run(self._all(self._alone, batches))

    async def _all(
        self, send: Callable[[Sequence[bytes]], Awaitable[None]], batches: Iterable[Sequence[bytes]]
    ) -> None:
        waiting = iter(batches)

        async def lane() -> None:
            for batch in waiting:  # shared: each lane takes the next one
                await send(batch)

        async with asyncio.TaskGroup() as group:
            for _ in range(self._lanes):
                group.create_task(lane())

    async def _pipelined(self, requests: Sequence[bytes]) -> None:
        done = 0
        while done < len(requests):
            answered = await self._talk(b"".join(requests[done:]), len(requests) - done, is_last=False)
            done += max(answered, 1)

    async def _alone(self, requests: Sequence[bytes]) -> None:
        for data in requests:
            await self._talk(data, 0, is_last=True)

    async def _talk(self, data: bytes, answers: int, *, is_last: bool) -> int:
        """Send bytes and wait for so many answers (0: for all), or the connection's end; returns how many came."""
        talk = _Talk(self, answers)
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: talk, *self._address)
        try:
            transport.write(data)
            if is_last and not transport.is_closing():
                transport.write_eof()
            # a busy server is not one that hangs: the time counts anew with whatever comes
            pieces = -1
            while pieces < talk.pieces and not talk.over.is_set():
                pieces = talk.pieces
                with suppress(TimeoutError):
                    await asyncio.wait_for(talk.over.wait(), self._timeout_s)
            if not talk.over.is_set():
                self.waited_in_vain += 1
        except OSError:
            pass  # refused before it was whole
        finally:
            transport.abort()
        return talk.answered

    def count(self, status: int, start: bytes) -> None:
        """Note an answer; `start` is the piece that its head is in."""
        self.statuses[status] += 1
        if status >= 500 and len(self.kept) < _KEPT:
            self.kept.append(start[:_KEPT_BYTES])

    @property
    def server_errors(self) -> int:
        """Answers of 5xx but 503, which says that a limit is reached and when to come again."""
        return sum(number for status, number in self.statuses.items() if status >= 500 and status != 503)


class _Talk(asyncio.Protocol):
    """One connection: takes answers apart as they come, however many stand in one piece."""

    def __init__(self, flood: Flood, answers: int) -> None:
        self._flood = flood
        self._answers = answers
        self._parser = httptools.HttpResponseParser(self)
        self._piece = b""
        self.answered = 0
        self.pieces = 0
        self.over = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._piece = data
        self.pieces += 1
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:  # such as more bytes behind the answer that closes
            self.over.set()

    def on_headers_complete(self) -> None:
        """See httptools: a status has come."""
        self._flood.count(self._parser.get_status_code(), self._piece)

    def on_message_complete(self) -> None:
        """See httptools: an answer is whole."""
        self.answered += 1
        if self.answered == self._answers:
            self.over.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self.over.set()
