"""Every range function on matrices equals its definition, sample by sample, over whatever samples there may be."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE, is_absent, is_stale
from barograph.model.series import SeriesGroup
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.value import StepVector
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore, make_group
from helpers.naive_promql import RANGE_FUNCTIONS, samples_of, window_of

NUMBERS = st.one_of(
    st.integers(0, 50).map(float), st.integers(-50, 50).map(lambda n: n / 4), st.sampled_from([0.0, 1e6, 1e-3])
)


@st.composite
def groups(draw: st.DrawFn) -> SeriesGroup:
    count = draw(st.integers(1, 40))
    start_ms = draw(st.sampled_from([0, 7, 1000, 60_000]))
    if draw(st.booleans()):
        stamps = [start_ms + 1000 * index for index in range(count)]
    else:
        gaps = draw(st.lists(st.sampled_from([1000, 999, 1001, 3000, 17]), min_size=count, max_size=count))
        stamps = [start_ms + sum(gaps[: index + 1]) for index in range(count)]
    rows = draw(st.integers(1, 4))
    special = draw(st.sampled_from([[], [math.nan], [ABSENT], [STALE], [ABSENT, STALE, math.nan]]))
    cell = st.one_of(NUMBERS, st.sampled_from(special)) if special else NUMBERS
    values = np.empty((rows, count))
    for row in range(rows):
        kind = draw(st.sampled_from(["any", "growing", "same"]))
        cells = draw(st.lists(cell, min_size=count, max_size=count))
        total = 0.0
        for index, value in enumerate(cells):
            if kind == "growing" and not math.isnan(value):
                total += abs(value)
                value = total
            values[row, index] = cells[0] if kind == "same" else value
    labels = tuple(Labels.of("m_total", row=str(row)) for row in range(rows))
    return make_group(labels, np.asarray(stamps, dtype=np.int64), values)


GRIDS = st.tuples(
    st.sampled_from([-2000, 0, 500, 1000, 5000, 61_000]),
    st.sampled_from([1000, 2000, 5000, 700, 15_000]),
    st.integers(1, 30),
)
RANGES = st.sampled_from([500, 1000, 1500, 5000, 10_000, 60_000])


def engine_over(group: SeriesGroup) -> Engine:
    return Engine(MemoryStore([group]), QueryConfig(), FakeClock())


def result_of(engine: Engine, text: str, grid: tuple[int, int, int]) -> dict[Labels, list[float | None]]:
    start_ms, step_ms, steps = grid
    value = engine.range(text, start_ms, start_ms + step_ms * (steps - 1), step_ms).value
    assert isinstance(value, StepVector)
    found: dict[Labels, list[float | None]] = {}
    for row, labels in enumerate(value.labels):
        here = [True] * steps if value.present is None else value.present[row].tolist()
        found[labels] = [v if p else None for v, p in zip(value.values[row].tolist(), here, strict=True)]
    return found


def assert_same(found: dict[Labels, list[float | None]], wanted: dict[Labels, list[float | None]]) -> None:
    wanted = {labels: points for labels, points in wanted.items() if any(point is not None for point in points)}
    assert found.keys() == wanted.keys()
    for labels, points in wanted.items():
        for got, want in zip(found[labels], points, strict=True):
            assert (got is None) == (want is None), (labels, found[labels], points)
            if got is not None and want is not None:
                assert got == pytest.approx(want, rel=1e-9, abs=1e-9, nan_ok=True), (labels, found[labels], points)


def naive(
    group: SeriesGroup, function: str, grid: tuple[int, int, int], range_ms: int
) -> dict[Labels, list[float | None]]:
    start_ms, step_ms, steps = grid
    missing = is_absent(group.values) | is_stale(group.values)
    keeps_name = function in ("last_over_time", "first_over_time")
    wanted: dict[Labels, list[float | None]] = {}
    for row, labels in enumerate(group.labels):
        samples = samples_of(group, row, missing[row].tolist())
        points = []
        for step in range(steps):
            end_ms = start_ms + step * step_ms
            points.append(RANGE_FUNCTIONS[function](window_of(samples, end_ms, range_ms), end_ms, range_ms))
        wanted[labels if keeps_name else labels.drop(("__name__",))] = points
    return wanted


@pytest.mark.parametrize("function", RANGE_FUNCTIONS)
@settings(max_examples=40, deadline=None)
@given(group=groups(), grid=GRIDS, range_ms=RANGES)
def test_range_functions_equal_their_definition(
    function: str, group: SeriesGroup, grid: tuple[int, int, int], range_ms: int
) -> None:
    call = "quantile_over_time(0.5, " if function == "median" else f"{function}("
    found = result_of(engine_over(group), f"{call}m_total[{range_ms}ms])", grid)
    assert_same(found, naive(group, function, grid, range_ms))


@settings(max_examples=150, deadline=None)
@given(group=groups(), grid=GRIDS, lookback_s=st.sampled_from([1, 2, 5, 300]))
def test_an_instant_selector_takes_the_newest_sample_within_the_lookback(
    group: SeriesGroup, grid: tuple[int, int, int], lookback_s: int
) -> None:
    engine = engine_over(group)
    start_ms, step_ms, steps = grid
    ends = [start_ms + step * step_ms for step in range(steps)]
    value = engine.range("m_total", start_ms, ends[-1], step_ms, lookback_ms=lookback_s * 1000).value
    assert isinstance(value, StepVector)
    absent = is_absent(group.values)
    wanted: dict[Labels, list[float | None]] = {}
    for row, labels in enumerate(group.labels):
        samples = samples_of(group, row, absent[row].tolist())
        points: list[float | None] = []
        for end_ms in ends:
            window = window_of(samples, end_ms, lookback_s * 1000)
            alive = bool(window) and not is_stale(np.asarray([window[-1][1]]))[0]
            points.append(window[-1][1] if alive else None)
        wanted[labels] = points
    found: dict[Labels, list[float | None]] = {}
    for row, labels in enumerate(value.labels):
        here = [True] * steps if value.present is None else value.present[row].tolist()
        found[labels] = [v if p else None for v, p in zip(value.values[row].tolist(), here, strict=True)]
    assert_same(found, wanted)


@settings(max_examples=100, deadline=None)
@given(group=groups(), grid=GRIDS, range_ms=RANGES, function=st.sampled_from(["rate", "avg_over_time", "changes"]))
def test_an_instant_query_equals_that_step_of_a_range_query(
    group: SeriesGroup, grid: tuple[int, int, int], range_ms: int, function: str
) -> None:
    engine = engine_over(group)
    text = f"{function}(m_total[{range_ms}ms])"
    of_range = result_of(engine, text, grid)
    for step in range(grid[2]):
        value = engine.instant(text, grid[0] + step * grid[1]).value
        assert isinstance(value, StepVector)
        here = {labels: points[step] for labels, points in of_range.items() if points[step] is not None}
        assert here.keys() == set(value.labels)
        for row, labels in enumerate(value.labels):
            assert float(value.values[row, 0]) == pytest.approx(here[labels], rel=1e-12, abs=1e-12, nan_ok=True)
