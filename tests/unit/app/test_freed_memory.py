"""Memory that was freed goes back to the system."""

import ctypes
import re
from pathlib import Path

import pytest

from barograph.app.freed_memory import EVERY_S, FreedMemory, libc_trim
from helpers.clock import FakeClock

STATUS = Path("/proc/self/status")


def _anonymous_kb() -> int:
    found = re.search(r"RssAnon:\s+(\d+) kB", STATUS.read_text())
    assert found is not None
    return int(found.group(1))


def test_it_is_given_back_now_and_then() -> None:
    clock, given = FakeClock(), []
    memory = FreedMemory(clock, lambda: given.append(clock.monotonic_s()))
    for _ in range(int(3 * EVERY_S)):
        memory.give_back()
        clock.advance(1)
    assert [round(at_s - given[0]) for at_s in given] == [0, EVERY_S]


@pytest.mark.skipif(not STATUS.exists(), reason="this system has no /proc")
def test_holes_between_what_is_used_are_given_back() -> None:
    before_kb = _anonymous_kb()
    blocks = [bytes(6000) for _ in range(20_000)]
    kept = blocks[::20]
    del blocks
    held_kb = _anonymous_kb() - before_kb
    libc_trim()()
    assert _anonymous_kb() - before_kb < held_kb / 2
    assert len(kept) == 1000


def test_a_c_library_without_it_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
    libc_trim()()
