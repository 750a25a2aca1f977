"""A tick of 1,000 host-like series: commit, CPU, bytes written; beside a bare fdatasync of the same bytes.

usage: bench_append.py [--ticks 3600]
"""

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.clock import SystemClock
from barograph.model.labels import Labels
from barograph.model.units import Duration
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from disk_use import written_bytes
from host_data import host_data
from report import Row, percentile, report

SERIES = 1000
START_MS = 1_700_000_000_000


def bare_sync(folder: Path, ticks: int, size_bytes: int) -> list[float]:
    """Append and fdatasync as many bytes, with nothing else around it: the floor."""
    times: list[float] = []
    descriptor = os.open(folder / "floor", os.O_CREAT | os.O_WRONLY, 0o600)
    for _ in range(ticks):
        started_s = time.perf_counter()
        os.write(descriptor, b"x" * size_bytes)
        os.fdatasync(descriptor)
        times.append(time.perf_counter() - started_s)
    os.close(descriptor)
    return times


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ticks", type=int, default=3600)
    ticks = parser.parse_args().ticks
    rows = np.ascontiguousarray(np.tile(host_data(ticks).values, (2, 1))[:SERIES].T)
    schema = Schema(
        (Family("bench", MetricType.GAUGE, "A series."),),
        tuple(Labels.of("bench", series=str(i), job="node", instance="bench") for i in range(SERIES)),
        (0,) * SERIES,
    )
    commits: list[float] = []
    upkeep: list[float] = []
    # not in /tmp: that may be memory
    with tempfile.TemporaryDirectory(dir=Path(__file__).parent) as temporary:
        # the samples are of 2023
        config = StoreConfig(retention=Duration.parse("100y"))
        store = Store.open(Path(temporary) / "data", config, SystemClock(), MemorySegments())
        before, cpu_s = written_bytes(), time.process_time()
        for tick, values in enumerate(rows):
            started_s = time.perf_counter()
            store.append(Batch("bench/1s", schema, START_MS + tick * 1000, values))
            store.commit()
            committed_s = time.perf_counter()
            store.maintain(0.0)
            commits.append(committed_s - started_s)
            upkeep.append(time.perf_counter() - committed_s)
        cpu_s = time.process_time() - cpu_s
        written = written_bytes() - before
        record_bytes = store.stats.log_bytes // ticks
        store.close()
        floor = bare_sync(Path(temporary), min(ticks, 1000), record_bytes)
    half = percentile(floor, 0.5)
    report(
        "append",
        [
            Row(name="append and commit, 1,000 series, p50", figure=1000 * percentile(commits, 0.5), unit="ms",
                reference="a bare fdatasync of the same bytes", ratio=percentile(commits, 0.5) / half),
            Row(name="append and commit, 1,000 series, p99", figure=1000 * percentile(commits, 0.99), unit="ms",
                reference="a bare fdatasync of the same bytes, p99",
                ratio=percentile(commits, 0.99) / percentile(floor, 0.99)),
            Row(name="one step of upkeep (fold, merge, checkpoint), worst", figure=1000 * max(upkeep), unit="ms"),
            Row(name="CPU a tick, all told", figure=1e6 * cpu_s / ticks, unit="us"),
            Row(name="written to disk a sample, all told", figure=written / (ticks * SERIES), unit="B",
                reference="the limit of 20 B", ratio=written / (ticks * SERIES) / 20),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
