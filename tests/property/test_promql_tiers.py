"""Answers from tiers equal answers from samples, whatever the samples, the grid and the window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE, FloatArray
from barograph.promql import tiered
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.functions.from_tiers import DECOMPOSED
from barograph.promql.value import QueryResult, StepVector
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore, make_group

WIDTHS = (10_000, 60_000)
START_MS = 1_700_006_400_000
VALUES = st.sampled_from([0.0, 1.0, 2.5, 3.0, 1e6, -4.0, float("nan"), ABSENT, STALE])
COUNTERS = st.sampled_from([0.0, 1.0, 2.5, 7.0, 100.0, 250.0, ABSENT, STALE])


@pytest.fixture(autouse=True)
def everything_from_tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the shortest windows read from tiers."""
    monkeypatch.setattr(tiered, "LEAST_SPAN_MS", 0)
    monkeypatch.setattr(tiered, "_LEAST_BUCKETS", 1)


@st.composite
def stores(draw: st.DrawFn, values: "st.SearchStrategy[float]" = VALUES) -> MemoryStore:
    store = MemoryStore()
    for number in range(draw(st.integers(1, 3))):
        rows = draw(st.integers(1, 2))
        steps = draw(st.lists(st.sampled_from([1000, 1000, 5000, 5000, 7300, 40_000]), min_size=1, max_size=60))
        times = START_MS - 100_000 + np.cumsum(steps)
        samples = np.array([[draw(values) for _ in steps] for _ in range(rows)], np.float64)
        labels = tuple(Labels.of("m_total", group=str(number), row=str(row)) for row in range(rows))
        store.add_group(make_group(labels, times.astype(np.int64), samples))
    return store


Grid = tuple[int, int, int]
"""Start in ms, step in ms, steps."""
GRIDS = st.tuples(
    st.sampled_from([0, 10_000, 60_000, 3_000, 59_999, -60_000, 1]).map(lambda ms: START_MS + ms),
    st.sampled_from([10_000, 30_000, 60_000, 13_000, 7_000, 120_000]),
    st.integers(1, 8),
)
WINDOWS = st.tuples(
    st.sampled_from(["[10s]", "[30s]", "[1m]", "[100s]", "[2m30s]", "[61s]"]),
    st.sampled_from(["", " offset 10s", " offset -1m", " offset 7s", " @ end()", " @ 1700006437"]),
).map("".join)


def both(store: MemoryStore, text: str, start_ms: int, step_ms: int, steps: int) -> tuple[QueryResult, QueryResult]:
    engine = Engine(store, QueryConfig(), FakeClock())
    answers = []
    for widths in ((), WIDTHS):
        store.widths_ms = widths
        if step_ms:
            answers.append(engine.range(text, start_ms, start_ms + step_ms * (steps - 1), step_ms))
        else:
            answers.append(engine.instant(text, start_ms))
    return answers[0], answers[1]


def cells(result: QueryResult) -> dict[Labels, FloatArray]:
    value = result.value
    assert isinstance(value, StepVector)
    present = np.ones(value.values.shape, np.bool_) if value.present is None else value.present
    shown = np.where(present, value.values, 12345.6789)
    return {labels: shown[row] for row, labels in enumerate(value.labels) if present[row].any()}


def assert_equal(raw: QueryResult, tier: QueryResult) -> None:
    expected, found = cells(raw), cells(tier)
    assert list(found) == list(expected)
    for labels, row in expected.items():
        np.testing.assert_allclose(found[labels], row, rtol=1e-9, atol=1e-6)
    assert tier.warnings == raw.warnings


@pytest.mark.parametrize("function", sorted(set(DECOMPOSED) - {"rate", "increase"}))
@settings(max_examples=40, deadline=None)
@given(stores(), GRIDS, WINDOWS)
def test_windows(function: str, store: MemoryStore, grid: Grid, window: str) -> None:
    assert_equal(*both(store, f"{function}(m_total{window})", *grid))


@pytest.mark.parametrize("function", ["rate", "increase"])
@settings(max_examples=80, deadline=None)
@given(stores(COUNTERS), GRIDS, WINDOWS)
def test_counters(function: str, store: MemoryStore, grid: Grid, window: str) -> None:
    assert_equal(*both(store, f"{function}(m_total{window})", *grid))


@pytest.mark.parametrize("text", ["m_total", "timestamp(m_total)", "count(m_total)", "m_total offset 20s"])
@settings(max_examples=60, deadline=None)
@given(stores(), GRIDS)
def test_instants(text: str, store: MemoryStore, grid: Grid) -> None:
    assert_equal(*both(store, text, *grid))


@settings(max_examples=30, deadline=None)
@given(stores(), GRIDS, WINDOWS)
def test_one_instant(store: MemoryStore, grid: Grid, window: str) -> None:
    assert_equal(*both(store, f"avg_over_time(m_total{window})", grid[0], 0, 1))


@settings(max_examples=40, deadline=None)
@given(stores(), GRIDS)
def test_steps_far_apart_are_looked_at_one_by_one(store: MemoryStore, grid: Grid) -> None:
    engine = Engine(store, QueryConfig(), FakeClock())
    start_ms, _, steps = grid
    answers = []
    for span_ms in (1 << 60, 0):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tiered, "SPARSE_SPAN_MS", span_ms)
            end_ms = start_ms + 70_000 * (steps - 1)
            answers.append(engine.range("m_total", start_ms, end_ms, 70_000, lookback_ms=35_000))
    assert_equal(*answers)


def test_short_ranges_ask_for_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    store = MemoryStore()
    store.add(Labels.of("m"), [START_MS], [1.0])
    both(store, "max_over_time(m[5m])", START_MS, 60_000, 10)
    both(store, "m", START_MS, 60_000, 10)
    both(store, "m", START_MS, 3_600_000, 10)
    assert store.asked == []
    both(store, "max_over_time(m[12h])", START_MS, 0, 1)
    both(store, "m", START_MS, 3_600_000, 30)
    assert store.asked == [60_000, 60_000]


def test_many_stretches_of_samples_are_read_as_one() -> None:
    store = MemoryStore()
    store.add(Labels.of("m"), [START_MS], [1.0])
    both(store, "max_over_time(m[2m])", START_MS + 3000, 120_000, 100)
    assert store.asked == []
