import time

import pytest

from barograph.model.clock import SetBack, SystemClock
from helpers.clock import FakeClock


def test_it_tells_the_machines_time() -> None:
    clock = SystemClock()
    before_s = time.time()  # noqa: TID251  what it is compared with
    now_ms, now_s = clock.now_ms(), clock.now_s()
    after_s = time.time()  # noqa: TID251  what it is compared with
    assert int(before_s * 1000) <= now_ms <= after_s * 1000 + 1
    assert before_s <= now_s <= after_s


def test_the_monotonic_clock_never_runs_backwards() -> None:
    clock = SystemClock()
    times = [clock.monotonic_s() for _ in range(1000)]
    assert times == sorted(times)


def test_it_sleeps_for_positive_times_only(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    clock = SystemClock()
    clock.sleep(0.25)
    clock.sleep(0)
    clock.sleep(-1)
    assert slept == [0.25]


def test_a_clock_that_is_set_back_is_noticed_and_no_other() -> None:
    clock = FakeClock()
    set_back = SetBack(clock)
    clock.advance(3600)
    assert set_back.take_ms() == 0
    clock.step_wall(86_400_000)
    assert set_back.take_ms() == 0
    clock.step_wall(-86_400_000)
    assert (set_back.take_ms(), set_back.take_ms()) == (86_400_000, 0)
    clock.step_wall(-600)
    assert set_back.take_ms() == 0
    clock.step_wall(-600)
    assert set_back.take_ms() == 1200
