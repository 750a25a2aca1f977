"""Guesses passwords, and listens to how long a refusal takes: `make soak S=login`.

usage: soak_login.py [--count N] [--seed N] [--results DIR]

The server trusts a proxy on loopback, so that tries can come from as many sources as are wanted, as behind a real one.
"""

import secrets
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from proof import SECURITY, Figure, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import Reply, Wire, administer
from helpers.server import Server, serving

PAIRS = 200
CROWD = 60
LIMIT = 10
TIMES = 3
PROOF = Proof(
    row=34,
    name="login",
    fault="Somebody guesses passwords, tries well-known ones, or listens to how long a refusal takes",
    promise="No password is shipped; ten tries a minute and source, and ten a user, however many are sent at once; an "
    "unknown user and a wrong password get one answer, as late.",
    method="Well-known names and passwords on a new server; sixty tries at once from one source and for one user; pairs of "
    "tries, one for a user and one for nobody, from as many sources, bodies and times compared.",
)
KNOWN = (
    "admin",
    "root",
    "user",
    "administrator",
    "barograph",
    "zabbix",
    "nagiosadmin",
    "grafana",
    "prometheus",
    "cacti",
)
WORDS = ("", "admin", "password", "barograph", "zabbix", "nagios", "grafana", "prom-operator", "changeme", "123456")
PASSWORD = "a good password, nr. 5"


def log_in(wire: Wire, source: str, user: str, password: str) -> Reply:
    """Try to log in, as a browser at a source does."""
    headers = [
        ("origin", f"http://{wire.authority}"),
        ("x-forwarded-for", source),
        ("content-type", "application/x-www-form-urlencoded"),
    ]
    return wire.send("POST", "/login", headers, urlencode({"user": user, "password": password}).encode())


class Crowd(NamedTuple):
    """The statuses of tries that were sent at once, and how long they took in all."""

    statuses: list[int]
    took_s: float


def too_many(crowd: Crowd) -> int:
    """Return how many tries were verified beyond those of each minute that had begun."""
    return max(0, crowd.statuses.count(401) - LIMIT * (1 + int(crowd.took_s // 60)))


def is_barred(wire: Wire, source: str) -> bool:
    """Use up a source's tries; tell whether a right password is refused then.

    On a busy machine the first tries may be a minute old by then, and another may be made: so some times over.
    """
    for _ in range(TIMES):
        for _ in range(3 * LIMIT):  # who was told that the server is busy has used up no try
            if log_in(wire, source, "guess", "a wrong password").status == 429:
                break
        if log_in(wire, source, "user0", PASSWORD).status == 429:
            return True
    return False


def at_once(server: Server, tries: list[tuple[str, str]]) -> Crowd:
    """Send tries (source, user) at once."""
    statuses: list[int] = []
    started_s = time.monotonic()

    def send(source: str, user: str) -> None:
        wire = Wire(server.url)
        statuses.append(log_in(wire, source, user, secrets.token_urlsafe(8)).status)
        wire.close()

    threads = [threading.Thread(target=send, args=each) for each in tries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Crowd(statuses, time.monotonic() - started_s)


def pairs(server: Server, count: int) -> tuple[list[float], list[float], int]:
    """Return how long refusals took for users and for nobody, in ms, and how many answers differed."""
    wire = Wire(server.url)
    known: list[float] = []
    unknown: list[float] = []
    differ = 0
    for number in range(count):
        source, user = f"198.51.{number >> 7}.{number & 127}", f"user{number % (count // 8 + 1)}"
        replies = []
        for name, kept in ((user, known), (f"no-{user}", unknown)):
            started_s = time.perf_counter()
            replies.append(log_in(wire, source, name, "a wrong password"))
            kept.append(1e3 * (time.perf_counter() - started_s))
        first, second = replies
        differ += (first.status, first.body) != (second.status, second.body)
    wire.close()
    return known, unknown, differ


def figures(count: int, place: Path) -> list[Figure]:
    """Run the proof."""
    config = place / "config.yml"
    config.write_text("web: {trusted_proxies: [127.0.0.1], external_url: http://127.0.0.1}\n")
    with serving(place / "data", "--config", str(config)) as server:
        wire = Wire(server.url)
        tried = [
            log_in(wire, f"203.0.113.{number}", user, word)
            for number, user in enumerate(KNOWN)
            for word in WORDS[: LIMIT - 1 if count >= PAIRS else 3]
        ]
        for number in range(count // 8 + 1):
            administer(server, "POST", "/users", name=f"user{number}", role="viewer", password=PASSWORD)
        known, unknown, differ = pairs(server, count)
        administer(server, "POST", "/users", name="victim", role="viewer", password=PASSWORD)
        one_source = at_once(server, [("192.0.2.1", f"guess{number}") for number in range(CROWD)])
        one_user = at_once(server, [(f"192.0.2.{10 + number}", "victim") for number in range(CROWD)])
        refused = is_barred(wire, "192.0.2.1")
        wire.close()
    difference_ms = statistics.median(b - a for a, b in zip(known, unknown, strict=True))
    return [
        Figure(name="pairs of tries", value=count),
        Figure(name="well-known names and passwords tried", value=len(tried)),
        Figure(name="of these let in", value=sum(reply.status == 303 for reply in tried), must_be=0),
        Figure(name="answers that tell a user from nobody", value=differ, must_be=0),
        Figure(name="a refusal takes, median", value=round(statistics.median(known), 1), unit="ms"),
        Figure(name="difference between a user and nobody, median of pairs", value=round(difference_ms, 2), unit="ms"),
        Figure(name="tries at once from one source", value=len(one_source.statuses)),
        Figure(name="of these more than ten verified", value=too_many(one_source), must_be=0),
        Figure(name="tries at once for one user from as many sources", value=len(one_user.statuses)),
        Figure(name="of these too, more than ten verified", value=too_many(one_user), must_be=0),
        Figure(name="a right password from the barred source is refused", value=refused, must_be=1),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Guess passwords.", PAIRS, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
