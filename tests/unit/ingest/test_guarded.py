import threading

import pytest

from barograph.ingest.guarded import GuardedCollector, Retry
from helpers.clock import FakeClock
from helpers.collecting import FakeCollector, Stuck


def fail() -> None:
    raise OSError("no")


def test_a_call_collects_for_its_instant() -> None:
    collector = FakeCollector("cpu")
    guarded = GuardedCollector(collector.every())
    guarded.instant_ms = 5000
    assert guarded().values.tolist() == [1]
    assert collector.instants == [5000]
    assert not guarded.is_running


def test_it_is_running_while_the_call_is_under_way_and_not_after_it_raised() -> None:
    collector = FakeCollector("cpu")
    guarded = GuardedCollector(collector.every())
    seen: list[bool] = []
    collector.behave = lambda: seen.append(guarded.is_running)
    guarded()
    assert seen == [True]
    collector.behave = fail
    with pytest.raises(OSError, match="no"):
        guarded()
    assert not guarded.is_running


def test_closing_one_at_rest_closes_the_collector() -> None:
    collector = FakeCollector("cpu")
    GuardedCollector(collector.every()).close()
    assert collector.closed == 1


def test_closing_one_that_hangs_waits_until_its_call_returns() -> None:
    collector, stuck = FakeCollector("cpu"), Stuck(FakeClock())
    collector.behave = stuck
    guarded = GuardedCollector(collector.every())
    thread = threading.Thread(target=guarded)
    thread.start()
    assert stuck.entered.wait(60)
    guarded.close()
    assert collector.closed == 0
    stuck.release()
    thread.join()
    assert collector.closed == 1


def test_a_collector_that_cannot_be_closed_is_said_and_nothing_more(caplog: pytest.LogCaptureFixture) -> None:
    collector = FakeCollector("cpu")
    collector.close = fail  # type: ignore[method-assign]
    GuardedCollector(collector.every()).close()
    assert "collector cpu could not be closed" in caplog.text


class TestRetry:
    def retried(self, collector: FakeCollector, budget_ms: int = 500) -> Retry:
        guarded = GuardedCollector(collector.every(budget_ms=budget_ms))
        guarded.try_aside(7000, self.clock)
        assert guarded.retry is not None
        guarded.retry.thread.join(60)
        return guarded.retry

    @pytest.fixture(autouse=True)
    def _clock(self) -> None:
        self.clock = FakeClock()

    def test_one_within_its_budget_is_a_success(self) -> None:
        collector = FakeCollector("cpu")
        outcome = self.retried(collector).outcome
        assert outcome is not None
        assert outcome.value is not None
        assert not outcome.hung
        assert collector.instants == [7000]

    def test_one_past_its_budget_has_hung_even_though_it_returned(self) -> None:
        collector = FakeCollector("cpu")
        collector.behave = lambda: self.clock.advance(0.6)
        outcome = self.retried(collector).outcome
        assert outcome is not None
        assert outcome.hung
        assert outcome.value is None
        assert outcome.duration_s == pytest.approx(0.6)

    def test_one_that_raises_in_time_tells_its_error(self) -> None:
        collector = FakeCollector("cpu")
        collector.behave = fail
        outcome = self.retried(collector).outcome
        assert outcome is not None
        assert str(outcome.error) == "no"

    def test_it_has_no_outcome_while_it_runs(self) -> None:
        collector, stuck = FakeCollector("cpu"), Stuck(self.clock)
        collector.behave = stuck
        guarded = GuardedCollector(collector.every())
        guarded.try_aside(7000, self.clock)
        assert stuck.entered.wait(60)
        assert guarded.retry is not None
        assert guarded.retry.outcome is None
        assert guarded.retry.thread.daemon  # one that is stuck cannot hold the process
        stuck.release()
        guarded.retry.thread.join(60)
        assert guarded.retry.outcome is not None

    def test_where_no_thread_can_be_started_it_counts_as_hung(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def refuse(thread: threading.Thread) -> None:
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", refuse)
        guarded = GuardedCollector(FakeCollector("cpu").every())
        guarded.try_aside(7000, self.clock)
        assert guarded.retry is not None
        assert guarded.retry.outcome is not None
        assert guarded.retry.outcome.hung
        assert "collector cpu is not tried again for now: can't start new thread" in caplog.text
