"""The whole service on this machine: start, footprint, lateness of ticks under heavy queries, the page's hour.

usage: bench_serve.py [--minutes 2]

The footprint's reference is Debian's prometheus scraping node_exporter at 1 s in the same minutes; lateness has the
same service without clients as its reference, the page's hour what parsing its answers costs alone.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from barograph.client.client import Client
from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.procfs import Paths
from barograph.ingest.join import Join
from barograph.model.clock import SystemClock
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from report import Row, percentile, report

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.server import Server, serving

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
PEER_PORTS = (19090, 19100)
ANSWER_BYTES = 15e6


def cpu_s(pids: Sequence[int]) -> float:
    """CPU seconds, user and system, that these processes have used so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICKS_PER_S


def pss_mb(pids: Sequence[int]) -> float:
    """Proportional memory of these processes in MB."""
    kib = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        kib += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
    return kib * 1024 / 1e6


@contextmanager
def peers(folder: Path) -> Iterator[list[int]]:
    """Prometheus that scrapes node_exporter each second, both of Debian; no pids where they are not installed."""
    programs = [Path("/usr/bin/prometheus"), Path("/usr/bin/prometheus-node-exporter")]
    if not all(program.exists() for program in programs):
        yield []
        return
    scraped = f"static_configs: [{{targets: ['127.0.0.1:{PEER_PORTS[1]}']}}]"
    config = folder / "prometheus.yml"
    config.write_text(f"global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: node\n  {scraped}\n")
    where = [f"--web.listen-address=127.0.0.1:{port}" for port in PEER_PORTS]
    commands: list[list[str | Path]] = [
        [programs[0], f"--config.file={config}", f"--storage.tsdb.path={folder / 'tsdb'}", where[0]],
        [programs[1], where[1]],
    ]
    quiet = subprocess.DEVNULL
    running = [subprocess.Popen(command, stdout=quiet, stderr=quiet) for command in commands]
    try:
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
            process.wait()


def start_rows(folder: Path) -> list[Row]:
    """How long from the command to the first stored sample that a query can see."""
    times = []
    for run in range(5):
        started = time.perf_counter()
        with serving(folder / f"start{run}"):
            times.append(time.perf_counter() - started)
    interpreter = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import numpy"], check=True)
    floor = time.perf_counter() - interpreter
    reference = "python -c 'import numpy'"
    return [
        Row(
            name="start to first stored sample, median",
            figure=median(times),
            unit="s",
            reference=reference,
            ratio=median(times) / floor,
        ),
        Row(name="start to first stored sample, slowest of 5", figure=max(times), unit="s"),
    ]


def median(values: Sequence[float]) -> float:
    return percentile(values, 0.5)


def footprint_rows(folder: Path, minutes: float) -> list[Row]:
    """CPU and memory of both processes without a client, after `minutes`, beside the peers in the same minutes."""
    with serving(folder / "footprint") as server, peers(folder) as peer_pids:
        ours = [server.process.pid, server.front_pid]
        time.sleep(15)  # what happens once, at start, is not the footprint
        before, peers_before, began = cpu_s(ours), cpu_s(peer_pids), time.perf_counter()
        time.sleep(minutes * 60)
        elapsed = time.perf_counter() - began
        cpu = 100 * (cpu_s(ours) - before) / elapsed
        memory = pss_mb(ours)
        rows = [
            Row(name=f"CPU of serve, {minutes:g} min", figure=cpu, unit="% of a core"),
            Row(name=f"PSS of keeper and front after {minutes:g} min", figure=memory, unit="MB"),
        ]
        if peer_pids:
            peer_cpu = 100 * (cpu_s(peer_pids) - peers_before) / elapsed
            peer_memory = pss_mb(peer_pids)
            name = "prometheus + node_exporter"
            rows = [
                Row(name=rows[0].name, figure=cpu, unit=rows[0].unit, reference=name, ratio=cpu / peer_cpu),
                Row(name=rows[1].name, figure=memory, unit=rows[1].unit, reference=name, ratio=memory / peer_memory),
                Row(name=f"CPU of {name}", figure=peer_cpu, unit="% of a core"),
                Row(name=f"PSS of {name}", figure=peer_memory, unit="MB"),
            ]
        return rows


def lateness(server: Server, seconds: int) -> list[float]:
    """How late each of the last ticks was committed, in ms."""
    (series,) = server.query(f"barograph_tick_late_seconds[{seconds}s]")
    return [float(value) * 1000 for _, value in series["values"]]


