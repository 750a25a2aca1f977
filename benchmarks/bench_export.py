"""How fast samples go out as text of each format, from a folder; beside victoria-metrics over HTTP.

usage: bench_export.py [--minutes 60]

Read, decoded, formatted and written to a file, by one process that has nothing cached.
"""

import argparse
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np

from barograph.formats.text_parts import CSV, FORMATS, JSON_LINES
from barograph.formats.writers import writer_of
from barograph.model.clock import SystemClock
from barograph.model.sample import IntArray
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.export import Export
from barograph.tsdb.load import BulkLoader
from barograph.tsdb.reader import StoreReader
from host_data import START_MS, HostData, host_data
from peers import Peer, victoria_metrics
from report import Row, report

PATHS = {JSON_LINES: "/api/v1/export", CSV: "/api/v1/export/csv"}


def export_s(folder: Path, name: str, samples: int) -> tuple[float, int]:
    """Export everything into a file; returns the seconds and the bytes."""
    out = folder.parent / f"out.{name}"
    started_s = time.perf_counter()
    reader = StoreReader.open_offline(folder, StoreConfig())
    export = Export(reader, [()], 0, 1 << 52)
    writer = writer_of(name, export.label_names)
    found = 0
    with out.open("wb") as file:
        file.write(writer.begin())
        for runs in export:
            file.write(writer.write(runs))
            found += sum(len(run.values) for run in runs)
        file.write(writer.end())
    took_s = time.perf_counter() - started_s
    reader.close()
    if found != samples:
        raise AssertionError(f"{found} samples were exported of {samples}")
    return took_s, out.stat().st_size


def victoria_s(peer: Peer, name: str, end_ms: int) -> float:
    query = f"?match[]=%7B__name__!=%22%22%7D&start={START_MS / 1000}&end={end_ms / 1000}&reduce_mem_usage=1"
    if name == CSV:
        query += "&format=__name__,instance,job,__timestamp__:unix_ms,__value__"
    started_s = time.perf_counter()
    with urllib.request.urlopen(peer.url + PATHS[name] + query, timeout=300) as answer:
        while answer.read(1 << 20):
            pass
    return time.perf_counter() - started_s


def rows_of(folder: Path, data: HostData, times: IntArray) -> list[Row]:
    with BulkLoader.open(folder / "store", StoreConfig(), SystemClock()) as loader:
        loader.write_columns(data.labels, times, data.values)
    samples, rows = data.values.size, []
    what = f"{data.kind}, {data.values.shape[0]} series x {data.values.shape[1]} s"
    with victoria_metrics(folder) as peer:
        if peer is not None:
            peer.push(data.labels, times, data.values)
            peer.get("/internal/force_flush")
        for name in FORMATS:
            took_s, size = min(export_s(folder / "store", name, samples) for _ in range(3))
            figure, unit = samples / took_s / 1e6, "M samples/s"
            rows.append(
                Row(name=f"export to {name} ({size / samples:.0f} bytes a sample); {what}", figure=figure, unit=unit)
            )
            if peer is not None and name in PATHS:
                other_s = min(victoria_s(peer, name, int(times[-1])) for _ in range(3))
                reference = "victoria-metrics over HTTP"
                rows.append(
                    Row(name=f"export to {name} beside a peer", figure=figure, unit=unit, reference=reference,
                        ratio=other_s / took_s)
                )  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=int, default=60)
    data = host_data(parser.parse_args().minutes * 60)
    times = START_MS + 1000 * np.arange(data.values.shape[1])
    with tempfile.TemporaryDirectory() as temporary:
        report("export", rows_of(Path(temporary), data, times))


if __name__ == "__main__":
    main()
