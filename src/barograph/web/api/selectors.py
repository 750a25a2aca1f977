"""Selectors and ranges among the parameters, as `match[]`, `start` and `end` give them. Used by files beside it."""

from barograph.model.errors import QueryError
from barograph.model.matcher import Matcher
from barograph.promql.ast import VectorSelector
from barograph.promql.parser.parse import parse
from barograph.web.errors import RequestError
from barograph.web.parameters import Parameters, one, parse_time_ms

_LATEST_MS = 1 << 52
_MOST_SELECTORS = 100


def parse_selector(text: str, name: str, longest: int) -> tuple[Matcher, ...]:
    """Return the matchers of a series selector.

    Args:
        text: What was given.
        name: The parameter's name, for the error.
        longest: How many characters it may have, `query.max_query_length`.

    Raises:
        RequestError, QueryError: It is something else, or longer.
    """
    refuse_long(len(text), name, longest)
    expression = parse(text, {})
    if not isinstance(expression, VectorSelector) or expression.offset is not None or expression.at is not None:
        raise QueryError(f"parameter {name!r}: {text!r} is no series selector")
    return expression.matchers


def selectors_of(parameters: Parameters, longest: int) -> list[tuple[Matcher, ...]]:
    """Return the matchers of every `match[]`, each once.

    Args:
        parameters: All of them.
        longest: How many characters all selectors may have together, `query.max_query_length`.

    Raises:
        RequestError, QueryError: One is no selector, or they are too many or too long.
    """
    texts = list(dict.fromkeys(parameters.get("match[]", ())))
    if len(texts) > _MOST_SELECTORS:
        words = f"parameter 'match[]': {len(texts)} different selectors, more than {_MOST_SELECTORS}"
        raise RequestError(f"{words}; ask several times, or select by a regular expression")
    refuse_long(sum(len(text) for text in texts), "match[]", longest)
    return list(dict.fromkeys(parse_selector(text, "match[]", longest) for text in texts))


def refuse_long(characters: int, name: str, longest: int) -> None:
    """Refuse what takes long to be parsed.

    Raises:
        RequestError: A parameter has more characters than it may.
    """
    if characters > longest:
        words = f"parameter {name!r} has {characters:,} characters, more than {longest:,}"
        raise RequestError(f"{words}; raise query.max_query_length or ask for less")


def range_of(parameters: Parameters) -> tuple[int, int]:
    """Return `start` and `end` in milliseconds; all of time where they are not given."""
    start, end = one(parameters, "start", ""), one(parameters, "end", "")
    return (
        parse_time_ms(start, "start") if start else 0,
        parse_time_ms(end, "end") if end else _LATEST_MS,
    )
