"""Where windows are cut, and how presence is told."""

import numpy as np

from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE
from barograph.promql.functions import over_time
from barograph.promql.gaps import complete, missing_samples, over_group, shared_mask
from barograph.promql.grid import Grid
from barograph.promql.windows import windows
from helpers.memory_store import make_group
from helpers.promql_windows import make_run


def cut(stamps: list[int], ends: Grid, range_ms: int, step_ms: int = 0) -> list[tuple[object, bool]]:
    series = (np.asarray(stamps, dtype=np.int64), np.ones((1, len(stamps))), step_ms)
    found = windows(make_run(ends), series, ends, range_ms)
    return [(steps if isinstance(steps, slice) else steps.tolist(), window.lo is None) for steps, window in found]


def test_regular_time_is_strided_inside_and_searched_at_the_edges() -> None:
    stamps = list(range(0, 10_000, 1000))
    assert cut(stamps, Grid(0, 2000, 8), 3000, 1000) == [
        (slice(1, 5), True),
        (slice(0, 1), False),
        ([5], False),
    ]


def test_irregular_time_is_searched() -> None:
    assert cut([0, 1000, 2500], Grid(0, 1000, 4), 1500) == [(slice(0, 4), False)]


def test_steps_that_are_no_multiple_are_searched() -> None:
    assert cut([0, 1000, 2000], Grid(0, 700, 3), 1500, 1000) == [(slice(0, 3), False)]


def test_empty_windows_are_in_no_run() -> None:
    assert cut([], Grid(0, 1000, 4), 1500) == []
    assert cut([0, 1000], Grid(50_000, 1000, 4), 1500, 1000) == []
    # every window lies between two samples
    assert cut(list(range(0, 10_000, 1000)), Grid(1500, 1000, 4), 400, 1000) == []
    assert cut([5000], Grid(9000, 0, 1), 1000) == []
    assert cut([0, 9000], Grid(0, 3000, 4), 1000) == [([0, 3], False)]


def test_rows_with_the_same_gaps_are_treated_together() -> None:
    values = np.asarray([[1, ABSENT, 3, 4], [1, 2, 3, 4], [5, ABSENT, 7, STALE], [5, ABSENT, 7, 8], [ABSENT, 1, 2, 3]])
    group = make_group(tuple(Labels.of("m", r=str(r)) for r in range(5)), np.arange(4) * 1000, values)
    found = [(np.arange(5)[rows].tolist(), stamps.tolist(), step) for rows, stamps, _, step in complete(group)]
    assert found == [
        ([0, 3], [0, 2000, 3000], 0),
        ([1], [0, 1000, 2000, 3000], 1000),
        ([2], [0, 2000], 0),
        ([4], [1000, 2000, 3000], 1000),
    ]


def test_flags_that_promise_nothing_cost_nothing_where_nothing_is_missing() -> None:
    group = make_group((Labels.of("m"),), np.arange(3) * 1000, np.ones((1, 3)))
    wary = type(group)(
        labels=group.labels,
        timestamps_ms=group.timestamps_ms,
        values=group.values,
        has_absent=True,
        has_stale=True,
        step_ms=1000,
    )
    assert missing_samples(wary) is None


def test_presence_is_one_row_where_all_rows_are_alike() -> None:
    group = make_group(tuple(Labels.of("m", r=r) for r in "ab"), np.arange(3) * 1000, np.ones((2, 3)))
    ends = Grid(0, 1000, 6)
    _, present = over_group(make_run(ends), group, ends, 1000, (over_time.count, 1, ()))
    shared = shared_mask(present)
    assert shared is not None
    assert shared.tolist() == [True, True, True, False, False, False]
    assert shared_mask(None) is None
    assert shared_mask(np.ones((2, 3), np.bool_)) is None


def test_a_window_needs_its_minimum_of_samples() -> None:
    group = make_group((Labels.of("m"),), np.asarray([0, 1000, 1500, 9000]), np.ones((1, 4)))
    ends = Grid(0, 1000, 4)
    _, present = over_group(make_run(ends), group, ends, 2000, (over_time.count, 2, ()))
    assert present is not None
    assert present.tolist() == [[False, True, True, False]]
    _, none = over_group(make_run(ends), group, ends, 2000, (over_time.count, 5, ()))
    assert none is not None
    assert not none.any()
