"""Sends expressions that are made to cost, from a hundred clients at once, while ticks go on. `make soak S=bombs`.

usage: soak_bombs.py [--count N] [--seed N] [--results DIR]

A real server over a thousand series of six hours, whose queries may take two seconds. Every answer must come, and where
it is a refusal it must name the limit; no second of the server's own ticks may be missing afterwards.
"""

import json
import math
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import numpy as np

from barograph.model.batch import Family, MetricType
from barograph.model.clock import SystemClock
from barograph.model.labels import Labels
from barograph.tsdb.bulk import encode_matrix
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.load import load
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from proof import Figure, Options, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.server import Server, eventually, serving

BOMBS = 1_000
CLIENTS = 100
_PAUSE_S = 0.5
_PATIENCE_S = 300.0
SERIES = 1_000
LENGTH_S = 21_600
TIMEOUT_S = 2.0
PROOF = Proof(
    row=18,
    name="bombs",
    fault="Query bombs from a hundred clients",
    promise="Each ends at its limit and names it, and no tick is missed meanwhile.",
    method="Expressions over 21.6 million samples that hit the limits of samples, memory, answer, steps and time, sent "
    "by 100 clients at once to a real server that collects.",
)
EXPRESSIONS = (
    '{__name__=~".+"}',
    "quantile_over_time(0.5, bomb[1h])",
    "sum by (i) (rate(bomb[5m]))",
    'max_over_time((bomb{i="1"})[6h:1ms])',
    'label_replace(bomb, "x", "$1", "i", "((((.*))))")',
    'count_values("v", bomb)',
    "topk(500, bomb)",
    "bomb + bomb * bomb / bomb",
    'bomb{i=~"((((.+)+)+)+)x"}',
    "stddev_over_time(stddev_over_time(bomb[1h])[1h:1s])",
    "sort(absent(bomb) or bomb)",
    "bomb[6h]",
)
LIMITS = ("raise query.", "raise web.", "web.waiting_queries", "timed out", "in the queue")


def fill(folder: Path, last_ms: int) -> None:
    """Have a store with a thousand series of six hours."""
    times = last_ms - 1000 * np.arange(LENGTH_S - 1, -1, -1, dtype=np.int64)
    family = Family("bomb", MetricType.COUNTER, "What bombs are made of.")
    chance = np.random.default_rng(1)
    store = Store.open(folder, StoreConfig(), SystemClock(), MemorySegments())
    for first in range(0, SERIES, 100):
        infos = [SeriesInfo(Labels.of("bomb", i=str(first + n)), family) for n in range(100)]
        values = np.cumsum(chance.integers(0, 9, (100, LENGTH_S)), axis=1).astype(np.float64)
        for start in range(0, LENGTH_S, 3600):
            part = slice(start, start + 3600)
            store.perform(load(list(encode_matrix(infos, times[part], values[:, part]))))
    store.close()


class Clients:
    """A hundred of them, who send one bomb after the other."""

    def __init__(self, server: Server, last_s: int, count: int, seed: int) -> None:
        self.found = Counter[str]()
        self.unnamed: list[str] = []
        self.overruns_ms: list[float] = []
        self._server, self._last_s = server, last_s
        self._chance = random.Random(seed)
        self._left = count
        self._lock = threading.Lock()

    def run(self) -> None:
        """Send them all."""
        threads = [threading.Thread(target=self._send) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _send(self) -> None:
        while True:
            with self._lock:
                if not self._left:
                    return
                self._left -= 1
                text, step_s = self._chance.choice(EXPRESSIONS), self._chance.choice((1, 2, 5, 60))
            form = {"query": text, "start": str(self._last_s - LENGTH_S), "end": str(self._last_s), "step": str(step_s)}
            headers = {"Authorization": f"Bearer {self._server.token}"}
            started_s = time.perf_counter()
            answer = self._server.request(
                "/api/v1/query_range", method="POST", form=form, headers=headers, timeout_s=_PATIENCE_S
            )
            took_s = time.perf_counter() - started_s
            with self._lock:
                self.overruns_ms.append(max(0.0, 1e3 * (took_s - TIMEOUT_S)))
                self.found[str(answer.status)] += 1
                if answer.status != 200:
                    self._look(json.loads(answer.body)["error"])
            if answer.status == 503:
                # as a client that is told to try again later
                time.sleep(_PAUSE_S)

    def _look(self, words: str) -> None:
        is_wrong_use = "must be scalar or instant vector" in words
        if not is_wrong_use and not any(limit in words for limit in LIMITS):
            self.unnamed.append(words)
            print(f"names no limit: {words}", file=sys.stderr)


def missing_ticks(server: Server, started_s: int, ended_s: int) -> int:
    """Return for how many seconds the server has no sample of its own host, once it has one of later."""
    length_s = ended_s - started_s
    if length_s <= 0:
        return 0
    eventually(lambda: (server.value("timestamp(node_load1)") or 0.0) > ended_s, what="a later tick")
    count = server.value(f"count_over_time(node_load1[{length_s}s] @ {ended_s})")
    return length_s - int(count or 0)


def figures(options: Options, place: Path) -> list[Figure]:
    """Run the proof."""
    last_ms = SystemClock().now_ms() // 1000 * 1000 - 60_000
    fill(place / "data", last_ms)
    config = place / "config.yml"
    config.write_text(f"query: {{timeout: {TIMEOUT_S:g}s}}\n")
    with serving(place / "data", "--config", str(config)) as server:
        time.sleep(3)
        started_s = int(SystemClock().now_s())
        clients = Clients(server, last_ms // 1000, options.count, options.seed)
        clients.run()
        ended_s = int(SystemClock().now_s())
        missing = missing_ticks(server, started_s, ended_s)
        status = Path(f"/proc/{server.front_pid}/status").read_text().splitlines()
    peak_kib = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    overruns = sorted(clients.overruns_ms)
    found = clients.found
    return [
        Figure(name="bombs", value=options.count),
        Figure(name="answered within their limits", value=found["200"]),
        Figure(name="refused over a limit", value=found["422"] + found["400"]),
        Figure(name="out of time, or the queue was full", value=found["503"]),
        Figure(name="refusals that name no limit", value=len(clients.unnamed), must_be=0),
        Figure(name="seconds of collection", value=ended_s - started_s),
        Figure(name="seconds without a tick", value=missing, must_be=0),
        Figure(
            name="longer than the time limit, p99",
            value=round(overruns[math.ceil(0.99 * len(overruns)) - 1]),
            unit="ms",
        ),
        Figure(name="most memory that the front had", value=round(peak_kib * 1024 / 1e6), unit="MB"),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Send query bombs.", BOMBS)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
