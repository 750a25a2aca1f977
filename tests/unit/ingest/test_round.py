import logging
from collections.abc import Sequence

import pytest

from barograph.ingest.round import Round
from barograph.model.batch import Batch
from barograph.model.errors import CollectError, DeniedError, NoDataError
from barograph.model.schedule import ScheduledCollector
from barograph.telemetry.metrics import Telemetry
from helpers.clock import FakeClock
from helpers.collecting import FakeCollector, Stuck


class Rig:
    """A round with its telemetry."""

    def __init__(self, *collectors: ScheduledCollector) -> None:
        self.clock = FakeClock()
        self.telemetry = Telemetry()
        self.round = Round(collectors, self.telemetry, self.clock)

    def collect(self, instant_ms: int) -> dict[int, list[float | None]]:
        """Return the first value of each batch, by interval."""
        return {interval: firsts(parts) for interval, parts in self.round.collect(instant_ms).items()}

    def metric(self, name: str, **labels: str) -> float | None:
        schema, values = self.telemetry.snapshot()
        found = [
            float(value)
            for series, value in zip(schema.series, values.tolist(), strict=True)
            if series.name == name and all(series.get(key) == wanted for key, wanted in labels.items())
        ]
        return found[0] if found else None

    def states(self) -> list[str]:
        return [health.state for health in self.round.health()]


def firsts(parts: Sequence[Batch | None]) -> list[float | None]:
    return [None if part is None else float(part.values[0]) for part in parts]


def raising(error: Exception) -> FakeCollector:
    collector = FakeCollector("broken")

    def behave() -> None:
        raise error

    collector.behave = behave
    return collector


def test_all_due_collectors_give_a_batch_in_their_order() -> None:
    rig = Rig(FakeCollector("a").every(), FakeCollector("b").every(budget_ms=5), FakeCollector("c").every())
    assert rig.collect(5000) == {1000: [1, 1, 1]}
    assert rig.states() == ["ok", "ok", "ok"]
    rig.round.close()


def test_each_interval_is_due_at_its_own_instants() -> None:
    rig = Rig(FakeCollector("a").every(1000), FakeCollector("slow").every(15_000))
    assert rig.collect(14_000) == {1000: [1]}
    assert rig.collect(15_000) == {1000: [2], 15_000: [1]}
    assert rig.round.intervals_ms == {1000, 15_000}
    rig.round.close()


def test_one_that_raises_is_isolated_counted_left_alone_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    broken = raising(CollectError("no such luck"))
    rig = Rig(FakeCollector("a").every(), broken.every())
    assert rig.collect(1000) == {1000: [1, None]}
    assert rig.states() == ["ok", "failing"]
    assert rig.round.health()[1].reason == "CollectError: no such luck"
    assert rig.metric("barograph_collector_failures_total", collector="broken", reason="error") == 1
    assert rig.metric("barograph_collector_success", collector="broken", reason="error") == 0
    assert rig.metric("barograph_collector_success", collector="a") == 1
    assert rig.collect(2000) == {1000: [2, None]}
    assert broken.instants == [1000]
    broken.behave = lambda: None
    assert rig.collect(3000) == {1000: [3, 2]}
    assert rig.states() == ["ok", "ok"]
    assert "collector broken is failing: CollectError: no such luck; the others go on" in caplog.text
    assert "collector broken works again" in caplog.text
    rig.round.close()


def test_a_failure_that_goes_on_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    rig = Rig(raising(OSError("a")).every())
    rig.collect(1000)
    rig.round._guarded[0].scheduled.collector.behave = raising(OSError("b")).behave  # type: ignore[attr-defined]
    rig.collect(3000)
    assert rig.round.health()[0].reason == "OSError: b"
    assert len(caplog.records) == 1
    rig.round.close()


def test_no_data_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    nothing = raising(NoDataError("/proc/pressure does not exist"))
    rig = Rig(nothing.every())
    assert rig.collect(1000) == {1000: [None]}
    assert rig.states() == ["no_data"]
    assert rig.metric("barograph_collector_failures_total", collector="broken", reason="error") == 0
    assert [record.levelname for record in caplog.records] == ["INFO"]
    rig.collect(60_000)
    assert nothing.instants == [1000]
    rig.collect(61_000)
    assert nothing.instants == [1000, 61_000]
    rig.round.close()


def test_the_duration_of_a_sample_is_told() -> None:
    slow = FakeCollector("slow")
    rig = Rig(slow.every(budget_ms=5000))
    slow.behave = lambda: rig.clock.advance(0.25)
    rig.collect(1000)
    assert rig.metric("barograph_collector_duration_seconds", collector="slow") == pytest.approx(0.25)
    rig.round.close()


def test_the_version_grows_with_changes_only() -> None:
    broken = raising(OSError("no"))
    rig = Rig(FakeCollector("a").every(), broken.every())
    assert rig.round.version == 1
    rig.collect(1000)
    assert rig.round.version == 2
    rig.collect(2000)
    assert rig.round.version == 2
    broken.behave = lambda: None
    rig.collect(3000)
    assert rig.round.version == 3
    rig.round.close()


