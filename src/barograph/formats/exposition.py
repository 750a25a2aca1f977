"""Prometheus' text exposition format 0.0.4: batches to text, and text back to samples.

`/metrics` and `barograph collect` format with it; tests and tools/golden.py parse with it. Lines end at a line
feed and nowhere else: label values may hold any other control character.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from barograph.model.batch import Family, MetricType, Schema
from barograph.model.errors import FormatError
from barograph.model.labels import METRIC_NAME, Labels, escape_value
from barograph.model.sample import FloatArray, is_absent, is_stale

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Go turns to an exponent from this many digits before the point on
_GO_PLAIN_DIGITS = 6
_GO_PLAIN_LIMIT = 10**_GO_PLAIN_DIGITS

_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[iI][nN][fF](?:inity)?|[nN][aA][nN]")
_BLANK = re.compile(r"[ \t]*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.?)")
_PLAIN = {"n": "\n", '"': '"', "\\": "\\"}
_TIMESTAMP = re.compile(r"-?\d+")
_SUFFIXES = {
    MetricType.HISTOGRAM: ("_bucket", "_sum", "_count"),
    MetricType.SUMMARY: ("_sum", "_count"),
}


@dataclass(frozen=True, slots=True)
class ParsedSample:
    """One line: a series, its value and, where the line has one, its timestamp."""

    labels: Labels
    value: float
    timestamp_ms: int | None


@dataclass(frozen=True, slots=True)
class Exposition:
    """A parsed text. `families` has those with a TYPE or HELP line; a missing type is untyped, a missing help empty."""

    samples: list[ParsedSample]
    families: dict[str, Family]


def format_exposition(parts: Iterable[tuple[Schema, FloatArray, int | None]]) -> bytes:
    """Format batches as text.

    Args:
        parts: Schema, values (float64 `[len(schema)]`) and the timestamp to print in ms, or None for none.

    Returns:
        The text; each family has its HELP and TYPE once and all its samples behind them, however the parts spread
        them. Places without a sample (absent, stale) are left out, and so are families that have no sample.
    """
    families: dict[str, Family] = {}
    lines: dict[str, list[str]] = {}
    for schema, values, timestamp_ms in parts:
        present = ~(is_absent(values) | is_stale(values))
        tail = "" if timestamp_ms is None else f" {timestamp_ms}"
        for index in present.nonzero()[0].tolist():
            family = schema.families[schema.family_of[index]]
            families.setdefault(family.name, family)
            line = f"{format_series(schema.series[index])} {format_value(float(values[index]))}{tail}\n"
            lines.setdefault(family.name, []).append(line)
    text = (_heading(families[name]) + "".join(samples) for name, samples in lines.items())
    return "".join(text).encode("utf-8", "replace")


def format_series(labels: Labels) -> str:
    """Format a series as `name{label="value",...}`."""
    inside = ",".join(f'{key}="{escape_value(value)}"' for key, value in labels if key != METRIC_NAME)
    return f"{labels.name}{{{inside}}}" if inside else labels.name


def format_value(value: float) -> str:
    """Format a float as Go does (`strconv.FormatFloat(v, 'g', -1, 64)`): shortest text that reads back the same."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value.is_integer() and -_GO_PLAIN_LIMIT < value < _GO_PLAIN_LIMIT:
        return str(int(value)) if value or math.copysign(1.0, value) > 0 else "-0"
    text = repr(abs(value))
    sign = "-" if value < 0 else ""
    digits, exponent = _scientific(text)
    if -4 <= exponent < _GO_PLAIN_DIGITS:
        return sign + text.removesuffix(".0")
    point = "." if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{point}{digits[1:]}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def parse_exposition(data: bytes) -> Exposition:
    """Parse a text strictly.

    Raises:
        FormatError: It is not of this format; `offset` is the byte at which it goes wrong.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("not UTF-8", error.start) from error
    if text and not text.endswith("\n"):
        raise FormatError("the last line does not end with a line feed", len(data))
    parser = _Parser()
    offset = 0
    for line in text.split("\n"):
        try:
            parser.take(line)
        except _LineError as error:
            raise FormatError(error.message, offset + len(line[: error.column].encode())) from None
        offset += len(line.encode()) + 1
    return Exposition(parser.samples, parser.families())


class _LineError(Exception):
    """What is wrong with a line, and at which character of it."""

    def __init__(self, message: str, column: int) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


class _Parser:
    """What was read so far of one text."""

    def __init__(self) -> None:
        self.samples: list[ParsedSample] = []
        self._types: dict[str, MetricType] = {}
        self._helps: dict[str, str] = {}
        self._sampled: set[str] = set()

    def families(self) -> dict[str, Family]:
        names = dict.fromkeys([*self._helps, *self._types])
        return {
            name: Family(name, self._types.get(name, MetricType.UNTYPED), self._helps.get(name, "")) for name in names
        }

    def take(self, line: str) -> None:
        start = _skip(line, 0)
        if start == len(line):
            return
        if line[start] == "#":
            self._comment(line, start + 1)
        else:
            self._sample(line, start)

    def _comment(self, line: str, column: int) -> None:
        """Take a HELP or TYPE line; any other comment means nothing."""
        words = line[column:].split(maxsplit=1)
        if not words or words[0] not in ("HELP", "TYPE"):
            return
        column = _skip(line, line.index(words[0], column) + 4)
        if column == len(line):
            return
        name = _NAME.match(line, column)
        if name is None or (name.end() < len(line) and line[name.end()] not in " \t"):
            raise _LineError(f"{words[0]} of something that is no metric name", column)
        rest = _skip(line, name.end())
        if rest == len(line):
            return
        if words[0] == "HELP":
            self._help(name[0], line, rest)
        else:
            self._type(name[0], line, rest)

    def _help(self, name: str, line: str, column: int) -> None:
        if name in self._helps:
            raise _LineError(f"second HELP of {name}", column)
        self._helps[name] = _unescape(line, column, len(line))

    def _type(self, name: str, line: str, column: int) -> None:
        if name in self._types:
            raise _LineError(f"second TYPE of {name}", column)
        if name in self._sampled:
            raise _LineError(f"TYPE of {name} after its samples", column)
        word = line[column:].strip(" \t")
        try:
            self._types[name] = MetricType(word)
        except ValueError:
            raise _LineError(f"unknown type {word!r}", column) from None

    def _sample(self, line: str, start: int) -> None:
        name = _NAME.match(line, start)
        if name is None:
            raise _LineError("no metric name", start)
        pairs = [(METRIC_NAME, name[0])]
        column = _skip(line, name.end())
        if line[column : column + 1] == "{":
            column = _labels(line, column + 1, pairs)
        elif column == name.end():
            raise _LineError("no blank after the metric name", column)
        value, column = _word(line, column)
        if _NUMBER.fullmatch(value) is None:
            raise _LineError(f"{value!r} is no value", column - len(value))
        stamp, end = _word(line, column)
        if stamp and _TIMESTAMP.fullmatch(stamp) is None:
            raise _LineError(f"{stamp!r} is no timestamp", end - len(stamp))
        end = _skip(line, end)
        if end < len(line):
            raise _LineError("something behind the timestamp", end)
        self._sampled.add(self._family_of(name[0]))
        self.samples.append(ParsedSample(Labels(pairs), float(value), int(stamp) if stamp else None))

    def _family_of(self, name: str) -> str:
        """Return the family of a sample's name: histograms and summaries have several names."""
        for kind, suffixes in _SUFFIXES.items():
            for suffix in suffixes:
                stem = name.removesuffix(suffix)
                if stem != name and self._types.get(stem) is kind:
                    return stem
        return name


