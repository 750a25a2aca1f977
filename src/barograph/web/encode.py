"""Query results to Prometheus' JSON, by column: orjson writes all values of a row at once, and the texts are joined.

Values are strings as Go's FormatFloat(v, 'f', -1, 64) writes them, so without exponents; timestamps are seconds. What
is odd (exponents, infinities, NaN) is written one by one.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec
import numpy as np
import orjson

from barograph.model.errors import LimitError
from barograph.model.labels import Labels
from barograph.model.sample import BoolArray, FloatArray, IntArray
from barograph.model.units import Duration
from barograph.promql.value import QueryResult, QueryStats, RawMatrix, StepScalar, StepVector, StringValue

_TEXTS: dict[float, bytes] = {float("inf"): b"+Inf", float("-inf"): b"-Inf"}


class Allowance:
    """What an answer may be like: its size, and how whoever asked can end its making.

    Args:
        max_bytes: The most that its series may take, `query.max_answer`.
        check: Called now and then; what it raises ends the encoding.
    """

    def __init__(self, max_bytes: int, check: Callable[[], None]) -> None:
        self._max_bytes = max_bytes
        self._check = check
        self._bytes = 0
        self._unchecked = 0

    def count(self, size_bytes: int) -> None:
        """Count what was written.

        Raises:
            LimitError: It is more than an answer may have.
        """
        self._bytes += size_bytes
        self._unchecked += size_bytes
        if self._bytes > self._max_bytes:
            raise LimitError("bytes of answer", self._bytes, self._max_bytes, "query.max_answer")
        if self._unchecked > _CHECK_BYTES:
            self._unchecked = 0
            self._check()


_CHECK_BYTES = 1 << 20
"""Some 10 ms of encoding."""
_UNLIMITED = 1 << 62


def encode_result(
    result: QueryResult, *, is_range: bool, with_stats: bool = False, allowance: Allowance | None = None
) -> bytes:
    """Return the whole answer, envelope included.

    Raises:
        LimitError: It has more bytes than the allowance.
    """
    allowance = allowance or Allowance(_UNLIMITED, lambda: None)
    kind, parts = _value(result, is_range, allowance)
    end = b""
    if with_stats:
        end += b',"stats":' + orjson.dumps(_stats(result.stats))
    if result.explained is not None:
        end += b',"explain":' + msgspec.json.encode(result.explained)
    end += b"}"
    if result.warnings:
        end += b',"warnings":' + orjson.dumps(list(result.warnings))
    if result.infos:
        end += b',"infos":' + orjson.dumps(list(result.infos))
    # joined once: an answer may have many megabytes, and each copy costs as much as writing it
    return b"".join((b'{"status":"success","data":{"resultType":"', kind, b'","result":', *parts, end, b"}"))


def _stats(stats: QueryStats) -> dict[str, Any]:
    """Return Prometheus' statistics, and which tiers answered."""
    return {
        "timings": {"evalTotalTime": stats.duration_s, "execTotalTime": stats.duration_s},
        "samples": {
            "totalQueryableSamples": stats.samples,
            "samplesRead": stats.samples,
            "peakSamples": stats.samples,
        },
        "tiers": {
            "answered": [str(Duration(width_ms)) for width_ms in stats.tiers_ms],
            "bucketValuesRead": stats.buckets,
        },
    }


def _value(result: QueryResult, is_range: bool, allowance: Allowance) -> tuple[bytes, list[bytes]]:
    """Return the type of a result and the parts of its text."""
    value = result.value
    times = _times(result.times_ms) if not is_range else []
    if isinstance(value, StringValue):
        return b"string", [b"[", *_times(result.times_ms[:1]), b",", orjson.dumps(value.value), b"]"]
    if isinstance(value, StepScalar):
        if not is_range:
            return b"scalar", [b"[", times[0], b',"', _number(float(value.values[0])), b'"]']
        points = _points(_heads(result.times_ms), value.values)
        return b"matrix", [b'[{"metric":{},"values":', points, b"}]"]
    if isinstance(value, RawMatrix):
        rows = ((_labels(s.labels, b"values"), _points(_heads(s.timestamps_ms), s.values)) for s in value.series)
        return b"matrix", _rows(rows, allowance)
    if is_range:
        return b"matrix", _rows(_matrix(value, _heads(result.times_ms)), allowance)
    texts = _numbers(value.values[:, 0])
    there = range(len(value.labels)) if value.present is None else np.flatnonzero(value.present[:, 0]).tolist()
    head = b"[" + times[0] + b',"'
    return b"vector", _rows(((_labels(value.labels[i], b"value"), head + texts[i] + b'"]') for i in there), allowance)


def _rows(rows: Iterable[tuple[bytes, bytes]], allowance: Allowance) -> list[bytes]:
    """Return the parts of an array of series: labels and points of each."""
    parts: list[bytes] = []
    for labels, points in rows:
        allowance.count(len(labels) + len(points))
        parts += (b",", labels, points, b"}")
    return [b"[", *parts[1:], b"]"]