def lateness_rows(folder: Path, seconds: int = 120) -> list[Row]:
    """Lateness of committed ticks while four clients ask for answers of about 15 MB, and without them."""
    with serving(folder / "late") as server:
        time.sleep(seconds)
        idle = lateness(server, seconds - 5)
        done = threading.Event()
        sizes: list[int] = []

        def ask(step_s: float) -> int:
            now = time.time()  # noqa: TID251  a client has a clock of its own
            span = {"start": str(now - 55), "end": str(now), "step": f"{step_s:.4f}"}
            return len(server.get("/api/v1/query_range", query='{job="node"}', **span).body)

        step_s = ask(1.0) / ANSWER_BYTES

        def client() -> None:
            while not done.is_set():
                sizes.append(ask(step_s))

        threads = [threading.Thread(target=client) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(seconds)
        busy = lateness(server, seconds - 5)
        done.set()
        for thread in threads:
            thread.join()
    reference = "the same without clients"
    return [
        Row(name="size of an answer, median", figure=percentile(sizes, 0.5) / 1e6, unit="MB"),
        Row(name="answers", figure=len(sizes) / seconds, unit="1/s"),
        Row(
            name="committed tick late, four clients, p50",
            figure=median(busy),
            unit="ms",
            reference=reference,
            ratio=median(busy) / median(idle),
        ),
        Row(
            name="committed tick late, four clients, p99",
            figure=percentile(busy, 0.99),
            unit="ms",
            reference=reference,
            ratio=percentile(busy, 0.99) / percentile(idle, 0.99),
        ),
        Row(name="committed tick late, four clients, worst", figure=max(busy), unit="ms"),
    ]


# what web/src/lib/expressions.ts asks for an hour at 840 pixels, a step of 5 s
_RANGE = "[6s]"
_MEMORY = [f'avg_over_time(node_memory_{name}_bytes{{job="node"}}[5s])' for name in ("MemTotal", "MemFree", "Cached")]
PAGE = [
    f'100 * avg by (mode) (rate(node_cpu_seconds_total{{job="node",mode!="idle"}}{_RANGE}))',
    " - ".join(_MEMORY),
    *_MEMORY,
    f'sum(rate(node_disk_read_bytes_total{{job="node"}}{_RANGE}))',
    f'sum(rate(node_disk_written_bytes_total{{job="node"}}{_RANGE}))',
    f'8 * sum(rate(node_network_receive_bytes_total{{job="node",device!="lo"}}{_RANGE}))',
    f'8 * sum(rate(node_network_transmit_bytes_total{{job="node",device!="lo"}}{_RANGE}))',
]


def write_hour(folder: Path) -> None:
    """Fill a store with an hour of seconds of this machine, sampled now at full speed under planned instants."""
    clock = SystemClock()
    paths = Paths(procfs=Path("/proc"), sysfs=Path("/sys"), rootfs=Path("/"), udev_data=Path("/run/udev/data"))
    collectors = build_collectors(CollectorsConfig(), paths, clock)
    join = Join("host/1s", {"job": "node", "instance": os.uname().nodename}, with_up=True)
    store = Store.open(folder, StoreConfig(), clock, MemorySegments())
    end_ms = clock.now_ms() // 1000 * 1000
    for instant_ms in range(end_ms - 3_600_000, end_ms, 1000):
        parts = [scheduled.collector.collect(instant_ms) for scheduled in collectors]
        store.append(join.batch(instant_ms, parts))
        store.commit()
        store.maintain(0.01)
    store.close()


def page_rows(folder: Path) -> list[Row]:
    """How long the page's questions for an hour take, one after the other over one connection."""
    data = folder / "hour"
    write_hour(data)
    with serving(data) as server, Client(server.url, server.token) as client:
        times, answered = [], 0
        for _ in range(7):
            now = time.time()  # noqa: TID251  a client has a clock of its own
            started = time.perf_counter()
            answered = sum(len(client.query_range(text, now - 3600, now, 5).series) for text in PAGE)
            times.append(time.perf_counter() - started)
    assert answered >= len(PAGE), "every question has an answer"
    points = json.dumps([[i, str(i)] for i in range(720)])
    started = time.perf_counter()
    for _ in range(answered):
        json.loads(points)
    floor = time.perf_counter() - started
    name = "parsing answers of that size in the client"
    first, warm = times[0] * 1000, median(times[1:]) * 1000
    return [
        Row(name="the page's questions for an hour, first time", figure=first, unit="ms"),
        Row(name="the same, again", figure=warm, unit="ms", reference=name, ratio=warm / 1000 / floor),
    ]


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--minutes", type=float, default=2.0)
    minutes = arguments.parse_args().minutes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = start_rows(folder) + page_rows(folder) + lateness_rows(folder) + footprint_rows(folder, minutes)
    report("serve", rows)


if __name__ == "__main__":
    main()
