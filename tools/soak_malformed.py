"""Sends a million requests that are wrong: `make soak S=malformed`.

usage: soak_malformed.py [--count N] [--seed N] [--results DIR]

Two thirds are well framed and wrong inside (parameters, forms, bodies of every format, cookies, paths), the rest are no
HTTP. The server must be the same process afterwards, with the same memory, and must not have answered one with a 5xx.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote_from_bytes

from barograph.web.routes import ROUTES
from proof import SECURITY, Figure, Proof, conclude, read_options
from soak_inflate import anonymous_bytes, process_bytes

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.flood import Flood
from helpers.server import Server, serving

REQUESTS = 1_000_000
BATCH = 25
ROUND = 3_000
"""Requests after which the kinds change."""
WARM_SHARE = 10
MOST_LEFT = 5.0
"""Percent."""
REST_S = 75
"""Before memory is read: what was freed goes back twice a minute, and a worker that nobody needs ends after a minute."""
WARM_TICKS = 1_300
"""A server is as large as it gets when its ring of ticks and its caches are full: ten ticks a second fill both soon."""
CONFIG = """
collectors: {interval: 100ms}
store: {decoded_cache: 2MiB, compressed_cache: 2MiB, directory_cache: 1MiB}
"""
LANES = 16
"""Connections at once; four of them may wait for the store's turn, as imports do."""
PROOF = Proof(
    row=17,
    name="malformed",
    fault="A million requests that are wrong, in every place and format",
    promise="No crash and no answer of 5xx, and memory grows by less than 5 % beyond that of a server left alone.",
    method="Mutated parameters, forms, JSON, exposition text, CSV, protobuf, cookies, headers, paths and heads of HTTP to "
    "every route of the router, as an administrator, of a server that collects ten times a second; memory after a tenth "
    "of them, the ring of ticks being full by then, against memory at the end, each after a rest; and beside it that of "
    "a server of the same configuration that nobody asks anything.",
)
QUIET = (
    "/live",
    "/stream",
    "/snapshot",
    "/clean_tombstones",
    "/delete_series",
    "/-/reload",
    "/logout",
    "/login-links",
    "/me/password",
)
"""Routes that do much, or end the session, when they are rightly asked: row 33 asks them."""
SEEDS = (
    b'up{job="node"}[5m]',
    b"rate(node_cpu_seconds_total[1m])",
    b"sum by (cpu) (x) / ignoring(a) group_left y",
    b'{"metric":{"__name__":"x"},"values":[1],"timestamps":[1700000000000]}\n',
    b'# TYPE x counter\nx_total{a="b"} 1 1.7e9\n# EOF\n',
    b"time,metric,value\n1700000000,x,1\n",
    b'{"matchers":[{"name":"a","value":"b","isRegex":true}],"startsAt":"2026-01-01T00:00:00Z"}',
    b"1700000000.123",
    b"2026-01-01T00:00:00Z",
    b"1h30m",
    b"9223372036854775808",
    b"\x0a\x10\x0a\x0e\x0a\x08__name__\x12\x02up\x12\x00",
    b"0x1p-2",
    b"-0",
    b"NaN",
    b"../../etc/passwd",
    b"a=b&a[]=c&%zz=%",
    b"\xff\xfe\x00\x01",
    "\u202e\U0001f600".encode(),
    b"",
)
NAMES = (
    b"query",
    b"match[]",
    b"start",
    b"end",
    b"step",
    b"time",
    b"limit",
    b"timeout",
    b"at",
    b"by",
    b"group",
    b"against",
    b"began",
    b"name",
    b"role",
    b"scope",
    b"expires",
    b"per_minute",
    b"before",
    b"format",
    b"expr",
    b"stats",
    b"filter",
    b"lookback_delta",
    b"explain",
    b"active",
    b"silenced",
    b"receiver",
    b"state",
    b"type",
    b"skip_bad",
    b"timestamp",
)
TYPES = (
    b"application/x-www-form-urlencoded",
    b"application/json",
    b"text/plain; version=0.0.4",
    b"text/csv",
    b"application/openmetrics-text",
    b"application/x-protobuf",
    b"multipart/form-data; boundary=x",
    b"",
    b"x",
)
ENCODINGS = (b"", b"gzip", b"zstd", b"snappy", b"br", b"gzip, gzip", b"identity")

