"""The list of queries a-h at the client, through the real server, beside Debian's prometheus and victoria-metrics.

usage: bench_api.py [--hours 6] [--copies 1] [--jitter] [--runs 11] [--only a,b]

The same samples go into all three. Each query is asked over one keep-alive connection, in three rounds in which each
program has its turn, so that a busy moment of the machine meets all of them: once with the request repeated and once
with its end moving a second each time. No program keeps results (`nocache=1`); "first answer" is that of a front that
was just started.
"""

import argparse
import http.client
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.clock import SystemClock
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from host_data import HostData, host_data
from peers import Peer, prometheus, victoria_metrics
from report import Row, percentile, report

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.server import Server, serving

B = '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[1m])))'
# name, expression, range in seconds (0: instant), step in seconds
QUERIES = [
    ("a", "rate(node_cpu_seconds_total[1m])", 3600, 5),
    ("b", B, 21600, 15),
    ("c", "sum by (device) (rate(node_disk_read_bytes_total[5m]))", 21600, 30),
    ("d", "quantile_over_time(0.95, node_load1[10m])", 21600, 30),
    ("e", "topk(5, rate(node_netstat_Tcp_InSegs[1m]))", 21600, 15),
    ("e2", "topk(5, rate(node_cpu_seconds_total[1m]))", 21600, 15),
    ("f", 'sum by (__name__)(rate({__name__=~"node_.*_total"}[5m]))', 21600, 60),
    ("f2", 'sum by (__name__)(last_over_time({__name__=~"node_.*_total"}[5m]))', 21600, 60),
    ("f3", "sum by (mode)(rate(node_cpu_seconds_total[5m]))", 21600, 15),
    ("f4", 'count by (__name__)({__name__=~"node_.+"})', 21600, 15),
    ("g", B, 0, 0),
    ("h", "rate(node_cpu_seconds_total[5m])", 0, 0),
]
ROUNDS = 3
Query = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """What all programs are fed.

    Attributes:
        labels: Of each series.
        times_ms: int64 `[samples]`.
        values: float64 `[series, samples]`.
    """

    labels: tuple[Labels, ...]
    times_ms: IntArray
    values: FloatArray


