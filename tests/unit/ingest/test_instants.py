import pytest

from barograph.ingest.instants import Plan, next_instant_ms, own_interval_ms, plan_tick


@pytest.mark.parametrize(
    ("intervals_ms", "after_ms", "expected"),
    [
        ((1000,), 0, 1000),
        ((1000,), 999, 1000),
        ((1000,), 1000, 2000),
        ((1000, 15_000), 14_000, 15_000),
        ((15_000,), 1000, 15_000),
        ((1000, 1500), 1000, 1500),
        ((100,), 1_700_000_000_050, 1_700_000_000_100),
    ],
)
def test_the_next_instant_is_a_multiple_of_an_interval(
    intervals_ms: tuple[int, ...], after_ms: int, expected: int
) -> None:
    assert next_instant_ms(intervals_ms, after_ms) == expected


@pytest.mark.parametrize(
    ("last_ms", "now_ms", "expected"),
    [
        pytest.param(5000, 5100, Plan(6000, 0), id="in time"),
        pytest.param(5000, 6999, Plan(6000, 0), id="late, but within its interval"),
        pytest.param(5000, 7000, Plan(7000, 1), id="one passed over"),
        pytest.param(5000, 9500, Plan(9000, 3), id="three passed over"),
        pytest.param(5000, 3_605_999, Plan(3_605_000, 3599), id="an hour forward"),
        pytest.param(5000, 4900, Plan(6000, 0), id="a small step back"),
        pytest.param(3_600_000, 5000, Plan(3_601_000, 0), id="an hour back: waits"),
    ],
)
def test_a_tick_is_planned_from_the_last_one_and_the_clock(last_ms: int, now_ms: int, expected: Plan) -> None:
    assert plan_tick((1000,), last_ms, now_ms) == expected


def test_a_slow_interval_that_was_passed_over_counts_even_where_the_next_quick_one_is_near() -> None:
    # 1,500 was passed over; the newest instant that is still worth doing is 2,000
    assert plan_tick((1000, 1500), 1000, 2600) == Plan(2000, 1)


@pytest.mark.parametrize(
    ("intervals_ms", "expected"),
    [((1000,), 1000), ((100,), 1000), ((300,), 1200), ((15_000,), 15_000), ((100, 15_000), 1000), ((1001,), 1001)],
)
def test_our_own_metrics_are_stored_at_most_once_a_second(intervals_ms: tuple[int, ...], expected: int) -> None:
    assert own_interval_ms(intervals_ms) == expected
