"""Buckets made one sample at a time, as slowly and plainly as can be."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from barograph.model.sample import ABSENT, ABSENT_BITS, STALE_BITS, FloatArray, IntArray
from barograph.model.tiers import Column
from barograph.tsdb.buckets import Buckets

NOTHING = dict.fromkeys(Column, ABSENT) | {Column.COUNT: 0.0, Column.STALE: 0.0}


def naive_bucket(
    end_ms: int, samples: Sequence[tuple[int, float]], stale_ms: Sequence[int] = ()
) -> dict[Column, float]:
    """Return every column of one bucket, of its samples in order and the instants of its stale markers."""
    stale = float(bool(stale_ms) and (not samples or stale_ms[-1] > samples[-1][0]))
    if not samples:
        return NOTHING | {Column.STALE: stale}
    values = [value for _, value in samples]
    clean = [value for value in values if not math.isnan(value)]
    falls = total([before for before, after in pairwise(values) if after < before])
    return {
        Column.COUNT: float(len(values)),
        Column.SUM: total(values),
        Column.MIN: min(clean, default=math.nan),
        Column.MAX: max(clean, default=math.nan),
        Column.FIRST: values[0],
        Column.LAST: values[-1],
        Column.FIRST_AGE: float(end_ms - samples[0][0]),
        Column.LAST_AGE: float(end_ms - samples[-1][0]),
        Column.INCREASE: values[-1] - values[0] + falls,
        Column.STALE: stale,
        Column.FALLS: falls,
    }


def total(values: Sequence[float]) -> float:
    """Add without rounding, and as floats add where a value is not finite."""
    try:
        return math.fsum(values)
    except (ValueError, OverflowError):
        with np.errstate(invalid="ignore", over="ignore"):
            return float(np.add.reduce(np.array(values)))


def naive_row(times: Sequence[int], bits: Sequence[int], width_ms: int) -> dict[int, dict[Column, float]]:
    """Return the buckets of one series by their ends; those without sample and marker are left out."""
    samples: dict[int, list[tuple[int, float]]] = {}
    markers: dict[int, list[int]] = {}
    for time_ms, pattern in zip(times, bits, strict=True):
        end_ms = math.ceil(time_ms / width_ms) * width_ms
        if pattern == STALE_BITS:
            markers.setdefault(end_ms, []).append(time_ms)
        elif pattern != ABSENT_BITS:
            samples.setdefault(end_ms, []).append((time_ms, float(np.uint64(pattern).view(np.float64))))
    return {
        end_ms: naive_bucket(end_ms, samples.get(end_ms, []), markers.get(end_ms, []))
        for end_ms in sorted({*samples, *markers})
    }


def naive_buckets(times: IntArray, values: FloatArray, width_ms: int) -> list[dict[int, dict[Column, float]]]:
    """Return the buckets of each row."""
    return [naive_row(times.tolist(), row.tolist(), width_ms) for row in values.view(np.uint64)]


def assert_alike(found: Mapping[Column, float], expected: Mapping[Column, float], scale: float = 0.0) -> None:
    """Compare one bucket: bit for bit, but sums to within two units in the last place (of `scale` if that is more)."""
    for column, value in found.items():
        wanted = expected[column]
        if np.float64(value).view(np.uint64) == np.float64(wanted).view(np.uint64):
            continue
        if math.isnan(wanted) and wanted is not ABSENT:
            absent = np.float64(value).view(np.uint64) == ABSENT_BITS
            assert math.isnan(value), (column, value, wanted)
            assert not absent, (column, "absent", wanted)
            continue
        if column in (Column.SUM, Column.FALLS, Column.INCREASE) and math.isfinite(wanted):
            assert abs(value - wanted) <= 2 * np.spacing(max(abs(wanted), scale)), (column, value, wanted)
            continue
        assert value == wanted, (column, value, wanted)


def assert_rows_alike(made: Buckets, expected: Sequence[Mapping[int, Mapping[Column, float]]], scale: float) -> None:
    """Compare made buckets with naive ones; where these have none, made ones must be empty."""
    for row, by_end in enumerate(expected):
        assert set(by_end) <= set(made.ends_ms.tolist())
        for place, end_ms in enumerate(made.ends_ms.tolist()):
            found = {column: float(values[row, place]) for column, values in made.columns.items()}
            assert_alike(found, by_end.get(end_ms, NOTHING), scale)
