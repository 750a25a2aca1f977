"""A clock that is set while the real process runs: ticks go on within two seconds, and none is lost or doubled."""

import itertools
import os
import time
from pathlib import Path

import pytest

from helpers.server import Server, eventually, serving

pytestmark = pytest.mark.e2e
_LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
_STEPS_S = (0, 3600, 0, -3600, 366 * 86_400, 1, 0, -1, -366 * 86_400, 0)


def newest_s(server: Server) -> float:
    return float(server.get("/api/barograph/v1/status").json()["data"]["tick_ms"]) / 1000


def test_ticks_follow_the_clock_wherever_it_is_set(tmp_path: Path) -> None:
    if not _LIBRARY.exists():
        pytest.skip("libfaketime is not installed")
    offset = tmp_path / "offset"
    offset.write_text("+0")
    environment = {
        **os.environ,
        "LD_PRELOAD": str(_LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    with serving(tmp_path / "data", environment=environment) as server:
        slowest_s = 0.0
        for shift_s in _STEPS_S:
            offset.write_text(f"{shift_s:+d}")
            began_s = time.monotonic()

            def follows(shift_s: int = shift_s) -> bool | None:
                real_s = time.time()  # noqa: TID251  as above
                return True if abs(newest_s(server) - real_s - shift_s) < 1.5 else None

            eventually(follows, 10, f"ticks {shift_s:+d} s from now")
            slowest_s = max(slowest_s, time.monotonic() - began_s)
            time.sleep(2)
        assert server.value('barograph_tick_failures_total{step="append"}') == 0
        assert (server.value("barograph_clock_set_back_total") or 0) >= 4
        (series,) = server.query("node_load1[10s]")
        times = [at for at, _ in series["values"]]
        assert all(b - a == 1 for a, b in itertools.pairwise(times[-3:])), times
    print(f"clock: {len(_STEPS_S)} steps, slowest to follow {slowest_s:.1f} s")  # noqa: T201  this promise's figure
