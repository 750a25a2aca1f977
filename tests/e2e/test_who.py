"""The flight recorder beside real hogs: who used the CPU, the memory and the disk is found afterwards."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from barograph.analysis.who import WhoRow, WhoTable
from barograph.client.client import Client
from barograph.model.clock import SystemClock
from barograph.model.errors import StoreError
from helpers.at_best import at_best
from helpers.server import Server, eventually, serving

_CLOCK = SystemClock()
pytestmark = pytest.mark.e2e

_CPU = "while True: pass"
_MEMORY = "x = bytearray(300 << 20); x[::4096] = bytes(len(x[::4096])); input()"
_DISK = """
import os, sys
with open(sys.argv[1], "wb") as out:
    while True:
        out.seek(0)
        out.write(bytes(4 << 20))
        out.flush()
        os.fsync(out.fileno())
"""
_STORM = """
import os, time
end = time.monotonic() + 6
while time.monotonic() < end:
    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("who") / "data") as running:
        eventually(lambda: running.value("node_load1") is not None, what="a first sample")
        yield running


def _busiest(server: Server, at_s: float | None, by: str) -> WhoTable:
    with Client(server.url, server.token) as client:
        return client.who(at_s, by=by, limit=10)


def _measured(row: WhoRow, by: str) -> float:
    if by == "cpu":
        return row.cpu or 0.0
    return float(row.rss or 0) if by == "memory" else (row.read or 0.0) + (row.write or 0.0)


@pytest.mark.parametrize(
    ("by", "code", "least"), [("cpu", _CPU, 0.1), ("memory", _MEMORY, 300 << 20), ("io", _DISK, 1.0)]
)
def test_a_hog_is_found_when_it_is_gone(server: Server, tmp_path: Path, by: str, code: str, least: float) -> None:
    arguments = [sys.executable, "-c", code, str(tmp_path / "file"), "--password=s3cret"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE) as hog:

        def row_of_it(table: WhoTable) -> WhoRow | None:
            return next((row for row in table.rows if row.pid == hog.pid), None)

        def seen() -> WhoTable | None:
            with suppress(StoreError):  # nothing is kept yet
                table = _busiest(server, None, by)
                row = row_of_it(table)
                # on a busy machine a new process has no more than its name in its first sample
                return table if row is not None and row.cmd and _measured(row, by) >= least else None
            return None

        try:
            # of its very second: the sample of another may come later than it is asked for
            at_s = eventually(seen, what=f"the hog being among the busiest by {by}").sampled
            table = _busiest(server, at_s, by)
        finally:
            hog.kill()  # else it would be waited for
    # what else runs on this machine may do as much
    measured = [_measured(row, by) for row in table.rows]
    assert measured == sorted(measured, reverse=True)
    eventually(lambda: hog.pid in _ended(server, at_s), what="its end being seen")
    again = _busiest(server, at_s, by)
    assert again == table
    row = row_of_it(again)
    assert row is not None
    assert row.cmd.endswith("--password=***")
    assert row.user == Path(f"/proc/{os.getpid()}").owner()


def _ended(server: Server, since_s: float) -> set[int]:
    """Return which processes ended in the seconds since."""
    found: set[int] = set()
    with Client(server.url, server.token) as client:
        for second in range(int(since_s), _CLOCK.now_ms() // 1000 + 1):
            found |= {process.pid for process in client.who(second).ended}
    return found


def test_a_storm_of_forks_misses_no_tick(server: Server) -> None:
    def ticks_missed() -> float:
        before = server.value("barograph_ticks_missed_total") or 0.0
        subprocess.run([sys.executable, "-c", _STORM], check=True, timeout=120)
        return (server.value("barograph_ticks_missed_total") or 0.0) - before

    at_best(ticks_missed, 1, "ticks missed meanwhile")
    eventually(
        lambda: server.value('barograph_collector_success{collector="process"}') == 1, what="a sample of processes"
    )
