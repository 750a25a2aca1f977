"""A month of seconds: its size with tiers, how fast a service starts on it, and what it takes of memory.

usage: bench_month.py [--days 30] [--series 1000]

Days are loaded in bulk, their tiers made as a running store makes them; then the whole service is started on the
folder and asked for weeks. About six minutes and 1.3 GB for a month.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from barograph.model.clock import SystemClock
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import DAY_MS
from barograph.tsdb.load import BulkLoader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from bench_serve import pss_mb
from disk_use import folder_bytes
from helpers.server import Server, serving
from host_data import host_data
from report import Row, percentile, report

HOUR_S = 3600


def load_days(folder: Path, days: int, series: int) -> int:
    """Load whole days that end with the last midnight; returns how many samples."""
    clock = SystemClock()
    midnight_ms = clock.now_ms() // DAY_MS * DAY_MS
    samples = 0
    with BulkLoader.open(folder, StoreConfig(), clock) as loader:
        for day in range(days):
            data = host_data(DAY_MS // 1000, seed=day + 1)
            copies = -(-series // len(data.labels))
            labels = [each.with_labels({"instance": f"bench{n}"}) for n in range(copies) for each in data.labels][
                :series
            ]
            values = np.tile(data.values, (copies, 1))[:series]
            start_ms = midnight_ms - (days - day) * DAY_MS
            for hour in range(24):
                part = slice(hour * HOUR_S, (hour + 1) * HOUR_S)
                times = start_ms + 1000 * np.arange(part.start, part.stop, dtype=np.int64)
                loader.write_columns(labels, times, np.ascontiguousarray(values[:, part]))
            samples += values.size
    return samples


def make_tiers(folder: Path, days: int) -> tuple[float, list[float]]:
    """Have the store make the tiers of all days; returns the CPU seconds and how long each step took."""
    store = Store.open(folder, StoreConfig(), SystemClock(), MemorySegments())
    steps: list[float] = []
    started_s = time.process_time()
    while store.stats.tier_days < days:
        began_s = time.perf_counter()
        store.maintain(0.0)
        steps.append(time.perf_counter() - began_s)
    used_s = time.process_time() - started_s
    store.close()
    return used_s, steps


def least_ms(server: Server, asked: tuple[str, int, int]) -> float:
    """Ask for a range three times, and return the least of the times in milliseconds."""
    found: list[float] = []
    for _ in range(3):
        started_s = time.perf_counter()
        _ask(server, *asked)
        found.append(1000 * (time.perf_counter() - started_s))
    return min(found)


def service_rows(folder: Path, days: int) -> list[Row]:
    """Start the whole service on the folder, and ask it for all of its time."""
    started_s = time.perf_counter()
    with serving(folder) as server:
        start_s = time.perf_counter() - started_s
        pids = [server.process.pid, server.front_pid]
        server.query("count(node_load1)")
        memory = pss_mb(pids)
        end_s = SystemClock().now_ms() // 1000 // HOUR_S * HOUR_S
        questions = {
            "one series, by the hour": 'node_load1{instance="bench0"}',
            "its hourly maximum": 'max_over_time(node_load1{instance="bench0"}[1h])',
            "hourly rate of all CPUs, summed": "sum by (mode) (rate(node_cpu_seconds_total[1h]))",
        }
        asked_ms = {name: least_ms(server, (text, end_s, days)) for name, text in questions.items()}
        after = pss_mb(pids)
    return [
        Row(name=f"start on {days} days, to the first stored sample", figure=start_s, unit="s"),
        Row(name="memory of both processes after the start", figure=memory, unit="MB PSS"),
        *(Row(name=f"{days} days: {name}", figure=each, unit="ms") for name, each in asked_ms.items()),
        Row(name="memory after these", figure=after, unit="MB PSS"),
    ]


def _ask(server: Server, expression: str, end_s: int, days: int) -> None:
    window = {"start": str(end_s - days * 86_400), "end": str(end_s), "step": str(HOUR_S)}
    answer = server.get("/api/v1/query_range", query=expression, **window)
    if answer.status != 200:
        raise SystemExit(f"{expression}: {answer.body[:200]!r}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--series", type=int, default=1000)
    options = parser.parse_args()
    # not in /tmp: that may be memory
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as temporary:
        folder = Path(temporary) / "data"
        samples = load_days(folder, options.days, options.series)
        raw = folder_bytes(folder)
        tiers_s, steps = make_tiers(folder, options.days)
        size = folder_bytes(folder)
        what = f"{options.days} days of {options.series:,} series"
        rows = [
            Row(name=f"{what}, seconds alone", figure=raw / 1e9, unit="GB"),
            Row(name=f"{what}, with tiers of 1m and 1h", figure=size / 1e9, unit="GB",
                reference="seconds alone", ratio=size / raw),
            Row(name="a sample, tiers included", figure=size / samples, unit="B"),
            Row(name="making a day's tiers", figure=tiers_s / options.days, unit="CPU s"),
            Row(name="a step of it, p99", figure=1000 * percentile(steps, 0.99), unit="ms"),
        ]  # fmt: skip
        report("month", [*rows, *service_rows(folder, options.days)])


if __name__ == "__main__":
    main()
