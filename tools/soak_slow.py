"""Holds two thousand connections open that send or read hardly anything: `make soak S=slow`.

usage: soak_slow.py [--count N] [--seed N] [--results DIR]

Some trickle a head, some a body, some a form, some read a byte of an answer now and then, some say nothing, some are
idle between two requests. Meanwhile one healthy client asks, and the ticks of the server are counted afterwards.
"""

import asyncio
import contextlib
import math
import random
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

from barograph.model.clock import SystemClock
from proof import SECURITY, Figure, Proof, conclude, read_options
from soak_bombs import missing_ticks
from soak_inflate import anonymous_bytes

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import Wire, address_of
from helpers.server import Server, serving

CONNECTIONS = 2_000
SECONDS = 60
SHORT_S = 5
PROOF = Proof(
    row=15,
    name="slow",
    fault="Two thousand clients that send a byte now and then, or do not read (slowloris, slow read)",
    promise="A healthy client does not notice, ticks stay on time, memory stays.",
    method="Heads, forms and bodies that trickle, answers that nobody reads, thirty requests at once, connections that say "
    "nothing, renewed as the server drops them, while one client asks one query after the other.",
)
_HEAD = b"GET /api/v1/query?query=up HTTP/1.1\r\nhost: 127.0.0.1\r\nx-a: "


class Slow:
    """A crowd of slow clients."""

    def __init__(self, server: Server, count: int) -> None:
        self._address = address_of(server.url)
        self._token = server.token.encode()
        self._count = count
        self._chance = random.Random(1)
        self.opened = 0
        self._stopped = threading.Event()
        self.are_there = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> "Slow":
        self._thread.start()
        self.are_there.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    async def _run(self) -> None:
        tasks = [asyncio.create_task(self._client(number)) for number in range(self._count)]
        while not self._stopped.is_set():
            if self.opened >= self._count:
                self.are_there.set()
            await asyncio.sleep(0.1)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _client(self, number: int) -> None:
        while True:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._connection(number)
            await asyncio.sleep(1 + self._chance.random())  # dropped: another comes

    async def _connection(self, number: int) -> None:
        reader, writer = await asyncio.open_connection(*self._address, limit=1024)
        self.opened += 1
        try:
            kind = number % 7
            writer.write(self._beginning(kind, number))
            await writer.drain()
            while True:
                await asyncio.sleep(1 + self._chance.random())
                if kind == 3:
                    await reader.readexactly(1)
                    continue
                if kind not in (4, 5, 6):
                    writer.write(b"a")
                    await writer.drain()
                if reader.at_eof():
                    return
        finally:
            writer.close()

    def _beginning(self, kind: int, number: int) -> bytes:
        bearer = b"authorization: Bearer " + self._token + b"\r\n"
        if kind == 0:
            return _HEAD
        if kind == 1:
            return b"POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 10000\r\n\r\nuser="
        if kind == 2:
            return b"POST /api/v1/import HTTP/1.1\r\nhost: 127.0.0.1\r\n" + bearer + b"content-length: 1000000\r\n\r\n{"
        if kind == 3:
            if number % 10:
                return b"GET /login HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
            return b"GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n" + bearer + b"\r\n"
        if kind == 4:
            return b""
        if kind == 6:
            return b"GET /login HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n" * 30
        return b"GET /-/healthy HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


def ask(server: Server, seconds: float) -> list[float]:
    """Ask one query after the other for a while, each on a connection of its own; returns how long each took, in ms."""
    wire = Wire(server.url)
    took_ms = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        started_s = time.perf_counter()
        reply = wire.send("GET", "/api/v1/query?query=node_load1", [("authorization", f"Bearer {server.token}")])
        took_ms.append(1e3 * (time.perf_counter() - started_s))
        assert reply.status == 200, reply.body
        wire.close()
        time.sleep(0.02)
    return sorted(took_ms)


def p99(values: list[float]) -> float:
    """Return the value that all but a hundredth are below."""
    return values[math.ceil(0.99 * len(values)) - 1]


def figures(count: int, seconds: float, place: Path) -> list[Figure]:
    """Run the proof."""
    with serving(place / "data") as server:
        alone = ask(server, min(seconds, SHORT_S))
        before = anonymous_bytes(server)
        started_s = int(SystemClock().now_s())
        with Slow(server, count) as crowd:
            took_ms = ask(server, seconds)
            growth = anonymous_bytes(server) - before
            ended_s = int(SystemClock().now_s())
        missing = missing_ticks(server, started_s, ended_s)
    return [
        Figure(name="slow connections at once", value=count),
        Figure(name="connections opened in all", value=crowd.opened),
        Figure(name="queries of the healthy client", value=len(took_ms)),
        Figure(name="of these failed", value=0, must_be=0),
        Figure(name="a query alone, p99", value=round(p99(alone), 1), unit="ms"),
        Figure(name="a query among slow clients, p50", value=round(took_ms[len(took_ms) // 2], 1), unit="ms"),
        Figure(name="a query among slow clients, p99", value=round(p99(took_ms), 1), unit="ms"),
        Figure(name="memory more than before", value=round(growth / (1 << 20), 1), unit="MiB"),
        Figure(name="seconds of collection", value=ended_s - started_s),
        Figure(name="seconds without a tick", value=missing, must_be=0),
    ]


def main() -> int:
    """Run and print."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 65_536)), hard))
    options = read_options("Hold slow connections open.", CONNECTIONS, SECURITY)
    seconds = SECONDS if options.count >= CONNECTIONS and options.seed == 1 else SHORT_S
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, seconds, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
