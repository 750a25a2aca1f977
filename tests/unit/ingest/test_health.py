from barograph.ingest.health import Health, State
from barograph.model.commands import CollectorHealth


def health() -> Health:
    return Health("cpu", 1000)


def test_a_new_collector_is_due_at_once() -> None:
    assert health().is_due(0)
    assert health().snapshot() == CollectorHealth(name="cpu", state="ok", reason="", interval_ms=1000)


def test_a_failing_collector_is_left_alone_for_1_2_4_up_to_60_intervals() -> None:
    one = health()
    instant_ms, left_out = 0, []
    for _ in range(9):
        one.failed(instant_ms, "broken")
        next_ms = next(ms for ms in range(instant_ms + 1000, 10**6, 1000) if one.is_due(ms))
        left_out.append((next_ms - instant_ms) // 1000 - 1)
        instant_ms = next_ms
    assert left_out == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_the_wait_stays_bounded_after_months_of_failures() -> None:
    one = health()
    one.failures = 10**9
    one.failed(0, "broken")
    assert one.retry_ms == 61_000


def test_a_hung_one_waits_the_same_and_says_its_budget() -> None:
    one = health()
    assert one.hung(0, 500)
    assert one.snapshot().state == "hung"
    assert one.snapshot().reason == "a sample took longer than its budget of 500 ms"
    assert not one.is_due(1000)
    assert one.is_due(2000)


def test_success_forgets_all_failures() -> None:
    one = health()
    for _ in range(5):
        one.failed(0, "broken")
    assert one.succeeded()
    assert (one.state, one.reason, one.failures) == (State.OK, "", 0)
    assert one.is_due(1000)


def test_no_data_is_no_failure_and_is_asked_again_in_a_minute() -> None:
    one = health()
    one.failed(0, "broken")
    assert one.gave_nothing(5000, "no such file")
    assert one.snapshot().state == "no_data"
    assert one.failures == 0
    assert not one.is_due(64_000)
    assert one.is_due(65_000)


def test_only_a_new_state_or_reason_is_a_change() -> None:
    one = health()
    assert not one.succeeded()
    assert one.failed(0, "broken")
    assert not one.failed(2000, "broken")
    assert one.failed(5000, "broken otherwise")