NAMED = {
    "keeper": "the keeper",
    "front": "the front",
    "keeper_alone": "the keeper of a server that was left alone",
    "front_alone": "its front",
}


class Memory(NamedTuple):
    """Bytes of keeper and front of a server that is asked, and of one that is left alone."""

    keeper: int
    front: int
    keeper_alone: int
    front_alone: int


class Maker:
    """Makes wrong requests."""

    def __init__(self, token: str, seed: int) -> None:
        self._chance = random.Random(seed)
        self._token = token.encode()
        self._routes = [
            (route.template.encode(), [method.encode() for method in route.methods])
            for route in ROUTES
            if not route.template.endswith(QUIET)
        ]

    def mutated(self) -> bytes:
        """Return a seed, changed in some places."""
        chance = self._chance
        data = bytearray(chance.choice(SEEDS))
        for _ in range(chance.randrange(4)):
            place = chance.randrange(len(data) + 1)
            kind = chance.randrange(5)
            if kind == 0:
                data[place:place] = chance.randbytes(chance.randrange(1, 4))
            elif kind == 1:
                del data[place : place + chance.randrange(1, 4)]
            elif kind == 2 and place < len(data):
                data[place] ^= 1 << chance.randrange(8)
            elif kind == 3:
                data[place:place] = chance.choice(SEEDS)
            else:
                data[place:place] = data[:place] * chance.randrange(1, 3)
        return bytes(data[:2000])

    def framed(self) -> bytes:
        """Return a request that ends where it says, and is wrong inside."""
        chance = self._chance
        template, methods = chance.choice(self._routes)
        if b"/import" in template and chance.random() < 0.8:  # each waits for its turn
            template, methods = chance.choice(self._routes)
        method = (
            chance.choice(methods)
            if chance.random() < 0.9
            else chance.choice((b"PUT", b"PATCH", b"OPTIONS", b"DELETE"))
        )
        path = template
        while b"{" in path:
            head, _, rest = path.partition(b"{")
            path = head + quote_from_bytes(self.mutated()[:60] or b"x", safe="").encode() + rest.partition(b"}")[2]
        given = b"&".join(
            chance.choice(NAMES) + b"=" + quote_from_bytes(self.mutated()).encode() for _ in range(chance.randrange(4))
        )
        if b"/export" in template:  # without a selection it is right, and everything is the answer
            given += b"&match[]=" + quote_from_bytes(self.mutated() or b"{").encode()
        body = b"" if method in (b"GET", b"HEAD", b"OPTIONS") else chance.choice((given, self.mutated()))
        if b"/import" in template:  # what is right would be kept, and is no request of this kind
            body = b"{{" + body
        lines = [method + b" " + path + b"?" + given + b" HTTP/1.1", b"host: 127.0.0.1", self._credential()]
        lines += [b"content-type: " + chance.choice(TYPES)] if body else []
        lines += [b"content-encoding: " + chance.choice(ENCODINGS)] if body and chance.random() < 0.3 else []
        lines += [b"content-length: %d" % len(body)] if body or method == b"POST" else []
        return b"\r\n".join(line for line in lines if line) + b"\r\n\r\n" + body

    def _credential(self) -> bytes:
        if self._chance.random() < 0.9:
            return b"authorization: Bearer " + self._token
        text = quote_from_bytes(self.mutated()[:80]).encode()
        return (
            self._chance.choice(
                (b"cookie: barograph_session=", b"authorization: Basic ", b"authorization: ", b"cookie: ")
            )
            + text
        )

    def broken(self) -> bytes:
        """Return bytes that are no request, or hardly."""
        chance = self._chance
        data = bytearray(self.framed())
        for _ in range(chance.randrange(1, 6)):
            place = chance.randrange(min(len(data), 120) + 1)
            data[place : place + chance.randrange(3)] = chance.choice(
                (b"\0", b"\r", b"\n", b" ", b":", b"\xff", b"HTTP/", b"\r\n\r\n", b"")
            )
        return bytes(data[: chance.randrange(1, len(data) + 1)])


