"""The description of a CSV file's columns, as VictoriaMetrics' `format` has it: `2:metric:ask,4:time:unix_s`.

Each entry is a column's number from 1, what it holds (`metric`, `label`, `time`) and its name or kind of time.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import numpy as np

from barograph.model.sample import FloatArray, IntArray
from barograph.model.units import whole_number

ParseTimes = Callable[[Sequence[str]], IntArray]
_EXAMPLE = "write it like 2:metric:ask,1:label:ticker,3:time:unix_s"
_UNITS_MS = {"unix_s": 1000.0, "unix_ms": 1.0, "unix_ns": 1e-6}
_GO_LAYOUT = {
    "January": "%B", "Monday": "%A", "2006": "%Y", "-07:00": "%z", "Z07:00": "%z", "-0700": "%z", "Z0700": "%z",
    ".000000": ".%f", ".000": ".%f", "Jan": "%b", "Mon": "%a", "MST": "%Z", "01": "%m", "02": "%d", "15": "%H",
    "03": "%I", "04": "%M", "05": "%S", "06": "%y", "PM": "%p", "%": "%%",
}  # fmt: skip
_GO_TOKEN = re.compile("|".join(re.escape(token) for token in _GO_LAYOUT))


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvColumns:
    """Which column holds what; places count from 0.

    Attributes:
        metrics: Place and metric name of each column of values.
        labels: Place and label name of each column of labels.
        time: Place of the times, and how they are parsed; None where there are none.
    """

    metrics: tuple[tuple[int, str], ...]
    labels: tuple[tuple[int, str], ...]
    time: tuple[int, ParseTimes] | None

    @property
    def most(self) -> int:
        """How many cells a line has at least."""
        places = [place for place, _ in (*self.metrics, *self.labels)] + ([self.time[0]] if self.time else [])
        return max(places) + 1

    @classmethod
    def parse(cls, description: str) -> Self:
        """Parse a description.

        Raises:
            ValueError: It is none; says so.
        """
        found: dict[str, list[tuple[int, str]]] = {"metric": [], "label": [], "time": []}
        for entry in description.split(","):
            place, _, rest = entry.strip().partition(":")
            kind, _, name = rest.partition(":")
            number = whole_number(place)
            if not number or kind not in found or not name:
                raise ValueError(f"{entry[:80]!r} describes no column: {_EXAMPLE}")
            found[kind].append((number - 1, name))
        if not found["metric"] or len(found["time"]) > 1:
            raise ValueError(f"a format needs a column of a metric, and at most one of times: {_EXAMPLE}")
        names = [name for _, name in found["label"]]
        if len(set(names)) != len(names):
            raise ValueError(f"a label has two columns in {description[:80]!r}")
        time = [(place, _times_as(kind)) for place, kind in found["time"]]
        return cls(metrics=tuple(found["metric"]), labels=tuple(found["label"]), time=time[0] if time else None)


def _times_as(kind: str) -> ParseTimes:
    if kind in _UNITS_MS:
        return lambda texts: _in_units(texts, _UNITS_MS[kind])
    if kind == "rfc3339":
        return lambda texts: _each(texts, datetime.fromisoformat)
    name, _, layout = kind.partition(":")
    if name == "custom" and layout:
        pattern = _GO_TOKEN.sub(lambda token: _GO_LAYOUT[token[0]], layout)
        return lambda texts: _each(texts, lambda text: datetime.strptime(text, pattern))
    raise ValueError(f"{kind[:40]!r} is no kind of time: unix_s, unix_ms, unix_ns, rfc3339 or custom:LAYOUT")


def _in_units(texts: Sequence[str], unit_ms: float) -> IntArray:
    try:
        if unit_ms < 1 and all(text.isdigit() for text in texts):  # nanoseconds are more than a float64 can count
            return np.array([int(text) // 1_000_000 for text in texts], np.int64)
        numbers: FloatArray = np.array([float(text) for text in texts], np.float64)
    except (ValueError, OverflowError):
        raise ValueError("a time is no number: is another kind meant, such as rfc3339?") from None
    scaled = np.rint(numbers * unit_ms)
    if not (np.abs(scaled) < 1 << 53).all():
        raise ValueError("a time is too far from now: is another unit meant?")
    return scaled.astype(np.int64)


def _each(texts: Sequence[str], parse: Callable[[str], datetime]) -> IntArray:
    known: dict[str, int] = {}
    for text in dict.fromkeys(texts):
        moment = parse(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        known[text] = round(moment.timestamp() * 1000)
    return np.array([known[text] for text in texts], np.int64)
