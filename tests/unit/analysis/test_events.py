import pytest

from barograph.analysis.events import Event, EventKind, events_of
from barograph.model.labels import Labels
from barograph.model.series import ReadBudget, SelectHints
from helpers.memory_store import MemoryStore

T0 = 1_795_435_200
"""2026-11-23T12:00:00Z, seconds."""
BUDGET = ReadBudget(max_samples=1_000_000, max_series=100, check=lambda: None)
HOST = "web-1"


class Told(MemoryStore):
    """A store that is told what a host did, a second at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.widths_ms = (60_000,)

    def tell(self, metric: str, values: dict[int, float], job: str = "node", **labels: str) -> None:
        """Store a series' values by their second after T0."""
        times = [(T0 + second) * 1000 for second in values]
        self.add(Labels.of(metric, job=job, instance=HOST, **labels), times, list(values.values()))

    def run(self, seconds: range, boot: float, forks: float = 100.0, ticks: float = 1.0) -> None:
        """Have the host be seen each second; the counters rise by one from what is given."""
        known = list(seconds)
        self.tell("up", dict.fromkeys(known, 1.0))
        self.tell("node_boot_time_seconds", dict.fromkeys(known, boot))
        self.tell("node_forks_total", {second: forks + i for i, second in enumerate(known)})
        self.tell("barograph_ticks_total", {second: ticks + i for i, second in enumerate(known)}, "barograph")


def found(store: Told, start: int = 0, end: int = 3600) -> list[Event]:
    return events_of(store, HOST, (T0 + start) * 1000, (T0 + end) * 1000, BUDGET)


def test_a_quiet_hour_has_no_events() -> None:
    store = Told()
    store.run(range(3601), T0 - 999)
    assert found(store) == []


def test_an_empty_store_has_none_either() -> None:
    assert found(Told()) == []


def test_a_restart_of_barograph_is_one_event_with_what_is_missing() -> None:
    store = Told()
    store.run(range(100), T0 - 999)
    store.run(range(128, 200), T0 - 999, forks=300)
    assert found(store) == [Event(at=T0 + 99, kind=EventKind.START, missing=29.0, until=T0 + 128)]


def test_a_quick_restart_leaves_no_gap() -> None:
    store = Told()
    store.run(range(100), T0 - 999)
    store.run(range(100, 200), T0 - 999, forks=300)
    assert found(store) == [Event(at=T0 + 100, kind=EventKind.START)]


def test_a_gap_without_a_restart() -> None:
    store = Told()
    store.run(range(100), T0 - 999)
    store.run(range(110, 200), T0 - 999, forks=300, ticks=101)
    assert found(store) == [Event(at=T0 + 99, kind=EventKind.GAP, missing=11.0, until=T0 + 110)]


def test_two_missing_seconds_are_no_event() -> None:
    store = Told()
    store.run(range(100), T0 - 999)
    store.run(range(102, 200), T0 - 999, forks=300, ticks=101)
    assert found(store) == []


def test_a_boot_takes_gap_and_start_with_it() -> None:
    store = Told()
    store.run(range(100), T0 - 999)
    store.run(range(200, 300), T0 + 180, forks=5)
    assert found(store) == [Event(at=T0 + 180, kind=EventKind.BOOT, missing=101.0, until=T0 + 200)]


def test_a_boot_that_was_missed_for_long_is_told_by_the_gap() -> None:
    store = Told()
    store.run(range(100), T0 - 999)
    store.run(range(2000, 2100), T0 + 150, forks=9000)
    kinds = [(event.at, event.kind) for event in found(store)]
    assert (T0 + 150, EventKind.BOOT) in kinds


def test_a_clock_that_was_set_is_no_boot() -> None:
    store = Told()
    store.run(range(100), T0 - 999)
    store.run(range(700, 800), T0 - 999 + 600, forks=300, ticks=101)
    assert [event.kind for event in found(store)] == [EventKind.GAP]


def test_the_first_sample_ever_is_a_start() -> None:
    store = Told()
    store.run(range(1000, 1100), T0 - 999)
    assert found(store) == [Event(at=T0 + 1000, kind=EventKind.START)]


def test_a_boot_before_the_first_sample_ever_is_told_by_it() -> None:
    store = Told()
    store.run(range(1000, 1100), T0 + 400)
    start = Event(at=T0 + 1000, kind=EventKind.START)
    assert found(store) == [start, Event(at=T0 + 400, kind=EventKind.BOOT)]
    assert found(store, 401) == [start]


def test_a_boot_of_a_machine_that_was_off_when_the_span_began_is_told() -> None:
    store = Told()
    store.run(range(100), T0 - 999)
    store.run(range(1000, 1100), T0 + 980, forks=5)
    assert (T0 + 980, EventKind.BOOT) in [(event.at, event.kind) for event in found(store, 500)]


def test_oom_kills() -> None:
    store = Told()
    store.tell("node_vmstat_oom_kill", {0: 3.0, 1: 3.0, 2: 5.0})
    assert found(store) == [Event(at=T0 + 2, kind=EventKind.OOM, count=2)]


def states(store: Told, unit: str, **states: dict[int, float]) -> None:
    for state, values in states.items():
        store.tell("node_systemd_unit_state", values, name=unit, state=state)


def test_units_that_stop_start_and_fail() -> None:
    store = Told()
    states(store, "shop.service", active={30: 1.0, 90: 0.0, 150: 1.0}, failed={30: 0.0, 90: 1.0, 150: 0.0})
    states(store, "data.mount", active={30: 1.0, 90: 0.0}, failed={30: 0.0, 90: 1.0})
    assert [(event.at - T0, event.kind, event.subject) for event in found(store)] == [
        (180, EventKind.UNIT_STARTED, "shop.service"),
        (120, EventKind.UNIT_STOPPED, "shop.service"),
        (120, EventKind.UNIT_FAILED, "shop.service"),
        (120, EventKind.UNIT_FAILED, "data.mount"),
    ]


def test_a_unit_that_comes_and_goes_is_told_once() -> None:
    store = Told()
    states(store, "mail.service", active={30 + 60 * minute: float(minute % 2) for minute in range(10)})
    started, stopped = found(store)
    assert (started.kind, started.count, started.at) == (EventKind.UNIT_STARTED, 5, T0 + 600)
    assert (stopped.kind, stopped.count) == (EventKind.UNIT_STOPPED, 4)


def test_units_of_a_boot_are_the_boot() -> None:
    store = Told()
    store.run(range(100), T0 - 999)
    store.run(range(200, 300), T0 + 180, forks=5)
    states(store, "shop.service", active={30: 1.0, 200: 0.0, 260: 1.0}, failed={30: 0.0, 260: 1.0})
    assert [event.kind for event in found(store)] == [EventKind.UNIT_FAILED, EventKind.BOOT]


def test_a_span_within_a_minute_asks_for_no_buckets() -> None:
    store = Told()
    states(store, "shop.service", active={30: 1.0})
    assert found(store, 10, 40) == []
    store.widths_ms = ()
    assert found(store) == []


def test_the_budget_is_the_stores_to_keep() -> None:
    class Dear(Told):
        def select(self, *asked: object, **__: object) -> object:  # type: ignore[override]  # it only raises
            hints = asked[3]
            assert isinstance(hints, SelectHints)
            assert hints.budget is BUDGET
            raise TimeoutError("too much")

    with pytest.raises(TimeoutError):
        found(Dear())
