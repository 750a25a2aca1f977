"""Snapshots of a server at work: each restored and compared sample by sample, while ticks go on."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path

import numpy as np
import pytest

from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from helpers.server import Answer, Server, eventually, serving

pytestmark = pytest.mark.e2e
_BACKUPS = 5
_CONFIG = """
store: {fold_ticks: 4, ring_slots: 64, merge_samples: 30, checkpoint_ticks: 3}
collectors: {interval: 100ms}
"""


def barograph(*arguments: str) -> None:
    command = [sys.executable, "-m", "barograph", "store", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr


def newest_ms(server: Server) -> int:
    value = eventually(lambda: server.value("timestamp(node_load1)"), what="a sample")
    return round(value * 1000)


Samples = dict[Labels, tuple[IntArray, FloatArray]]


def samples_of(folder: Path, until_ms: int) -> Samples:
    """Return the timestamps and values that a folder holds of each series up to an instant."""
    reader = StoreReader.open_offline(folder, StoreConfig())
    try:
        return {
            labels: (group.timestamps_ms.copy(), group.values[row].copy())
            for group in reader.select([], 0, until_ms).groups
            for row, labels in enumerate(group.labels)
        }
    finally:
        reader.close()


def difference(restored: Samples, committed: Samples) -> int:
    """Count the committed samples that are not in what was restored, bit by bit."""
    missing = 0
    for labels, (timestamps_ms, values) in committed.items():
        there_ms, theirs = restored.get(labels, (timestamps_ms[:0], values[:0]))
        _, mine, copy = np.intersect1d(timestamps_ms, there_ms, assume_unique=True, return_indices=True)
        same = values[mine].view(np.uint64) == theirs[copy].view(np.uint64)
        missing += len(values) - int(same.sum())
    return missing


def test_every_snapshot_restores_to_exactly_what_was_acknowledged(tmp_path: Path) -> None:
    config = tmp_path / "barograph.yml"
    config.write_text(_CONFIG)
    data = tmp_path / "data"
    with serving(data, "--config", str(config)) as server:
        for number in range(_BACKUPS):
            acknowledged_ms = newest_ms(server)
            copy, back = tmp_path / f"copy{number}", tmp_path / f"back{number}"
            # a rule's result has the instant that it is about, and may be committed some ticks after it: what is
            # compared is what was there before the snapshot began
            committed = samples_of(data, acknowledged_ms)
            assert committed
            barograph("snapshot", str(copy), "--data", str(data))
            barograph("restore", str(copy), "--data", str(back))
            assert difference(samples_of(back, acknowledged_ms), committed) == 0
        bearer = {"Authorization": f"Bearer {server.token}"}
        answer = server.request("/api/v1/admin/tsdb/snapshot", method="POST", headers=bearer, timeout_s=300)
        named = data / "snapshots" / answer.json()["data"]["name"]
        barograph("restore", str(named), "--data", str(tmp_path / "named"))
        late = eventually(lambda: server.query("max_over_time(barograph_tick_late_seconds[1m])") or None)
        missed = server.value("barograph_ticks_missed_total")
    barograph("verify", "--data", str(tmp_path / "named"))
    stall_ms = float(late[0]["value"][1]) * 1000
    print(  # noqa: T201  the figure of this promise
        f"snapshot: {_BACKUPS} backups, 0 differing samples, worst tick {stall_ms:.1f} ms late, {missed:.0f} missed"
    )


def test_a_restored_folder_serves(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        before_ms = newest_ms(server)
        # a tick can be read as soon as it is taken, and is committed before the next one is
        eventually(lambda: newest_ms(server) > before_ms, what="the next tick")
        barograph("snapshot", str(tmp_path / "copy"), "--data", str(tmp_path / "data"))
    barograph("restore", str(tmp_path / "copy"), "--data", str(tmp_path / "back"))
    with serving(tmp_path / "back") as again:
        at = f"{before_ms / 1000:.3f}"
        assert again.query("timestamp(node_load1)", time=at)[0]["value"][1].startswith(str(before_ms // 1000))


def test_a_snapshot_under_way_ends_with_the_server(tmp_path: Path) -> None:
    answers: list[Answer] = []
    with serving(tmp_path / "data") as server:
        newest_ms(server)
        bearer = {"Authorization": f"Bearer {server.token}"}

        def ask() -> None:
            with suppress(OSError, HTTPException):  # a machine that is too busy has no answer ready in time
                answers.append(server.request("/api/v1/admin/tsdb/snapshot", method="POST", headers=bearer))

        asking = threading.Thread(target=ask)
        asking.start()
        copier = eventually(lambda: _copier_of(server), what="a process that copies")
        os.kill(copier, signal.SIGSTOP)
        assert server.stop() == 0
        asking.join()
    for answer in answers:
        assert answer.status == 503
        assert "the server stops" in answer.json()["error"]
        assert "retry-after" in answer.headers
    eventually(lambda: not Path(f"/proc/{copier}").exists(), what="the copier's end")
    assert list((tmp_path / "data" / "snapshots").glob("*")) == []
    assert "Traceback" not in server.words()


def _copier_of(server: Server) -> int | None:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if "snapshot" in path.read_text() and str(server.data) in path.read_text():
                return int(path.parent.name)
    return None
