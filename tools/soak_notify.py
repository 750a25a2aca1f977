"""Kills what tells of alerts between an alert, its message, the answer and the record. `make soak S=notify`.

usage: soak_notify.py [--count N] [--seed N] [--results DIR]

A child fires and ends alerts, decides and delivers to a web server of the parent, which kills it at any moment and
begins another one. What the child's book had taken when it said so must arrive.
"""

import asyncio
import os
import random
import select
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from barograph.model.clock import SystemClock
from barograph.model.secret import Secret
from barograph.notify.courier import Courier
from barograph.notify.receivers import WebhookReceiver
from barograph.notify.sending import over_http
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient
from proof import Figure, Options, Proof, conclude, read_options
from soaking import in_child
from telling import Played, policy_of

CASES = 1000
HOSTS = 12
WAY = "team/webhook[0]"
_BEGUN = b"begun\n"
_AFTER_BEGIN = 0.8
"""So many are given their time from when they have opened everything, which on a busy machine takes all of it."""
_LONGEST_S = 60.0
PROOF = Proof(
    row=29,
    name="notify",
    fault="A kill between an alert, its message, the receiver's answer and the record of it",
    promise="Each alert that fired and each that ended arrives at least once, in order; what arrives twice has one key.",
    method="A process fires and ends alerts in four groups as fast as it can and tells a web server on loopback; it is "
    "killed (SIGKILL) at random moments and begun anew. Alerts that the book had acknowledged are compared with all that "
    "the server heard.",
)


class Ear:
    """What the web server heard: number of the alert and whether it is over, in order, with the message's key."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, list[tuple[int, bool]]]] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = msgspec.json.decode(self.rfile.read(int(self.headers["content-length"])))
                told = [
                    (int(each["generatorURL"].rpartition("/")[2]), each["status"] == "resolved")
                    for each in body["alerts"]
                ]
                ear.heard.append((self.headers["idempotency-key"], told))
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Hear no more."""
        self._server.shutdown()
        self._server.server_close()


async def tell(folder: Path, port: int, seed: int, said: int, *, is_last: bool) -> None:
    """Fire, end, decide and deliver until killed; the last of all only until everything is delivered."""
    chance = random.Random(seed)
    played = Played(folder, policy_of("team"), SystemClock())
    client = OutboundClient(AddressRules(["127.0.0.1"]))
    receiver = WebhookReceiver(url=Secret(f"http://127.0.0.1:{port}/"))
    courier = Courier(played.deliveries, {WAY: over_http(receiver, client, played.clock)}, played.clock, chance.random)
    delivering = asyncio.create_task(courier.run())
    os.write(said, _BEGUN)
    quiet = 0
    while quiet < 20:
        if not is_last:
            host = chance.randrange(HOSTS)
            what, number = played.toggle(f"h{host}", f"g{host % 4}")
            os.write(said, f"{what} {number}\n".encode())
        played.dispatcher.step()
        courier.wake()
        quiet = quiet + 1 if is_last and not played.deliveries.waiting(WAY) else 0
        await asyncio.sleep(0.02 if is_last else chance.random() * 0.004)
    delivering.cancel()


def _run(folder: Path, port: int, seed: int, said: int, is_last: bool) -> None:
    asyncio.run(tell(folder, port, seed, said, is_last=is_last))


def soak(folder: Path, kills: int, seed: int) -> tuple[Ear, set[tuple[str, int]]]:
    """Kill that often; returns what was heard, and what the book had said it had."""
    chance, ear = random.Random(seed), Ear()
    said_out, said_in = os.pipe()
    os.set_blocking(said_out, False)
    said = bytearray()
    for number in range(kills + 1):
        is_last = number == kills
        child = in_child(partial(_run, folder, ear.port, seed + number, said_in, is_last))
        if not is_last:
            if chance.random() < _AFTER_BEGIN:
                select.select([said_out], [], [], _LONGEST_S)
            time.sleep(0.02 + chance.random() * 0.12)
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        while True:
            try:
                said += os.read(said_out, 65536)
            except BlockingIOError:
                break
    ear.close()
    words = [line.split() for line in bytes(said).replace(_BEGUN, b"").decode().splitlines()]
    return ear, {(what, int(number)) for what, number in words}


def examine(ear: Ear, said: set[tuple[str, int]]) -> Counter[str]:
    """Compare what was heard with what was said."""
    found = Counter(said=len(said), messages=len(ear.heard))
    firing = {number for _, told in ear.heard for number, is_over in told if not is_over}
    over = {number for _, told in ear.heard for number, is_over in told if is_over}
    found["lost"] = sum(number not in (over if what == "over" else firing) for what, number in said)
    keys = Counter(key for key, _ in ear.heard)
    found["repeated"] = sum(count - 1 for count in keys.values())
    ends: dict[int, set[str]] = {}
    ended: set[int] = set()
    seen: set[str] = set()
    for key, told in ear.heard:
        for number, is_over in told:
            if is_over:
                ends.setdefault(number, set()).add(key)
                ended.add(number)
            elif number in ended and key not in seen:
                found["misordered"] += 1
        seen.add(key)
    found["twice"] = sum(len(each) - 1 for each in ends.values())
    return found


def figures(options: Options, place: Path) -> list[Figure]:
    """Run the proof."""
    found = examine(*soak(place, options.count, options.seed))
    return [
        Figure(name="kills", value=options.count),
        Figure(name="alerts that fired or ended, acknowledged", value=found["said"]),
        Figure(name="of them never told", value=found["lost"], must_be=0),
        Figure(name="told to fire after their end", value=found["misordered"], must_be=0),
        Figure(name="ends told under two keys", value=found["twice"], must_be=0),
        Figure(name="messages", value=found["messages"]),
        Figure(
            name="of them sent again with the same key", value=100 * found["repeated"] / found["messages"], unit="%"
        ),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Kill what tells of alerts.", CASES)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="barograph-", dir=memory if memory.is_dir() else None) as temporary:
        return conclude(PROOF, figures(options, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
