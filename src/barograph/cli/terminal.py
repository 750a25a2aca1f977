"""What others wrote, made safe to show: no text of a label, a server or a file may steer the terminal it is printed on.

Called by whatever prints for people. What programs read stays as it is.
"""

import json
import re

_STEERING = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters, among them escape sequences' beginnings
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # these change the order in which a line is read
    "\u2028\u2029"  # ends of lines and paragraphs
    "\ud800-\udfff]"  # halves of a pair, which no terminal can be sent
)
"""A character that must not reach a terminal."""
LINES = "\n\t"
"""The control characters of a text of several lines."""


def visible(text: str, kept: str = "") -> str:
    r"""Return a text with each character that would steer a terminal written as its escape, such as `\x1b`.

    Args:
        text: Any text.
        kept: Control characters that stay, such as line ends where a text has lines.
    """
    return _STEERING.sub(lambda found: found[0] if found[0] in kept else _escape(found[0]), text)


def to_json(value: object) -> str:
    """Return JSON on one line; to JSON an escape is as good as the character, which a terminal would obey."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
