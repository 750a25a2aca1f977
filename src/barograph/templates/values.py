"""What a template's values are: Go's types, as far as templates of rules can meet them, each one Python type.

| Go | here |
|---|---|
| string, bool, int, float64 | str, bool, int, float |
| nil, no value | None |
| map[string]string | dict |
| map[string]interface{} (of `args`) | AnyMap |
| []*sample, *sample | list, QuerySample |
| struct of an alert's data | AlertValues |
| time.Time, time.Duration, time.Month, time.Weekday | Time, Span, NamedInt |

Nothing else ever becomes a value, and fields and methods are looked up in tables of this room: no attribute of a Python
object can be named by a template.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Value = Any
"""One of the types above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuerySample:
    """One series of a query's answer; the metric's name is the label `__name__`."""

    labels: Mapping[str, str]
    value: float


class AnyMap(dict[str, Value]):
    """A map whose values are of any type."""


@dataclass(frozen=True, slots=True)
class AlertValues:
    """The dot of an alert's template."""

    labels: dict[str, str]
    external_labels: dict[str, str]
    external_url: str
    value: float


@dataclass(frozen=True, slots=True)
class Time:
    """An instant: nanoseconds since the Unix epoch, UTC."""

    ns: int


@dataclass(frozen=True, slots=True)
class Span:
    """A duration in nanoseconds."""

    ns: int


@dataclass(frozen=True, slots=True)
class NamedInt:
    """A number that is written as a name: a month or a day of the week."""

    number: int
    name: str = field(compare=False)
    type: str = field(compare=False)


_TYPES: dict[type, str] = {
    str: "string",
    bool: "bool",
    int: "int",
    float: "float64",
    dict: "map[string]string",
    AnyMap: "map[string]interface {}",
    list: "template.queryResult",
    QuerySample: "*template.sample",
    AlertValues: "struct { Labels map[string]string; ExternalLabels map[string]string; "
    "ExternalURL string; Value interface {} }",
    Time: "*time.Time",
    Span: "*time.Duration",
}


def type_name(value: Value) -> str:
    """Return the name of a value's type in Go."""
    if value is None:
        return "nil"
    return value.type if isinstance(value, NamedInt) else _TYPES[type(value)]


def is_true(value: Value) -> bool:
    """Tell whether `if` takes a value for true: what is not empty and not zero."""
    if isinstance(value, float):
        return value != 0 or math.isnan(value)
    if isinstance(value, Span):
        return value.ns != 0
    if isinstance(value, NamedInt):
        return value.number != 0
    return bool(value)


def to_bytes(text: str) -> bytes:
    """Return a text's bytes as Go sees them: lone surrogates of `surrogateescape` are bytes that are no UTF-8."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def from_bytes(data: bytes) -> str:
    """Return the text of bytes, which need be no UTF-8."""
    return data.decode("utf-8", "surrogateescape")
