"""Matchers as Alertmanager writes them, in routes, inhibitions, silences: `severity="critical"`, `{a=~"b.*", c!=d}`."""

import re
from collections.abc import Iterable

from barograph.model.errors import AlertError, QueryError
from barograph.model.matcher import Matcher, MatchOp

_NAME = r"""[a-zA-Z_:][\w:]*|"(?:[^"\\]|\\.)*\""""
_ONE = re.compile(
    rf"""\s*+(?P<name>{_NAME})\s*+(?P<op>=~|!~|!=|=)\s*+(?P<value>"(?:[^"\\]|\\.)*+"|[^,"{{}}]*+)\s*+(?:,|$)""",
    re.DOTALL | re.ASCII,
)
"""Possessive throughout: what could give back would take the cube of the time over a text of blanks."""
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", '"': '"', "\\": "\\"}


def parse_matchers(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of a text, which may stand in braces; values may do without quotes.

    Raises:
        AlertError: The text is no list of matchers.
    """
    inner = text.strip()
    if inner.startswith("{") != inner.endswith("}"):
        raise AlertError(f"{text!r} is not a list of matchers: a brace is missing")
    inner = inner.removeprefix("{").removesuffix("}").strip()
    found, position = [], 0
    while position < len(inner):
        match = _ONE.match(inner, position)
        if match is None:
            raise AlertError(f'{text!r} is not a list of matchers: write name="value", with =, !=, =~ or !~')
        found.append(_matcher(_unquoted(match["name"]), MatchOp(match["op"]), _unquoted(match["value"].rstrip())))
        position = match.end()
    return tuple(found)


def parse_all(texts: Iterable[str]) -> tuple[Matcher, ...]:
    """Return the matchers of several texts, sorted as Alertmanager sorts them. Raises: see `parse_matchers`."""
    return sort_matchers(matcher for text in texts for matcher in parse_matchers(text))


def equal_matchers(values: dict[str, str], patterns: dict[str, str]) -> list[Matcher]:
    """Return matchers of the older keys: `match` (values) and `match_re` (patterns). Raises: see `parse_matchers`."""
    return [_matcher(name, MatchOp.EQUAL, value) for name, value in values.items()] + [
        _matcher(name, MatchOp.REGEX, pattern) for name, pattern in patterns.items()
    ]


def sort_matchers(matchers: Iterable[Matcher]) -> tuple[Matcher, ...]:
    """Return matchers by name, value and operator."""
    return tuple(sorted(matchers, key=lambda matcher: (matcher.name, matcher.value, matcher.op.value)))


def _matcher(name: str, op: MatchOp, value: str) -> Matcher:
    try:
        return Matcher(name, op, value)
    except QueryError as error:
        raise AlertError(f"the matcher of {name!r} cannot be used: {error}") from error


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    return _ESCAPE.sub(lambda found: _ESCAPED.get(found[1], found[0]), text[1:-1])
