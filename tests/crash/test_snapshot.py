"""Processes that are killed in the midst of a snapshot or a restore."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from barograph.model.errors import CorruptError
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.snapshot import MANIFEST, restore_snapshot, take_snapshot
from barograph.tsdb.store import Store
from crash.stores import CONFIG, check, feed
from helpers.clock import FakeClock

KILLED_AT_CALL = """
import os, signal, sys
from pathlib import Path
from barograph.tsdb import snapshot

calls = 0

def told(*_):
    global calls
    calls += 1
    if calls == int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

source, target = map(Path, sys.argv[1:3])
if sys.argv[4] == "take":
    snapshot.take_snapshot(source, target, ("1", 1), told)
else:
    snapshot.restore_snapshot(source, target, told)
"""


def killed(source: Path, target: Path, call: int, what: str) -> bool:
    """Run one in a process that ends itself at the n-th word of its progress; False where it had ended before."""
    command = [sys.executable, "-c", KILLED_AT_CALL, str(source), str(target), str(call), what]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(command, check=False, env=environment, timeout=150).returncode < 0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    store = Store.open(tmp_path / "data", CONFIG, FakeClock(), MemorySegments())
    feed(store, 0, 150)
    store.close()
    return tmp_path / "data"


def test_a_snapshot_that_was_killed_is_refused_as_one(data: Path, tmp_path: Path) -> None:
    call = 1
    while killed(data, tmp_path / f"copy{call}", call, "take"):
        copy = tmp_path / f"copy{call}"
        assert not (copy / MANIFEST).exists()
        with pytest.raises(CorruptError, match=r"is no finished snapshot: .*; make it anew"):
            restore_snapshot(copy, tmp_path / "back", lambda *_: None)
        assert not (tmp_path / "back").exists()
        call += 1
    assert call > 3
    assert (tmp_path / f"copy{call}" / MANIFEST).exists()


def test_a_restore_that_was_killed_leaves_no_folder_and_can_be_done_again(data: Path, tmp_path: Path) -> None:
    take_snapshot(data, tmp_path / "copy", ("1", 1), lambda *_: None)
    call, back = 1, tmp_path / "back"
    while killed(tmp_path / "copy", back, call, "restore"):
        assert not back.exists()
        call += 1
    assert call > 2
    reader = StoreReader.open_offline(back, CONFIG)
    assert check(reader, 149) == (150 * 70, 0)
    reader.close()
