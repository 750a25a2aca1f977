"""Has a million new series come at once: `make soak S=cardinality`.

usage: soak_cardinality.py [--count N] [--results DIR]

They come as a collector's (files of the textfile collector, as a broken script writes them) and as an import. What is
there already must not lose a sample, the cap must hold, and the log must name the limit.
"""

import sys
import tempfile
import time
from pathlib import Path

from barograph.model.clock import SystemClock
from proof import SECURITY, Figure, Proof, conclude, read_options
from soak_bombs import missing_ticks
from soak_inflate import anonymous_bytes

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import Wire
from helpers.server import Server, eventually, serving

SERIES = 1_000_000
CAP = 5_000
IN_FILE = 2_000
"""As many as are read within a collector's time on a busy machine too."""
IN_BODY = 10_000
EXPLODE_S = 10
WAIT_S = 60
"""For the limit's name, on a machine that is busy with other things: how long it took is a figure."""
PROOF = Proof(
    row=21,
    name="cardinality",
    fault="A million new series at once, from a broken script and from an import",
    promise="The cap holds and is named within ten seconds; series that were there lose no sample.",
    method="A file of two thousand new series for the textfile collector, another every second, and imports of the rest, "
    "against a cap of 5,000. The host's own series are counted second by second.",
)


def lines(first: int, count: int) -> str:
    """Return samples of so many series that nobody has seen."""
    return "".join(
        f'exploded{{id="{number:x}",path="/user/{number}/orders"}} 1\n' for number in range(first, first + count)
    )


def explode(server: Server, folder: Path) -> tuple[int, float]:
    """Let series come as a collector's; returns how many did, and after how many seconds the limit was named."""
    started_s, named_s, sent = time.monotonic(), 0.0, 0
    while (since_s := time.monotonic() - started_s) < EXPLODE_S or (not named_s and since_s < WAIT_S):
        (folder / "new").write_text(lines(sent, IN_FILE))
        (folder / "new").rename(folder / "exploded.prom")
        sent += IN_FILE
        time.sleep(1)
        if not named_s and "store.limits.max_series" in server.words():
            named_s = time.monotonic() - started_s
    return sent, named_s


def pour(server: Server, first: int, count: int) -> int:
    """Import so many new series; returns how many were sent."""
    wire, sent = Wire(server.url, 120), 0
    while sent < count:
        now_ms = SystemClock().now_ms()
        body = "".join(f"{line} {now_ms}\n" for line in lines(first + sent, IN_BODY).splitlines()).encode()
        reply = wire.send("POST", "/api/v1/import/prometheus", [("authorization", f"Bearer {server.token}")], body)
        assert reply.status in (200, 429, 503), reply.body
        sent += IN_BODY
    wire.close()
    return sent


def now() -> int:
    """Return this second."""
    return int(SystemClock().now_s())


def figures(count: int, place: Path) -> list[Figure]:
    """Run the proof."""
    folder = place / "textfiles"
    folder.mkdir()
    config = place / "config.yml"
    config.write_text(
        f"store: {{limits: {{max_series: {CAP}}}}}\ncollectors: {{textfile: {{directory: [{folder}]}}}}\n"
    )
    with serving(place / "data", "--config", str(config)) as server:
        eventually(lambda: server.value("node_load1") is not None, what="a sample")
        time.sleep(2)
        before, own = anonymous_bytes(server), int(server.value('count({job="node"})') or 0)
        started_s = now()
        exploded, named_s = explode(server, folder)
        poured_s = now()
        poured = pour(server, exploded, count - exploded)
        ended_s = now()
        growth = anonymous_bytes(server) - before
        missing, meanwhile = missing_ticks(server, started_s, poured_s), missing_ticks(server, poured_s, ended_s)
        held = int(server.value("barograph_store_series") or 0)
    return [
        Figure(name="new series", value=exploded + poured),
        Figure(name="series of the host before", value=own),
        Figure(name="series that the head holds", value=held),
        Figure(name="of these more than the cap", value=max(0, held - CAP), must_be=0),
        Figure(name="the limit was named", value=bool(named_s), must_be=1),
        Figure(name="after", value=round(named_s, 1), unit="s"),
        Figure(name="seconds without a tick while a collector explodes", value=missing, must_be=0),
        Figure(name="seconds of imports", value=ended_s - poured_s),
        Figure(name="seconds without a tick meanwhile", value=meanwhile),
        Figure(name="memory more than before", value=round(growth / (1 << 20)), unit="MiB"),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Let a million new series come.", SERIES, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
