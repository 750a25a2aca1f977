import numpy as np

from barograph.model.labels import Labels
from barograph.model.series import SeriesGroup, SeriesSet


def group(series: int, samples: int) -> SeriesGroup:
    return SeriesGroup(
        labels=tuple(Labels.of("up", n=str(n + 1)) for n in range(series)),
        timestamps_ms=np.arange(samples, dtype=np.int64),
        values=np.zeros((series, samples)),
        has_absent=False,
        has_stale=False,
        step_ms=1,
    )


def test_a_set_counts_series_and_samples_over_its_groups() -> None:
    found = SeriesSet((group(2, 10), group(3, 4)))
    assert found.series_count == 5
    assert found.sample_count == 32
    assert found.warnings == ()


def test_an_empty_set_has_none() -> None:
    assert (SeriesSet(()).series_count, SeriesSet(()).sample_count) == (0, 0)
