import heapq
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from barograph.promql.heaps import keep_best


def sift_down(heap: list[tuple[float, int]], place: int) -> None:
    while True:
        below = 2 * place + 1
        if below >= len(heap):
            return
        if below + 1 < len(heap) and is_worse(heap[below + 1][0], heap[below][0]):
            below += 1
        if not is_worse(heap[below][0], heap[place][0]):
            return
        heap[below], heap[place] = heap[place], heap[below]
        place = below


def is_worse(one: float, other: float) -> bool:
    return math.isnan(one) or one < other


def naive(values: list[float | None], count: int) -> set[int]:
    """Go's heap, one value at a time."""
    heap: list[tuple[float, int]] = []
    for row, value in enumerate(values):
        if value is None or not count:
            continue
        if len(heap) < count:
            heap.append((value, row))
            place = len(heap) - 1
            while place and is_worse(heap[place][0], heap[(place - 1) // 2][0]):
                above = (place - 1) // 2
                heap[place], heap[above], place = heap[above], heap[place], above
        elif heap[0][0] < value or (math.isnan(heap[0][0]) and not math.isnan(value)):
            heap[0] = (value, row)
            sift_down(heap, 0)
    return {row for _, row in heap}


STEPS = 3
CELLS = st.sampled_from([0.0, 1.0, 1.0, 2.0, -1.0, 3.0, math.nan, math.inf, None])


@given(
    rows=st.lists(st.lists(CELLS, min_size=STEPS, max_size=STEPS), min_size=1, max_size=12),
    counts=st.lists(st.integers(0, 6), min_size=STEPS, max_size=STEPS),
)
def test_what_is_kept_is_what_a_heap_keeps(rows: list[list[float | None]], counts: list[int]) -> None:
    values = np.array([[0.0 if cell is None else cell for cell in row] for row in rows])
    present = np.array([[cell is not None for cell in row] for row in rows])
    kept = keep_best(values, present, np.array(counts, np.int64))
    for step in range(STEPS):
        assert set(np.flatnonzero(kept[:, step]).tolist()) == naive([row[step] for row in rows], counts[step])
    if present.all():
        assert np.array_equal(keep_best(values, None, np.array(counts, np.int64)), kept)


def test_the_best_are_kept() -> None:
    values = np.random.default_rng(1).permutation(1000).astype(np.float64)[:, np.newaxis]
    kept = keep_best(values, None, np.array([7], np.int64))
    assert sorted(values[kept]) == sorted(heapq.nlargest(7, values[:, 0]))
