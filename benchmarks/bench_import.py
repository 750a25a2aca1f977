"""How fast samples come in in bulk: columns in process, text of each format; beside promtool and victoria-metrics.

usage: bench_import.py [--minutes 60]

All of it is durable when the clock stops: parsed, compressed and committed, into an empty folder, by one process.
promtool makes Prometheus blocks of the same OpenMetrics text; victoria-metrics takes the same text over HTTP and has it
in memory.
"""

import argparse
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pcodec import ChunkConfig, standalone

from barograph.app.importing import ImportText
from barograph.cli.import_target import FolderTarget
from barograph.formats.text_parts import CSV, JSON_LINES, OPENMETRICS, PartCutter, Place
from barograph.formats.writers import writer_of
from barograph.model.batch import Family, MetricType
from barograph.model.clock import SystemClock
from barograph.model.columns import SeriesRun, order_key
from barograph.model.labels import METRIC_NAME
from barograph.model.sample import IntArray
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.load import BulkLoader
from host_data import START_MS, HostData, host_data
from peers import victoria_metrics
from report import Row, report

ROUTES = {OPENMETRICS: "/api/v1/import/prometheus", JSON_LINES: "/api/v1/import"}


def seconds_of(work: Callable[[], object]) -> float:
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s


def best(work: Callable[[Path], float], folder: Path, times: int = 3) -> float:
    """The least of several runs, each in a folder of its own."""
    found: list[float] = []
    for number in range(times):
        place = folder / f"run{number}"
        place.mkdir()
        found.append(work(place))
        shutil.rmtree(place)
    return min(found)


def load_columns(folder: Path, data: HostData, times: IntArray) -> float:
    with BulkLoader.open(folder, StoreConfig(), SystemClock()) as loader:
        return seconds_of(lambda: loader.write_columns(data.labels, times, data.values))


def encode_alone(data: HostData) -> float:
    config = ChunkConfig(compression_level=8)
    return seconds_of(lambda: [standalone.simple_compress(np.ascontiguousarray(row), config) for row in data.values])


def text_of(name: str, data: HostData, times: IntArray) -> bytes:
    names = sorted({key for labels in data.labels for key, _ in labels} - {METRIC_NAME})
    runs = [
        SeriesRun(labels, Family(labels.name, MetricType.GAUGE, ""), times, row)
        for labels, row in zip(data.labels, np.ascontiguousarray(data.values), strict=True)
    ]
    writer = writer_of(name, names)
    text = [writer.write([run]) for run in sorted(runs, key=lambda run: order_key(run.labels, run.family))]
    return writer.begin() + b"".join(text) + writer.end()


def load_text(folder: Path, name: str, text: bytes) -> float:
    """Import a text as the command does, without its reading of the file."""
    target = FolderTarget(folder, BulkLoader.open(folder, StoreConfig(), SystemClock()))
    what = ImportText(format=name, newest_ms=1 << 50)

    def work() -> None:
        cutter = PartCutter(name, True, target.part_bytes, Place())
        for start in range(0, len(text), 1 << 20):
            for part in cutter.feed(text[start : start + (1 << 20)]):
                target.send(part, what)
        for part in cutter.finish():
            target.send(part, what)

    took_s = seconds_of(work)
    target.close()
    return took_s


def promtool_s(folder: Path, text: bytes) -> float | None:
    if shutil.which("promtool") is None:
        return None
    source = folder / "in.om"
    source.write_bytes(text)
    command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", str(source), str(folder / "blocks")]
    return seconds_of(lambda: subprocess.run(command, check=True, capture_output=True))


def victoria_s(folder: Path, name: str, text: bytes) -> float | None:
    with victoria_metrics(folder) as peer:
        if peer is None:
            return None
        if name == OPENMETRICS:  # it takes seconds for milliseconds, and knows no comments of OpenMetrics
            text = b"\n".join(line + b"000" for line in text.splitlines() if not line.startswith(b"#")) + b"\n"
        request = urllib.request.Request(peer.url + ROUTES[name], data=text)
        return seconds_of(lambda: urllib.request.urlopen(request, timeout=300).read())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=int, default=60)
    data = host_data(parser.parse_args().minutes * 60)
    times = START_MS + 1000 * np.arange(data.values.shape[1])
    samples = data.values.size
    what = f"{data.kind}, {data.values.shape[0]} series x {data.values.shape[1]} s"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        columns_s = best(lambda place: load_columns(place, data, times), folder)
        alone_s = min(encode_alone(data) for _ in range(3))
        rows = [
            Row(name=f"import of columns in process, durable; {what}", figure=samples / columns_s / 1e6,
                unit="M samples/s", reference="pcodec alone on the float64 rows", ratio=alone_s / columns_s)
        ]  # fmt: skip
        for name in (OPENMETRICS, CSV, JSON_LINES):
            text = text_of(name, data, times)
            took_s = best(lambda place, name=name, text=text: load_text(place, name, text), folder)  # type: ignore[misc]  # bound now
            peers = {"promtool, same text": promtool_s(folder, text)} if name == OPENMETRICS else {}
            if name in ROUTES:
                (folder / name).mkdir()
                peers["victoria-metrics, same text over HTTP, not durable"] = victoria_s(folder / name, name, text)
            rows.append(Row(name=f"import of {name} text, durable", figure=samples / took_s / 1e3, unit="k samples/s"))
            for peer, peer_s in peers.items():
                if peer_s is not None:
                    rows.append(
                        Row(name=f"import of {name} text beside a peer", figure=samples / took_s / 1e3,
                            unit="k samples/s", reference=peer, ratio=peer_s / took_s)
                    )  # fmt: skip
    report("import", rows)


if __name__ == "__main__":
    main()
