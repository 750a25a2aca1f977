"""Constants as Go writes them: quoted texts, characters and numbers. Called by the parser only."""

import re

_ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.?))", re.DOTALL
)
_SIMPLE = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_INT64 = range(-(2**63), 2**63)
_PREFIXED = re.compile(r"([+-]?)0([xXbBoO])(.+)")
_BASES = {"x": 16, "b": 2, "o": 8}


def unquote(quoted: str) -> str:
    """Read a text in quotes or back quotes.

    A byte that is no UTF-8 becomes a lone surrogate, as with Python's `surrogateescape`.

    Raises:
        ValueError: An escape is not one of Go's.
    """
    inside = quoted[1:-1]
    if quoted[0] == "`":
        return inside.replace("\r", "")
    if "\\" not in inside:
        return inside
    other_quote = "'" if quoted[0] == '"' else '"'
    raw = re.sub(_ESCAPE, lambda found: _escape(found, other_quote), inside)
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _escape(found: re.Match[str], other_quote: str) -> str:
    simple, byte, short, long, octal, _ = found.groups()
    if simple is not None and simple != other_quote:
        return _SIMPLE.get(simple, simple)
    if byte is not None or octal is not None:
        value = int(byte, 16) if byte is not None else int(octal, 8)
        if value < 256:
            return chr(value) if value < 0x80 else chr(0xDC00 + value)
    elif short is not None or long is not None:
        point = int(short or long, 16)
        if point <= 0x10FFFF and not 0xD800 <= point <= 0xDFFF:
            return chr(point)
    raise ValueError("invalid syntax")


def read_rune(quoted: str) -> int:
    """Read a character in single quotes.

    Raises:
        ValueError: It is not one character.
    """
    if quoted == "''":
        raise ValueError("invalid syntax")
    text = unquote(quoted)
    if len(text) != 1:
        raise ValueError(f"malformed character constant: {quoted}")
    return ord(text) - 0xDC00 if 0xDC80 <= ord(text) <= 0xDCFF else ord(text)


def read_number(text: str) -> int | float:
    """Read a number.

    Raises:
        ValueError: It is none, or too large.
    """
    is_float = any(character in ".pP" for character in text) or (
        not text.lstrip("+-").lower().startswith("0x") and any(character in "eE" for character in text)
    )
    try:
        value = _float(text) if is_float else _int(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f'bad number syntax: "{text}"') from error
    if isinstance(value, int) and value not in _INT64:
        raise ValueError(f'integer overflow: "{text}"')
    return value


def _int(text: str) -> int:
    found = _PREFIXED.fullmatch(text)
    if found is not None:
        return int(found[1] + found[3].lstrip("_"), _BASES[found[2].lower()])
    digits = text.lstrip("+-").replace("_", "")
    base = 8 if len(digits) > 1 and digits[0] == "0" else 10
    return int(("-" if text[0] == "-" else "") + digits, base)


def _float(text: str) -> float:
    plain = text.replace("_", "")
    value = float.fromhex(plain) if "x" in plain.lower() else float(plain)
    if value in (float("inf"), float("-inf")):
        raise OverflowError(text)
    return value