class TestHung:
    """A collector whose call is not answered."""

    @pytest.fixture(autouse=True)
    def _rig(self) -> None:
        self.hanging = FakeCollector("hanging")
        self.rig = Rig(FakeCollector("a").every(), self.hanging.every(), FakeCollector("b").every())
        self.stuck = Stuck(self.rig.clock)
        self.hanging.behave = self.stuck

    def wait_for_the_call_to_return(self) -> None:
        self.stuck.release()
        guarded = self.rig.round._guarded[1]
        for worker in self.rig.round._runner._stuck:
            worker.thread.join(60)
        if guarded.retry is not None:
            guarded.retry.thread.join(60)

    def test_the_others_still_give_their_samples(self) -> None:
        assert self.rig.collect(1000) == {1000: [1, None, 1]}
        assert self.rig.states() == ["ok", "hung", "ok"]
        assert self.rig.metric("barograph_collector_failures_total", collector="hanging", reason="hung") == 1
        assert self.rig.metric("barograph_collector_stuck") == 1
        self.wait_for_the_call_to_return()
        self.rig.round.close()

    def test_it_is_not_called_again_before_its_call_has_returned(self) -> None:
        for second in range(1, 100):
            self.rig.collect(second * 1000)
        assert self.hanging.instants == [1000]
        self.wait_for_the_call_to_return()
        self.rig.round.close()

    def test_it_is_then_tried_aside_and_rejoins_when_that_was_in_time(self) -> None:
        self.rig.collect(1000)
        self.wait_for_the_call_to_return()
        self.hanging.behave = lambda: None
        assert self.rig.collect(2000) == {1000: [2, None, 2]}  # left alone
        assert self.rig.collect(3000) == {1000: [3, None, 3]}  # tried aside: its sample belongs to no tick
        self.wait_for_the_call_to_return()
        assert self.hanging.instants == [1000, 3000]
        assert self.rig.collect(4000) == {1000: [4, 3, 4]}
        assert self.rig.states() == ["ok", "ok", "ok"]
        assert self.rig.metric("barograph_collector_stuck") == 0
        self.rig.round.close()

    def test_one_that_is_still_slow_aside_is_left_alone_for_longer(self) -> None:
        self.rig.collect(1000)
        self.wait_for_the_call_to_return()
        self.hanging.behave = lambda: self.rig.clock.advance(1)
        self.rig.collect(3000)
        self.wait_for_the_call_to_return()
        self.rig.collect(4000)  # takes note of the second failure: 2 intervals are left out
        assert self.rig.metric("barograph_collector_failures_total", collector="hanging", reason="hung") == 2
        self.rig.collect(5000)
        self.rig.collect(6000)
        assert self.hanging.instants == [1000, 3000]
        self.rig.collect(7000)
        self.wait_for_the_call_to_return()
        assert self.hanging.instants == [1000, 3000, 7000]
        self.rig.round.close()

    def test_a_retry_that_hangs_too_is_the_only_one(self) -> None:
        self.rig.collect(1000)
        self.wait_for_the_call_to_return()
        again = Stuck(self.rig.clock)
        self.hanging.behave = again
        for second in range(3, 60):
            self.rig.collect(second * 1000)
        assert again.entered.wait(60)
        assert self.hanging.instants == [1000, 3000]
        assert self.rig.metric("barograph_collector_stuck") == 1
        again.release()
        self.wait_for_the_call_to_return()
        self.rig.round.close()

    def test_it_is_closed_when_its_call_returns(self) -> None:
        self.rig.collect(1000)
        self.rig.round.close()
        assert self.hanging.closed == 0
        self.wait_for_the_call_to_return()
        assert self.hanging.closed == 1


def test_closing_ends_the_worker() -> None:
    rig = Rig(FakeCollector("a").every())
    rig.collect(1000)
    worker = rig.round._runner._worker
    assert worker is not None
    rig.round.close()
    worker.thread.join(60)
    assert not worker.thread.is_alive()


def test_closing_forgets_the_metrics_of_collectors_that_do_not_go_on() -> None:
    first, second = FakeCollector("first"), FakeCollector("second")
    rig = Rig(first.every(), second.every())
    rig.collect(1000)
    rig.round.close(kept=frozenset({"second"}))
    assert (first.closed, second.closed) == (1, 1)
    assert rig.metric("barograph_collector_success", collector="first") is None
    assert rig.metric("barograph_collector_duration_seconds", collector="first") is None
    assert rig.metric("barograph_collector_failures_total", collector="first") is None
    assert rig.metric("barograph_collector_duration_seconds", collector="second") is not None


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (NoDataError("none"), "absent"),
        (DeniedError("no"), "denied"),
        (CollectError("odd"), "error"),
        (OSError("x"), "error"),
    ],
)
def test_the_reason_is_one_word_of_a_few(error: Exception, reason: str) -> None:
    collector = raising(error)
    rig = Rig(collector.every())
    rig.collect(1000)
    assert rig.metric("barograph_collector_success", collector="broken", reason=reason) == 0
    collector.behave = lambda: None
    rig.collect(61_000)
    assert rig.metric("barograph_collector_success", collector="broken", reason=reason) is None
    assert rig.metric("barograph_collector_success", collector="broken") == 1
    rig.round.close()
