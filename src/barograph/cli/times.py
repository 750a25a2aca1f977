"""Times as people type them, everywhere the same. Pure: now and the zone are passed in."""

import re
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import count

from barograph.cli.failure import CommandError
from barograph.model.units import Duration

_CLOCK = re.compile(r"(?:(yesterday)\s+)?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ].+)?")
_EXAMPLES = "2026-11-23T03:12:00Z, 1795403520, -1h, 03:12 or `yesterday 03:12`"
_LAST_S = 100_000_000_000
"""Year 5138: a larger number of seconds is one of milliseconds."""


def parse_time_ms(text: str, now_ms: int, zone: tzinfo) -> int:
    """Parse RFC 3339, Unix seconds, `-1h`, `now`, `HH:MM[:SS]` (the most recent past one) or `yesterday 03:12`.

    Args:
        text: What was typed.
        now_ms: The present, ms.
        zone: The zone that clock times, and dates without an offset, are meant in.

    Raises:
        CommandError: The text is none of these, or a clock time that this day's change of the clocks left out.
    """
    text = text.strip()
    if text == "now":
        return now_ms
    if _SECONDS.fullmatch(text):
        return _unix_ms(text)
    if text.startswith("-"):
        return now_ms - parse_duration_ms(text[1:])
    clock = _CLOCK.fullmatch(text)
    try:
        if clock:
            at = time(int(clock[2]), int(clock[3]), int(clock[4] or 0))
            return _clock_time_ms(at, text, clock[1] is not None, (now_ms, zone))
        if not _DATE.fullmatch(text):
            raise ValueError("neither a clock time nor a date")
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no time: write it like {_EXAMPLES}", 2) from None
    return _ms(moment if moment.tzinfo is not None else moment.replace(tzinfo=zone))


def parse_coming_ms(text: str, now_ms: int, zone: tzinfo) -> int:
    """Parse what `parse_time_ms` does, of something that is yet to come: `09:00` is the next time that clocks show it.

    Raises:
        CommandError: As there.
    """
    text = text.strip()
    clock = _CLOCK.fullmatch(text)
    if clock is None or clock[1] is not None:
        return parse_time_ms(text, now_ms, zone)
    try:
        at = time(int(clock[2]), int(clock[3]), int(clock[4] or 0))
    except ValueError:
        return parse_time_ms(text, now_ms, zone)  # which says what is wrong with it
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    # a day of the calendar, which has 23 or 25 hours where clocks are changed, and may lack this time
    days = (today + timedelta(days=ahead) for ahead in count())
    return next(min(real) for day in days if (real := [ms for ms in _moments(day, at, zone) if ms > now_ms]))


def parse_duration_ms(text: str) -> int:
    """Parse `15s`, `1h30m` or plain seconds.

    Raises:
        CommandError: The text is neither.
    """
    if _SECONDS.fullmatch(text):
        return round(float(text) * 1000)
    try:
        return Duration.parse(text).ms
    except ValueError as error:
        raise CommandError(str(error), 2) from error


def _unix_ms(text: str) -> int:
    seconds = float(text)
    if seconds >= _LAST_S:
        raise CommandError(f"{text} is no time in seconds: are these milliseconds? Leave out the last three digits", 2)
    return round(seconds * 1000)


def _clock_time_ms(at: time, text: str, is_yesterday: bool, present: tuple[int, tzinfo]) -> int:
    """Return the last time before now that the clock showed `at`, or when it did yesterday."""
    now_ms, zone = present
    today = datetime.fromtimestamp(now_ms / 1000, zone).date()
    days = (1,) if is_yesterday else (0, 1, 2)
    for day in days:
        real = [ms for ms in _moments(today - timedelta(days=day), at, zone) if ms <= now_ms]
        if real:
            return max(real)
    raise CommandError(f"{text!r} did not exist: the clocks were set forward over it", 2)


def _moments(day: date, at: time, zone: tzinfo) -> list[int]:
    """Return when clocks show a time on a day: twice where a change of them repeats it, never where it skips it."""
    shown = datetime.combine(day, at)
    moments = {_ms(shown.replace(tzinfo=zone, fold=fold)) for fold in (0, 1)}
    return [ms for ms in moments if _shown(ms, zone) == shown]


def _shown(at_ms: int, zone: tzinfo) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, zone).replace(tzinfo=None, fold=0)


def _ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
