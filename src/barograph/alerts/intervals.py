"""Recurring times as Alertmanager writes them: which instants lie in them. For routes and recurring silences. Pure."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from barograph.alerts.config import IntervalConfig, TimeRangeConfig
from barograph.model.errors import AlertError

_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_MONTHS = tuple(name.lower() for name in calendar.month_name)
_TIME = re.compile(r"(?:([01]\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_MINUTES_A_DAY = 24 * 60
Span = tuple[int, int]
"""First and last, both included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Times that satisfy all that is given; nothing given is satisfied by all. `minutes` end before their second."""

    minutes: tuple[Span, ...] = ()
    weekdays: tuple[Span, ...] = ()
    days_of_month: tuple[Span, ...] = ()
    months: tuple[Span, ...] = ()
    years: tuple[Span, ...] = ()
    zone: tzinfo | None = None
    """None: the host's own."""

    def contains(self, at_ms: int) -> bool:
        """Tell whether an instant lies in it."""
        at = datetime.fromtimestamp(at_ms / 1000, ZoneInfo("UTC")).astimezone(self.zone)
        minute = at.hour * 60 + at.minute
        return (
            (not self.minutes or any(start <= minute < end for start, end in self.minutes))
            and _within(self.weekdays, at.isoweekday() % 7)
            and (not self.days_of_month or any(_is_day(span, at) for span in self.days_of_month))
            and _within(self.months, at.month)
            and _within(self.years, at.year)
        )


def make_interval(config: IntervalConfig) -> Interval:
    """Return what decides, of what was written.

    Raises:
        AlertError: A range is none, or the time zone is unknown.
    """
    return Interval(
        minutes=tuple(_minutes(each) for each in config.times),
        weekdays=tuple(_span(each, _DAYS, (0, 6), "a weekday") for each in config.weekdays),
        days_of_month=tuple(_days(str(each)) for each in config.days_of_month),
        months=tuple(_span(str(each), _MONTHS, (1, 12), "a month") for each in config.months),
        years=tuple(_span(str(each), (), (0, 9999), "a year") for each in config.years),
        zone=_zone(config.location),
    )


def any_contains(intervals: Sequence[Interval], at_ms: int) -> bool:
    """Tell whether an instant lies in one of the intervals."""
    return any(interval.contains(at_ms) for interval in intervals)


def _within(spans: Sequence[Span], value: int) -> bool:
    return not spans or any(first <= value <= last for first, last in spans)


def _is_day(span: Span, at: datetime) -> bool:
    length = calendar.monthrange(at.year, at.month)[1]
    first, last = (day if day > 0 else length + day + 1 for day in span)
    # a range that begins after a short month's end has no day in it; one that ends after it ends with it
    return max(first, 1) <= at.day <= min(last, length)


def _minutes(config: TimeRangeConfig) -> Span:
    start, end = _minute(config.start_time), _minute(config.end_time)
    if start >= end:
        raise AlertError(f"the time range {config.start_time} to {config.end_time} ends before it begins")
    return start, end


def _minute(text: str) -> int:
    found = _TIME.fullmatch(text)
    if found is None:
        raise AlertError(f"{text!r} is not a time of day: write it like 08:30, up to 24:00")
    return int(found[1]) * 60 + int(found[2]) if found[1] else _MINUTES_A_DAY


def _span(text: str, names: Sequence[str], bounds: Span, what: str) -> Span:
    first, _, last = text.lower().partition(":")
    low, high = (_value(part.strip(), names, bounds, what) for part in (first, last or first))
    if low > high:
        raise AlertError(f"the range {text!r} ends before it begins")
    return low, high


def _value(text: str, names: Sequence[str], bounds: Span, what: str) -> int:
    if text and text in names:
        return names.index(text)
    if names is not _DAYS and text.isascii() and text.isdigit() and bounds[0] <= int(text) <= bounds[1]:
        return int(text)
    raise AlertError(f"{text!r} is not {what}")


def _days(text: str) -> Span:
    first, _, last = text.partition(":")
    try:
        low, high = int(first), int(last or first)
    except ValueError as error:
        raise AlertError(f"{text!r} is not a day of the month, or a range of them") from error
    if not (1 <= abs(low) <= 31 and 1 <= abs(high) <= 31):
        raise AlertError(f"{text!r} is not within 1 to 31, or -31 to -1 from the month's end")
    if low < 0 < high:
        raise AlertError(f"the range {text!r} may not end on a positive day where it begins on a negative one")
    if (low < 0) == (high < 0) and low > high:
        raise AlertError(f"the range {text!r} ends before it begins")
    return low, high


def _zone(location: str) -> tzinfo | None:
    if location == "Local":
        return None
    try:
        return ZoneInfo(location or "UTC")
    except (ValueError, OSError, KeyError) as error:
        raise AlertError(f"the time zone {location!r} is unknown here") from error
