"""OpenMetrics text, and Prometheus' text with timestamps, in bulk: many lines to columns, and runs of samples to text.

`formats/exposition.py` is the strict form of one scrape; this is for files of millions of samples. A line costs a split
and a look into a dictionary; numbers are parsed a column at a time.
"""

import re
from collections.abc import Callable, Sequence
from itertools import groupby

import numpy as np

from barograph.formats.bulk_read import Block, ReadOptions, SeriesTable
from barograph.formats.numbers import (
    STALE_TEXT_OPENMETRICS,
    format_seconds,
    format_values,
    parse_timestamps,
    parse_values,
)
from barograph.formats.series_text import format_series, parse_series, unescape
from barograph.model.batch import Family, MetricType
from barograph.model.columns import SeriesRun, metric_key
from barograph.model.labels import escape_value, is_legacy_metric_name
from barograph.model.sample import IntArray

_COMMENT = re.compile(r'#[ \t]*(TYPE|HELP|UNIT)[ \t]+("(?:[^"\\]|\\.)*"|\S+)[ \t]?(.*)', re.DOTALL)
_TYPES = {
    "counter": MetricType.COUNTER,
    "gauge": MetricType.GAUGE,
    "histogram": MetricType.HISTOGRAM,
    "summary": MetricType.SUMMARY,
    "untyped": MetricType.UNTYPED,
    "unknown": MetricType.UNTYPED,
    "gaugehistogram": MetricType.UNTYPED,
    "stateset": MetricType.GAUGE,
    "info": MetricType.GAUGE,
}
_SUFFIXES = {
    MetricType.HISTOGRAM: ("_bucket", "_sum", "_count"),
    MetricType.SUMMARY: ("_sum", "_count"),
    MetricType.COUNTER: ("_total",),
    MetricType.GAUGE: ("_info",),
}
_KEEPS_STEM = (MetricType.HISTOGRAM, MetricType.SUMMARY)
_ESCAPED = re.compile(r"\\(.)")


class OpenMetricsLines:
    """Implements `LineFormat`. Exemplars are read over; `# EOF` means nothing here, so files may be joined."""

    quoted = False

    def __init__(self, options: ReadOptions) -> None:
        self._default_ms = options.default_ms
        self._types: dict[str, MetricType] = {}
        self._helps: dict[str, str] = {}

    def parse(self, lines: Sequence[str], table: SeriesTable) -> Block:
        """See `LineFormat`."""
        known: Callable[[str], int | None] = table.number_of.get
        numbers: list[int] = []
        values: list[str] = []
        stamps: list[str] = []
        for line in lines:
            parts = line.rsplit(" ", 2)
            number = known(parts[0])
            if number is not None and len(parts) == 3:
                numbers.append(number)
                values.append(parts[1])
                stamps.append(parts[2])
            elif (found := self._parse_line(line, table)) is not None:
                numbers.append(found[0])
                values.append(found[1])
                stamps.append(found[2])
        return Block(np.array(numbers, np.int64), parse_timestamps(stamps), parse_values(values))

    def _parse_line(self, line: str, table: SeriesTable) -> tuple[int, str, str] | None:
        """Parse a line that is not simply a known series, a value and a timestamp; None for one without a sample."""
        if not line or line.isspace():
            return None
        if line.lstrip(" \t")[0] == "#":
            self._take_comment(line.strip(" \t"))
            return None
        line = line.lstrip(" \t")
        labels, column = parse_series(line)
        words = line[column:].split()
        if not words:
            raise ValueError(f"no value behind {line[:column].rstrip()[:80]!r}")
        stamp = words[1] if len(words) > 1 and words[1] != "#" else self._stamp(line)
        rest = words[2:] if len(words) > 1 and words[1] != "#" else words[1:]
        if rest and rest[0] != "#":
            raise ValueError(f"{rest[0][:40]!r} behind the timestamp: only an exemplar may stand there")
        text = line[:column].rstrip(" \t")
        number = table.number_of.get(text)
        if number is None:
            number = table.add(text, labels, self._family(labels.name))
        return number, words[0], stamp

    def _stamp(self, line: str) -> str:
        if self._default_ms is None:
            raise ValueError(f"no timestamp in {line[:80]!r}: each sample of a file needs one")
        whole, rest = divmod(self._default_ms, 1000)
        return f"{whole}.{rest:03d}"

    def _take_comment(self, line: str) -> None:
        found = _COMMENT.fullmatch(line)
        if found is None:
            return
        name = unescape(found[2][1:-1]) if found[2].startswith('"') else found[2]
        if found[1] == "TYPE":
            word = found[3].strip()
            if word not in _TYPES:
                raise ValueError(f"{word[:40]!r} is no type: one of {', '.join(_TYPES)} is expected")
            self._types[name] = _TYPES[word]
        elif found[1] == "HELP":
            self._helps[name] = _ESCAPED.sub(lambda escape: "\n" if escape[1] == "n" else escape[1], found[3])

    def _family(self, name: str) -> Family:
        """Return the family of a sample's name, as Barograph names it: a counter's with `_total`."""
        exact = self._types.get(name)
        if exact is not None:
            return Family(name, exact, self._helps.get(name, ""))
        for kind, suffixes in _SUFFIXES.items():
            for suffix in suffixes:
                stem = name.removesuffix(suffix)
                if stem != name and self._types.get(stem) is kind:
                    return Family(stem if kind in _KEEPS_STEM else name, kind, self._helps.get(stem, ""))
        return Family(name, MetricType.UNTYPED, self._helps.get(name, ""))


