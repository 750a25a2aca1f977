"""Number, duration and string tokens -> values. Called by the parsers; strings follow Go's rules for escapes."""

import math
import re
from typing import Final

from barograph.model.errors import ParseError
from barograph.model.units import Duration
from barograph.promql.ast import NumberLiteral, Span, StringLiteral
from barograph.promql.parser.lexer import Kind, Token

MAX_DURATION_S: Final = 2**63 / 1e9
"""Prometheus keeps durations as nanoseconds in 64 bits: some 292 years."""

_ESCAPE: Final = re.compile(
    r"""\\(?:([abfnrtv\\'"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|)""",
)
_SIMPLE: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}


def number_literal(token: Token) -> NumberLiteral:
    """Make the literal of a NUMBER or DURATION token; durations are in seconds.

    Raises:
        ParseError: The number or duration is out of range, or the duration's units are out of order.
    """
    if token.kind is Kind.DURATION:
        return NumberLiteral(_duration_s(token), True, token.span)
    return NumberLiteral(_number(token), False, token.span)


def negated(literal: NumberLiteral, sign: Token) -> NumberLiteral:
    """Fold a sign into the literal behind it, as Prometheus does."""
    value = literal.value
    if sign.text == "-" and not math.isnan(value):
        value = -value
    return NumberLiteral(value, literal.is_duration, Span(sign.start, literal.span.end))


def string_literal(token: Token) -> StringLiteral:
    r"""Make the literal of a STRING token.

    Bytes that are no UTF-8 (`"\xff"`) become lone surrogates, as in `os.fsdecode`.

    Raises:
        ParseError: An escape is unknown or no valid character.
    """
    return StringLiteral(unquote(token), token.span)


def unquote(token: Token) -> str:
    """Return the text that a STRING token stands for; see `string_literal`."""
    quote, body = token.text[0], token.text[1:-1]
    if quote == "`" or "\\" not in body:
        return body
    text = _ESCAPE.sub(lambda found: _unescape(found, quote, token.start + 1), body)
    # escapes of single bytes may together spell a character
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _unescape(found: re.Match[str], quote: str, offset: int) -> str:
    simple, octal, byte, short, long = found.groups()
    start, end = offset + found.start(), offset + found.end()
    if simple is not None and (simple in _SIMPLE or simple == quote):
        return _SIMPLE.get(simple, simple)
    if octal is not None or byte is not None:
        code = int(octal, 8) if octal is not None else int(byte, 16)
        if code > 0xFF:
            raise ParseError(f"escape sequence {found.group()} is more than a byte", start, end)
        return chr(code) if code < 0x80 else chr(0xDC00 + code)
    if short is not None or long is not None:
        code = int(short or long, 16)
        if code > 0x10FFFF or 0xD800 <= code < 0xE000:
            raise ParseError(f"escape sequence {found.group()} is an invalid Unicode code point", start, end)
        return chr(code)
    following = found.string[found.start() + 1]
    if following in "01234567xuU":
        raise ParseError(f"escape sequence \\{following} has too few digits", start, start + 2)
    raise ParseError(f"unknown escape sequence \\{following}", start, start + 2)


def _number(token: Token) -> float:
    text = token.word
    if text == "nan":
        return math.nan
    if text == "inf":
        return math.inf
    digits = text.replace("_", "")
    try:
        value = float(int(digits, _base(digits))) if digits[:2] == "0x" or _is_octal(digits) else float(digits)
    except OverflowError:
        value = math.inf
    if math.isinf(value):
        raise ParseError(f'number out of range: "{token.text}"', token.start, token.end)
    return value


def _is_octal(digits: str) -> bool:
    """Tell whether Prometheus, which reads integers as Go does, takes the leading zero for octal."""
    return digits[0] == "0" and not digits.strip("01234567")


def _base(digits: str) -> int:
    return 16 if digits[:2] == "0x" else 8


def _duration_s(token: Token) -> float:
    try:
        seconds = Duration.parse(token.text).seconds
    except (ValueError, OverflowError) as error:
        hint = "units go from the longest to the shortest, each at most once"
        raise ParseError(f'not a valid duration string: "{token.text}" ({hint})', token.start, token.end) from error
    if seconds > MAX_DURATION_S:
        raise ParseError(f'duration out of range: "{token.text}"', token.start, token.end)
    return seconds
