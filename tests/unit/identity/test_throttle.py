import pytest

from barograph.identity.throttle import AttemptLimit
from helpers.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def test_a_source_may_fail_so_often_in_a_minute(clock: FakeClock) -> None:
    limit = AttemptLimit(10, clock)
    for _ in range(10):
        assert limit.wait_s("a") == 0
        limit.failed("a")
    assert limit.wait_s("a") == 60
    assert limit.wait_s("b") == 0


def test_the_wait_ends_a_minute_after_the_oldest_failure(clock: FakeClock) -> None:
    limit = AttemptLimit(2, clock)
    limit.failed("a")
    clock.advance(20)
    limit.failed("a")
    clock.advance(10)
    assert limit.wait_s("a") == 30
    clock.advance(30)
    assert limit.wait_s("a") == 0
    clock.advance(20)
    limit.failed("a")
    assert limit.wait_s("a") == 0


def test_failing_on_while_waiting_makes_the_wait_longer(clock: FakeClock) -> None:
    limit = AttemptLimit(1, clock)
    limit.failed("a")
    clock.advance(59)
    limit.failed("a")
    assert limit.wait_s("a") == 60


def test_a_limit_of_nothing_still_lets_one_try(clock: FakeClock) -> None:
    assert AttemptLimit(0, clock).wait_s("a") == 0


def test_memory_is_bounded_whatever_the_number_of_sources(clock: FakeClock) -> None:
    limit = AttemptLimit(1, clock)
    for number in range(10_001):
        limit.failed(f"source-{number}")
    assert limit.wait_s("source-0") == 0, "the oldest was forgotten"
    assert limit.wait_s("source-1") == 60
    assert limit.wait_s("source-10000") == 60


def test_a_try_that_was_none_is_taken_back(clock: FakeClock) -> None:
    limit = AttemptLimit(2, clock)
    limit.failed("a")
    limit.failed("a")
    assert limit.wait_s("a") > 0
    limit.succeeded("a")
    assert limit.wait_s("a") == 0
    limit.succeeded("nobody")
    assert limit.wait_s("nobody") == 0
