"""Sends bodies that are small and become large: `make soak S=inflate`.

usage: soak_inflate.py [--count N] [--seed N] [--results DIR]

The text of an import may have 4 MiB here, so that thousands of bombs go by; some of the last are sent against the
default of 512 MiB. Memory is that of every process of the server, as the kernel counts what is not a file's.
"""

import gzip
import os
import random
import struct
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import cramjam

from proof import SECURITY, Figure, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import Wire
from helpers.server import Server, serving

BOMBS = 5_000
TEXT_BYTES = 4 << 20
LARGE = 5
PROOF = Proof(
    row=16,
    name="inflate",
    fault="Bodies that are small and become large, or lie about their length (decompression bombs)",
    promise="Each is refused by what it becomes; memory does not follow.",
    method="gzip, zstd and snappy bombs, nested, in members and frames, cut, damaged, with forged lengths, checksums and "
    "windows, sent to every import route of a real server; peak anonymous memory of all its processes.",
)
PATHS = ("/api/v1/import", "/api/v1/import/csv", "/api/v1/import/prometheus")
REFUSALS = (400, 413, 415)


def zeros(size_bytes: int) -> bytes:
    """Return what packs best."""
    return bytes(size_bytes)


def gzip_bomb(chance: random.Random, size_bytes: int) -> bytes:
    """Return a gzip body, honest or not."""
    body = gzip.compress(zeros(size_bytes), 9 if size_bytes < TEXT_BYTES * 4 else 1)
    kind = chance.randrange(7)
    if kind == 0:
        return body[:-4] + struct.pack("<I", chance.randrange(100))
    if kind == 1:
        return body[:-8] + os.urandom(4) + body[-4:]
    if kind == 2:
        return body * chance.randrange(2, 5)
    if kind == 3:
        return gzip.compress(body) + body
    if kind == 4:
        return body[: chance.randrange(2, len(body))] + body
    return body


def zstd_bomb(chance: random.Random, size_bytes: int) -> bytes:
    """Return a zstd body, honest or not."""
    body = bytes(cramjam.zstd.compress(zeros(size_bytes)))
    kind = chance.randrange(6)
    magic = body[:4]
    if kind == 0:  # a window of 2 GiB and more, and content that is said to be 2^60 bytes
        return magic + b"\xc0" + bytes([chance.randrange(0xA8, 0xFF)]) + struct.pack("<Q", 1 << 60) + body[10:]
    if kind == 1:  # blocks of one repeated byte: 128 KiB of each four bytes
        block = struct.pack("<I", (131_072 << 3) | 2)[:3] + b"\0"
        return magic + b"\x00\x58" + block * 64 + struct.pack("<I", (131_072 << 3) | 3)[:3] + b"\0"
    if kind == 2:
        return body * chance.randrange(2, 9)
    if kind == 3:
        return struct.pack("<II", 0x184D2A50, 0xFFFFFFF0) + body
    return body


def snappy_bomb(chance: random.Random, size_bytes: int) -> bytes:
    """Return a snappy body, with frames or without, honest or not."""
    raw = bytes(cramjam.snappy.compress_raw(zeros(size_bytes)))
    kind = chance.randrange(6)
    if kind == 0:
        return b"\xff\xff\xff\xff\x0f" + raw[5:]
    if kind == 1:
        return bytes([0x80 | chance.randrange(128) for _ in range(4)]) + b"\x0f" + os.urandom(64)
    if kind == 2:
        return bytes(cramjam.snappy.compress(zeros(size_bytes)))
    if kind == 3:
        framed = bytes(cramjam.snappy.compress(zeros(1000)))
        return framed[:10] + b"\x00\xff\xff\xff" + framed[14:]
    return raw


BOMB: dict[str, Callable[[random.Random, int], bytes]] = {"gzip": gzip_bomb, "zstd": zstd_bomb, "snappy": snappy_bomb}


def processes(server: Server) -> list[int]:
    """Return the process ids of a server: keeper, front and worker."""
    found, todo = [], [server.process.pid]
    while todo:
        pid = todo.pop()
        found.append(pid)
        with suppress(OSError):  # a thread or a process that ended meanwhile
            for thread in Path(f"/proc/{pid}/task").iterdir():
                todo += [int(child) for child in (thread / "children").read_text().split()]
    return found


def anonymous_bytes(server: Server) -> int:
    """Return the memory of a server's processes that is no file's."""
    return sum(process_bytes(pid) for pid in processes(server))


def process_bytes(pid: int) -> int:
    """Return the memory of a process that is no file's; 0 where it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("RssAnon:"))


class Attack:
    """Sends bombs and keeps what came of them."""

    def __init__(self, server: Server, chance: random.Random) -> None:
        self._server, self._chance = server, chance
        self._wire = Wire(server.url, 60)
        self.statuses = Counter[int]()
        self.most_ms = 0.0
        self._send(1000)  # so that the worker is there before memory is counted
        self.statuses.clear()
        self._before = anonymous_bytes(server)
        self.growth = 0

    def send(self, count: int, size_bytes: int) -> None:
        """Send so many bombs of about a size."""
        for number in range(count):
            started_s = time.perf_counter()
            self._send(size_bytes + self._chance.randrange(size_bytes))
            self.most_ms = max(self.most_ms, 1e3 * (time.perf_counter() - started_s))
            if number % 10 == 0:
                self.growth = max(self.growth, anonymous_bytes(self._server) - self._before)

    def _send(self, size_bytes: int) -> None:
        encoding = self._chance.choice(tuple(BOMB))
        body = BOMB[encoding](self._chance, size_bytes)
        headers = [("authorization", f"Bearer {self._server.token}"), ("content-encoding", encoding)]
        self.statuses[self._wire.send("POST", self._chance.choice(PATHS), headers, body).status] += 1


def attack(place: Path, name: str, count: int, size_bytes: int, chance: random.Random) -> Attack:
    """Attack a new server that takes texts of less than this size."""
    config = place / f"{name}.yml"
    config.write_text(f"web: {{max_import_text: {size_bytes}B}}\n")
    with serving(place / name, "--config", str(config)) as server:
        made = Attack(server, chance)
        made.send(count, size_bytes + 1)
    return made


def figures(count: int, seed: int, place: Path) -> list[Figure]:
    """Run the proof."""
    chance = random.Random(seed)
    small = attack(place, "small", count, TEXT_BYTES, chance)
    large = attack(place, "large", LARGE, 512 << 20, chance) if count >= BOMBS else None
    found = small.statuses + (large.statuses if large else Counter())
    growth = max(small.growth, large.growth if large else 0)
    return [
        Figure(name="bombs", value=sum(found.values())),
        Figure(name="refused", value=sum(found[status] for status in REFUSALS)),
        Figure(
            name="taken, or a 5xx", value=sum(n for status, n in found.items() if status not in REFUSALS), must_be=0
        ),
        Figure(name="most memory more than before", value=round(growth / (1 << 20), 1), unit="MiB"),
        Figure(name="of that, more than 64 MiB", value=max(0, growth - (64 << 20)), must_be=0),
        Figure(name="longest answer to a bomb of 4 to 8 MiB", value=round(small.most_ms), unit="ms"),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Send bodies that become large.", BOMBS, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, options.seed, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