def batches(make: Callable[[], bytes], count: int) -> Iterator[list[bytes]]:
    """Yield so many requests, some at a time."""
    for first in range(0, count, BATCH):
        yield [make() for _ in range(min(BATCH, count - first))]


def run(server: Server, alone: Server, count: int, seed: int) -> tuple[Flood, list[Memory]]:
    """Send all; returns what came back, and how large both servers were after a tenth and at the end."""
    maker, flood = Maker(server.token, seed), Flood(server.url, LANES)
    memory: list[Memory] = []
    for sent in range(0, count, ROUND):
        if not memory and sent >= count // WARM_SHARE and (count < REQUESTS or ticks_of(server) >= WARM_TICKS):
            memory.append(memory_of(server, alone, REST_S if count >= REQUESTS else 0))
        size = min(ROUND, count - sent)
        flood.pipelined(batches(maker.framed, size - size // 3))
        flood.alone(batches(maker.broken, size // 3))
    return flood, [*memory, memory_of(server, alone, REST_S if count >= REQUESTS else 0)]


def ticks_of(server: Server) -> float:
    """Return how many ticks there have been."""
    return server.value("barograph_ticks_total") or 0.0


def memory_of(server: Server, alone: Server, rest_s: int) -> Memory:
    """Return the memory that is no file's, in bytes: the least of so many seconds of rest."""
    found = []
    for _ in range(rest_s + 1):
        found.append([size for each in (server, alone) for size in _sizes(each)])
        time.sleep(min(rest_s, 1))
    return Memory(*(min(column) for column in zip(*found, strict=True)))


def _sizes(server: Server) -> tuple[int, int]:
    """Return the bytes of the keeper, with whatever else it has started, and of the front."""
    front = process_bytes(server.front_pid)
    return anonymous_bytes(server) - front, front


def figures(count: int, seed: int, place: Path) -> list[Figure]:
    """Run the proof."""
    config = place / "config.yml"
    config.write_text(CONFIG)
    with (
        serving(place / "data", "--config", str(config)) as server,
        serving(place / "alone", "--config", str(config)) as alone,
    ):
        before = server.process.pid, server.front_pid
        started_s = time.monotonic()
        flood, (first, last) = run(server, alone, count, seed)
        took_s = time.monotonic() - started_s
        server.wait_ready()
        restarts = (server.process.pid, server.front_pid) != before
        words = server.words()
    for each in flood.kept:
        print(each, file=sys.stderr)
    tracebacks = words.count("Traceback")
    if tracebacks:
        print(words[words.index("Traceback") - 500 :][:6000], file=sys.stderr)
    grown = (last.keeper + last.front) - (first.keeper + first.front)
    by_itself = (last.keeper_alone + last.front_alone) - (first.keeper_alone + first.front_alone)
    left = 100 * (grown - by_itself) / (first.keeper + first.front)
    return [
        Figure(name="requests", value=count),
        Figure(name="a second", value=round(count / took_s)),
        Figure(name="answers of 2xx and 3xx", value=sum(n for status, n in flood.statuses.items() if status < 400)),
        Figure(name="answers of 4xx", value=sum(n for status, n in flood.statuses.items() if 400 <= status < 500)),
        Figure(name="answers of 503 that say when to come again", value=flood.statuses[503]),
        Figure(name="other answers of 5xx", value=flood.server_errors, must_be=0),
        Figure(name="connections that took longer than a minute", value=flood.waited_in_vain, must_be=0),
        Figure(name="processes that ended", value=restarts, must_be=0),
        Figure(name="errors that nobody foresaw, in the log", value=tracebacks, must_be=0),
        *(
            Figure(name=f"memory of {whose} {when}", value=round(getattr(memory, name) / (1 << 20), 1), unit="MiB")
            for name, whose in NAMED.items()
            for when, memory in (("after a tenth", first), ("at the end", last))
        ),
        Figure(name="growth beyond that of a server that was left alone", value=round(left, 1), unit="%"),
        # of few requests the caches are not full after a tenth
        Figure(name="of these a million, and 5 % or more", value=count >= REQUESTS and left >= MOST_LEFT, must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Send wrong requests.", REQUESTS, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, options.seed, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
