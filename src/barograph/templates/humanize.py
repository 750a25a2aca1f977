"""Numbers in words for people, as Prometheus' template functions give them. Pure."""

import math

from barograph.templates.numbers import formatted, shortest
from barograph.templates.times import write_time
from barograph.templates.values import Span, Time

_LARGE = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_LARGE_1024 = ("ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi")
_SMALL = ("m", "u", "n", "p", "f", "a", "z", "y")
_INT64_LIMIT = 2.0**63


def _four(value: float) -> str:
    return formatted(value, "g", 4)


def _scaled_up(value: float, base: float, prefixes: tuple[str, ...]) -> str:
    prefix = ""
    for larger in prefixes:
        if abs(value) < base:
            break
        prefix = larger
        value /= base
    return _four(value) + prefix


def _scaled_down(value: float) -> tuple[float, str]:
    prefix = ""
    for smaller in _SMALL:
        if abs(value) >= 1:
            break
        prefix = smaller
        value *= 1000
    return value, prefix


def humanize(value: float) -> str:
    """Write with a metric prefix: `1.235M`, `12m`."""
    if value == 0 or not math.isfinite(value):
        return _four(value)
    if abs(value) >= 1:
        return _scaled_up(value, 1000, _LARGE)
    scaled, prefix = _scaled_down(value)
    return _four(scaled) + prefix


def humanize_1024(value: float) -> str:
    """Write with a binary prefix: `1.5Gi`."""
    if abs(value) <= 1 or not math.isfinite(value):
        return _four(value)
    return _scaled_up(value, 1024, _LARGE_1024)


def humanize_duration(seconds: float) -> str:
    """Write a duration: `1d 2h 3m 4s`, `12.5s`, `3ms`."""
    if not math.isfinite(seconds):
        return _four(seconds)
    if seconds == 0:
        return "0s"
    if abs(seconds) < 1:
        scaled, prefix = _scaled_down(seconds)
        return f"{_four(scaled)}{prefix}s"
    sign, seconds = ("-", -seconds) if seconds < 0 else ("", seconds)
    minutes, second = divmod(int(min(seconds, _INT64_LIMIT - 1024)), 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    if days:
        return f"{sign}{days}d {hour}h {minute}m {second}s"
    if hour:
        return f"{sign}{hour}h {minute}m {second}s"
    if minute:
        return f"{sign}{minute}m {second}s"
    return f"{sign}{_four(seconds)}s"


def humanize_percentage(ratio: float) -> str:
    """Write a ratio as a percentage: `93.5%`."""
    return _four(ratio * 100) + "%"


def humanize_timestamp(seconds: float) -> str:
    """Write a Unix time: `2015-06-23 13:19:44.128 +0000 UTC`."""
    return write_time(to_time(seconds)) if math.isfinite(seconds) else _four(seconds)


def to_time(seconds: float) -> Time:
    """Return the instant of a Unix time, in whole milliseconds.

    Raises:
        ValueError: It is no instant that Go could hold.
    """
    return Time(_nanoseconds(seconds, "timestamp") // 1_000_000 * 1_000_000)


def to_span(seconds: float) -> Span:
    """Return a duration.

    Raises:
        ValueError: It is more than Go could hold.
    """
    return Span(_nanoseconds(seconds, "duration"))


def _nanoseconds(seconds: float, what: str) -> int:
    if not math.isfinite(seconds):
        raise ValueError("value is NaN or Inf")
    nanoseconds = seconds * 1e9
    if not -_INT64_LIMIT <= nanoseconds < _INT64_LIMIT:
        raise ValueError(f"{shortest(seconds)} cannot be represented as a nanoseconds {what} since it overflows int64")
    return int(nanoseconds)
