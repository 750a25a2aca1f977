"""Bytes a sample at rest, and how fast a fold encodes and a selection decodes; beside raw float64 and zlib.

usage: bench_storage.py [--hours 6]

The data is the peers' recording of a real host under load, lengthened as `../shared/bench/peers/synth.py --mode jitter`
does where that folder is there (no stretch repeats bit for bit); otherwise a made-up host of the same kind of series.
"""

import argparse
import os
import sys
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.clock import SystemClock
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from report import Row, report

PEERS = Path(__file__).resolve().parents[2] / "shared" / "bench" / "peers"
START_MS = 1_700_006_400_000
"""A UTC midnight."""


def is_real() -> bool:
    """Tell whether the recording of a real host is at hand."""
    return (PEERS / "recording.npz").exists()


def host_like(ticks: int) -> FloatArray:
    """Return `[series, ticks]` of host metrics at 1 s: the lengthened recording, or made up."""
    if is_real():
        os.environ.setdefault("PEERS_ROOT", tempfile.gettempdir())
        sys.path.insert(0, str(PEERS))
        import synth  # type: ignore[import-not-found]  # noqa: PLC0415  only where the peers' folder is there

        values: FloatArray = synth.build(max(ticks / 3600, 0.01))[3][:, :ticks]
        return values
    random = np.random.default_rng(1)
    constants = np.repeat(random.integers(0, 1 << 32, (320, 1)).astype(np.float64), ticks, axis=1)
    counters = np.cumsum(random.poisson(random.gamma(1.0, 40.0, (120, 1)), (120, ticks)), axis=1).astype(np.float64)
    seconds = np.cumsum(random.random((40, ticks)) < 0.3, axis=1) / 100
    gauges = np.round(np.cumsum(random.normal(size=(27, ticks)), axis=1) + 500, 2)
    return np.vstack((constants, counters, seconds, gauges))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=6.0)
    values = host_like(int(parser.parse_args().hours * 3600))
    series, ticks = values.shape
    samples = values.size
    rows = np.ascontiguousarray(values.T)
    schema = Schema(
        (Family("bench", MetricType.GAUGE, "A series."),),
        tuple(Labels.of("bench", series=str(i), job="node", instance="bench") for i in range(series)),
        (0,) * series,
    )
    upkeep_s = 0.0
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "data"
        store = Store.open(folder, StoreConfig(), SystemClock(), MemorySegments())
        for tick, row in enumerate(rows):
            store.append(Batch("bench/1s", schema, START_MS + tick * 1000, row))
            store.commit()
            started_s = time.process_time()
            store.maintain(0.0)
            upkeep_s += time.process_time() - started_s
        store.close()
        at_rest = sum(path.stat().st_size for path in folder.iterdir())
        decode_s, answers = [], []
        for _ in range(3):
            reader = StoreReader.open_offline(folder, StoreConfig())
            started_s = time.process_time()
            answers = [reader.select([], START_MS, START_MS + ticks * 1000)]
            decode_s.append(time.process_time() - started_s)
            reader.close()
        group = answers[0].groups[0]
        order = [schema.series.index(labels) for labels in group.labels]
        if not np.array_equal(group.values.view(np.uint64), values[order].view(np.uint64)):
            raise SystemExit("what came out of the store is not what went in")
    packed = sum(len(zlib.compress(np.ascontiguousarray(line).tobytes(), 6)) for line in values)
    kind = "real host, jitter" if is_real() else "made-up host"
    report(
        "storage",
        [
            Row(name=f"at rest, {kind}, {series} series x {ticks} s", figure=at_rest / samples, unit="B a sample",
                reference="zlib on float64 columns", ratio=at_rest / packed),
            Row(name="fold, merge and checkpoint", figure=samples / upkeep_s / 1e6, unit="M samples a CPU second"),
            Row(name="select and decode everything, nothing cached", figure=samples / min(decode_s) / 1e6,
                unit="M samples a CPU second"),
        ],
    )  # fmt: skip


if __name__ == "__main__":
    main()
