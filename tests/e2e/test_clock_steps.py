"""A clock that is set while the real process runs: ticks follow it at once, none is doubled, and none lost uncounted.

How late a tick comes is the machine's affair, so nothing here depends on that: every tick is heard on the live stream
with what the server had counted by then, and the count must explain where the tick stands.
"""

import itertools
import json
import os
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

import pytest

from helpers.server import Server, eventually, serving

pytestmark = pytest.mark.e2e
_LIBRARY = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")
_STEPS_S = (0, 3600, 0, -3600, 366 * 86_400, 1, 0, -1, -366 * 86_400, 0)
_COUNTED = ("barograph_ticks_total", "barograph_ticks_missed_total", "barograph_clock_set_back_total")
_LONGEST_S = 60.0


class Tick(NamedTuple):
    """A tick as it was heard: its instant, what was counted by then, and when that was by the machine's own clock."""

    at_ms: int
    ticks: float
    missed: float
    set_back: float
    heard_s: float

    def is_at(self, shift_s: float) -> bool:
        """Tell whether it is of a clock that differs so much from the machine's."""
        return abs(self.at_ms / 1000 - self.heard_s - shift_s) < 1.5


@contextmanager
def hearing(server: Server) -> Iterator[list[Tick]]:
    """Follow the live stream on a thread; the list grows with each tick."""
    heard: list[Tick] = []
    address = f"{server.url}/api/barograph/v1/live?" + "&".join(f"expr={name}" for name in _COUNTED)
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {server.token}"})
    with urllib.request.urlopen(request, timeout=_LONGEST_S) as stream:

        def follow() -> None:
            event = ""
            with suppress(OSError, HTTPException):  # at the end, of a front that was too busy to end in time
                for line in stream:
                    name, _, data = line.decode().strip().partition(": ")
                    if name == "event":
                        event = data
                    elif name == "data" and event == "row":
                        at_ms, ticks, missed, set_back = json.loads(data)
                        heard_s = time.time()  # noqa: TID251  the machine's own
                        heard.append(Tick(at_ms, ticks, missed, set_back, heard_s))

        following = threading.Thread(target=follow)
        following.start()
        try:
            yield heard
        finally:
            server.stop()
            following.join()


def set_clock(offset: Path, shift_s: int) -> float:
    """Set the server's clock apart from the machine's, all at once; returns the machine's."""
    new = offset.with_suffix(".new")
    new.write_text(f"{shift_s:+d}")
    new.replace(offset)
    return time.time()  # noqa: TID251  as above


def check_counted(heard: list[Tick]) -> None:
    """Each second between two ticks is a tick or counted as missed, unless the clock was set back there."""
    for before, after in itertools.pairwise(heard):
        done = after.ticks - before.ticks
        assert done >= 1, (before, after)
        if after.set_back == before.set_back:
            assert after.at_ms - before.at_ms == 1000 * (done + after.missed - before.missed), (before, after)


def follows(heard: list[Tick], known: int, shift_s: float) -> bool:
    """Tell whether two ticks have come that are of a clock, after some that are known."""
    return sum(tick.is_at(shift_s) for tick in heard[known:]) >= 2


def is_past(heard: list[Tick], instant_s: float) -> bool:
    """Tell whether the newest tick is after an instant."""
    return heard[-1].at_ms / 1000 > instant_s


def test_ticks_follow_the_clock_wherever_it_is_set(tmp_path: Path) -> None:
    if not _LIBRARY.exists():
        pytest.skip("libfaketime is not installed")
    offset = tmp_path / "offset"
    set_clock(offset, 0)
    environment = {
        **os.environ,
        "LD_PRELOAD": str(_LIBRARY),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    slowest_s, shift_before_s = 0.0, 0
    with serving(tmp_path / "data", environment=environment, ready_s=_LONGEST_S) as server, hearing(server) as heard:
        eventually(lambda: heard, _LONGEST_S, "a first tick")
        for shift_s in _STEPS_S:
            known = len(heard)
            set_s = set_clock(offset, shift_s)
            eventually(partial(follows, heard, known, shift_s), _LONGEST_S, f"ticks {shift_s:+d} s from now")
            if abs(shift_s - shift_before_s) == 1:
                # a tick of the clock that was, heard late, looks like one of this clock
                over_s = set_s + max(shift_s, shift_before_s) + 1
                eventually(partial(is_past, heard, over_s), _LONGEST_S, f"a tick {shift_s:+d} s from now")
            slowest_s = max(slowest_s, time.time() - set_s)  # noqa: TID251  as above
            if abs(shift_s - shift_before_s) > 1:
                # the instant that was waited for may still come, and after it none by the clock that was
                planned_s = set_s + shift_before_s + 1
                old = [tick.at_ms / 1000 for tick in heard[known:] if abs(tick.at_ms / 1000 - planned_s) < 1000]
                assert all(at_s <= planned_s for at_s in old), (shift_before_s, shift_s, planned_s, old)
            shift_before_s = shift_s
        # ahead by an hour, by a year, and by a year again
        assert heard[-1].set_back - heard[0].set_back == 4
        check_counted(heard)
        assert server.value('barograph_tick_failures_total{step="append"}') == 0
    print(f"clock: {len(_STEPS_S)} steps, slowest to follow {slowest_s:.1f} s, {len(heard)} ticks")  # noqa: T201  the figure
