"""Buckets against a naive per-sample model: gaps, stale markers, NaN, resets, irregular time; and wider ones."""

import math
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.model.sample import ABSENT_BITS, STALE_BITS, FloatArray, IntArray
from barograph.model.tiers import Column
from barograph.tsdb.buckets import KEPT, Buckets, columns_for, increase_of, make_buckets, widen
from helpers.naive_buckets import assert_rows_alike, naive_buckets

DAY_MS = 1_700_006_400_000
ODD = (
    ABSENT_BITS,
    STALE_BITS,
    0x7FF0000000000003,
    0x7FF8000000000000,
    0x7FF0000000000000,
    0xFFF0000000000000,
    0x8000000000000000,
)
KINDS = ("integers", "counter", "decimals", "floats", "huge", "constant")


@st.composite
def matrices(draw: st.DrawFn) -> tuple[IntArray, FloatArray]:
    random = np.random.default_rng(draw(st.integers(0, 1 << 32)))
    count = draw(st.integers(1, 400))
    steps = np.full(count, 1000) if draw(st.booleans()) else random.integers(1, 9000, count)
    times = DAY_MS + draw(st.sampled_from([0, 1, -500, 59_999])) + np.cumsum(steps)
    values = np.vstack([line_of(kind, random, count) for kind in draw(st.lists(st.sampled_from(KINDS), min_size=1))])
    for _ in range(draw(st.integers(0, 3))):
        bits = draw(st.sampled_from(ODD))
        low, high = sorted(random.integers(0, count + 1, 2).tolist())
        values.view(np.uint64)[random.integers(0, len(values)), low:high] = bits
    for bits in draw(st.lists(st.sampled_from(ODD), max_size=3)):
        values.view(np.uint64)[random.random(values.shape) < 0.1] = bits
    return times.astype(np.int64), values


def line_of(kind: str, random: np.random.Generator, count: int) -> FloatArray:
    match kind:
        case "integers":
            return random.integers(-50, 50, count).astype(np.float64)
        case "counter":
            rising: FloatArray = np.cumsum(random.integers(0, 5, count)).astype(np.float64)
            rising[count // 2 :] -= rising[count // 2]
            return rising
        case "decimals":
            return np.round(random.normal(100, 30, count), 2)
        case "floats":
            return random.normal(0, 1e6, count) * 10.0 ** random.integers(-6, 6, count)
        case "huge":
            return random.normal(0, 1.0, count) * 1e305
    return np.full(count, 0.1)


def scale_of(values: FloatArray) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(finite.max(initial=0.0))


@given(data=matrices(), width_ms=st.sampled_from([1000, 60_000, 300_000]))
@settings(deadline=None, max_examples=150)
def test_every_column_is_what_a_loop_over_samples_gives(data: tuple[IntArray, FloatArray], width_ms: int) -> None:
    times, values = data
    before = values.copy()
    made = make_buckets(times, values, width_ms, KEPT)
    assert np.array_equal(values.view(np.uint64), before.view(np.uint64))
    expected = naive_buckets(times, values, width_ms)
    # among values so large that a sum has no bits to spare, plain addition is good enough
    assert_rows_alike(made, expected, scale_of(values) * 256 if scale_of(values) > 1e300 else 0.0)


@given(data=matrices(), cuts=st.lists(st.integers(1, 399), max_size=4), seconds=st.sampled_from([60, 300, 3600]))
@settings(deadline=None, max_examples=150)
def test_parts_and_finer_buckets_make_the_same(
    data: tuple[IntArray, FloatArray], cuts: list[int], seconds: int
) -> None:
    times, values = data
    edges = [0, *sorted({cut for cut in cuts if cut < len(times)}), len(times)]
    parts = [make_buckets(times[low:high], values[:, low:high], 60_000, KEPT) for low, high in pairwise(edges)]
    joined = Buckets(
        np.concatenate([part.ends_ms for part in parts]),
        {column: np.concatenate([part.columns[column] for part in parts], axis=1) for column in KEPT},
    )
    made = widen(joined, seconds * 1000)
    columns = dict(made.columns) | {Column.INCREASE: increase_of(made.columns)}
    # each finer sum was rounded once
    assert_rows_alike(
        Buckets(made.ends_ms, columns), naive_buckets(times, values, seconds * 1000), scale_of(values) * 256
    )


def test_only_what_is_wanted_is_made() -> None:
    assert columns_for([Column.MIN]) == (Column.COUNT, Column.MIN)
    assert columns_for([Column.INCREASE]) == (Column.COUNT, Column.FIRST, Column.LAST, Column.FALLS)
    times = DAY_MS + 1000 * np.arange(1, 121)
    made = make_buckets(times, np.ones((2, 120)), 60_000, columns_for([Column.SUM]))
    assert set(made.columns) == {Column.COUNT, Column.SUM}
    assert made.columns[Column.SUM].tolist() == [[60.0, 60.0]] * 2


def test_a_sum_keeps_what_addition_would_lose() -> None:
    times = DAY_MS + 1000 * np.arange(1, 61)
    values = np.full((1, 60), 0.1)
    values[0, 0], values[0, 1] = 1e16, -1e16
    made = make_buckets(times, values, 60_000, [Column.SUM])
    assert abs(made.columns[Column.SUM][0, 0] - math.fsum(values[0])) <= 2 * math.ulp(5.8)
    assert abs(float(np.add.reduce(values[0])) - 5.8) > 0.1
