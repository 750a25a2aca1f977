"""Reads scripts of the promqltest language: commands, series and expectations, with their lines.

The language is Prometheus' (promql/promqltest/README.md). Native histograms are recognised, so that whoever runs a
script can leave out what needs them; they are not evaluated.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from barograph.model.labels import Labels
from barograph.model.matcher import MatchOp
from barograph.model.sample import STALE
from barograph.model.units import Duration
from barograph.promql.ast import NumberLiteral, StringLiteral, Unary, VectorSelector
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse

Point = float | None
"""A sample, or None where there is none."""


class ScriptError(Exception):
    """A script that is not of the language; the message begins with the line."""


class Expectation(StrEnum):
    """What an `expect` line can ask for."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"
    NO_WARN = "no_warn"
    NO_INFO = "no_info"
    ORDERED = "ordered"
    STRING = "string"
    RANGE = "range"


@dataclass(frozen=True, slots=True)
class Expect:
    """One `expect` line; `pattern` is a regular expression where `is_regex`."""

    kind: Expectation
    text: str | None = None
    is_regex: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A line of series notation; `labels` is None for a bare number (a scalar)."""

    line: int
    labels: Labels | None
    points: tuple[Point, ...]
    has_histogram: bool


@dataclass(slots=True)
class Load:
    """`load`."""

    line: int
    step_ms: int
    rows: list[Row] = field(default_factory=list)
    with_nhcb: bool = False


@dataclass(frozen=True, slots=True)
class Clear:
    """`clear`."""

    line: int


@dataclass(slots=True)
class Eval:
    """`eval`; `end_ms` and `step_ms` are None for an instant."""

    line: int
    query: str
    start_ms: int
    end_ms: int | None
    step_ms: int | None
    expects: list[Expect] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    range_grid: tuple[int, int, int] | None = None


Command = Load | Clear | Eval

_LOAD = re.compile(r"load(_with_nhcb)?\s+(\S+)$")
_INSTANT = re.compile(r"eval(?:_(fail|warn|info|ordered))?\s+instant\s+(?:at\s+(\S+))?\s*(.*)$", re.DOTALL)
_RANGE = re.compile(
    r"eval(?:_(fail|warn|info|ordered))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.*)$", re.DOTALL
)
_EXPECT = re.compile(r"expect\s+(\w+)\s*(.*)$", re.DOTALL)
_EXPECT_RANGE = re.compile(r"vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$")
_NUMBER = r"[-+]?(?:\d[\d_]*\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|0[xX][0-9a-fA-F]+|[iI]nf|NaN|nan|stale|_)"
_EXPANDED = re.compile(rf"(?P<first>{_NUMBER})(?:(?P<by>[-+]{_NUMBER[5:]}))?(?:x(?P<times>\d+))?$")
_HISTOGRAM = re.compile(r"\{\{.*?\}\}(?:[-+]\{\{.*?\}\})?(?:x(\d+))?")


def read_script(text: str) -> list[Command]:
    """Read a script.

    Raises:
        ScriptError: It is not of the language.
    """
    commands: list[Command] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        try:
            _read_line(number, stripped, commands)
        except (ValueError, ScriptError) as error:
            raise ScriptError(f"{number}: {error}") from error
    return commands


def _read_line(number: int, line: str, commands: list[Command]) -> None:
    current = commands[-1] if commands else None
    if line == "clear":
        commands.append(Clear(number))
    elif found := _LOAD.match(line):
        commands.append(Load(number, int(_duration(found[2])), with_nhcb=found[1] is not None))
    elif found := _RANGE.match(line):
        times = [_duration(found[index]) for index in (2, 3, 4)]
        commands.append(Eval(number, found[5], times[0], times[1], times[2], _old_form(found[1])))
    elif found := _INSTANT.match(line):
        commands.append(Eval(number, found[3], _duration(found[2] or "0"), None, None, _old_form(found[1])))
    elif isinstance(current, Eval):
        _read_eval_line(number, line, current)
    elif isinstance(current, Load):
        current.rows.append(_row(number, line))
    else:
        raise ScriptError(f"unknown command {line!r}")


def _read_eval_line(number: int, line: str, command: Eval) -> None:
    if line.startswith("expected_fail_message "):
        command.expects.append(Expect(Expectation.FAIL, line.split(" ", 1)[1].strip()))
    elif line.startswith("expected_fail_regexp "):
        command.expects.append(Expect(Expectation.FAIL, line.split(" ", 1)[1].strip(), True))
    elif found := _EXPECT.match(line):
        kind, rest = Expectation(found[1]), found[2].strip()
        if kind is Expectation.RANGE:
            times = _EXPECT_RANGE.match(rest)
            if times is None:
                raise ScriptError(f"malformed range vector expectation {line!r}")
            command.range_grid = (_duration(times[1]), _duration(times[2]), _duration(times[3]))
            command.expects.append(Expect(kind))
        elif kind is Expectation.STRING:
            command.expects.append(Expect(kind, _string(rest)))
        else:
            command.expects.append(_annotation(kind, rest))
    else:
        command.rows.append(_row(number, line))


def _annotation(kind: Expectation, rest: str) -> Expect:
    for word in ("msg", "regex"):
        if re.match(rf"{word}\s*:", rest):
            text = rest.split(":", 1)[1].strip()
            if len(text) > 1 and text[0] in "\"`'" and text[-1] == text[0]:
                text = _string(text)
            return Expect(kind, text, word == "regex")
    return Expect(kind)


def _old_form(word: str | None) -> list[Expect]:
    return [] if word is None else [Expect(Expectation(word))]


def _string(text: str) -> str:
    tree = parse(text, SIGNATURES)
    if not isinstance(tree, StringLiteral):
        raise ScriptError(f"{text} is no string")
    return tree.value


def _duration(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    if digits.isdecimal():
        return sign * int(digits) * 1000
    return sign * Duration.parse(digits).ms


def _row(number: int, line: str) -> Row:
    """Read `series points`, or a bare number."""
    name_end = _series_end(line)
    points, has_histogram = _points(line[name_end:])
    if name_end == 0:
        return Row(number, None, points, has_histogram)
    return Row(number, parse_series(line[:name_end].strip()), points, has_histogram)


def _series_end(line: str) -> int:
    """Find where the series ends and its points begin; 0 where there is no series."""
    if line.startswith("{{"):
        return 0
    depth, quote, index = 0, "", 0
    while index < len(line):
        character = line[index]
        if quote:
            if character == "\\":
                index += 1
            elif character == quote:
                quote = ""
        elif depth and character in "\"'`":
            quote = character
        elif character == "{":
            depth += 1
        elif character == "}":
            depth -= 1
            if depth == 0:
                return index + 1
        elif character.isspace() and not depth:
            rest = line[index:].lstrip()
            if rest.startswith("{") and not rest.startswith("{{"):
                index += len(line[index:]) - len(rest)
                continue
            return index if not re.match(rf"{_NUMBER}$", line[:index]) else 0
        index += 1
    return 0 if re.match(rf"{_NUMBER}$", line) or re.match(r"[-+]?[\d.]", line) else len(line)


def parse_series(text: str) -> Labels:
    """Read the labels of a series as written in a script."""
    tree = parse("{__name__=~'.*'}" if text == "{}" else text, SIGNATURES) if text != "{}" else None
    if tree is None:
        return Labels()
    if not isinstance(tree, VectorSelector) or any(m.op is not MatchOp.EQUAL for m in tree.matchers):
        raise ScriptError(f"{text} names no series")
    return Labels((matcher.name, matcher.value) for matcher in tree.matchers)


def _points(text: str) -> tuple[tuple[Point, ...], bool]:
    points: list[Point] = []
    has_histogram = False
    rest = text.strip()
    while rest:
        if rest.startswith("{{"):
            found = _HISTOGRAM.match(rest)
            if found is None:
                raise ScriptError(f"malformed histogram {rest!r}")
            has_histogram = True
            points.extend([None] * (int(found[1] or 0) + 1))
            rest = rest[found.end() :].lstrip()
            continue
        word, _, rest = rest.partition(" ") if " " in rest else (rest, "", "")
        for item in word.split():
            points.extend(_expand(item))
        rest = rest.lstrip()
    return tuple(points), has_histogram


def _expand(word: str) -> list[Point]:
    found = _EXPANDED.match(word)
    if found is None:
        raise ScriptError(f"malformed points {word!r}")
    times = None if found["times"] is None else int(found["times"])
    if found["first"] == "_":
        return [None] * (1 if times is None else times)
    if found["first"] == "stale":
        return [STALE] * ((times or 0) + 1)
    first = number(found["first"])
    by = 0.0 if found["by"] is None else number(found["by"])
    value, values = first, []
    for _ in range((times or 0) + 1):
        values.append(value)
        value += by
    return list(values)


def number(text: str) -> float:
    """Read a number as PromQL writes it."""
    tree = parse(text, SIGNATURES)
    sign = 1.0
    while isinstance(tree, Unary):
        sign = -sign if tree.op == "-" else sign
        tree = tree.expr
    if not isinstance(tree, NumberLiteral):
        raise ScriptError(f"{text} is no number")
    return sign * tree.value
