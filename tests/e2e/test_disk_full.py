"""A disk that is full at the very first start: everything goes on from memory, says so, and catches up by itself."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.server import Server, eventually

pytestmark = pytest.mark.e2e


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 300 kB without a free block; `filler` in it can be removed."""
    point = tmp_path / "disk"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(point)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small file system needs root")
    try:
        with (point / "filler").open("wb", buffering=0) as filler:
            try:
                while True:
                    filler.write(bytes(4096))
            except OSError:
                pass  # it is full now
        yield point
    finally:
        subprocess.run(["umount", "--lazy", str(point)], check=True)


def test_the_first_start_on_a_full_disk_goes_on_from_memory(full_disk: Path, tmp_path: Path) -> None:
    (full_disk / "data").mkdir(mode=0o700)
    running = Server(full_disk / "data", log=tmp_path / "serve.log")
    try:
        eventually(lambda: "the disk is full" in running.words() or None, what="the words")
        eventually(lambda: "kept in memory only" in running.words() or None, what="the reason")
        (full_disk / "filler").unlink()
        subprocess.run(["mount", "-o", "remount,size=64m", str(full_disk)], check=True)
        eventually(lambda: "stored again" in running.words() or None, 10, "storing again")
        running.wait_ready()
        # the token and the address were written when there was space, and what was kept in memory is there
        assert eventually(lambda: running.value("count_over_time(node_load1[1m])"), 10) >= 1
        status = running.get("/api/barograph/v1/status").json()["data"]
        assert status["store_read_only"] is False
    finally:
        running.stop()
