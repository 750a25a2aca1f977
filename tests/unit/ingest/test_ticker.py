import dataclasses
import logging
import threading
from collections.abc import Callable

import pytest

from barograph.ingest.ticker import Ticker, TickerParts
from barograph.model.batch import Batch
from barograph.model.errors import NoDataError, ReadOnlyError, StoreError
from barograph.model.sample import ABSENT, STALE
from barograph.model.schedule import ScheduledCollector
from barograph.telemetry.metrics import Telemetry
from helpers.clock import FakeClock
from helpers.collecting import FakeCollector, FakePause, RecordingAppender, Stuck, bits

START_MS = 1_700_000_000_000


class Rig:
    """A ticker whose clock moves only while it waits."""

    def __init__(self, *collectors: ScheduledCollector, start_ms: int = START_MS + 400) -> None:
        self.clock = FakeClock(start_ms)
        self.pause = FakePause(self.clock)
        self.appender = RecordingAppender()
        self.telemetry = Telemetry()
        self.ticks: list[int] = []
        self.budgets: list[float] = []
        self.maintain: Callable[[float], None] = self.budgets.append
        self.publish: Callable[[int], None] = lambda instant_ms: None
        self.last_tick = 0
        parts = TickerParts(
            appender=self.appender,
            maintain=self.on_maintain,
            on_tick=self.on_tick,
            telemetry=self.telemetry,
            clock=self.clock,
            instance="here",
        )
        self.ticker = Ticker(collectors, parts, self.pause)

    def on_tick(self, instant_ms: int) -> None:
        self.ticks.append(instant_ms)
        if len(self.ticks) == self.last_tick:
            self.ticker.stop()
        self.publish(instant_ms)

    def on_maintain(self, budget_s: float) -> None:
        self.maintain(budget_s)

    def run(self, ticks: int) -> None:
        self.last_tick = ticks
        self.ticker.run()

    @property
    def seconds(self) -> list[float]:
        return [(instant_ms - START_MS) / 1000 for instant_ms in self.ticks]

    def metric(self, name: str, **labels: str) -> float:
        schema, values = self.telemetry.snapshot()
        (found,) = (
            float(value)
            for series, value in zip(schema.series, values.tolist(), strict=True)
            if series.name == name and all(series.get(key) == wanted for key, wanted in labels.items())
        )
        return found


class TestInstants:
    def test_ticks_come_at_whole_instants_without_drift(self) -> None:
        rig = Rig(FakeCollector("a").every())
        rig.maintain = lambda budget_s: rig.clock.advance(0.0123)
        rig.run(5)
        assert rig.seconds == [1, 2, 3, 4, 5]
        assert rig.pause.waits == pytest.approx([0.6, 0.9877, 0.9877, 0.9877, 0.9877])
        assert rig.metric("barograph_ticks_total") == 5
        assert rig.metric("barograph_ticks_missed_total") == 0
        assert rig.metric("barograph_ticks_late_total") == 0

    def test_a_batch_carries_the_planned_instant_however_late_it_is(self) -> None:
        slow = FakeCollector("slow")
        rig = Rig(slow.every(budget_ms=5000))
        slow.behave = lambda: rig.clock.advance(0.3)
        rig.run(2)
        assert slow.instants == [START_MS + 1000, START_MS + 2000]
        assert rig.appender.instants("host/1s") == slow.instants
        assert rig.metric("barograph_tick_late_seconds") == pytest.approx(0.3)
        assert rig.metric("barograph_ticks_late_total") == 2

    def test_instants_that_a_slow_tick_passes_over_are_counted(self) -> None:
        slow = FakeCollector("slow")
        rig = Rig(slow.every(budget_ms=60_000))
        slow.behave = lambda: rig.clock.advance(3.5 if len(slow.instants) == 1 else 0)
        rig.run(3)
        assert rig.seconds == [1, 4, 5]
        assert rig.metric("barograph_ticks_missed_total") == 2
        assert rig.metric("barograph_tick_start_late_seconds") == 0

    def test_a_tick_that_begins_late_but_within_its_interval_is_done(self) -> None:
        slow = FakeCollector("slow")
        rig = Rig(slow.every(budget_ms=60_000))
        slow.behave = lambda: rig.clock.advance(1.5 if len(slow.instants) == 1 else 0)
        rig.run(2)
        assert rig.seconds == [1, 2]
        assert rig.metric("barograph_tick_start_late_seconds") == pytest.approx(0.5)

    def test_several_intervals_share_the_ticks(self) -> None:
        rig = Rig(FakeCollector("quick").every(500), FakeCollector("slow").every(2000))
        rig.run(4)
        assert rig.seconds == [0.5, 1, 1.5, 2]
        assert rig.appender.instants("host/500ms") == rig.ticks
        assert rig.appender.instants("host/2s") == [START_MS + 2000]
        assert rig.appender.instants("barograph") == [START_MS + 1000, START_MS + 2000]

    def test_up_is_told_once_for_the_host_and_once_for_ourselves(self) -> None:
        rig = Rig(FakeCollector("quick").every(1000), FakeCollector("slow").every(2000))
        rig.run(2)
        assert rig.appender.series("host/1s", "up") == [1, 1]
        assert rig.appender.series("host/2s", "up") == []
        assert rig.appender.series("barograph", "up") == [1, 1]

    def test_a_source_of_which_nothing_ever_came_is_not_appended(self) -> None:
        slow = FakeCollector("slow")

        def behave() -> None:
            raise NoDataError("no such thing")

        slow.behave = behave
        rig = Rig(FakeCollector("quick").every(1000), slow.every(2000))
        rig.run(3)
        assert sorted(rig.appender.batches) == ["barograph", "host/1s"]

    def test_without_collectors_our_own_metrics_are_still_stored(self) -> None:
        rig = Rig()
        rig.run(2)
        assert rig.appender.instants("barograph") == [START_MS + 1000, START_MS + 2000]
        assert list(rig.appender.batches) == ["barograph"]
        assert rig.appender.series("barograph", "barograph_ticks_total") == [0, 1]


