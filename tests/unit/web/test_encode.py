import json
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barograph.model.errors import LimitError, QueryCancelledError
from barograph.model.labels import Labels
from barograph.model.sample import IntArray
from barograph.promql.value import (
    QueryResult,
    RawMatrix,
    RawSeries,
    StepScalar,
    StepVector,
    StringValue,
)
from barograph.web.encode import Allowance, encode_result

SECOND = np.array([1_700_000_000_000], dtype=np.int64)


def go_float(value: float) -> str:
    """Write a float as Go's FormatFloat(v, 'f', -1, 64), the slow and obvious way."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    text = format(Decimal(repr(float(value))), "f")
    return text.removesuffix(".0")


def go_time(time_ms: int) -> str:
    sign = "-" if time_ms < 0 else ""
    seconds, rest = divmod(abs(time_ms), 1000)
    return f"{sign}{seconds}" + (f".{rest:03d}" if rest else "")


def naive(result: QueryResult, is_range: bool) -> str:
    """The answer, point by point."""
    value, times = result.value, [go_time(t) for t in result.times_ms.tolist()]

    def points(stamps: list[str], values: Any, present: Any = None) -> str:
        kept = [
            f'[{at},"{go_float(v)}"]'
            for i, (at, v) in enumerate(zip(stamps, values.tolist(), strict=True))
            if present is None or present[i]
        ]
        return "[" + ",".join(kept) + "]"

    def metric(labels: Labels) -> str:
        return json.dumps(labels.to_dict(), separators=(",", ":"), ensure_ascii=False)

    if isinstance(value, StringValue):
        kind, body = "string", f"[{times[0]},{json.dumps(value.value, ensure_ascii=False)}]"
    elif isinstance(value, StepScalar) and not is_range:
        kind, body = "scalar", f'[{times[0]},"{go_float(value.values[0])}"]'
    elif isinstance(value, StepScalar):
        kind, body = "matrix", f'[{{"metric":{{}},"values":{points(times, value.values)}}}]'
    elif isinstance(value, RawMatrix):
        rows = [
            f'{{"metric":{metric(s.labels)},"values":'
            f"{points([go_time(t) for t in s.timestamps_ms.tolist()], s.values)}}}"
            for s in value.series
        ]
        kind, body = "matrix", "[" + ",".join(rows) + "]"
    elif is_range:
        present: Any = [None] * len(value.labels) if value.present is None else value.present
        rows = [
            f'{{"metric":{metric(labels)},"values":{points(times, value.values[i], present[i])}}}'
            for i, labels in enumerate(value.labels)
            if present[i] is None or present[i].any()
        ]
        kind, body = "matrix", "[" + ",".join(rows) + "]"
    else:
        rows = [
            f'{{"metric":{metric(labels)},"value":[{times[0]},"{go_float(value.values[i, 0])}"]}}'
            for i, labels in enumerate(value.labels)
            if value.present is None or value.present[i, 0]
        ]
        kind, body = "vector", "[" + ",".join(rows) + "]"
    return f'{{"status":"success","data":{{"resultType":"{kind}","result":{body}}}}}'


odd = st.sampled_from([0.0, -0.0, math.nan, math.inf, -math.inf, 1e16, 1e15, 123456789012345680.0, 1e-5, 1e-4, 5e-324])
floats = st.one_of(st.floats(width=64), odd, st.integers(-(10**6), 10**6).map(float), st.floats(0, 1))
stamps = st.one_of(st.integers(0, 2_000_000_000_000), st.integers(-100_000, 100_000), st.just(1_700_000_000_000))
texts = st.text(st.characters(codec="utf-8"), max_size=5)


@st.composite
def vectors(draw: st.DrawFn) -> tuple[StepVector, IntArray]:
    series, steps = draw(st.integers(0, 4)), draw(st.integers(1, 6))
    rows = [
        [draw(floats)] * steps if draw(st.booleans()) else draw(st.lists(floats, min_size=steps, max_size=steps))
        for _ in range(series)
    ]
    values = np.array(rows, dtype=np.float64).reshape(series, steps)
    if draw(st.booleans()):
        values = np.asfortranarray(values)
    present = None
    if draw(st.booleans()):
        bits = draw(st.lists(st.booleans(), min_size=series * steps, max_size=series * steps))
        present = np.array(bits, dtype=np.bool_).reshape(series, steps)
    labels = tuple(Labels.of("m", i=str(i), text=draw(texts)) for i in range(series))
    times = np.array(sorted(draw(st.lists(stamps, min_size=steps, max_size=steps))), dtype=np.int64)
    return StepVector(labels, values, present), times


@given(vectors())
def test_vectors_are_written_as_point_by_point(made: tuple[StepVector, IntArray]) -> None:
    vector, times = made
    ranged = QueryResult(value=vector, times_ms=times)
    assert encode_result(ranged, is_range=True).decode() == naive(ranged, True)
    if len(times) == 1:
        assert encode_result(ranged, is_range=False).decode() == naive(ranged, False)


@given(st.lists(floats, min_size=1, max_size=6), st.booleans())
def test_scalars_are_written_as_point_by_point(values: list[float], is_range: bool) -> None:
    times = np.arange(len(values), dtype=np.int64) * 500
    result = QueryResult(value=StepScalar(np.array(values)), times_ms=times)
    assert encode_result(result, is_range=is_range).decode() == naive(result, is_range)


@given(st.lists(st.lists(floats, max_size=5), max_size=3))
def test_raw_samples_are_written_as_point_by_point(rows: list[list[float]]) -> None:
    series = tuple(
        RawSeries(Labels.of("m", i=str(i)), np.arange(len(row), dtype=np.int64) * 250, np.array(row, dtype=np.float64))
        for i, row in enumerate(rows)
    )
    result = QueryResult(value=RawMatrix(series), times_ms=SECOND)
    assert encode_result(result, is_range=False).decode() == naive(result, False)


@given(texts)
def test_strings_are_written(text: str) -> None:
    result = QueryResult(value=StringValue(text), times_ms=SECOND)
    answer = json.loads(encode_result(result, is_range=False))
    assert answer["data"] == {"resultType": "string", "result": [1_700_000_000, text]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e6, "1000000"),
        (1e21, "1000000000000000000000"),
        (1.5e-7, "0.00000015"),
        (-2.5e-10, "-0.00000000025"),
        (1.7976931348623157e308, "17976931348623157" + "0" * 292),
        (0.1, "0.1"),
        (-0.0, "-0"),
        (math.nan, "NaN"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
    ],
)
def test_known_values_are_written_as_prometheus_does(value: float, text: str) -> None:
    result = QueryResult(value=StepScalar(np.array([value])), times_ms=SECOND)
    assert json.loads(encode_result(result, is_range=False))["data"]["result"] == [1_700_000_000, text]


@pytest.mark.parametrize(
    "row", [[0.0, -0.0], [-0.0, 0.0, 0.0], [math.nan, math.nan], [1e-7, 1.0, math.nan, 2.5, math.inf, 1e300]]
)
def test_rows_that_are_nearly_alike_or_half_odd(row: list[float]) -> None:
    times = np.arange(len(row), dtype=np.int64) * 1000
    result = QueryResult(value=StepScalar(np.array(row)), times_ms=times)
    assert encode_result(result, is_range=True).decode() == naive(result, True)


@pytest.mark.parametrize(
    ("time_ms", "text"),
    [(1500, "1.500"), (1_700_000_000_001, "1700000000.001"), (-1500, "-1.500"), (-500, "-0.500"), (0, "0")],
)
def test_times_have_three_decimals_or_none(time_ms: int, text: str) -> None:
    result = QueryResult(value=StepScalar(np.array([1.0])), times_ms=np.array([time_ms], dtype=np.int64))
    assert f'"result":[{text},"1"]'.encode() in encode_result(result, is_range=False)


def test_annotations_stand_beside_the_data() -> None:
    empty = StepVector((), np.empty((0, 1)))
    result = QueryResult(value=empty, times_ms=SECOND, warnings=("cut",), infos=('no "counter"',))
    answer = json.loads(encode_result(result, is_range=False))
    assert answer["warnings"] == ["cut"]
    assert answer["infos"] == ['no "counter"']
    plain = json.loads(encode_result(QueryResult(value=empty, times_ms=SECOND), is_range=False))
    assert plain == {"status": "success", "data": {"resultType": "vector", "result": []}}


def test_an_answer_too_large_is_not_written_to_its_end() -> None:
    vector = StepVector(tuple(Labels.of("m", i=str(i)) for i in range(100)), np.ones((100, 1)))
    result = QueryResult(value=vector, times_ms=SECOND)
    assert encode_result(result, is_range=False, allowance=Allowance(10_000, lambda: None))
    with pytest.raises(LimitError, match=r"bytes of answer, more than 2,000; raise query.max_answer"):
        encode_result(result, is_range=False, allowance=Allowance(2_000, lambda: None))


def test_whoever_asked_can_end_the_writing() -> None:
    rows = 40
    values = np.random.default_rng(3).random((rows, 5000))
    vector = StepVector(tuple(Labels.of("m", i=str(i)) for i in range(rows)), values)
    times = SECOND + 1000 * np.arange(5000)
    result = QueryResult(value=vector, times_ms=times)
    checked = []

    def check() -> None:
        checked.append(1)
        if len(checked) > 2:
            raise QueryCancelledError("gone")

    with pytest.raises(QueryCancelledError):
        encode_result(result, is_range=True, allowance=Allowance(1 << 40, check))
