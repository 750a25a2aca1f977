"""The list of queries a-h over 507 synthetic host series of 6 hours at 1 s, in process, beside Debian's Prometheus.

Prometheus gets the series that the narrow queries read (a block made by promtool) and is timed at its HTTP door, so a
ratio flatters us by the round trip (0.15 ms) and by its JSON: the server's own benchmark compares whole answers.
Run: `python benchmarks/bench_query.py [--no-peer]`.
"""

import http.client
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import numpy as np

from barograph.model.clock import SystemClock
from barograph.model.errors import QueryError
from barograph.model.labels import Labels
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from report import Row, report

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.memory_store import MemoryStore, make_group
from helpers.ports import free_port

SECONDS = 21_600
END_S = 1_700_000_000
B = '100 * (1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[1m])))'
# name, expression, range in seconds (0: instant), step in seconds, whether the peer holds its series
QUERIES = [
    ("a", "rate(node_cpu_seconds_total[1m])", 3600, 5, True),
    ("b", B, 21600, 15, True),
    ("c", "sum by (device) (rate(node_disk_read_bytes_total[5m]))", 21600, 30, True),
    ("d", "quantile_over_time(0.95, node_load1[10m])", 21600, 30, True),
    ("e", "topk(5, rate(node_netstat_Tcp_InSegs[1m]))", 21600, 15, True),
    ("e2", "topk(5, rate(node_cpu_seconds_total[1m]))", 21600, 15, True),
    ("f", 'sum by (__name__)(rate({__name__=~"node_.*_total"}[5m]))', 21600, 60, False),
    ("f2", 'sum by (__name__)(last_over_time({__name__=~"node_.*_total"}[5m]))', 21600, 60, False),
    ("f3", "sum by (mode)(rate(node_cpu_seconds_total[5m]))", 21600, 15, True),
    ("f4", 'count by (__name__)({__name__=~"node_.+"})', 21600, 15, False),
    ("g", B, 0, 0, True),
    ("h", "rate(node_cpu_seconds_total[5m])", 0, 0, True),
]
MODES = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")


def series() -> list[tuple[Labels, str]]:
    """The labels of 507 series ordered by labels, and how each moves: counter, gauge or constant."""
    found: list[tuple[Labels, str]] = []

    def add(name: str, kind: str, **labels: str) -> None:
        found.append((Labels.of(name, instance="h", job="node", **labels), kind))

    for cpu in "01":
        for mode in MODES:
            add("node_cpu_seconds_total", "counter", cpu=cpu, mode=mode)
    for device in ("sda", "sdb", "sdc"):
        add("node_disk_read_bytes_total", "counter", device=device)
    add("node_load1", "gauge")
    add("node_netstat_Tcp_InSegs", "counter")
    for family in range(51):
        for device in "abcdef":
            add(f"node_family{family}_total", "counter" if family % 3 == 0 else "constant", device=device)
    for family in range(507 - len(found)):
        add(f"node_gauge{family}_bytes", "gauge" if family % 3 == 0 else "constant")
    return sorted(found, key=lambda one: one[0].pairs)


def values(kind: str, random: np.random.Generator) -> np.ndarray:
    if kind == "constant":
        return np.full(SECONDS, float(random.integers(0, 1000)))
    if kind == "counter":
        return np.cumsum(random.integers(0, 100, SECONDS)) / 100.0
    return np.round(random.random(SECONDS) * 4, 2)


def host_store() -> MemoryStore:
    """One group, as the keeper makes it."""
    random = np.random.default_rng(1)
    found = series()
    matrix = np.stack([values(kind, random) for _, kind in found])
    stamps = (END_S - SECONDS + 1 + np.arange(SECONDS, dtype=np.int64)) * 1000
    return MemoryStore([make_group(tuple(labels for labels, _ in found), stamps, matrix)])


def median_ms(run: object, seconds: float = 0.6) -> float:
    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) < 5 or (time.perf_counter() < until and len(times) < 400):
        started = time.perf_counter()
        run()  # type: ignore[operator]
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def ours(store: MemoryStore) -> dict[str, float]:
    engine = Engine(store, QueryConfig(), SystemClock())
    figures: dict[str, float] = {}
    for name, text, span_s, step_s, _ in QUERIES:

        def run(text: str = text, span_s: int = span_s, step_s: int = step_s) -> None:
            try:
                if step_s:
                    engine.range(text, (END_S - span_s) * 1000, END_S * 1000, step_s * 1000)
                else:
                    engine.instant(text, END_S * 1000)
            except QueryError as error:
                assert "same labelset" in str(error), error

        figures[name] = median_ms(run)
    return figures


class Peer:
    """Debian's Prometheus over a block with the narrow queries' series."""

    def __init__(self, store: MemoryStore, folder: Path) -> None:
        self._write(store, folder / "data.om")
        made = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "data.om"), str(folder / "tsdb")]
        subprocess.run(made, check=True, capture_output=True)
        (folder / "prometheus.yml").write_text("global: {}\n")
        self._port = free_port()
        self._process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/tsdb",
                "--storage.tsdb.retention.time=100y",
                f"--web.listen-address=127.0.0.1:{self._port}",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait()

    def _write(self, store: MemoryStore, file: Path) -> None:
        wanted = ("node_cpu_seconds_total", "node_disk_read_bytes_total", "node_load1", "node_netstat_Tcp_InSegs")
        with file.open("w") as out:
            for group in store.select((), 0, END_S * 1000).groups:
                stamps = (group.timestamps_ms // 1000).tolist()
                for row, labels in enumerate(group.labels):
                    if labels.name in wanted:
                        samples = zip(group.values[row].tolist(), stamps, strict=True)
                        name = str(labels).replace(", ", ",")  # promtool's parser takes no spaces
                        out.writelines(f"{name} {value} {stamp}\n" for value, stamp in samples)
            out.write("# EOF\n")

    def _wait(self) -> None:
        until = time.perf_counter() + 30
        while time.perf_counter() < until:
            try:
                if self.ask("1", 0, 0) == 200:
                    return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("prometheus did not start")

    def ask(self, text: str, span_s: int, step_s: int) -> int:
        if not hasattr(self, "_connection"):
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port)
        fields = {"query": text, "time": END_S}
        if step_s:
            fields = {"query": text, "start": END_S - span_s, "end": END_S, "step": step_s}
        path = "query_range" if step_s else "query"
        try:
            self._connection.request("GET", f"/api/v1/{path}?{urllib.parse.urlencode(fields)}")
            answer = self._connection.getresponse()
            answer.read()
        except OSError:
            del self._connection
            raise
        return answer.status

    def close(self) -> None:
        os.kill(self._process.pid, signal.SIGTERM)
        self._process.wait(10)


def peer_figures(store: MemoryStore) -> dict[str, float]:
    if shutil.which("prometheus") is None or shutil.which("promtool") is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        peer = Peer(store, Path(folder))
        try:
            narrow = [query for query in QUERIES if query[4]]
            return {name: median_ms(lambda q=(t, r, s): peer.ask(*q)) for name, t, r, s, _ in narrow}
        finally:
            peer.close()


def main() -> None:
    store = host_store()
    figures = ours(store)
    reference = {} if "--no-peer" in sys.argv else peer_figures(store)
    rows = [
        Row(
            name=f"query {name}",
            figure=figure,
            unit="ms",
            reference="prometheus over HTTP" if name in reference else "",
            ratio=figure / reference[name] if name in reference else None,
        )
        for name, figure in figures.items()
    ]
    report("query", rows)


if __name__ == "__main__":
    main()
