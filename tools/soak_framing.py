"""Sends requests whose end two readers could see differently: `make soak S=framing`.

usage: soak_framing.py [--count N] [--seed N] [--results DIR]

Each variant hides a second request where one reader sees a body. A proxy before us may be that reader: so wherever the
two readings differ, the hidden request must not be answered, and the connection must end.
"""

import itertools
import random
import socket
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from proof import SECURITY, Figure, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import address_of
from helpers.server import Server, eventually, serving

VARIANTS = 200
PROOF = Proof(
    row=40,
    name="framing",
    fault="A request that ends at two places, for a proxy and for us (request smuggling)",
    promise="It is refused and its connection closed; what is hidden in it is never answered.",
    method="Content-Length and Transfer-Encoding together, doubled, listed, signed, spaced, folded and misspelt; chunk sizes "
    "with signs, prefixes, extensions, overflow and bare line ends. Each with a hidden request that asks for a page of words.",
)
HIDDEN = b"GET /-/healthy HTTP/1.1\r\nhost: localhost\r\nx-hidden: 1\r\n\r\n"
WORDS = b"Barograph is healthy"
CODINGS = (
    b"transfer-encoding: chunked",
    b"Transfer-Encoding: chunked",
    b"transfer-encoding:chunked",
    b"transfer-encoding: \tchunked",
    b"transfer-encoding: chunked, chunked",
    b"transfer-encoding: identity, chunked",
    b"transfer-encoding: chunked, identity",
    b"transfer-encoding: xchunked",
    b"transfer-encoding: chunked;q=1",
    b"transfer-encoding: CHUNKED",
    b"transfer-encoding : chunked",
    b"transfer-encoding\t: chunked",
    b"transfer-encoding: chunked\r\ntransfer-encoding: identity",
    b"transfer-encoding: identity\r\ntransfer-encoding: chunked",
    b"transfer-encoding: gzip, chunked",
    b"transfer-encoding:\r\n chunked",
    b'transfer-encoding: "chunked"',
    b"transfer-encoding: chunked\x0b",
    b"transfer-encoding:\x0bchunked",
    b"transfer-encoding: chunked\x00",
    b"x: y\ntransfer-encoding: chunked",
    b"x: y\rtransfer-encoding: chunked",
    b"\x00transfer-encoding: chunked",
    b" transfer-encoding: chunked",
)
LENGTHS = (
    b"%d",
    b"+%d",
    b"-%d",
    b" %d ",
    b"0%d",
    b"0x%x",
    b"%d,%d",
    b"%d, %d",
    b"%d ;",
    b"%d\r\ncontent-length: 0",
    b"%d\x00",
    b"%d.0",
    b"%de0",
)
SIZES = (
    b"%x",
    b"0x%x",
    b"+%x",
    b"-%x",
    b" %x",
    b"%x ",
    b"%x;x=\n",
    b"0000000000000000000000%x",
    b"%x\x00",
    b"1%016x",
    b"%xg",
    b"%x;" + b"e" * 20000,
)


def heads(chance: random.Random) -> Iterator[bytes]:
    """Yield whole requests, each with something hidden."""
    start = b"POST /login HTTP/1.1\r\nhost: localhost\r\n"
    whole = b"0\r\n\r\n" + HIDDEN
    for coding, length in itertools.product(CODINGS, LENGTHS):
        # a reader of lengths takes all for a body; one of chunks ends before what is hidden
        told = length % ((len(whole),) * length.count(b"%"))
        pair = [coding, b"content-length: " + told]
        chance.shuffle(pair)
        yield start + b"\r\n".join(pair) + b"\r\n\r\n" + whole
    for coding, size in itertools.product(CODINGS[:4], SIZES):
        # a strict reader refuses the size; a careless one ends the body where it likes
        chunk = size % len(HIDDEN)
        yield start + coding + b"\r\n\r\n" + chunk + b"\r\n" + HIDDEN + b"\r\n0\r\n\r\n"
        yield start + coding + b"\r\n\r\n" + chunk + b"\n" + HIDDEN + b"\n0\n\n"
    for method in (b"GET", b"HEAD", b"DELETE", b"OPTIONS"):
        for told in (b"content-length: %d" % len(HIDDEN), b"transfer-encoding: chunked\r\ncontent-length: 3"):
            yield method + b" / HTTP/1.1\r\nhost: localhost\r\n" + told + b"\r\n\r\n" + HIDDEN
    for version in (b"HTTP/1.0", b"HTTP/1.2", b"HTTP/0.9"):
        yield (
            b"POST /login "
            + version
            + b"\r\nhost: localhost\r\ntransfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n"
            + whole
        )


def variants(count: int, seed: int) -> list[bytes]:
    """Return that many of the requests, in an order that the seed decides."""
    chance = random.Random(seed)
    every = list(heads(chance))
    chance.shuffle(every)
    return every[:count]


def talk(server: Server, data: bytes) -> tuple[bytes, bool]:
    """Send bytes; returns all that came back, and whether the server closed the connection."""
    with socket.create_connection(address_of(server.url), timeout=0.25) as connection:
        try:
            connection.sendall(data)
        except (ConnectionResetError, BrokenPipeError):
            return b"", True
        except TimeoutError:
            return b"", False
        answer = b""
        try:
            while piece := connection.recv(65536):
                answer += piece
        except TimeoutError:
            return answer, False
        except ConnectionResetError:
            return answer, True
        return answer, True


def figures(count: int, seed: int, place: Path) -> list[Figure]:
    """Run the proof."""
    sent = variants(count, seed)
    answered, errors, closed = [], 0, 0
    with serving(place / "data") as server:
        for data in sent:
            answer, is_closed = talk(server, data)
            closed += is_closed
            errors += b"HTTP/1.1 5" in answer
            if WORDS in answer:
                answered.append(data)
        control = bool(eventually(lambda: WORDS in talk(server, HIDDEN)[0], what="an answer in the open"))
    for data in answered:
        print(data[:200], file=sys.stderr)
    return [
        Figure(name="variants", value=len(sent)),
        Figure(name="hidden requests that were answered", value=len(answered), must_be=0),
        Figure(name="answers of 5xx", value=errors, must_be=0),
        Figure(name="connections that the server closed", value=closed),
        Figure(name="control: the same request in the open is answered", value=control, must_be=1),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Send requests that end at two places.", VARIANTS, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, options.seed, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