def _matrix(vector: StepVector, heads: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    values = np.ascontiguousarray(vector.values)
    present = vector.present
    broken = _broken_rows(vector)
    constant = _constant_rows(values)
    lines: dict[bytes, bytes] = {}
    for i, labels in enumerate(vector.labels):
        if broken[i] and present is not None:
            if present[i].any():
                yield _labels(labels, b"values"), _some_points(heads, values[i], present[i])
        elif constant[i]:
            # many rows are the same constant: counts, limits, what is up
            text = _number(float(values[i, 0]))
            if text not in lines:
                lines[text] = _constant_points(heads, text)
            yield _labels(labels, b"values"), lines[text]
        else:
            yield _labels(labels, b"values"), _varying_points(heads, values[i])


def _broken_rows(vector: StepVector) -> list[bool]:
    """Tell which rows lack a value somewhere."""
    if vector.present is None:
        return [False] * len(vector.labels)
    return [not bool(row.all()) for row in vector.present]


def _constant_rows(values: FloatArray) -> list[bool]:
    """Tell which rows hold one value: by bits, since NaN is the same as itself here and -0 is not 0."""
    if not values.size:
        return [False] * len(values)
    bits = values.view(np.uint64)
    constant = bits[:, 0] == bits[:, -1]
    some = np.flatnonzero(constant)
    constant[some] = (bits[some] == bits[some, :1]).all(axis=1)
    found: list[bool] = constant.tolist()
    return found


def _some_points(heads: list[bytes], values: FloatArray, present: BoolArray) -> bytes:
    places = present.nonzero()[0]
    return _points([heads[i] for i in places.tolist()], values[places])


def encode_labels(labels: Labels) -> bytes:
    """Return a label set as a JSON object."""
    return orjson.dumps(labels.to_dict())


def _labels(labels: Labels, key: bytes) -> bytes:
    return b'{"metric":' + encode_labels(labels) + b',"' + key + b'":'


def _points(heads: list[bytes], values: FloatArray) -> bytes:
    """Join `[time,"value"]` pairs; `heads` end what went before and begin each point: `"],[time,"`."""
    if not len(values):
        return b"[]"
    if _constant_rows(np.ascontiguousarray(values)[np.newaxis])[0]:
        return _constant_points(heads, _number(float(values[0])))
    return _varying_points(heads, values)


def _constant_points(heads: list[bytes], text: bytes) -> bytes:
    return b"[" + (text.join(heads) + text)[3:] + b'"]]'


def _varying_points(heads: list[bytes], values: FloatArray) -> bytes:
    parts = [b""] * (2 * len(heads))
    parts[0::2] = heads
    parts[1::2] = _numbers(values)
    return b"[" + b"".join(parts)[3:] + b'"]]'


def _heads(times_ms: IntArray) -> list[bytes]:
    """Return what stands before each value; where all are whole seconds one call of orjson writes them."""
    if not len(times_ms):
        return []
    seconds, rest = np.divmod(times_ms, 1000)
    if rest.any():
        return [b'"],[' + time + b',"' for time in _times(times_ms)]
    text = orjson.dumps(np.ascontiguousarray(seconds), option=orjson.OPT_SERIALIZE_NUMPY)
    return (b'"],[' + text[1:-1].replace(b",", b',"\n"],[') + b',"').split(b"\n")


def _numbers(values: FloatArray) -> list[bytes]:
    """Return each value's text; one call of orjson writes them all, and most need no second look."""
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    if b".0," in text or text.endswith(b".0]"):
        texts = (text[1:-1] + b",").replace(b".0,", b",")[:-1].split(b",")
    else:
        texts = text[1:-1].split(b",")
    if b"e" in text or b"n" in text:  # an exponent, or the null that stands for NaN and the infinities
        return [_number(float(values[i])) if b"e" in one or one == b"null" else one for i, one in enumerate(texts)]
    return texts


def _number(value: float) -> bytes:
    if value != value:  # noqa: PLR0124  NaN, and the fastest way to see it
        return b"NaN"
    special = _TEXTS.get(value)
    if special is not None:
        return special
    text = repr(value)
    if "e" in text:
        text = _without_exponent(text)
    return text.removesuffix(".0").encode()


def _without_exponent(text: str) -> str:
    """Write `1.5e-07` as `0.00000015`: the digits that repr gives are the shortest, so only the point moves."""
    mantissa, _, exponent = text.partition("e")
    sign, digits = ("-", mantissa[1:]) if mantissa.startswith("-") else ("", mantissa)
    whole, _, fraction = digits.partition(".")
    place = len(whole) + int(exponent)
    digits = whole + fraction
    if place <= 0:
        return f"{sign}0.{'0' * -place}{digits}"
    # repr writes an exponent from 1e16 on, and at most 17 digits: the point is never among them
    return f"{sign}{digits}{'0' * (place - len(digits))}"


def _times(times_ms: IntArray) -> list[bytes]:
    """Return timestamps in seconds, with three decimals where they are no whole seconds."""
    return [b"%d" % (ms // 1000) if ms % 1000 == 0 else _fraction(ms) for ms in times_ms.tolist()]


def _fraction(time_ms: int) -> bytes:
    whole, rest = divmod(abs(time_ms), 1000)
    return b"%s%d.%03d" % (b"-" if time_ms < 0 else b"", whole, rest)
