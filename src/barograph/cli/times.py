"""Times as people type them, everywhere the same. Pure: now and the zone are passed in."""

import re
from datetime import datetime, timedelta, tzinfo

from barograph.cli.failure import CommandError
from barograph.model.units import Duration

_CLOCK = re.compile(r"(?:(yesterday)\s+)?(\d{1,2}):(\d{2})(?::(\d{2}))?")
_SECONDS = re.compile(r"\d+(\.\d+)?")


def parse_time_ms(text: str, now_ms: int, zone: tzinfo) -> int:
    """Parse RFC 3339, Unix seconds, `-1h`, `now`, `HH:MM[:SS]` (the most recent past one) or `yesterday 03:12`.

    Args:
        text: What was typed.
        now_ms: The present, ms.
        zone: The zone that clock times, and RFC 3339 without one, are meant in.

    Raises:
        CommandError: The text is none of these.
    """
    text = text.strip()
    if text == "now":
        return now_ms
    if _SECONDS.fullmatch(text):
        return round(float(text) * 1000)
    if text.startswith("-"):
        return now_ms - parse_duration_ms(text[1:])
    clock = _CLOCK.fullmatch(text)
    try:
        if clock:
            return _clock_time_ms(clock, now_ms, zone)
        moment = datetime.fromisoformat(text)
    except ValueError:
        examples = "2026-11-23T03:12:00Z, 1795403520, -1h, 03:12 or `yesterday 03:12`"
        raise CommandError(f"{text!r} is no time: write it like {examples}", 2) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    return round(moment.timestamp() * 1000)


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


def _clock_time_ms(clock: re.Match[str], now_ms: int, zone: tzinfo) -> int:
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    hour, minute, second = int(clock[2]), int(clock[3]), int(clock[4] or 0)
    moment = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    if clock[1] or moment > now:
        moment -= timedelta(days=1)
    return round(moment.timestamp() * 1000)
