"""Query results to Prometheus' JSON, by column: orjson writes all values of a row at once, and the texts are joined.

Values are strings as Go's FormatFloat(v, 'f', -1, 64) writes them, so without exponents; timestamps are seconds. What
is odd (exponents, infinities, NaN) is written one by one.
"""

from typing import Any

import numpy as np
import orjson

from barograph.model.labels import Labels
from barograph.model.sample import BoolArray, FloatArray, IntArray
from barograph.model.units import Duration
from barograph.promql.value import QueryResult, QueryStats, RawMatrix, StepScalar, StepVector, StringValue

_TEXTS: dict[float, bytes] = {float("inf"): b"+Inf", float("-inf"): b"-Inf"}


def encode_result(result: QueryResult, *, is_range: bool, with_stats: bool = False) -> bytes:
    """Return the whole answer, envelope included."""
    kind, body = _value(result, is_range)
    if with_stats:
        body += b',"stats":' + orjson.dumps(_stats(result.stats))
    notes = b""
    if result.warnings:
        notes += b',"warnings":' + orjson.dumps(list(result.warnings))
    if result.infos:
        notes += b',"infos":' + orjson.dumps(list(result.infos))
    return b'{"status":"success","data":{"resultType":"' + kind + b'","result":' + body + b"}" + notes + b"}"


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


def _value(result: QueryResult, is_range: bool) -> tuple[bytes, bytes]:
    value = result.value
    times = _times(result.times_ms)
    if isinstance(value, StringValue):
        return b"string", b"[" + times[0] + b"," + orjson.dumps(value.value) + b"]"
    if isinstance(value, StepScalar):
        if not is_range:
            return b"scalar", b"[" + times[0] + b',"' + _number(float(value.values[0])) + b'"]'
        return b"matrix", b'[{"metric":{},"values":' + _points(_heads(result.times_ms), value.values) + b"}]"
    if isinstance(value, RawMatrix):
        rows = [_row(s.labels, b"values", _points(_heads(s.timestamps_ms), s.values)) for s in value.series]
        return b"matrix", b"[" + b",".join(rows) + b"]"
    if is_range:
        return b"matrix", _matrix(value, _heads(result.times_ms))
    texts = _numbers(value.values[:, 0])
    rows = [
        _row(labels, b"value", b"[" + times[0] + b',"' + texts[i] + b'"]')
        for i, labels in enumerate(value.labels)
        if value.present is None or value.present[i, 0]
    ]
    return b"vector", b"[" + b",".join(rows) + b"]"


def _matrix(vector: StepVector, heads: list[bytes]) -> bytes:
    rows = []
    for i, labels in enumerate(vector.labels):
        values = vector.values[i]
        if vector.present is None or vector.present[i].all():
            rows.append(_row(labels, b"values", _points(heads, values)))
        elif vector.present[i].any():
            rows.append(_row(labels, b"values", _some_points(heads, values, vector.present[i])))
    return b"[" + b",".join(rows) + b"]"


def _some_points(heads: list[bytes], values: FloatArray, present: BoolArray) -> bytes:
    places = present.nonzero()[0]
    return _points([heads[i] for i in places.tolist()], values[places])


def encode_labels(labels: Labels) -> bytes:
    """Return a label set as a JSON object."""
    return orjson.dumps(labels.to_dict())


def _row(labels: Labels, key: bytes, points: bytes) -> bytes:
    return b'{"metric":' + encode_labels(labels) + b',"' + key + b'":' + points + b"}"


def _points(heads: list[bytes], values: FloatArray) -> bytes:
    """Join `[time,"value"]` pairs; `heads` end what went before and begin each point: `"],[time,"`."""
    if not len(values):
        return b"[]"
    bits = np.ascontiguousarray(values).view(np.uint64)
    if (bits == bits[0]).all():  # by bits, since NaN is the same as itself here and -0 is not 0
        text = _number(float(values[0]))
        return b"[" + (text.join(heads) + text)[3:] + b'"]]'
    parts = [b""] * (2 * len(heads))
    parts[0::2] = heads
    parts[1::2] = _numbers(values)
    return b"[" + b"".join(parts)[3:] + b'"]]'


def _heads(times_ms: IntArray) -> list[bytes]:
    return [b'"],[' + time + b',"' for time in _times(times_ms)]


def _numbers(values: FloatArray) -> list[bytes]:
    """Return each value's text; one call of orjson writes them all, and most need no second look."""
    text = orjson.dumps(np.ascontiguousarray(values), option=orjson.OPT_SERIALIZE_NUMPY)
    texts = (text[1:-1] + b",").replace(b".0,", b",")[:-1].split(b",")
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
