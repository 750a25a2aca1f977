"""Bytes a sample at rest and how fast samples go in and come out, beside Debian's prometheus and victoria-metrics.

usage: bench_storage.py [--hours 6]

The same samples go into all three in one run. Ours are committed a tick at a time and synced each; the peers get
them by remote write and sync no request. At rest means: ours after a clean stop, prometheus as the compacted blocks
of a snapshot (its whole folder as well), victoria-metrics after a forced merge.
"""

import argparse
import tempfile
import time
import zlib
from pathlib import Path

import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.clock import SystemClock
from barograph.model.units import Duration
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from disk_use import folder_bytes, written_bytes
from host_data import START_MS, HostData, host_data
from peers import prometheus, settled_prometheus, settled_victoria, victoria_metrics
from report import Row, report


def store_rows(folder: Path, data: HostData) -> tuple[list[Row], float]:
    """Put everything through our own store, and read it back; returns the rows and bytes a sample at rest."""
    rows = np.ascontiguousarray(data.values.T)
    family = Family("bench", MetricType.GAUGE, "A series.")
    schema = Schema((family,), data.labels, (0,) * len(data.labels))
    upkeep_s = 0.0
    # the samples are of 2023
    config = StoreConfig(retention=Duration.parse("100y"))
    store = Store.open(folder, config, SystemClock(), MemorySegments())
    written_before = written_bytes()
    for tick, row in enumerate(rows):
        store.append(Batch("bench/1s", schema, START_MS + tick * 1000, row))
        store.commit()
        started_s = time.process_time()
        store.maintain(0.0)
        upkeep_s += time.process_time() - started_s
    running = folder_bytes(folder)
    store.close()
    written = written_bytes() - written_before
    at_rest = folder_bytes(folder) / data.values.size
    decode_s = read_back(folder, data)
    packed = sum(len(zlib.compress(np.ascontiguousarray(line).tobytes(), 6)) for line in data.values)
    samples = data.values.size
    what = f"{data.kind}, {len(data.labels)} series x {len(rows)} s"
    found = [
        Row(name=f"at rest, {what}", figure=at_rest, unit="B a sample", reference="zlib on float64 columns",
            ratio=at_rest * samples / packed),
        Row(name="the folder while running, its ring and write-ahead logs included", figure=running / samples,
            unit="B a sample"),
        Row(name="written to disk, everything", figure=written / samples, unit="B a sample"),
        Row(name="fold, merge and checkpoint", figure=samples / upkeep_s / 1e6, unit="M samples a CPU second"),
        Row(name="select and decode everything, nothing cached", figure=samples / decode_s / 1e6,
            unit="M samples a CPU second"),
    ]  # fmt: skip
    return found, at_rest


def read_back(folder: Path, data: HostData) -> float:
    """Select everything three times, each time with nothing cached; returns the least CPU seconds."""
    times: list[float] = []
    for _ in range(3):
        reader = StoreReader.open_offline(folder, StoreConfig())
        started_s = time.process_time()
        group = reader.select([], START_MS, START_MS + data.values.shape[1] * 1000).groups[0]
        times.append(time.process_time() - started_s)
        reader.close()
        place = {labels: row for row, labels in enumerate(data.labels)}
        order = [place[labels] for labels in group.labels]
        if not np.array_equal(group.values.view(np.uint64), data.values[order].view(np.uint64)):
            raise SystemExit("what came out of the store is not what went in")
    return min(times)


def peer_rows(folder: Path, data: HostData, ours: float) -> list[Row]:
    """The same samples in the peers that are installed."""
    samples = data.values.size
    times = START_MS + 1000 * np.arange(data.values.shape[1], dtype=np.int64)
    rows: list[Row] = []
    with prometheus(folder) as peer:
        if peer is not None:
            peer.push(data.labels, times, data.values)
            blocks, whole = settled_prometheus(peer) / samples, peer.size_bytes() / samples
            rows += [
                Row(name="ours at rest beside prometheus' compacted blocks", figure=ours, unit="B a sample",
                    reference=f"prometheus ({blocks:.3f})", ratio=ours / blocks),
                Row(name="ours at rest beside prometheus' whole folder", figure=ours, unit="B a sample",
                    reference=f"prometheus ({whole:.3f})", ratio=ours / whole),
            ]  # fmt: skip
    with victoria_metrics(folder) as peer:
        if peer is not None:
            peer.push(data.labels, times, data.values)
            merged = settled_victoria(peer) / samples
            rows.append(
                Row(name="ours at rest beside victoria-metrics' folder, merged", figure=ours, unit="B a sample",
                    reference=f"victoria-metrics ({merged:.3f})", ratio=ours / merged)
            )  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=6.0)
    data = host_data(int(parser.parse_args().hours * 3600))
    with tempfile.TemporaryDirectory() as temporary:
        rows, at_rest = store_rows(Path(temporary) / "data", data)
        report("storage", [*rows, *peer_rows(Path(temporary), data, at_rest)])


if __name__ == "__main__":
    main()
