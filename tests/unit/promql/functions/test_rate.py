"""The two ways of adding counter resets are one."""

import numpy as np
import pytest

from barograph.promql.functions import rate
from barograph.promql.windows import Window
from helpers.promql_windows import window_over


@pytest.mark.parametrize("regular", [True, False])
def test_many_resets_are_added_as_few_are(monkeypatch: pytest.MonkeyPatch, regular: bool) -> None:
    random = np.random.default_rng(3)
    values = random.integers(0, 20, (5, 200)).astype(np.float64)
    values[2] = np.arange(200)  # never falls

    def window() -> Window:
        return window_over(values, regular=regular)

    one_by_one = rate.increase(window())
    monkeypatch.setattr(rate, "_LOOP_FALLS", 0)
    together = rate.increase(window())
    np.testing.assert_allclose(together, one_by_one, rtol=1e-12)
    assert (one_by_one[2] > 0).all()


def test_values_given_are_not_written_to() -> None:
    values = np.asarray([[5.0, 1.0, 2.0, 0.5, 3.0, 4.0, 1.0, 2.0]])
    before = values.copy()
    for kernel in (rate.rate, rate.increase, rate.delta, rate.irate, rate.idelta, rate.changes, rate.resets):
        kernel(window_over(values, width=4, steps=3))
    np.testing.assert_array_equal(values, before)
