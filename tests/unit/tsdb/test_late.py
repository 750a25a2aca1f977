import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.model.sample import ABSENT, is_absent
from barograph.tsdb.late import base_source, distinct_times, is_late, late_source, lay_over


@pytest.mark.parametrize("source", ["host/1s", "", "import"])
def test_late_rows_have_a_name_of_their_own(source: str) -> None:
    assert is_late(late_source(source))
    assert not is_late(source)
    assert base_source(late_source(source)) == base_source(source) == source


@given(st.lists(st.tuples(st.integers(0, 5), st.lists(st.sampled_from([ABSENT, 1.0, 2.0]), min_size=2, max_size=2))))
def test_rows_lie_over_those_that_came_before(rows: list[tuple[int, list[float]]]) -> None:
    expected: dict[tuple[int, int], float] = {}
    for time, samples in rows:
        expected.update({(series, time): v for series, v in enumerate(samples) if not is_absent(np.array([v]))[0]})
    times, place = distinct_times(np.array([time for time, _ in rows], np.int64))
    assert times.tolist() == sorted({time for time, _ in rows})
    arrived = np.array([samples for _, samples in rows], np.float64).reshape(-1, 2).T
    ordered = lay_over(arrived, place, len(times))
    assert ordered.flags.c_contiguous
    found = {
        (series, time): float(ordered[series, column])
        for series in range(2)
        for column, time in enumerate(times.tolist())
        if not is_absent(ordered)[series, column]
    }
    assert found == expected
