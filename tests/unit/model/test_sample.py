import numpy as np

from barograph.model.sample import ABSENT, STALE, absent_array, is_absent, is_stale


def test_special_values_are_nans_that_differ_from_each_other_and_from_an_ordinary_nan() -> None:
    values = np.array([1.0, np.nan, STALE, ABSENT, np.inf])
    assert np.isnan(values).tolist() == [False, True, True, True, False]
    assert is_stale(values).tolist() == [False, False, True, False, False]
    assert is_absent(values).tolist() == [False, False, False, True, False]


def test_a_stale_marker_has_prometheus_bits() -> None:
    assert np.array([STALE]).view(np.uint64)[0] == 0x7FF0000000000002


def test_they_survive_copies_and_matrices() -> None:
    matrix = np.zeros((2, 3))
    matrix[1, 2] = STALE
    matrix[0] = ABSENT
    again = np.frombuffer(matrix.copy().tobytes()).reshape(2, 3)
    assert is_stale(again).tolist() == [[False] * 3, [False, False, True]]
    assert is_absent(again).tolist() == [[True] * 3, [False] * 3]


def test_an_absent_array_is_absent_everywhere_and_writable() -> None:
    values = absent_array(2, 3)
    assert values.dtype == np.float64
    assert is_absent(values).all()
    values[0, 0] = 1
    assert is_absent(values).sum() == 5
    assert absent_array(0).shape == (0,)
