"""Reads the series notation of Prometheus' tests: `metric{label="value"} 1 2+3x4 _ stale {{sum:1}}`.

It is described in Prometheus' documentation (unit_testing_rules.md, "series"). Called by `test rules` and by the
runner of promqltest scripts. Native histograms are read and recognised, so that whoever runs a test can say that it
needs them; they are not evaluated.
"""

import re
from dataclasses import dataclass

from barograph.model.labels import Labels
from barograph.model.matcher import MatchOp
from barograph.model.sample import STALE
from barograph.promql.ast import VectorSelector
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse

Point = float | None
"""A sample, or None where there is none."""

MAX_POINTS = 1_000_000
"""A line that stands for more points than this is a mistake, and would take the memory of the machine."""

_UNSIGNED = r"(?:\d[\d_]*\.?[\d_]*(?:[eE][-+]?\d+)?|\.\d[\d_]*(?:[eE][-+]?\d+)?|[iI][nN][fF]|[nN][aA][nN])"
_ITEM = re.compile(
    rf"(?P<first>_|stale|[-+]?{_UNSIGNED})(?P<by>[-+]\s*{_UNSIGNED})?(?:x(?P<times>\d+))?(?=\s|$)", re.ASCII
)
_FIELD = re.compile(r"(?P<name>[a-z_]+):(?P<value>\[[^\[\]]*\]|[^\s\[\]{}]+)")
_HISTOGRAM = re.compile(r"\{\{(?P<fields>[^{}]*)\}\}")
_NUMBER = re.compile(rf"[-+]?{_UNSIGNED}$", re.ASCII)
_NUMBERS = frozenset({"schema", "sum", "count", "z_bucket", "z_bucket_w", "offset", "n_offset"})
_LISTS = frozenset({"buckets", "n_buckets", "custom_values"})
_HINTS = frozenset({"unknown", "reset", "not_reset", "gauge"})


class NotationError(ValueError):
    """A line that is not of the notation."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line of series notation; `labels` is None for a bare number (a scalar)."""

    line: int
    labels: Labels | None
    points: tuple[Point, ...]
    has_histogram: bool = False


def read_row(line: int, text: str) -> Row:
    """Read `series points`, or a bare number.

    Raises:
        NotationError: The text is neither.
        QueryError: The series' labels are malformed.
    """
    if _NUMBER.match(text):
        return Row(line, None, (number(text),))
    end = _series_end(text)
    if end < len(text) and not text[end].isspace():
        raise NotationError(f"malformed series {text!r}: a space must follow the labels")
    points, has_histogram = read_points(text[end:])
    return Row(line, parse_series(text[:end]), points, has_histogram)


def _series_end(text: str) -> int:
    """Find where the series ends and its points begin."""
    found = re.match(r"[a-zA-Z_:][a-zA-Z0-9_:]*", text)
    index = 0 if found is None else found.end()
    opening = index + len(text[index:]) - len(text[index:].lstrip())
    if not text.startswith("{", opening) or text.startswith("{{", opening):
        if found is None:
            raise NotationError(f"malformed series {text!r}: a name or a brace must come first")
        return index
    quote, index = "", opening
    while index < len(text):
        character = text[index]
        if quote:
            if character == "\\" and quote != "`":
                index += 1
            elif character == quote:
                quote = ""
        elif character in "\"'`":
            quote = character
        elif character == "}":
            return index + 1
        index += 1
    raise NotationError(f"malformed series {text!r}: the brace is not closed")


def parse_series(text: str) -> Labels:
    """Read the labels of a series as written in a script; `{}` has none."""
    if re.fullmatch(r"\{\s*\}", text):
        return Labels()
    tree = parse(text, SIGNATURES)
    if not isinstance(tree, VectorSelector) or any(m.op is not MatchOp.EQUAL for m in tree.matchers):
        raise NotationError(f"{text} names no series")
    return Labels((matcher.name, matcher.value) for matcher in tree.matchers)


def read_points(text: str) -> tuple[tuple[Point, ...], bool]:
    """Read the points of a series; returns them, and whether there are native histograms among them (then None).

    Raises:
        NotationError: The text is not of the notation.
    """
    points: list[Point] = []
    has_histogram = False
    place = 0
    while place < len(text):
        if text[place].isspace():
            place += 1
        elif text.startswith("{{", place):
            place, count = _histograms(text, place)
            has_histogram = True
            points.extend([None] * count)
        else:
            found = _ITEM.match(text, place)
            if found is None:
                raise NotationError(f"malformed points {text[place:].split(maxsplit=1)[0]!r}")
            place = found.end()
            points.extend(_expanded(found))
    return tuple(points), has_histogram


def _count(times: str | None) -> int:
    """Return how many points `x<times>` stands for: the first one and its repetitions."""
    count = 1 + int(times or 0)
    if count > MAX_POINTS:
        raise NotationError(f"x{times} stands for more than {MAX_POINTS} points")
    return count


def _expanded(found: re.Match[str]) -> list[Point]:
    count = _count(found["times"])
    if found["first"] in ("_", "stale"):
        if found["by"] is not None:
            raise NotationError(f"malformed points {found[0]!r}: only a number can be added to")
        if found["first"] == "_":
            # a blank that is repeated stands for so many blanks, not for one more
            return [None] * (count if found["times"] is None else count - 1)
        return [STALE] * count
    value = number(found["first"])
    by = 0.0 if found["by"] is None else number(found["by"].replace(" ", ""))
    values: list[Point] = []
    for _ in range(count):
        values.append(value)
        value += by
    return values


def _histograms(text: str, place: int) -> tuple[int, int]:
    """Read `{{...}}`, `{{...}}x3`, `{{...}}+{{...}}x3`; return where it ends and how many points it stands for."""
    end = _histogram(text, place)
    if text[end : end + 1] in ("+", "-") and text.startswith("{{", end + 1):
        end = _histogram(text, end + 1)
    found = re.compile(r"x(\d+)").match(text, end)
    if found is None:
        return end, 1
    return found.end(), _count(found[1])


def _histogram(text: str, place: int) -> int:
    found = _HISTOGRAM.match(text, place)
    if found is None:
        raise NotationError(f"malformed histogram {text[place:]!r}")
    rest, seen = found["fields"].strip(), set[str]()
    while rest:
        entry = _FIELD.match(rest)
        if entry is None:
            raise NotationError(f"malformed histogram {found[0]!r} at {rest!r}")
        if entry["name"] in seen:
            raise NotationError(f"histogram {found[0]!r} sets {entry['name']} twice")
        _check_field(entry["name"], entry["value"])
        seen.add(entry["name"])
        rest = rest[entry.end() :].strip()
    return found.end()


def _check_field(name: str, value: str) -> None:
    """Refuse a value that cannot be one of this field; what later versions add passes."""
    known = True
    if name == "counter_reset_hint":
        known = value in _HINTS
    elif name in _LISTS:
        known = value[0] == "[" and all(_NUMBER.match(one) for one in value[1:-1].split())
    elif name in _NUMBERS:
        known = _NUMBER.match(value) is not None
    if not known:
        raise NotationError(f"{name} of a histogram cannot be {value!r}")


def number(text: str) -> float:
    """Read a number as PromQL writes it."""
    return float(text)
