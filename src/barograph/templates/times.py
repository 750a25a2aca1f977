"""Instants and durations as Go's package time writes them, and the methods of theirs that a template may call. UTC."""

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from barograph.templates.values import NamedInt, Span, Time, Value

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_SECOND = 1_000_000_000
_UNITS = ((3600 * _SECOND, "h"), (60 * _SECOND, "m"))
_LAYOUT = re.compile(
    r"January|Jan|Monday|Mon|MST|2006|__2|002|_2|Z07(?::?00)?(?::?00)?|-07(?::?00)?(?::?00)?|01|02|03|04|05|06|15|PM|pm"
    r"|[.,]0+(?![0-9])|[.,]9+(?![0-9])|1|2|3|4|5"
)
_STRING_LAYOUT = "2006-01-02 15:04:05.999999999 -0700 MST"
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def write_time(time: Time) -> str:
    """Write an instant as Go prints it: `2015-06-23 13:19:44.128 +0000 UTC`."""
    return format_time(time, _STRING_LAYOUT)


def format_time(time: Time, layout: str) -> str:
    """Write an instant by a layout, which is how Go's reference time would be written."""
    moment = _moment(time)
    return _LAYOUT.sub(lambda found: _part(found[0], moment, time.ns % _SECOND), layout)


def write_span(span: Span) -> str:
    """Write a duration as Go prints it: `1h2m3.5s`, `1.5ms`, `0s`."""
    rest, sign = abs(span.ns), "-" if span.ns < 0 else ""
    if rest == 0:
        return "0s"
    for size, unit in ((1_000, "ns"), (1_000_000, "µs"), (_SECOND, "ms")):
        if rest < size:
            return f"{sign}{_fraction(rest, size // 1000)}{unit}"
    text = ""
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        if count or text:
            text += f"{count}{unit}"
    return f"{sign}{text}{_fraction(rest, _SECOND)}s"


def _fraction(count: int, size: int) -> str:
    whole, rest = divmod(count, size)
    digits = str(rest).rjust(len(str(size)) - 1, "0").rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def _moment(time: Time) -> datetime.datetime:
    return _EPOCH + datetime.timedelta(seconds=time.ns // _SECOND)


_PARTS: Mapping[str, Callable[[datetime.datetime], str]] = {
    "January": lambda moment: _MONTHS[moment.month - 1],
    "Jan": lambda moment: _MONTHS[moment.month - 1][:3],
    "1": lambda moment: str(moment.month),
    "01": lambda moment: f"{moment.month:02d}",
    "Monday": lambda moment: _DAYS[moment.isoweekday() % 7],
    "Mon": lambda moment: _DAYS[moment.isoweekday() % 7][:3],
    "2": lambda moment: str(moment.day),
    "_2": lambda moment: f"{moment.day:2d}",
    "02": lambda moment: f"{moment.day:02d}",
    "__2": lambda moment: f"{moment.timetuple().tm_yday:3d}",
    "002": lambda moment: f"{moment.timetuple().tm_yday:03d}",
    "15": lambda moment: f"{moment.hour:02d}",
    "3": lambda moment: str(moment.hour % 12 or 12),
    "03": lambda moment: f"{moment.hour % 12 or 12:02d}",
    "4": lambda moment: str(moment.minute),
    "04": lambda moment: f"{moment.minute:02d}",
    "5": lambda moment: str(moment.second),
    "05": lambda moment: f"{moment.second:02d}",
    "2006": lambda moment: f"{moment.year:04d}",
    "06": lambda moment: f"{moment.year % 100:02d}",
    "PM": lambda moment: "PM" if moment.hour >= 12 else "AM",
    "pm": lambda moment: "pm" if moment.hour >= 12 else "am",
    "MST": lambda _: "UTC",
}


def _part(part: str, moment: datetime.datetime, nanoseconds: int) -> str:
    if part in _PARTS:
        return _PARTS[part](moment)
    if part[0] == "Z":
        return "Z"
    if part[0] == "-":
        return "+" + part[1:].replace("7", "0")
    digits = f"{nanoseconds:09d}"[: len(part) - 1]
    if part[1] == "0":
        return part[0] + digits
    digits = digits.rstrip("0")
    return part[0] + digits if digits else ""


@dataclass(frozen=True, slots=True)
class Method:
    """A method: the types of its arguments, and what it does."""

    parameters: tuple[type, ...]
    call: Callable[..., Value]


def _plain(call: Callable[..., Value]) -> Method:
    return Method((), call)


METHODS: Mapping[type, Mapping[str, Method]] = {
    Time: {
        "Format": Method((str,), format_time),
        "String": _plain(write_time),
        "Year": _plain(lambda time: _moment(time).year),
        "Month": _plain(lambda time: NamedInt(_moment(time).month, _MONTHS[_moment(time).month - 1], "time.Month")),
        "Day": _plain(lambda time: _moment(time).day),
        "YearDay": _plain(lambda time: _moment(time).timetuple().tm_yday),
        "Weekday": _plain(lambda time: _weekday(_moment(time).isoweekday() % 7)),
        "Hour": _plain(lambda time: _moment(time).hour),
        "Minute": _plain(lambda time: _moment(time).minute),
        "Second": _plain(lambda time: _moment(time).second),
        "Nanosecond": _plain(lambda time: time.ns % _SECOND),
        "Unix": _plain(lambda time: time.ns // _SECOND),
        "UnixMilli": _plain(lambda time: time.ns // 1_000_000),
        "UnixMicro": _plain(lambda time: time.ns // 1_000),
        "UnixNano": _plain(lambda time: time.ns),
        "UTC": _plain(lambda time: time),
        "Local": _plain(lambda time: time),
        "IsZero": _plain(lambda _: False),
        "Before": Method((Time,), lambda time, other: time.ns < other.ns),
        "After": Method((Time,), lambda time, other: time.ns > other.ns),
        "Equal": Method((Time,), lambda time, other: time.ns == other.ns),
        "Add": Method((Span,), lambda time, span: Time(_bounded(time.ns + span.ns))),
        "Sub": Method((Time,), lambda time, other: Span(_bounded(time.ns - other.ns))),
    },
    Span: {
        "String": _plain(write_span),
        "Hours": _plain(lambda span: span.ns / (3600 * _SECOND)),
        "Minutes": _plain(lambda span: span.ns / (60 * _SECOND)),
        "Seconds": _plain(lambda span: span.ns / _SECOND),
        "Milliseconds": _plain(lambda span: int(span.ns / 1_000_000)),
        "Microseconds": _plain(lambda span: int(span.ns / 1_000)),
        "Nanoseconds": _plain(lambda span: span.ns),
        "Abs": _plain(lambda span: Span(abs(span.ns))),
    },
    NamedInt: {"String": _plain(lambda named: named.name)},
}
"""What a template may call, by the type of the value; there is no other way to a method."""


def _weekday(number: int) -> NamedInt:
    return NamedInt(number, _DAYS[number], "time.Weekday")


def _bounded(ns: int) -> int:
    """Keep a sum within 64 bits, as Go's durations saturate."""
    return max(-(2**63), min(2**63 - 1, ns))