def _labels(line: str, column: int, pairs: list[tuple[str, str]]) -> int:
    """Add the labels that stand behind an opening brace; returns the column behind the closing one."""
    while True:
        column = _skip(line, column)
        if line[column : column + 1] == "}":
            return column + 1
        name = _LABEL.match(line, column)
        if name is None or name[0] == METRIC_NAME:
            raise _LineError("no label name", column)
        column = _skip(line, name.end())
        if line[column : column + 1] != "=":
            raise _LineError("no = behind the label name", column)
        column = _skip(line, column + 1)
        value = _QUOTED.match(line, column)
        if value is None:
            raise _LineError("no quoted label value", column)
        if any(name[0] == known for known, _ in pairs):
            raise _LineError(f"label {name[0]} is given twice", name.start())
        pairs.append((name[0], _unescape(line, value.start(1), value.end(1))))
        column = _skip(line, value.end())
        if line[column : column + 1] == ",":
            column += 1
        elif line[column : column + 1] != "}":
            raise _LineError("no comma or closing brace behind the label value", column)


def _skip(line: str, column: int) -> int:
    """Return the column behind blanks."""
    found = _BLANK.match(line, column)
    return found.end() if found else column


def _word(line: str, column: int) -> tuple[str, int]:
    """Return the next word, which may be empty, and the column behind it."""
    start = _skip(line, column)
    end = start
    while end < len(line) and line[end] not in " \t":
        end += 1
    return line[start:end], end


def _unescape(line: str, start: int, end: int) -> str:
    text = line[start:end]
    if "\\" not in text:
        return text
    for found in _ESCAPED.finditer(text):
        if found[1] not in _PLAIN:
            raise _LineError(f"unknown escape {found[0]!r}", start + found.start())
    return _ESCAPED.sub(lambda found: _PLAIN[found[1]], text)


def _scientific(text: str) -> tuple[str, int]:
    """Return the significant digits of a positive number as repr writes it, and the exponent of the first one."""
    mantissa, _, power = text.partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    exponent = len(whole) + int(power or 0) - (len(whole + fraction) - len(digits)) - 1
    return digits.rstrip("0"), exponent


def _heading(family: Family) -> str:
    text = family.help.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {family.name} {text}\n# TYPE {family.name} {family.type.value}\n"
