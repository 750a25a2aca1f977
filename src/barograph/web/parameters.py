"""Parameters of requests: the query string or a form, as Prometheus' API has them. Pure but for reading the body."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

from barograph.model.units import WHOLE_DIGITS, Duration, whole_number
from barograph.web.errors import RequestError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Parameters = Mapping[str, list[str]]

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ESCAPE = re.compile(r"_([0-9a-fA-F]{0,6})_")
_ESCAPED = re.compile(r"(?:[A-Za-z0-9:]|_[0-9a-fA-F]{0,6}_)*")
_MAX_MS = 1 << 53
_MAX_FIELDS = 1000
_BODY_TIMEOUT_S = 30.0


async def read_parameters(scope: Scope, receive: Receive, max_body_bytes: int) -> Parameters:
    """Return the parameters of a GET or of a form-encoded POST (its query string counts too).

    Raises:
        RequestError: The body is too large (413), no form (415) or not UTF-8.
    """
    query = scope["query_string"]
    if scope["method"] == "POST":
        query = b"&".join(part for part in (query, await _read_form(scope, receive, max_body_bytes)) if part)
    return parse_parameters(query)


def parse_parameters(query: bytes) -> Parameters:
    """Parse a query string.

    Raises:
        RequestError: It is not UTF-8, or has too many fields.
    """
    try:
        return parse_qs(query.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise RequestError(f"the parameters cannot be read: {error}") from error


async def _read_form(scope: Scope, receive: Receive, max_body_bytes: int) -> bytes:
    headers = dict(scope["headers"])
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind not in (b"application/x-www-form-urlencoded", b""):
        raise RequestError(
            f"a body of type {kind.decode('latin-1')!r} is no form: send application/x-www-form-urlencoded", 415
        )
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            return await _read_body(receive, max_body_bytes)
    except TimeoutError:
        raise RequestError(f"the body did not come within {_BODY_TIMEOUT_S:g} s", 408) from None


async def _read_body(receive: Receive, max_body_bytes: int) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestError("the client went away")
        body += message.get("body", b"")
        if len(body) > max_body_bytes:
            raise RequestError(f"the body is larger than {max_body_bytes} bytes; web.max_body raises that", 413)
        if not message.get("more_body"):
            return bytes(body)


def unescape_name(text: str) -> str:
    """Return the label name of a path: itself, or decoded where it is escaped as Prometheus does (`U__a_2e_b`).

    Raises:
        RequestError: It begins like an escaped name and is none.
    """
    if not text.startswith("U__"):
        return text
    found = _ESCAPED.fullmatch(text, 3)
    if found is None:
        raise RequestError(f"{text!r} is no escaped name: write U__, __ for _, and _2e_ for a point")
    return _ESCAPE.sub(_unescaped, text[3:])


def _unescaped(escape: re.Match[str]) -> str:
    code = int(escape[1], 16) if escape[1] else ord("_")
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        raise RequestError(f"{escape[0]!r} is no character")
    return chr(code)


def last_segment(scope: Scope) -> str:
    """Return the last part of a path, as a route's `{name}` stands for."""
    return str(scope["path"]).rpartition("/")[2]


def one(parameters: Parameters, name: str, default: str | None = None) -> str:
    """Return a parameter's first value.

    Raises:
        RequestError: It is missing and has no default.
    """
    values = parameters.get(name)
    if values:
        return values[0]
    if default is None:
        raise RequestError(f"parameter {name!r} is missing")
    return default


def parse_time_ms(text: str, name: str) -> int:
    """Parse Unix seconds or RFC 3339 into milliseconds.

    Raises:
        RequestError: The text is neither; names the parameter.
    """
    if _NUMBER.fullmatch(text):
        ms = round(float(text) * 1000) if abs(float(text)) < _MAX_MS else _MAX_MS
        if abs(ms) >= _MAX_MS:
            raise RequestError(
                f"parameter {name!r}: {text!r} is too far from now: seconds are expected, not milliseconds"
            )
        return ms
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RequestError(f"parameter {name!r}: {text!r} is no time: write Unix seconds or RFC 3339") from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


def parse_duration_ms(text: str, name: str) -> int:
    """Parse seconds (`15`, `0.5`) or a duration (`15s`, `1h30m`) into milliseconds.

    Raises:
        RequestError: The text is neither, or not above zero; names the parameter.
    """
    if _NUMBER.fullmatch(text):
        seconds = float(text)
        ms = round(seconds * 1000) if abs(seconds) < _MAX_MS else _MAX_MS
    else:
        try:
            ms = Duration.parse(text).ms
        except ValueError as error:
            raise RequestError(f"parameter {name!r}: {error}") from error
    if not 0 < ms < _MAX_MS:
        raise RequestError(
            f"parameter {name!r}: {text!r} must be more than zero (and less than the age of the universe)"
        )
    return ms


def parse_flag(parameters: Parameters, name: str) -> bool:
    """Return whether a parameter is `true` or `1`; it need not be there.

    Raises:
        RequestError: It is something else than a truth value.
    """
    text = one(parameters, name, "false").lower()
    if text not in ("true", "1", "false", "0", ""):
        raise RequestError(f"parameter {name!r}: {text!r} is neither true nor false")
    return text in ("true", "1")


def parse_limit(parameters: Parameters) -> int:
    """Return the parameter `limit`, 0 for none. One that is larger than anything that is counted limits nothing.

    Raises:
        RequestError: It is no whole number from 0 on.
    """
    text = one(parameters, "limit", "0")
    if not text.isascii() or not text.isdigit():
        raise RequestError(f"parameter 'limit': {text!r} is no whole number from 0 on")
    found = whole_number(text.lstrip("0") or "0")
    return 10**WHOLE_DIGITS if found is None else found


def parse_whole(parameters: Parameters, name: str, default: str) -> int:
    """Return a parameter that is a whole number from 0 on.

    Raises:
        RequestError: It is none.
    """
    text = one(parameters, name, default)
    found = whole_number(text)
    if found is None:
        raise RequestError(f"parameter {name!r}: {text!r} is no whole number from 0 on")
    return found


def parse_end_ms(text: str, name: str, start_ms: int) -> int:
    """Return the instant at which something ends: a duration after its start, or a time; 0 for "".

    Raises:
        RequestError: The text is neither; names the parameter.
    """
    if not text:
        return 0
    if _NUMBER.fullmatch(text):
        return parse_time_ms(text, name)
    try:
        return start_ms + Duration.parse(text).ms
    except ValueError:
        pass
    try:
        return parse_time_ms(text, name)
    except RequestError:
        words = "write a duration such as 2h, Unix seconds or RFC 3339"
        raise RequestError(f"parameter {name!r}: {text!r} is neither a time nor a duration: {words}") from None
