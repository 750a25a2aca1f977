"""Has a server with 128 open files and a thousand clients: `make soak S=descriptors`.

usage: soak_descriptors.py [--count N] [--results DIR]

Keeper and front have the limit each. Ticks must go on, the keeper must open its files, and when the clients are gone
everything must be as before.
"""

import resource
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from barograph.model.clock import SystemClock
from proof import SECURITY, Figure, Proof, conclude, read_options
from soak_bombs import missing_ticks

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import Wire, address_of, administer
from helpers.server import serving

CLIENTS = 1_000
DESCRIPTORS = 128
HELD_S = 4
CONFIG = "collectors: {process: {enabled: false}, processes: {enabled: false}}\n"
PROOF = Proof(
    row=14,
    name="descriptors",
    fault="No more files can be opened: 128 are allowed, and a thousand clients come",
    promise="The store and the commands keep theirs: no tick is missed, changes are stored, clients are served or closed.",
    method="A server with RLIMIT_NOFILE of 128 for each of its processes; a thousand connections that ask and stay; a "
    "user, a token and a snapshot are made meanwhile.",
)


def figures(count: int, place: Path) -> list[Figure]:
    """Run the proof."""
    config = place / "config.yml"
    config.write_text(CONFIG)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = ("prlimit", f"--nofile={DESCRIPTORS}:{DESCRIPTORS}")
    with serving(place / "data", "--config", str(config), before=limit) as server:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 4 * count)), hard))
        started_s = int(SystemClock().now_s())
        served = 0
        with ExitStack() as stack:
            for _ in range(count):
                try:
                    connection = stack.enter_context(socket.create_connection(address_of(server.url), timeout=60))
                    connection.sendall(b"GET /-/healthy HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
                    served += b"200" in connection.recv(64)
                except OSError:
                    continue
            administer(server, "POST", "/users", name="amid", role="viewer")
            administer(server, "POST", "/tokens", name="amid", scope="read")
            time.sleep(HELD_S)
            ended_s = int(SystemClock().now_s())
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        missing = missing_ticks(server, started_s, ended_s)
        users = len(administer(server, "GET", "/users"))
        wire = Wire(server.url)
        # not its health, which a busy machine may cost it for a moment
        after = sum(wire.send("GET", "/-/ready").status == 200 for _ in range(100))
        words = server.words()
        if "Too many" in words:
            print([line[:400] for line in words.splitlines() if "Too many" in line][:6], file=sys.stderr)
    return [
        Figure(name="clients", value=count),
        Figure(name="of these served", value=served),
        Figure(name="seconds of collection", value=ended_s - started_s),
        Figure(name="seconds without a tick", value=missing, must_be=0),
        Figure(name="changes stored meanwhile", value=users, must_be=1),
        Figure(name="served of a hundred afterwards", value=after, must_be=100),
        Figure(name="errors for want of a descriptor, in the log", value=words.count("Too many open files")),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Leave few descriptors.", CLIENTS, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