class OpenMetricsWriter:
    """Implements `RunWriter`. Runs of a family must come one after the other, and so must those of a histogram."""

    content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8"

    def __init__(self) -> None:
        self._family = ""
        self._stamps: tuple[IntArray | None, list[bytes]] = (None, [])

    def begin(self) -> bytes:
        """See `RunWriter`."""
        return b""

    def write(self, runs: Sequence[SeriesRun]) -> bytes:
        """See `RunWriter`. Series of one histogram or summary are written timestamp by timestamp, as they must be."""
        parts: list[bytes] = []
        for _, members in groupby(runs, lambda run: metric_key(run.labels, run.family)):
            metric = list(members)
            family = metric[0].family
            if family.name != self._family:
                self._family = family.name
                parts.append(_heading(family))
            if len(metric) == 1:
                parts.append(b"".join(self._lines(metric[0])))
            else:
                parts.append(self._interleaved(metric))
        return b"".join(parts)

    def end(self) -> bytes:
        """See `RunWriter`."""
        return b"# EOF\n"

    def _lines(self, run: SeriesRun) -> list[bytes]:
        """Return three parts a line: the series, the value, the timestamp."""
        known, stamps = self._stamps
        if known is not run.timestamps_ms:
            stamps = [b" " + second + b"\n" for second in format_seconds(run.timestamps_ms)]
            self._stamps = (run.timestamps_ms, stamps)
        lines = [format_series(run.labels).encode() + b" "] * (3 * len(stamps))
        lines[1::3] = format_values(run.values, STALE_TEXT_OPENMETRICS)
        lines[2::3] = stamps
        return lines

    def _interleaved(self, runs: Sequence[SeriesRun]) -> bytes:
        times = np.concatenate([run.timestamps_ms for run in runs])
        lines: list[bytes] = []
        for run in runs:
            parts = self._lines(run)
            lines += map(b"".join, zip(parts[::3], parts[1::3], parts[2::3], strict=True))
        # stable: at one timestamp the series stay in their order
        return b"".join([lines[place] for place in np.argsort(times, kind="stable").tolist()])


def _heading(family: Family) -> bytes:
    """Return the lines before a family's samples. OpenMetrics names a counter without its `_total`."""
    kind, name = family.type.value, family.name
    if family.type is MetricType.COUNTER:
        kind, name = ("counter", name.removesuffix("_total")) if name.endswith("_total") else ("unknown", name)
    elif family.type is MetricType.UNTYPED:
        kind = "unknown"
    if not name:
        return b""
    text = family.help.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
    shown = name if is_legacy_metric_name(name) else f'"{escape_value(name)}"'
    return f"# HELP {shown} {text}\n# TYPE {shown} {kind}\n".encode() if text else f"# TYPE {shown} {kind}\n".encode()
