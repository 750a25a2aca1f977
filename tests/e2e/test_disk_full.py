"""A disk that is full at the very first start: everything goes on from memory, says so, and catches up by itself."""

from pathlib import Path
from typing import Any

import pytest

from helpers.disk import fill, grow, small_file_system
from helpers.server import Server, eventually

pytestmark = pytest.mark.e2e


def test_the_first_start_on_a_full_disk_goes_on_from_memory(tmp_path: Path) -> None:
    with small_file_system(tmp_path / "disk", "300k") as disk:
        (disk / "data").mkdir(mode=0o700)
        ballast = fill(disk)
        running = Server(disk / "data", log=tmp_path / "serve.log")
        try:
            eventually(lambda: "the disk is full" in running.words() or None, what="the words")
            eventually(lambda: "kept in memory only" in running.words() or None, what="the reason")
            ballast.unlink()
            grow(disk, "64m")
            eventually(lambda: "stored again" in running.words() or None, what="storing again")
            # the token and the address were written when there was space, and what was kept in memory is there
            running.wait_ready()
            assert eventually(lambda: running.value("count_over_time(node_load1[1m])")) >= 1

            def status() -> dict[str, Any]:
                found: dict[str, Any] = running.get("/api/barograph/v1/status").json()["data"]
                return found

            # the log has it before the fronts are told
            eventually(lambda: status()["store_read_only"] is False, what="the status")
            # state.db is written back when the notifier next looks
            eventually(lambda: not status()["state_reason"], what="alerts stored again")
            assert (disk / "data" / "state.db").stat().st_size
        finally:
            running.stop()
