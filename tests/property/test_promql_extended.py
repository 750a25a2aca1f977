"""Anchored and smoothed selectors equal their definition, one sample at a time, whatever the samples and windows."""

import itertools
import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE, is_absent, is_stale
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.value import StepVector
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore, make_group

Sample = tuple[int, float]
LOOKBACK_MS = 7_000
VALUES = st.sampled_from([0.0, 1.0, 2.5, 3.0, 100.0, 250.0, ABSENT, STALE])


def anchored(samples: list[Sample], start: int, end: int) -> list[float]:
    """Return the values that an anchored window counts: empty where it has no result."""
    inside = [one for one in samples if start < one[0] <= end]
    before = [one for one in samples if start - LOOKBACK_MS < one[0] <= start]
    return [value for _, value in (before[-1:] + inside if inside else [])]


def smoothed(samples: list[Sample], start: int, end: int, *, counter: bool) -> list[float]:
    """Return the values that a smoothed window counts, those at its ends first and last."""
    near = [one for one in samples if start - LOOKBACK_MS < one[0] <= end + LOOKBACK_MS]
    if not any(at > start for at, _ in near) or not any(at <= end for at, _ in near):
        return []
    inner = [value for at, value in near if start < at < end]
    return [value_at(near, start, counter=counter), *inner, value_at(near, end, counter=counter)]


def value_at(samples: list[Sample], at: int, *, counter: bool) -> float:
    before = [one for one in samples if one[0] <= at]
    after = [one for one in samples if one[0] > at]
    if not before or not after or before[-1][0] == at:
        return before[-1][1] if before else after[0][1]
    (t1, v1), (t2, v2) = before[-1], after[0]
    if counter and v2 < v1:
        v1 = 0.0
    return v1 + (v2 - v1) * (at - t1) / (t2 - t1)


def result(function: str, values: list[float], range_ms: int) -> float | None:
    if not values:
        return None
    pairs = list(itertools.pairwise(values))
    if function == "changes":
        return float(sum(a != b for a, b in pairs))
    if function == "resets":
        return float(sum(b < a for a, b in pairs))
    change = values[-1] - values[0]
    if function != "delta":
        change += sum(a for a, b in pairs if b < a)
    return change / (range_ms / 1000) if function == "rate" else change


@st.composite
def stores(draw: st.DrawFn) -> MemoryStore:
    store = MemoryStore()
    for number in range(draw(st.integers(1, 2))):
        rows = draw(st.integers(1, 3))
        steps = draw(st.lists(st.sampled_from([1000, 1000, 2000, 3000, 9000]), min_size=1, max_size=25))
        values = np.array([[draw(VALUES) for _ in steps] for _ in range(rows)], np.float64)
        labels = tuple(Labels.of("m_total", group=str(number), row=str(row)) for row in range(rows))
        store.add_group(make_group(labels, np.cumsum(steps).astype(np.int64), values))
    return store


def samples_of(store: MemoryStore) -> dict[Labels, list[Sample]]:
    found: dict[Labels, list[Sample]] = {}
    for group in store.select((), -(10**9), 10**9).groups:
        gone = is_absent(group.values) | is_stale(group.values)
        for row, labels in enumerate(group.labels):
            pairs = zip(group.timestamps_ms.tolist(), group.values[row].tolist(), gone[row], strict=True)
            found[labels.drop(("__name__",))] = [(at, value) for at, value, no in pairs if not no]
    return found


def rows_of(store: MemoryStore, text: str, times: list[int]) -> dict[Labels, list[float | None]]:
    engine = Engine(store, QueryConfig(), FakeClock())
    step = times[1] - times[0] if len(times) > 1 else 1000
    vector = engine.range(text, times[0], times[-1], step, lookback_ms=LOOKBACK_MS).value
    assert isinstance(vector, StepVector)
    present = np.ones(vector.values.shape, bool) if vector.present is None else vector.present
    return {
        labels.drop(("__name__",)): [v if here else None for v, here in zip(row, mask, strict=True)]
        for labels, row, mask in zip(vector.labels, vector.values.tolist(), present, strict=True)
    }


def check(got: dict[Labels, list[float | None]], want: dict[Labels, list[float | None]]) -> None:
    want = {labels: row for labels, row in want.items() if any(value is not None for value in row)}
    assert got.keys() == want.keys()
    for labels, row in want.items():
        for expected, value in zip(row, got[labels], strict=True):
            if expected is None or value is None:
                assert expected is value
            else:
                assert math.isclose(expected, value, rel_tol=1e-12, abs_tol=1e-9)


GRIDS = st.tuples(st.integers(0, 30_000), st.sampled_from([500, 1000, 3000]), st.integers(1, 12))


@given(
    store=stores(),
    grid=GRIDS,
    range_ms=st.sampled_from([500, 1000, 4000, 20_000]),
    function=st.sampled_from(["increase", "rate", "delta", "changes", "resets"]),
)
@settings(max_examples=150, deadline=None)
def test_anchored_ranges(store: MemoryStore, grid: tuple[int, int, int], range_ms: int, function: str) -> None:
    times = list(range(grid[0], grid[0] + grid[1] * grid[2], grid[1]))
    want = {
        labels: [result(function, anchored(samples, at - range_ms, at), range_ms) for at in times]
        for labels, samples in samples_of(store).items()
    }
    check(rows_of(store, f"{function}(m_total[{range_ms}ms] anchored)", times), want)


@given(
    store=stores(),
    grid=GRIDS,
    range_ms=st.sampled_from([500, 1000, 4000, 20_000]),
    function=st.sampled_from(["increase", "rate", "delta"]),
)
@settings(max_examples=150, deadline=None)
def test_smoothed_ranges(store: MemoryStore, grid: tuple[int, int, int], range_ms: int, function: str) -> None:
    times = list(range(grid[0], grid[0] + grid[1] * grid[2], grid[1]))
    want = {
        labels: [
            result(function, smoothed(samples, at - range_ms, at, counter=function != "delta"), range_ms)
            for at in times
        ]
        for labels, samples in samples_of(store).items()
    }
    check(rows_of(store, f"{function}(m_total[{range_ms}ms] smoothed)", times), want)


@given(store=stores(), grid=GRIDS)
@settings(max_examples=100, deadline=None)
def test_smoothed_instants(store: MemoryStore, grid: tuple[int, int, int]) -> None:
    times = list(range(grid[0], grid[0] + grid[1] * grid[2], grid[1]))
    want: dict[Labels, list[float | None]] = {}
    for labels, samples in samples_of(store).items():
        want[labels] = []
        for at in times:
            near = [one for one in samples if at - LOOKBACK_MS < one[0] <= at + LOOKBACK_MS]
            is_known = any(one[0] <= at for one in near)
            want[labels].append(value_at(near, at, counter=False) if is_known else None)
    check(rows_of(store, "m_total smoothed", times), want)
