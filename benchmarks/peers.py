"""Debian's prometheus and victoria-metrics on loopback, fed the same samples by remote write. Used by benchmarks.

Remote write 1.0 (prometheus-remote-write specification): snappy over a protobuf of series and samples. A sample of a
13-digit timestamp has always 18 bytes, so a block of them is one structured array.
"""

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cramjam
import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray
from disk_use import folder_bytes
from helpers.ports import free_port

_SAMPLE = np.dtype([("head", "u1", 3), ("value", "<f8"), ("field", "u1"), ("time", "u1", 6)])
_START_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """One running peer.

    Attributes:
        name: How it is called in reports.
        url: Where it listens.
        folder: Where it keeps its data.
        process: It.
    """

    name: str
    url: str
    folder: Path
    process: "subprocess.Popen[bytes]"

    def get(self, path: str, *, post: bool = False) -> bytes:
        """Ask it something; its answer's body."""
        request = urllib.request.Request(self.url + path, method="POST" if post else "GET")
        with urllib.request.urlopen(request, timeout=300) as answer:
            body: bytes = answer.read()
        return body

    def push(
        self, labels: Sequence[Labels], timestamps_ms: IntArray, values: FloatArray, *, together: int = 100
    ) -> None:
        """Send samples, 60 timestamps of some series a request.

        Args:
            labels: Of each series.
            timestamps_ms: int64 `[samples]`, of 13 digits.
            values: float64 `[series, samples]`.
            together: How many series a request has.
        """
        heads = [_series_head(each) for each in labels]
        for start in range(0, len(timestamps_ms), 60):
            stamps = _varints(timestamps_ms[start : start + 60])
            for first in range(0, len(heads), together):
                some = slice(first, first + together)
                bodies = zip(heads[some], values[some, start : start + 60], strict=True)
                self._write(b"".join(_series(head, stamps, row) for head, row in bodies))

    def _write(self, message: bytes) -> None:
        headers = {
            "Content-Type": "application/x-protobuf",
            "Content-Encoding": "snappy",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }
        body = bytes(cramjam.snappy.compress_raw(message))
        request = urllib.request.Request(f"{self.url}/api/v1/write", data=body, headers=headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()

    def size_bytes(self) -> int:
        """Bytes of everything in its folder."""
        return folder_bytes(self.folder)


@contextmanager
def prometheus(folder: Path, *, rules: str = "") -> Iterator[Peer | None]:
    """Debian's prometheus that takes remote write; None where it is not installed.

    Args:
        folder: Where it may put its things; made where it is not there.
        rules: The file of rules that it evaluates every second, if any.
    """
    folder.mkdir(exist_ok=True)
    port = free_port()
    data = folder / "prometheus"
    config = folder / "prometheus.yml"
    # without rules as it comes: the interval is also the step of subqueries that name none
    every, given = (", evaluation_interval: 1s", f"rule_files: [{rules}]\n") if rules else ("", "")
    config.write_text(f"global: {{scrape_interval: 1h{every}}}\n{given}")
    arguments = [
        f"--config.file={config}",
        f"--storage.tsdb.path={data}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--web.enable-admin-api",
        "--storage.tsdb.retention.time=20y",
        "--log.level=error",
    ]
    with _running("prometheus", "/usr/bin/prometheus", arguments, (port, data)) as peer:
        yield peer


@contextmanager
def victoria_metrics(folder: Path) -> Iterator[Peer | None]:
    """Debian's victoria-metrics; None where it is not installed."""
    port = free_port()
    data = folder / "victoria"
    arguments = [
        f"-storageDataPath={data}",
        f"-httpListenAddr=127.0.0.1:{port}",
        "-retentionPeriod=20y",
        "-search.latencyOffset=0s",
        "-loggerLevel=ERROR",
    ]
    with _running("victoria-metrics", "/usr/bin/victoria-metrics", arguments, (port, data)) as peer:
        yield peer


def settled_prometheus(peer: Peer) -> int:
    """Return the bytes of its samples as compacted blocks, head included: what a snapshot of it has."""
    answer = json.loads(peer.get("/api/v1/admin/tsdb/snapshot?skip_head=false", post=True))
    snapshot = peer.folder / "snapshots" / str(answer["data"]["name"])
    total = folder_bytes(snapshot)
    shutil.rmtree(snapshot)
    return total


def settled_victoria(peer: Peer) -> int:
    """Return the bytes of its folder once everything is merged."""
    peer.get("/internal/force_flush")
    peer.get("/internal/force_merge")
    sizes = [peer.size_bytes()]
    while len(sizes) < 5 or len(set(sizes[-4:])) > 1:
        time.sleep(1)
        sizes.append(peer.size_bytes())
    return sizes[-1]


@contextmanager
def _running(name: str, program: str, arguments: Sequence[str], place: tuple[int, Path]) -> Iterator[Peer | None]:
    if not Path(program).exists():
        yield None
        return
    port, data = place
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([program, *arguments], stdout=quiet, stderr=quiet)
    peer = Peer(name=name, url=f"http://127.0.0.1:{port}", folder=data, process=process)
    try:
        _wait_ready(peer)
        yield peer
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def _wait_ready(peer: Peer) -> None:
    deadline_s = time.monotonic() + _START_S
    while True:
        try:
            peer.get("/-/ready" if peer.name == "prometheus" else "/health")
        except OSError:
            if time.monotonic() > deadline_s:
                raise
            time.sleep(0.1)
        else:
            return


def _varints(timestamps_ms: IntArray) -> NDArray[np.uint8]:
    """Return timestamps of 36 to 42 bits as varints, `[samples, 6]` bytes."""
    groups = (timestamps_ms[:, None] >> (7 * np.arange(6))) & 0x7F
    groups[:, :5] |= 0x80
    return groups.astype(np.uint8)


def _series(head: bytes, stamps: NDArray[np.uint8], row: FloatArray) -> bytes:
    samples = np.empty(len(row), _SAMPLE)
    samples["head"] = (0x12, 16, 0x09)
    samples["value"], samples["field"], samples["time"] = row, 0x10, stamps
    return _delimited(0x0A, head + samples.tobytes())


def _series_head(labels: Labels) -> bytes:
    pairs = (_delimited(0x0A, name.encode()) + _delimited(0x12, value.encode()) for name, value in labels.pairs)
    return b"".join(_delimited(0x0A, pair) for pair in pairs)


def _delimited(tag: int, body: bytes) -> bytes:
    length, size = bytearray(), len(body)
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes((tag,)) + bytes(length) + body
