import threading
from collections.abc import Callable

import pytest

from barograph.model import deadline
from barograph.model.deadline import DeadlineRunner, Outcome
from helpers.clock import FakeClock

BUDGET_S = 0.001  # real time, waited for only by calls that overstay on the fake clock too


class Hang:
    """A call that overstays on the clock and then waits to be let go."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.entered = threading.Event()
        self.let_go = threading.Event()
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        self._clock.advance(10)
        self.entered.set()
        assert self.let_go.wait(60)
        return "too late"


class Rig:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.runner: DeadlineRunner[str] = DeadlineRunner("test", self.clock)

    def run(self, *calls: Callable[[], str]) -> list[Outcome[str]]:
        return self.runner.run(calls, BUDGET_S)

    def values(self, *calls: Callable[[], str]) -> list[str | None]:
        return [outcome.value for outcome in self.run(*calls)]

    def slow(self, duration_s: float, value: str = "slow") -> Callable[[], str]:
        def call() -> str:
            self.clock.advance(duration_s)
            return value

        return call

    def join_stuck(self) -> None:
        for worker in self.runner._stuck:
            worker.thread.join(60)


@pytest.fixture
def rig() -> Rig:
    return Rig()


def fails() -> str:
    raise OSError("no")


def test_calls_are_made_in_order_on_one_other_thread(rig: Rig) -> None:
    seen: list[tuple[str, str]] = []

    def call(name: str) -> Callable[[], str]:
        def inner() -> str:
            seen.append((name, threading.current_thread().name))
            return name

        return inner

    assert rig.values(call("a"), call("b"), call("c")) == ["a", "b", "c"]
    assert seen == [("a", "test"), ("b", "test"), ("c", "test")]
    rig.runner.close()


def test_the_thread_is_kept_between_runs(rig: Rig) -> None:
    idents = []

    def call() -> str:
        idents.append(threading.get_ident())
        return ""

    for _ in range(3):
        rig.run(call)
    assert len(set(idents)) == 1
    rig.runner.close()


def test_no_calls_need_no_thread(rig: Rig) -> None:
    before = set(threading.enumerate())
    assert rig.run() == []
    assert set(threading.enumerate()) <= before, "others may have ended"


def test_an_error_is_an_outcome_and_the_rest_goes_on(rig: Rig) -> None:
    first, second = rig.run(fails, lambda: "b")
    assert isinstance(first.error, OSError)
    assert (first.value, first.hung) == (None, False)
    assert second == Outcome("b", None, False, 0.0)
    rig.runner.close()


def test_each_call_is_measured_by_itself(rig: Rig) -> None:
    outcomes = rig.runner.run([rig.slow(0.25), rig.slow(0.5), fails], 1.0)
    assert [outcome.duration_s for outcome in outcomes] == pytest.approx([0.25, 0.5, 0.0])
    rig.runner.close()


def test_a_call_that_overstays_is_left_behind_and_the_rest_is_done_by_another_thread(rig: Rig) -> None:
    hang = Hang(rig.clock)
    first, stuck, last = rig.run(lambda: "a", hang, lambda: "c")
    assert (first.value, last.value) == ("a", "c")
    assert (stuck.value, stuck.error, stuck.hung) == (None, None, True)
    assert stuck.duration_s == pytest.approx(10)
    assert rig.runner.stuck_count == 1
    hang.let_go.set()
    rig.join_stuck()
    assert rig.runner.stuck_count == 0
    rig.runner.close()


def test_several_may_hang_in_one_run(rig: Rig) -> None:
    hangs = [Hang(rig.clock) for _ in range(3)]
    outcomes = rig.run(hangs[0], lambda: "b", hangs[1], hangs[2])
    assert [outcome.hung for outcome in outcomes] == [True, False, True, True]
    assert rig.runner.stuck_count == 3
    for hang in hangs:
        hang.let_go.set()
    rig.join_stuck()
    assert [hang.calls for hang in hangs] == [1, 1, 1]
    rig.runner.close()


def test_what_a_call_returns_after_it_was_left_behind_is_dropped(rig: Rig) -> None:
    hang = Hang(rig.clock)
    (outcome,) = rig.run(hang)
    hang.let_go.set()
    rig.join_stuck()
    assert outcome.value is None
    assert rig.values(lambda: "next") == ["next"]
    rig.runner.close()


def test_a_thread_that_was_left_behind_takes_no_more_calls(rig: Rig) -> None:
    hang = Hang(rig.clock)
    later: list[str] = []

    def call() -> str:
        later.append(threading.current_thread().name)
        return "later"

    rig.run(hang, call)
    hang.let_go.set()
    rig.join_stuck()
    assert later == ["test"]
    rig.runner.close()


def test_a_slow_call_that_ended_in_time_is_no_hang_however_long_all_take(rig: Rig) -> None:
    steps = [threading.Event() for _ in range(3)]

    def call(step: threading.Event) -> Callable[[], str]:
        def inner() -> str:
            step.wait(0.005)  # longer than the budget in real time, none on the clock that counts
            return "done"

        return inner

    assert rig.values(*(call(step) for step in steps)) == ["done"] * 3
    assert rig.runner.stuck_count == 0
    rig.runner.close()


def test_a_call_that_was_reported_before_its_thread_could_begin_it_is_never_begun(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, calls = threading.Event(), []
    complete = deadline._Worker._complete

    def held_up(worker: deadline._Worker[str], run: deadline._Run[str]) -> bool:
        rig.clock.advance(10)  # the machine gives this thread no time before the budget is over
        assert gate.wait(60)
        return complete(worker, run)

    monkeypatch.setattr(deadline._Worker, "_complete", held_up)
    (outcome,) = rig.run(lambda: calls.append("begun") or "")  # type: ignore[func-returns-value]
    assert outcome.hung
    gate.set()
    rig.join_stuck()
    assert calls == []
    rig.runner.close()


def test_closing_ends_the_waiting_thread(rig: Rig) -> None:
    rig.run(lambda: "a")
    worker = rig.runner._worker
    assert worker is not None
    rig.runner.close()
    worker.thread.join(60)
    assert not worker.thread.is_alive()
    rig.runner.close()


def test_a_closed_runner_can_be_used_again(rig: Rig) -> None:
    rig.run(lambda: "a")
    rig.runner.close()
    assert rig.values(lambda: "b") == ["b"]
    rig.runner.close()


def test_threads_are_daemons_so_that_a_stuck_one_cannot_hold_the_process(rig: Rig) -> None:
    rig.run(lambda: "a")
    assert rig.runner._worker is not None
    assert rig.runner._worker.thread.daemon
    rig.runner.close()


def test_a_thousand_runs_lose_nothing(rig: Rig) -> None:
    for number in range(1000):
        assert rig.values(lambda: f"{number}a", lambda: f"{number}b") == [f"{number}a", f"{number}b"]  # noqa: B023
    rig.runner.close()
