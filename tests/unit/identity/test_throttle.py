import pytest

from barograph.identity.throttle import AttemptLimit, holder_of
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
        limit.failed(f"token source-{number}")
    assert limit.wait_s("token source-0") == 0, "the oldest was forgotten"
    assert limit.wait_s("token source-1") == 60
    assert limit.wait_s("token source-10000") == 60


def test_many_failures_of_one_kind_forget_none_of_another(clock: FakeClock) -> None:
    limit = AttemptLimit(10, clock)
    for _ in range(10):
        limit.failed("user admin")
    for number in range(20_000):
        limit.failed(f"token source-{number}")
    assert limit.wait_s("user admin") == 60


def test_who_is_at_the_limit_is_forgotten_last(clock: FakeClock) -> None:
    limit = AttemptLimit(2, clock)
    for _ in range(2):
        limit.failed("user admin")
    for number in range(20_000):
        limit.failed(f"user {number}")
    assert limit.wait_s("user admin") == 60


def test_whose_minute_is_over_is_forgotten_first(clock: FakeClock) -> None:
    limit = AttemptLimit(1, clock)
    for number in range(5_000):
        limit.failed(f"user old-{number}")
    clock.advance(60)
    for number in range(10_000):
        limit.failed(f"user {number}")
    assert limit.wait_s("user 0") == 60


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("127.0.0.1", "127.9.8.7"),
        ("127.0.0.1", "::1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("192.0.2.7", "::ffff:192.0.2.7"),
        ("fe80::1%eth0", "fe80::2%eth0"),
    ],
)
def test_addresses_that_one_holder_has_are_one_source(one: str, other: str) -> None:
    assert holder_of(one) == holder_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("192.0.2.7", "192.0.2.8"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("unix", "unknown"), ("127.0.0.1", "unix")],
)
def test_others_are_not(one: str, other: str) -> None:
    assert holder_of(one) != holder_of(other)


def test_a_try_that_was_none_is_taken_back(clock: FakeClock) -> None:
    limit = AttemptLimit(2, clock)
    limit.failed("a")
    limit.failed("a")
    assert limit.wait_s("a") > 0
    limit.succeeded("a")
    assert limit.wait_s("a") == 0
    limit.succeeded("nobody")
    assert limit.wait_s("nobody") == 0
