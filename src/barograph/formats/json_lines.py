"""JSON lines as VictoriaMetrics exports them: `{"metric":{...},"values":[...],"timestamps":[...]}`, a run a line.

A NaN is null, infinities are "Infinity" and "-Infinity"; a stale marker is "StaleNaN", which is ours.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import orjson

from barograph.formats.bulk_read import Block, SeriesTable
from barograph.formats.numbers import format_list, format_values, parse_value
from barograph.model.batch import Family, MetricType
from barograph.model.columns import SeriesRun
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, IntArray

_JSON_TEXTS = {b"+Inf": b'"Infinity"', b"-Inf": b'"-Infinity"', b"NaN": b"null"}


class _Line(msgspec.Struct):
    """A line; other fields are read over."""

    metric: dict[str, str]
    values: list[Any]
    timestamps: list[int]


class JsonLines:
    """Implements `LineFormat`."""

    quoted = False

    def __init__(self) -> None:
        self._decoder = msgspec.json.Decoder(_Line)

    def parse(self, lines: Sequence[str], table: SeriesTable) -> Block:
        """See `LineFormat`."""
        parsed = [self._parse_line(line, table) for line in lines if line and not line.isspace()]
        return Block(
            np.repeat(np.array([row[0] for row in parsed], np.int64), [len(row[1]) for row in parsed]),
            np.concatenate([np.zeros(0, np.int64), *(row[1] for row in parsed)]),
            np.concatenate([np.zeros(0), *(row[2] for row in parsed)]),
        )

    def _parse_line(self, line: str, table: SeriesTable) -> tuple[int, IntArray, FloatArray]:
        try:
            found = self._decoder.decode(line)
        except msgspec.MsgspecError as error:
            raise ValueError(f"no line of an export ({error}): write metric, values and timestamps") from error
        if len(found.values) != len(found.timestamps):
            raise ValueError(f"{len(found.values)} values stand beside {len(found.timestamps)} timestamps")
        return self._series(found.metric, table), _timestamps(found.timestamps), _values(found.values)

    def _series(self, metric: dict[str, str], table: SeriesTable) -> int:
        text = str(metric)
        number = table.number_of.get(text)
        if number is None:
            labels = Labels.from_mapping(metric)
            if not labels.pairs:
                raise ValueError("a series has no label at all: give it a __name__")
            number = table.add(text, labels, Family(labels.name, MetricType.UNTYPED, ""))
        return number


class JsonLinesWriter:
    """Implements `RunWriter`."""

    content_type = "application/stream+json"

    def begin(self) -> bytes:
        """See `RunWriter`."""
        return b""

    def write(self, runs: Sequence[SeriesRun]) -> bytes:
        """See `RunWriter`."""
        parts: list[bytes] = []
        for run in runs:
            metric = orjson.dumps(run.labels.to_dict())
            times = orjson.dumps(run.timestamps_ms, option=orjson.OPT_SERIALIZE_NUMPY)
            parts += [b'{"metric":', metric, b',"values":', _list(run.values), b',"timestamps":', times, b"}\n"]
        return b"".join(parts)

    def end(self) -> bytes:
        """See `RunWriter`."""
        return b""


def _list(values: FloatArray) -> bytes:
    if np.isfinite(values).all():
        return format_list(values)
    texts = format_values(values)
    for place in np.flatnonzero(~np.isfinite(values)).tolist():
        texts[place] = _JSON_TEXTS.get(texts[place], b'"' + texts[place] + b'"')
    return b"[" + b",".join(texts) + b"]"


def _timestamps(numbers: list[int]) -> IntArray:
    try:
        return np.array(numbers, np.int64)
    except OverflowError as error:
        raise ValueError("a timestamp is too far from now: write milliseconds since 1970") from error


def _values(values: list[Any]) -> FloatArray:
    try:
        found = np.array([] if any(type(value) is str for value in values) else values, np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError('a value is no number, null or text such as "Infinity"') from error
    if found.shape == (len(values),):
        return found
    return np.array([parse_value(value) if type(value) is str else _number(value) for value in values], np.float64)


def _number(value: object) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, int | float):
        return float(value)
    raise ValueError('a value is no number, null or text such as "Infinity"')
