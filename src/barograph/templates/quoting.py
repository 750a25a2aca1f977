"""Texts made safe for a place: Go's quotes, HTML, JavaScript, URLs. Pure."""

import urllib.parse

from barograph.templates.values import to_bytes

_NAMED = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\"}
_HTML = str.maketrans({'"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;", "\0": "�"})
_JS = {
    "\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D",
}  # fmt: skip


def quote(text: str, mark: str = '"', *, ascii_only: bool = False) -> str:
    """Write a text as a Go literal."""
    return mark + "".join(_quoted(character, mark, ascii_only=ascii_only) for character in text) + mark


def can_stand_raw(text: str) -> bool:
    """Tell whether a text can stand between back quotes on one line."""
    return all((character == "\t" or character.isprintable()) and character not in "`\ufeff\x7f" for character in text)


def _quoted(character: str, mark: str, *, ascii_only: bool) -> str:
    if character == mark:
        return "\\" + mark
    if character in _NAMED:
        return _NAMED[character]
    point = ord(character)
    if 0xDC80 <= point <= 0xDCFF:
        return f"\\x{point - 0xDC00:02x}"
    if character.isprintable() and (point < 0x80 or not ascii_only):
        return character
    if point < 0x80:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def html(text: str) -> str:
    """Escape for HTML."""
    return text.translate(_HTML)


def javascript(text: str) -> str:
    """Escape for a text in JavaScript."""
    return "".join(_script(character) for character in text)


def _script(character: str) -> str:
    if character in _JS:
        return _JS[character]
    point = ord(character)
    if point < 0x20 or not character.isprintable():
        return f"\\u{point:04X}"
    return character


def url_query(text: str) -> str:
    """Escape for a value in the query of a URL."""
    return urllib.parse.quote_plus(to_bytes(text))
