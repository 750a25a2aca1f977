"""Values and timestamps as text, a column at a time, and the one spelling of every special value.

Shared by the bulk formats. What is written reads back bit for bit: an ordinary NaN is `NaN`, and the NaN that Go makes
is `Nan`; a stale marker has a spelling of its own in each format (`nAN` in OpenMetrics, where any reader takes it for a
NaN), and a NaN with other bits is `NaN(7ff0000000000123)`.
"""

import re
from collections.abc import Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from barograph.model.sample import STALE, STALE_BITS, FloatArray, IntArray

STALE_TEXT = "StaleNaN"
"""A stale marker where a format is ours to extend."""
STALE_TEXT_OPENMETRICS = "nAN"
"""A stale marker where every reader must take it for a NaN; nobody else writes NaN like this."""
_NAN_BITS = 0x7FF8000000000000
_GO_NAN_BITS = 0x7FF8000000000001
_PAYLOAD = re.compile(r"NaN\(([0-9a-f]{16})\)")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SPECIAL = {
    "nan": float("nan"),
    "stalenan": STALE,
    "null": float("nan"),
    "inf": float("inf"),
    "+inf": float("inf"),
    "-inf": float("-inf"),
    "infinity": float("inf"),
    "+infinity": float("inf"),
    "-infinity": float("-inf"),
}
_PLAIN = re.compile(r"[0-9eE.,+-]*")
_WHOLE = re.compile(r"-?[0-9]+")
_NEGATIVE_ZERO = re.compile(r"-0[,eE]")
_MS_FROM = 100_000_000_000
"""From here on a timestamp without a unit is in ms: as seconds this is the year 5138, as ms 1973."""
_MOST_MS = 1 << 53


def parse_value(text: str) -> float:
    """Parse one value.

    Raises:
        ValueError: It is none; says so.
    """
    if _NUMBER.fullmatch(text):
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise ValueError(f"{text!r} is larger than a float64 can be: write +Inf if that is meant")
        return value
    if text == STALE_TEXT_OPENMETRICS:
        return STALE
    if text == "Nan":
        return _from_bits(_GO_NAN_BITS)
    special = _SPECIAL.get(text.lower())
    if special is not None:
        return special
    payload = _PAYLOAD.fullmatch(text)
    if payload is not None and np.isnan(value := _from_bits(int(payload[1], 16))):
        return value
    raise ValueError(f"{text[:40]!r} is no value: write a number, NaN, +Inf or -Inf")


def parse_values(texts: Sequence[str]) -> FloatArray:
    """Parse many values, float64 `[texts]`.

    Raises:
        ValueError: One is none.
    """
    numbers = _load(texts)
    if numbers is None or numbers.dtype.kind not in "iuf":
        return np.array([parse_value(text) for text in texts], np.float64)
    return numbers.astype(np.float64)


def parse_timestamps(texts: Sequence[str]) -> IntArray:
    """Parse timestamps in seconds (up to 1e11) or in milliseconds (from there on), int64 ms `[texts]`.

    Raises:
        ValueError: One is none.
    """
    numbers = _load(texts)
    if numbers is None or numbers.dtype.kind not in "if":
        numbers = np.array([_timestamp(text) for text in texts], np.float64)
    scaled = np.where(np.abs(numbers) < _MS_FROM, numbers * 1000, numbers)
    if not (np.abs(scaled) < _MOST_MS).all():
        raise ValueError("a timestamp is too far from now: write seconds, or milliseconds, since 1970")
    return np.rint(scaled).astype(np.int64)


def parse_milliseconds(texts: Sequence[str]) -> IntArray:
    """Parse whole milliseconds, int64 `[texts]`.

    Raises:
        ValueError: One is none.
    """
    numbers = _load(texts)
    if numbers is None or (len(texts) and numbers.dtype.kind != "i"):
        bad = next((text for text in texts if not _WHOLE.fullmatch(text)), max(texts, key=len))
        raise ValueError(f"{bad[:40]!r} is no timestamp: write whole milliseconds since 1970")
    return numbers.astype(np.int64)


def _load(texts: Sequence[str]) -> NDArray[np.generic] | None:
    """Parse plain numbers all at once; None where one is not plain, or loses something as JSON."""
    joined = ",".join(texts)
    # JSON's -0 is an integer, without its sign
    if _PLAIN.fullmatch(joined) is None or _NEGATIVE_ZERO.search(joined + ","):
        return None
    try:
        numbers = np.array(orjson.loads(f"[{joined}]"))
    except orjson.JSONDecodeError:
        return None
    return numbers if numbers.shape == (len(texts),) else None


def format_values(values: FloatArray, stale: str = STALE_TEXT) -> list[bytes]:
    """Return each value's shortest text that reads back the same.

    Args:
        values: float64 `[samples]`, contiguous, without absent places.
        stale: How a stale marker is written.
    """
    text = orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)
    texts = _shortened(text[1:-1]).split(b",") if len(values) else []
    for place in np.flatnonzero(~np.isfinite(values)).tolist():
        texts[place] = special_text(int(values.view(np.uint64)[place]), stale)
    return texts


def format_list(values: FloatArray) -> bytes:
    """Return finite values as a JSON array."""
    return _shortened(orjson.dumps(values, option=orjson.OPT_SERIALIZE_NUMPY)[:-1]) + b"]"


def special_text(bits: int, stale: str) -> bytes:
    """Return the text of a value that is not finite."""
    if bits == STALE_BITS:
        return stale.encode()
    if bits == _NAN_BITS:
        return b"NaN"
    if bits == _GO_NAN_BITS:
        return b"Nan"
    value = _from_bits(bits)
    if np.isnan(value):
        return f"NaN({bits:016x})".encode()
    return b"+Inf" if value > 0 else b"-Inf"


def format_seconds(timestamps_ms: IntArray) -> list[bytes]:
    """Return timestamps in seconds, with three decimals where they are no whole seconds."""
    whole, rest = np.divmod(timestamps_ms, 1000)
    if not rest.any():
        return [b"%d" % second for second in whole.tolist()]
    return [_fraction(ms) for ms in timestamps_ms.tolist()]


def _shortened(text: bytes) -> bytes:
    """Write whole numbers without `.0`, but not minus zero, which would lose its sign."""
    shorter = (text + b",").replace(b".0,", b",")
    if b"-0," in shorter:
        shorter = re.sub(rb"(?<![0-9.e])-0,", b"-0.0,", shorter)
    return shorter[:-1]


def _fraction(time_ms: int) -> bytes:
    whole, rest = divmod(abs(time_ms), 1000)
    sign = b"-" if time_ms < 0 else b""
    return b"%s%d.%03d" % (sign, whole, rest) if rest else b"%s%d" % (sign, whole)


def _timestamp(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no timestamp: write seconds, or milliseconds, since 1970")
    return float(text)


def _from_bits(bits: int) -> float:
    return float(np.uint64(bits).view(np.float64))
