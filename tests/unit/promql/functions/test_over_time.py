"""Quantiles through ranks, and kernels in chunks, equal the plain way."""

import numpy as np
import pytest

from barograph.promql import windows as windows_module
from barograph.promql.functions import over_time, regression
from barograph.promql.sample_codes import encode
from helpers.promql_windows import window_over


@pytest.mark.parametrize(
    "values",
    [
        np.round(np.random.default_rng(1).random(500) * 4, 2),
        np.arange(500) * 1.0,
        np.random.default_rng(2).random(500),
        np.full(500, np.inf),
        np.asarray([1e300, -1e300] * 250),
        np.asarray([-0.25, 0.5] * 250),
    ],
)
def test_codes_keep_order_and_lead_back_to_the_very_values(values: np.ndarray) -> None:
    codes, decode = encode(values)
    np.testing.assert_array_equal(decode(codes), values)
    assert codes.dtype.kind == "i"
    order = np.argsort(codes, kind="stable")
    assert (np.diff(values[order][np.isfinite(values[order])]) >= 0).all()


def test_many_distinct_values_take_wider_codes() -> None:
    codes, decode = encode(np.random.default_rng(3).random(70_000))
    assert codes.dtype == np.int32
    assert len(np.unique(decode(codes))) == 70_000


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.95, 1.0, -1.0, 2.0, np.nan])
@pytest.mark.parametrize("special", [[], [np.nan]])
def test_quantiles_through_ranks_equal_numpys(phi: float, special: list[float]) -> None:
    values = np.round(np.random.default_rng(1).random((2, 600)) * 4, 2)
    values[0, :5] = [*special, *[1.0] * (5 - len(special))]
    window = window_over(values, width=100, steps=50)
    found = over_time.quantile(window, np.full(50, phi))
    stride = (600 - 100) // 49
    for step in range(50):
        cells = values[:, step * stride : step * stride + 100]
        if not 0 <= phi <= 1:
            wanted = np.full(2, np.nan if np.isnan(phi) else np.copysign(np.inf, phi))
        else:
            # NaN counts as the smallest: below every number that is there
            wanted = np.quantile(np.where(np.isnan(cells), -1e9, cells), phi, axis=1)
            wanted[wanted < 0] = np.nan
        np.testing.assert_allclose(found[:, step], wanted)


@pytest.mark.parametrize("regular", [True, False])
@pytest.mark.parametrize("chunk", [40, 500, 5000])
def test_chunks_do_not_change_results(monkeypatch: pytest.MonkeyPatch, regular: bool, chunk: int) -> None:
    values = np.random.default_rng(1).random((4, 300))
    phi = np.full(50, 0.4)

    def results() -> list[np.ndarray]:
        window = window_over(values, regular=regular)
        return [
            over_time.avg(window),
            over_time.quantile(window, phi),
            over_time.stamp_of_highest(window),
            over_time.smoothed(window, phi, phi),
            over_time.mad(window),
            regression.deriv(window),
            regression.predict(window, phi, phi),
        ]

    whole = results()
    monkeypatch.setattr(windows_module, "CHUNK_CELLS", chunk)
    for found, wanted in zip(results(), whole, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_counting_reads_no_values() -> None:
    values = np.broadcast_to(np.float64(1.0), (3, 100))
    window = window_over(values)
    assert over_time.count(window).tolist() == [[30.0] * 50] * 3
    assert over_time.present(window).strides == (0, 0)


def test_an_average_of_huge_values_does_not_overflow() -> None:
    values = np.full((1, 4), 1.7e308)
    values[0, 1] = -1.7e308
    with np.errstate(over="ignore", invalid="ignore"):  # as the engine does
        assert over_time.avg(window_over(values, width=4, steps=1))[0, 0] == pytest.approx(8.5e307)
        values[0, 1] = 1.7e308
        assert over_time.avg(window_over(values, width=4, steps=1))[0, 0] == pytest.approx(1.7e308)
