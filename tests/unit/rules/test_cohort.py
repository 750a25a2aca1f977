"""What the rules of one interval do after a time in which nobody evaluated them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.model.alert import AlertPhase
from barograph.model.batch import Batch
from barograph.model.errors import StoreError
from helpers.rules import START_MS, RuleWorld

TWO_LIMITS = """
groups:
  - name: g
    rules:
      - alert: A
        expr: m > 90 or m > 85 and ignoring (alertname, alertstate) ALERTS{alertname="A", alertstate="firing"}
"""
TEN_MINUTES_MS = 600_000
FIRING = 'ALERTS{alertname="A", alertstate="firing", i="a"}'


@pytest.fixture
def world(tmp_path: Path) -> Iterator[RuleWorld]:
    made = RuleWorld(tmp_path / "first")
    yield made
    made.close()


def let_fire(world: RuleWorld) -> None:
    world.load(TWO_LIMITS)
    world.tick({"a": 95})
    assert world.sink.take() == [("a", AlertPhase.FIRING)]


def check_it_goes_on(world: RuleWorld) -> None:
    """Check that it fires until its value has passed the second limit, and is over then."""
    world.tick({"a": 88})
    world.tick({"a": 88})
    assert world.sink.take() == []
    assert world.query("ALERTS") == {FIRING: 1}
    world.tick({"a": 84})
    assert world.sink.take() == [("a", AlertPhase.RESOLVED)]
    assert world.query("ALERTS") == {}


@pytest.mark.parametrize("since_ms", [0, START_MS - TEN_MINUTES_MS])
def test_what_fires_until_a_second_limit_goes_on_after_a_stop(world: RuleWorld, tmp_path: Path, since_ms: int) -> None:
    world.load(TWO_LIMITS)
    world.tick({"a": 95})
    later = RuleWorld(tmp_path / "later")
    later.sink.before = list(world.sink.last().values())
    later.load(TWO_LIMITS, since_ms=since_ms)
    check_it_goes_on(later)
    later.close()


@pytest.mark.parametrize("step_ms", [TEN_MINUTES_MS, -86_400_000])
def test_what_fires_until_a_second_limit_goes_on_after_a_sleep_or_a_clock_that_was_set(
    world: RuleWorld, step_ms: int
) -> None:
    let_fire(world)
    world.now_ms += step_ms
    world.tick({"a": 88})
    assert {phase for _, phase in world.sink.take()} <= {AlertPhase.FIRING}
    check_it_goes_on(world)


def test_one_that_is_over_after_a_stop_has_no_series_any_more(world: RuleWorld) -> None:
    let_fire(world)
    world.now_ms += TEN_MINUTES_MS
    world.tick({"a": 80})
    assert world.sink.take() == [("a", AlertPhase.RESOLVED)]
    assert world.query("ALERTS") == {}


def test_nothing_is_written_twice_where_the_newest_is_still_seen(world: RuleWorld) -> None:
    let_fire(world)
    world.now_ms += 250_000
    world.tick({"a": 95})
    assert world.query(f"count_over_time({FIRING}[10m])") == {'{alertname="A", alertstate="firing", i="a"}': 2}
    world.now_ms += TEN_MINUTES_MS
    world.tick({"a": 95})
    assert world.query(f"count_over_time({FIRING}[10m])") == {'{alertname="A", alertstate="firing", i="a"}': 2}


def test_a_disk_that_takes_nothing_is_no_reason_not_to_evaluate(
    world: RuleWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    let_fire(world)
    append, asked = world.store.append, list[Batch]()

    def refuse(batch: Batch, *, own: bool = False) -> None:
        asked.append(batch)
        if len(asked) == 2:  # the first is the host's
            raise StoreError("not now")
        append(batch, own=own)

    monkeypatch.setattr(world.store, "append", refuse)
    world.now_ms += TEN_MINUTES_MS
    world.tick({"a": 95})
    assert "could not be written again: not now" in caplog.text
    assert world.query("ALERTS") == {FIRING: 1}
