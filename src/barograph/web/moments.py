"""Instants as Go writes them in JSON. Used by routes that answer as Prometheus does."""

from datetime import UTC, datetime

_NEVER = "0001-01-01T00:00:00Z"
_SECOND_MS = 1000


def rfc3339_nano(timestamp_ms: int) -> str:
    """Return an instant with as many decimals as it needs; 0 is Go's zero time, which means never."""
    if not timestamp_ms:
        return _NEVER
    seconds, ms = divmod(timestamp_ms, _SECOND_MS)
    text = datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}{f'.{ms:03d}'.rstrip('0') if ms else ''}Z"
