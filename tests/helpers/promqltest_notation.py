"""Reads scripts of the promqltest language: commands and expectations, with their lines.

The language is Prometheus' (promql/promqltest/README.md). A line that is not of it becomes the command's error, so that
the rest of the script is still run.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from barograph.model.errors import QueryError
from barograph.model.matcher import compile_regex
from barograph.model.units import Duration
from barograph.promql.ast import StringLiteral
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.promql.series_notation import NotationError, Row, read_row


class Expectation(StrEnum):
    """What an `expect` line can ask for."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"
    NO_WARN = "no_warn"
    NO_INFO = "no_info"
    ORDERED = "ordered"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Expect:
    """One `expect` line: `texts` are the messages that would do, or, where `is_regex`, the patterns; empty for any."""

    kind: Expectation
    texts: tuple[str, ...] = ()
    is_regex: bool = False

    def fits(self, message: str) -> bool:
        """Tell whether a message or error is one that is expected."""
        if not self.texts:
            return True
        if self.is_regex:
            return any(compile_regex(text).search(message) is not None for text in self.texts)
        return message in self.texts


@dataclass(slots=True)
class Load:
    """`load`; `errors` are lines (with their numbers) that are not of the language."""

    line: int
    step_ms: int = 0
    rows: list[Row] = field(default_factory=list)
    with_nhcb: bool = False
    errors: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Clear:
    """`clear`."""

    line: int
    errors: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Unknown:
    """A line that begins no command and belongs to none."""

    line: int
    errors: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Eval:
    """`eval`; `end_ms` and `step_ms` are None for an instant."""

    line: int
    query: str = ""
    start_ms: int = 0
    end_ms: int | None = None
    step_ms: int | None = None
    expects: list[Expect] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    range_grid: tuple[int, int, int] | None = None
    errors: list[tuple[int, str]] = field(default_factory=list)


Command = Load | Clear | Eval | Unknown

_WORD = re.compile(r"(clear|load\w*|eval\w*)(?:\s|$)", re.IGNORECASE)
_LOAD = re.compile(r"load(_with_nhcb)?\s+(\S+)$")
_INSTANT = re.compile(r"eval(?:_(fail|warn|info|ordered))?\s+instant\s+(?:at\s+(\S+)\s+)?(.+)$")
_RANGE = re.compile(r"eval(?:_(fail|warn|info|ordered))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.+)$")
_EXPECT = re.compile(r"expect\s+(fail|warn|no_warn|info|no_info|ordered)(?:\s+(msg|regex)\s*:\s*(.*))?$")
_EXPECT_RANGE = re.compile(r"expect\s+range\s+vector\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)$")
_EXPECT_STRING = re.compile(r"expect\s+string\s+(.+)$")
_OLD_FAIL = re.compile(r"expected_fail_(message|regexp)\s+(.+)$")
_PLAIN = frozenset({Expectation.ORDERED, Expectation.NO_WARN, Expectation.NO_INFO})


def read_script(text: str) -> list[Command]:
    """Read a script; what is not of the language stands in the `errors` of its commands."""
    commands: list[Command] = []
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if (found := _WORD.match(stripped)) is not None:
            commands.append(_command(number, stripped, found[1].lower()))
            continue
        current = commands[-1] if commands else Unknown(number)
        if isinstance(current, Clear) or not commands:
            commands.append(current := Unknown(number))
        _guard(current, number, _reader(current, number, stripped))
    return commands


def _command(number: int, line: str, word: str) -> Command:
    if word == "clear":
        clear = Clear(number)
        if line != "clear":
            clear.errors.append((number, f"malformed command {line!r}"))
        return clear
    if word.startswith("load"):
        load = Load(number)
        _guard(load, number, lambda: _read_load(load, line))
        return load
    command = Eval(number)
    _guard(command, number, lambda: _read_eval(command, line))
    return command


def _guard(command: Command, number: int, read: Callable[[], None]) -> None:
    try:
        read()
    except (ValueError, QueryError) as error:
        command.errors.append((number, str(error)))


def _reader(current: Command, number: int, line: str) -> Callable[[], None]:
    def read() -> None:
        match current:
            case Load():
                current.rows.append(_loaded(number, line))
            case Eval():
                _read_expected(number, line, current)
            case _:
                raise NotationError(f"unknown command {line!r}")

    return read


def _loaded(number: int, line: str) -> Row:
    row = read_row(number, line)
    if row.labels is None:
        raise NotationError(f"{line!r} names no series")
    return row


def _read_load(load: Load, line: str) -> None:
    found = _LOAD.match(line)
    if found is None:
        raise NotationError(f"malformed command {line!r}: load <interval>")
    load.step_ms, load.with_nhcb = _duration(found[2]), found[1] is not None


def _read_eval(command: Eval, line: str) -> None:
    if found := _RANGE.match(line):
        command.query = found[5]
        command.start_ms, command.end_ms, command.step_ms = (_duration(found[index]) for index in (2, 3, 4))
    elif found := _INSTANT.match(line):
        command.query, command.start_ms = found[3], _duration(found[2] or "0")
    else:
        raise NotationError(
            f"malformed command {line!r}: eval instant at <time> <query>, "
            "or eval range from <start> to <end> step <step> <query>"
        )
    if found[1] is not None:
        command.expects.append(Expect(Expectation(found[1])))


def _read_expected(number: int, line: str, command: Eval) -> None:
    if found := _OLD_FAIL.match(line):
        command.expects.append(Expect(Expectation.FAIL, (found[2].strip(),), found[1] == "regexp"))
    elif not re.match(r"expect(\s|$)", line):
        command.rows.append(_expected_row(number, line, command))
    elif found := _EXPECT_RANGE.match(line):
        command.range_grid = (_duration(found[1]), _duration(found[2]), _duration(found[3]))
    elif found := _EXPECT_STRING.match(line):
        command.expects.append(Expect(Expectation.STRING, (_string(found[1]),)))
    elif found := _EXPECT.match(line):
        command.expects.append(_expect(Expectation(found[1]), found[2], (found[3] or "").strip()))
    else:
        raise NotationError(f"malformed expectation {line!r}")


def _expected_row(number: int, line: str, command: Eval) -> Row:
    row = read_row(number, line)
    if command.step_ms is None and command.range_grid is None and len(row.points) > 1 and not row.has_histogram:
        raise NotationError(
            "an instant evaluation has one value a series: use `expect range vector from ... to ... step ...`"
        )
    return row


def _expect(kind: Expectation, how: str | None, text: str) -> Expect:
    if how is None:
        return Expect(kind)
    if kind in _PLAIN:
        raise NotationError(f"`expect {kind.value}` takes no message")
    if not text:
        raise NotationError(f"`expect {kind.value} {how}:` lacks its text")
    # quotes may belong to the message or stand around it
    texts = (text, _string(text)) if len(text) > 1 and text[0] in "\"`'" and text[-1] == text[0] else (text,)
    if how == "regex":
        for each in texts:
            compile_regex(each)
    return Expect(kind, texts, how == "regex")


def _string(text: str) -> str:
    try:
        tree = parse(text, SIGNATURES)
    except QueryError:
        return text
    return tree.value if isinstance(tree, StringLiteral) else text


def _duration(text: str) -> int:
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    if re.fullmatch(r"\d+(\.\d+)?", digits):
        return sign * round(float(digits) * 1000)
    return sign * Duration.parse(digits).ms
