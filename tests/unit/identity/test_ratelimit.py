from barograph.identity.ratelimit import TokenRate
from helpers.clock import FakeClock


def test_a_full_bucket_serves_a_minutes_worth_and_refills_evenly() -> None:
    clock = FakeClock()
    rate = TokenRate(clock)
    assert [rate.wait_s("a", 3) for _ in range(3)] == [0.0] * 3
    assert round(rate.wait_s("a", 3), 6) == 20.0
    assert rate.wait_s("b", 3) == 0.0, "another token has its own"
    clock.advance(20)
    assert rate.wait_s("a", 3) == 0.0
    assert rate.wait_s("a", 3) > 0
    clock.advance(3600)
    assert [rate.wait_s("a", 3) == 0.0 for _ in range(4)] == [True, True, True, False]


def test_asking_while_empty_costs_nothing() -> None:
    clock = FakeClock()
    rate = TokenRate(clock)
    rate.wait_s("a", 1)
    for _ in range(100):
        rate.wait_s("a", 1)
    clock.advance(60)
    assert rate.wait_s("a", 1) == 0.0


def test_memory_is_bounded() -> None:
    rate = TokenRate(FakeClock())
    for number in range(10_005):
        rate.wait_s(str(number), 1)
    assert len(rate._full_at_s) == 10_000
