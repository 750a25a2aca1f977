"""Range functions and instant selection one sample at a time, as defined: what the matrices must equal."""

import itertools
import math
from collections.abc import Callable, Sequence

from barograph.model.sample import FloatArray
from barograph.model.series import SeriesGroup

Sample = tuple[int, float]
Window = list[Sample]


def samples_of(group: SeriesGroup, row: int, absent: Sequence[bool]) -> Window:
    """Return the samples of one row, without the places marked absent."""
    values: FloatArray = group.values[row]
    return [
        (stamp, value)
        for stamp, value, gone in zip(group.timestamps_ms.tolist(), values.tolist(), absent, strict=True)
        if not gone
    ]


def window_of(samples: Window, end_ms: int, range_ms: int) -> Window:
    """Return the samples of a left-open window."""
    return [sample for sample in samples if end_ms - range_ms < sample[0] <= end_ms]


def extrapolated(window: Window, end_ms: int, range_ms: int, *, counter: bool, per_second: bool) -> float | None:
    if len(window) < 2:
        return None
    first, last = window[0], window[-1]
    result = last[1] - first[1]
    if counter:
        for before, after in itertools.pairwise(window):
            if after[1] < before[1]:
                result += before[1]
    to_start = (first[0] - (end_ms - range_ms)) / 1000
    to_end = (end_ms - last[0]) / 1000
    span = (last[0] - first[0]) / 1000
    distance = span / (len(window) - 1)
    if to_start >= distance * 1.1:
        to_start = distance / 2
    if counter and result > 0 and first[1] >= 0:
        to_start = min(to_start, span * (first[1] / result))
    if to_end >= distance * 1.1:
        to_end = distance / 2
    factor = (span + to_start + to_end) / span
    return result * (factor / (range_ms / 1000) if per_second else factor)


def rate(window: Window, end_ms: int, range_ms: int) -> float | None:
    return extrapolated(window, end_ms, range_ms, counter=True, per_second=True)


def increase(window: Window, end_ms: int, range_ms: int) -> float | None:
    return extrapolated(window, end_ms, range_ms, counter=True, per_second=False)


def delta(window: Window, end_ms: int, range_ms: int) -> float | None:
    return extrapolated(window, end_ms, range_ms, counter=False, per_second=False)


def irate(window: Window, end_ms: int, range_ms: int) -> float | None:
    if len(window) < 2:
        return None
    (before_ms, before), (last_ms, last) = window[-2:]
    return (last if last < before else last - before) / ((last_ms - before_ms) / 1000)


def idelta(window: Window, end_ms: int, range_ms: int) -> float | None:
    return window[-1][1] - window[-2][1] if len(window) > 1 else None


def _pairs(window: Window) -> list[tuple[float, float]]:
    return [(before[1], after[1]) for before, after in itertools.pairwise(window)]


def changes(window: Window, end_ms: int, range_ms: int) -> float | None:
    changed = [a for a in _pairs(window) if a[0] != a[1] and not (math.isnan(a[0]) and math.isnan(a[1]))]
    return float(len(changed)) if window else None


def resets(window: Window, end_ms: int, range_ms: int) -> float | None:
    return float(sum(after < before for before, after in _pairs(window))) if window else None


def deriv(window: Window, end_ms: int, range_ms: int) -> float | None:
    if len(window) < 2:
        return None
    times = [(stamp - window[0][0]) / 1000 for stamp, _ in window]
    values = [value for _, value in window]
    middle, mean = sum(times) / len(times), math.fsum(values) / len(values)
    above = math.fsum((t - middle) * (v - mean) for t, v in zip(times, values, strict=True))
    return above / math.fsum((t - middle) ** 2 for t in times)


def _of_values(function: Callable[[list[float]], float]) -> Callable[[Window, int, int], float | None]:
    return lambda window, _end, _range: function([value for _, value in window]) if window else None


def _variance(values: list[float]) -> float:
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)


def quantile(phi: float, values: Sequence[float]) -> float:
    if math.isnan(phi):
        return math.nan
    if phi < 0 or phi > 1:
        return math.copysign(math.inf, phi)
    ordered = sorted(values, key=lambda value: (not math.isnan(value), value))
    rank = phi * (len(ordered) - 1)
    below = math.floor(rank)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] * (1 - (rank - below)) + ordered[above] * (rank - below)


def _known(values: list[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


RANGE_FUNCTIONS: dict[str, Callable[[Window, int, int], float | None]] = {
    "rate": rate,
    "increase": increase,
    "delta": delta,
    "irate": irate,
    "idelta": idelta,
    "changes": changes,
    "resets": resets,
    "deriv": deriv,
    "sum_over_time": _of_values(math.fsum),
    "avg_over_time": _of_values(lambda values: math.fsum(values) / len(values)),
    "min_over_time": _of_values(lambda values: min(_known(values), default=math.nan)),
    "max_over_time": _of_values(lambda values: max(_known(values), default=math.nan)),
    "count_over_time": _of_values(lambda values: float(len(values))),
    "present_over_time": _of_values(lambda values: 1.0),
    "last_over_time": _of_values(lambda values: values[-1]),
    "first_over_time": _of_values(lambda values: values[0]),
    "stdvar_over_time": _of_values(_variance),
    "stddev_over_time": _of_values(lambda values: math.sqrt(_variance(values))),
    "median": _of_values(lambda values: quantile(0.5, values)),
    "ts_of_last_over_time": lambda window, _end, _range: window[-1][0] / 1000 if window else None,
    "ts_of_first_over_time": lambda window, _end, _range: window[0][0] / 1000 if window else None,
    "ts_of_max_over_time": lambda window, _end, _range: _stamp(window, max),
    "ts_of_min_over_time": lambda window, _end, _range: _stamp(window, min),
}


def _stamp(window: Window, choose: Callable[[list[float]], float]) -> float | None:
    if not window:
        return None
    known = _known([value for _, value in window])
    best = choose(known) if known else None
    return next(stamp / 1000 for stamp, value in reversed(window) if best is None or value == best)