class TestClockSteps:
    def test_a_step_forward_skips_and_counts(self, caplog: pytest.LogCaptureFixture) -> None:
        rig = Rig(FakeCollector("a").every())
        rig.pause.at(2, lambda: rig.clock.step_wall(3_600_000))
        rig.run(3)
        assert rig.seconds == [1, 2, 3602]
        assert rig.metric("barograph_ticks_missed_total") == 3599
        assert "no samples for 3600 s: the machine slept, the clock was set forward" in caplog.text

    def test_a_small_step_back_makes_a_tick_wait_and_none_twice(self, caplog: pytest.LogCaptureFixture) -> None:
        rig = Rig(FakeCollector("a").every())
        rig.pause.at(2, lambda: rig.clock.step_wall(-700))
        rig.run(3)
        assert rig.seconds == [1, 2, 3]
        assert rig.pause.waits == pytest.approx([0.6, 1.0, 0.7, 1.0])
        assert caplog.text == ""

    @pytest.mark.parametrize("step_s", [2, 10, 3600, 86_400, 366 * 86_400])
    def test_after_a_step_back_ticks_go_on_at_the_clocks_own_instants(
        self, step_s: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        rig = Rig(FakeCollector("a").every())
        rig.pause.at(2, lambda: rig.clock.step_wall(-step_s * 1000))
        rig.run(5)
        # the step comes when the second tick is due
        again = 2 if step_s == 2 else 3 - step_s
        assert rig.seconds == [1, *range(again, again + 4)]
        assert sum(rig.pause.waits) <= 6.6
        assert ("the clock was set back" in caplog.text) == (step_s > 2)
        assert rig.metric("barograph_clock_set_back_total") == (step_s > 2)
        assert rig.metric("barograph_ticks_missed_total") == 0

    def test_a_collector_that_rests_is_tried_again_though_the_clock_was_set_back(self) -> None:
        resting = FakeCollector("resting")

        def behave() -> None:
            if len(resting.instants) == 1:
                raise NoDataError("none here")

        resting.behave = behave
        rig = Rig(FakeCollector("a").every(), resting.every())
        rig.pause.at(2, lambda: rig.clock.step_wall(-86_400_000))
        rig.run(4)
        assert len(resting.instants) == 4

    def test_every_tick_is_the_clocks_own(self) -> None:
        rig = Rig(FakeCollector("a").every())
        rig.run(2)
        assert set(rig.appender.own) == {True}


class TestFailures:
    def test_a_failing_collector_leaves_a_gap_in_its_series_only(self) -> None:
        broken = FakeCollector("broken")

        def behave() -> None:
            if len(broken.instants) == 2:
                raise OSError("no")

        broken.behave = behave
        rig = Rig(FakeCollector("a").every(), broken.every())
        rig.run(4)
        assert rig.appender.series("host/1s", "a") == [1, 2, 3, 4]
        assert bits(rig.appender.series("host/1s", "broken")) == bits([1, STALE, ABSENT, 3])
        assert rig.appender.series("host/1s", "up") == [1, 1, 1, 1]

    def test_a_hung_collector_keeps_no_tick_waiting_but_the_first(self) -> None:
        hanging = FakeCollector("hanging")
        rig = Rig(FakeCollector("a").every(), hanging.every())
        stuck = Stuck(rig.clock, 0.5)
        hanging.behave = stuck
        late: list[float] = []
        rig.maintain = lambda budget_s: late.append(rig.metric("barograph_tick_late_seconds"))
        rig.run(6)
        stuck.release()
        assert rig.seconds == [1, 2, 3, 4, 5, 6]
        assert late == pytest.approx([0.5, 0, 0, 0, 0])
        assert rig.appender.series("host/1s", "a") == [1, 2, 3, 4, 5, 6]

    def test_a_disk_that_takes_nothing_is_said_once_and_ticks_go_on(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        rig = Rig(FakeCollector("a").every())

        def on_commit() -> None:
            if len(rig.ticks) in (1, 2, 3):
                raise ReadOnlyError("the disk is full")

        rig.appender.on_commit = on_commit
        rig.run(6)
        assert rig.seconds == [1, 2, 3, 4, 5, 6]
        assert rig.metric("barograph_tick_failures_total", step="commit") == 3
        assert [record.getMessage() for record in caplog.records] == [
            "nothing can be stored for now, collecting goes on in memory: the disk is full",
            "samples are stored again, with those that were kept in memory meanwhile",
        ]

    @pytest.mark.parametrize("step", ["append", "commit", "publish", "maintain", "collect"])
    def test_whatever_fails_is_counted_and_the_next_tick_comes(
        self, step: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        rig = Rig(FakeCollector("a").every())

        def fail(*_: object) -> None:
            raise StoreError("not today")

        if step == "append":
            rig.appender.on_append = lambda batch: fail() if batch.source == "host/1s" else None
        elif step == "commit":
            rig.appender.on_commit = fail
        elif step == "maintain":
            rig.maintain = fail
        elif step == "collect":
            rig.telemetry.on_snapshot(fail)
        else:
            rig.publish = fail
        rig.run(3)
        assert rig.seconds == [1, 2, 3]
        assert rig.ticker._metrics.failures[step].value == (2 if step == "maintain" else 3)
        assert "not today" in caplog.text

    def test_one_source_that_cannot_be_appended_does_not_keep_the_other_out(self) -> None:
        rig = Rig(FakeCollector("a").every())

        def on_append(batch: Batch) -> None:
            if batch.source == "host/1s":
                raise StoreError("not newer")

        rig.appender.on_append = on_append
        rig.run(2)
        assert rig.appender.instants("barograph") == [START_MS + 1000, START_MS + 2000]
        assert rig.appender.commits == 2


class TestMaintenance:
    def test_it_gets_the_idle_time_but_never_more_than_a_fifth_of_a_second(self) -> None:
        rig = Rig(FakeCollector("a").every())
        rig.run(3)
        assert rig.budgets == pytest.approx([0.2, 0.2])

    def test_it_ends_well_before_the_next_tick(self) -> None:
        slow = FakeCollector("slow")
        rig = Rig(slow.every(budget_ms=5000))
        slow.behave = lambda: rig.clock.advance(0.85)
        rig.run(2)
        assert rig.budgets == pytest.approx([0.1])

    def test_where_no_time_is_left_it_waits_but_not_for_ever(self) -> None:
        slow = FakeCollector("slow")
        rig = Rig(slow.every(budget_ms=5000))
        slow.behave = lambda: rig.clock.advance(0.96)
        rig.run(64)
        assert rig.budgets == pytest.approx([0.02])

    def test_a_ticker_that_is_to_stop_does_none(self) -> None:
        rig = Rig(FakeCollector("a").every())
        rig.run(1)
        assert rig.budgets == []


class TestStopping:
    def test_collectors_are_closed(self) -> None:
        collector = FakeCollector("a")
        rig = Rig(collector.every())
        rig.run(1)
        assert collector.closed == 1

    def test_one_that_is_stopped_while_it_waits_does_not_tick(self) -> None:
        rig = Rig(FakeCollector("a").every())
        rig.pause.at(1, rig.ticker.stop)
        rig.run(99)
        assert rig.ticks == []

    def test_a_real_pause_ends_at_once(self) -> None:
        rig = Rig(FakeCollector("a").every(3_600_000))
        ticker = Ticker([], rig.ticker._parts)
        thread = threading.Thread(target=ticker.run)
        thread.start()
        ticker.stop()
        thread.join(60)
        assert not thread.is_alive()


class TestReplacing:
    def test_other_collectors_take_over_between_two_ticks(self) -> None:
        first, second = FakeCollector("a", "shared", "old"), FakeCollector("a", "shared", "new")
        rig = Rig(first.every())
        rig.pause.at(2, lambda: rig.ticker.replace([second.every()]))
        rig.run(4)
        assert first.closed == 1
        assert (len(first.instants), len(second.instants)) == (2, 2)
        assert rig.appender.series("host/1s", "old") == [1, 2]
        assert rig.appender.series("host/1s", "new") == [1, 2]
        assert rig.appender.series("host/1s", "shared") == [1, 2, 1, 2]

    def test_counters_of_a_collector_that_stays_go_on(self) -> None:
        broken = FakeCollector("a")

        def behave() -> None:
            raise OSError("no")

        broken.behave = behave
        rig = Rig(broken.every())
        failures: list[float] = []
        rig.pause.at(2, lambda: rig.ticker.replace([FakeCollector("a").every()]))
        rig.publish = lambda _: failures.append(rig.metric("barograph_collector_failures_total", reason="error"))
        rig.run(3)
        assert failures == [1, 1, 1]

    def test_an_interval_that_is_given_up_ends_its_series(self) -> None:
        rig = Rig(FakeCollector("a").every(1000))
        rig.pause.at(2, lambda: rig.ticker.replace([FakeCollector("a").every(2000)]))
        rig.run(4)
        assert rig.seconds == [1, 2, 4, 6]
        assert bits(rig.appender.series("host/1s", "a")) == bits([1, 2, STALE])
        assert bits(rig.appender.series("host/1s", "up")) == bits([1, 1, STALE])
        assert rig.appender.series("host/2s", "a") == [1, 2]
        assert rig.appender.series("host/2s", "up") == [1, 1]

    def test_health_follows_and_its_version_only_grows(self) -> None:
        rig = Rig(FakeCollector("a").every())
        before, health = rig.ticker.health()
        assert [one.name for one in health] == ["a"]
        rig.pause.at(1, lambda: rig.ticker.replace([FakeCollector("b").every()]))
        rig.run(2)
        after, health = rig.ticker.health()
        assert [one.name for one in health] == ["b"]
        assert after > before


class FakeFollower:
    def __init__(self, rig: Rig, *intervals_ms: int) -> None:
        self.intervals_ms = frozenset(intervals_ms)
        self.has_told = False
        self.followed: list[tuple[float, float]] = []
        self.behave: Callable[[], None] = lambda: None
        self._rig = rig

    def follow(self, instant_ms: int, budget_s: float) -> None:
        assert self._rig.appender.commits == len(self.followed) + 1, "what follows comes after the commit"
        self.followed.append(((instant_ms - START_MS) / 1000, round(budget_s, 3)))
        self.behave()


class TestFollowing:
    def rig(self, *intervals_ms: int, every_ms: int = 1000) -> tuple[Rig, FakeFollower]:
        rig = Rig(FakeCollector("a").every(every_ms))
        follower = FakeFollower(rig, *intervals_ms)
        rig.ticker._parts = dataclasses.replace(rig.ticker._parts, follower=follower)
        return rig, follower

    def test_each_tick_is_followed_within_the_time_before_the_next(self) -> None:
        rig, follower = self.rig()
        rig.run(3)
        assert follower.followed == [(1, 0.95), (2, 0.95)]

    def test_at_ten_hertz_a_third_of_the_time_is_left_for_the_next_tick(self) -> None:
        rig, follower = self.rig(every_ms=100)
        rig.run(3)
        assert [budget_s for _, budget_s in follower.followed] == [0.07, 0.07]

    def test_instants_of_the_follower_are_ticks_though_nothing_is_collected(self) -> None:
        rig, follower = self.rig(1500)
        rig.run(5)
        assert rig.seconds == [1, 2, 2.5, 3, 4]
        assert [instant_s for instant_s, _ in follower.followed] == [1, 2, 2.5, 3]
        assert rig.appender.instants("host/1s") == [START_MS + 1000 * second for second in (1, 2, 3, 4)]

    def test_what_fails_in_following_is_counted_and_ticks_go_on(self, caplog: pytest.LogCaptureFixture) -> None:
        rig, follower = self.rig()

        def fail() -> None:
            raise ValueError("broken")

        follower.behave = fail
        rig.run(3)
        assert rig.seconds == [1, 2, 3]
        assert rig.metric("barograph_tick_failures_total", step="follow") == 2
        assert "a tick's step failed" in caplog.text

    def test_there_is_always_a_little_time(self) -> None:
        rig, follower = self.rig()
        rig.publish = lambda _: rig.clock.advance(1.2)
        rig.run(2)
        assert follower.followed == [(1, 0.005)]

    @pytest.mark.parametrize(("has_told", "budgets"), [(True, 2), (False, 7)])
    def test_upkeep_keeps_out_of_the_way_of_messages_for_a_while(self, has_told: bool, budgets: int) -> None:
        rig, follower = self.rig()
        follower.has_told = has_told
        rig.run(8)
        assert (len(follower.followed), len(rig.budgets)) == (7, budgets)
