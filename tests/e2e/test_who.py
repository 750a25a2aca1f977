"""The flight recorder beside real hogs: who used the CPU, the memory and the disk is found afterwards."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.analysis.who import WhoTable
from barograph.client.client import Client
from barograph.model.clock import SystemClock
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


def _first(server: Server, at_s: float | None, by: str) -> WhoTable:
    with Client(server.url, server.token) as client:
        return client.who(at_s, by=by, limit=1)


@pytest.mark.parametrize(("by", "code"), [("cpu", _CPU), ("memory", _MEMORY), ("io", _DISK)])
def test_a_hog_is_found_when_it_is_gone(server: Server, tmp_path: Path, by: str, code: str) -> None:
    arguments = [sys.executable, "-c", code, str(tmp_path / "file"), "--password=s3cret"]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE) as hog:

        def is_first() -> bool:
            rows = _first(server, None, by).rows
            return bool(rows) and rows[0].pid == hog.pid

        eventually(is_first, what=f"the hog being first by {by}")
        at_s = _CLOCK.now_ms() / 1000
        table = _first(server, at_s, by)
        hog.kill()
    eventually(lambda: hog.pid in _ended(server, at_s), what="its end being seen")
    again = _first(server, at_s, by)
    assert again == table
    assert again.rows[0].cmd.endswith("--password=***")
    assert again.rows[0].user == Path(f"/proc/{os.getpid()}").owner()


def _ended(server: Server, since_s: float) -> set[int]:
    """Return which processes ended in the seconds since."""
    found: set[int] = set()
    with Client(server.url, server.token) as client:
        for second in range(int(since_s), _CLOCK.now_ms() // 1000 + 1):
            found |= {process.pid for process in client.who(second).ended}
    return found


def test_a_storm_of_forks_misses_no_tick(server: Server) -> None:
    before = server.value("barograph_ticks_missed_total") or 0
    subprocess.run([sys.executable, "-c", _STORM], check=True, timeout=60)
    assert (server.value("barograph_ticks_missed_total") or 0) == before
    assert server.value('barograph_collector_success{collector="process"}') == 1