class Door:
    """One keep-alive connection to a program.

    Args:
        name: The program's.
        url: Where it listens.
        token: What it is asked with.
    """

    def __init__(self, name: str, url: str, token: str = "") -> None:
        address = urllib.parse.urlsplit(url)
        self.name = name
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._connection = http.client.HTTPConnection(address.hostname or "", address.port)
        self._connection.connect()

    def ask(self, query: Query, end_s: int) -> tuple[float, int, int]:
        """Ask once; returns milliseconds, the status and the bytes of the answer."""
        _, expression, range_s, step_s = query
        parameters: dict[str, str | int] = {"query": expression, "nocache": "1"}
        parameters |= {"start": end_s - range_s + step_s, "end": end_s, "step": step_s} if range_s else {"time": end_s}
        path = "/api/v1/query_range?" if range_s else "/api/v1/query?"
        target = path + urllib.parse.urlencode(parameters)
        started_s = time.perf_counter()
        self._connection.request("GET", target, headers=self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        return 1e3 * (time.perf_counter() - started_s), answer.status, len(body)


def samples_of(data: HostData, copies: int, is_jittered: bool) -> Samples:
    """Return a host's samples, up to two minutes ago, as of so many hosts; jitter moves whole ticks by milliseconds."""
    ticks = data.values.shape[1]
    end_ms = (SystemClock().now_ms() // 60_000 - 2) * 60_000
    times = end_ms - 1000 * np.arange(ticks - 1, -1, -1, dtype=np.int64)
    if is_jittered:
        times = times + np.random.default_rng(5).integers(-15, 16, ticks)
    labels = list(data.labels)
    for copy in range(1, copies):
        labels += [Labels.from_mapping({**dict(each.pairs), "instance": f"bench{copy}"}) for each in data.labels]
    return Samples(labels=tuple(labels), times_ms=times, values=np.tile(data.values, (copies, 1)))


def fill(folder: Path, samples: Samples) -> None:
    """Have a store in `folder` with these samples, as a keeper would have written them second by second."""
    schema = Schema((Family("bench", MetricType.GAUGE, "A series."),), samples.labels, (0,) * len(samples.labels))
    rows = np.ascontiguousarray(samples.values.T)
    store = Store.open(folder, StoreConfig(), SystemClock(), MemorySegments())
    for time_ms, row in zip(samples.times_ms.tolist(), rows, strict=True):
        store.append(Batch("bench/1s", schema, time_ms, row))
        store.commit()
        store.maintain(0.0)
    store.close()


def measure(doors: Sequence[Door], query: Query, ends_s: Sequence[int]) -> dict[str, float]:
    """Ask every program in rounds; returns the median milliseconds of each, without the first two of a round."""
    spent: dict[str, list[float]] = {door.name: [] for door in doors}
    for door in [*doors] * ROUNDS:
        expected = 422 if query[0] == "f" and door.name != "victoria-metrics" else 200
        for number, end_s in enumerate(ends_s):
            took_ms, status, _ = door.ask(query, end_s)
            if status != expected:
                raise SystemExit(f"{door.name} answers {query[0]} with {status}, not {expected}")
            if number >= 2:
                spent[door.name].append(took_ms)
    return {name: percentile(times, 0.5) for name, times in spent.items()}


def rows_of(name: str, found: dict[str, float]) -> Iterator[Row]:
    """One row for each peer, or one without."""
    ours = found["barograph"]
    peers = [peer for peer in found if peer != "barograph"]
    for peer in peers:
        reference = f"{peer} ({found[peer]:.2f} ms)"
        yield Row(name=f"{name}, beside {peer}", figure=ours, unit="ms", reference=reference, ratio=ours / found[peer])
    if not peers:
        yield Row(name=name, figure=ours, unit="ms")


def cold_rows(server: Server, queries: Sequence[Query], end_s: int, warm: dict[str, float]) -> Iterator[Row]:
    """The first answer of each query from a front that knows nothing yet."""
    door = Door("barograph", server.url, server.token)
    for query in queries:
        took_ms = door.ask(query, end_s)[0]
        yield Row(name=f"{query[0]}, first answer of a new front", figure=took_ms, unit="ms",
                  reference="the warm answer", ratio=took_ms / warm[query[0]])  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--jitter", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--no-peers", action="store_true")
    options = parser.parse_args()
    queries = [query for query in QUERIES if not options.only or query[0] in options.only.split(",")]
    samples = samples_of(host_data(int(options.hours * 3600)), options.copies, options.jitter)
    last_s = int(samples.times_ms[-1] // 1000)
    rows: list[Row] = []
    warm: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        fill(folder / "data", samples)
        server = stack.enter_context(serving(folder / "data"))
        peers: list[Peer] = []
        for program in () if options.no_peers else (prometheus, victoria_metrics):
            peer = stack.enter_context(program(folder))
            if peer is not None:
                peer.push(samples.labels, samples.times_ms, samples.values)
                peers.append(peer)
        # only now: a connection that nobody uses for long is closed
        doors = [Door("barograph", server.url, server.token), *(Door(peer.name, peer.url) for peer in peers)]
        for query in queries:
            runs = options.runs if query[2] else 5 * options.runs
            found = measure(doors, query, [last_s] * (runs + 2))
            warm[query[0]] = found["barograph"]
            rows += rows_of(f"{query[0]}, repeated", found)
            moving = [last_s - runs - 2 + number for number in range(runs + 2)]
            rows += rows_of(f"{query[0]}, end moving", measure(doors, query, moving))
        server.stop()
        with serving(folder / "data") as again:
            rows += cold_rows(again, queries, last_s, warm)
    suffix = ("_jitter" if options.jitter else "") + (f"_x{options.copies}" if options.copies > 1 else "")
    report(f"api{suffix}", rows)


if __name__ == "__main__":
    main()
