"""Selectors and ranges among the parameters, as `match[]`, `start` and `end` give them. Used by files beside it."""

from barograph.model.errors import QueryError
from barograph.model.matcher import Matcher
from barograph.promql.ast import VectorSelector
from barograph.promql.parser.parse import parse
from barograph.web.parameters import Parameters, one, parse_time_ms

_LATEST_MS = 1 << 52


def parse_selector(text: str, name: str) -> tuple[Matcher, ...]:
    """Return the matchers of a series selector.

    Args:
        text: What was given.
        name: The parameter's name, for the error.

    Raises:
        QueryError: It is something else.
    """
    expression = parse(text, {})
    if not isinstance(expression, VectorSelector) or expression.offset is not None or expression.at is not None:
        raise QueryError(f"parameter {name!r}: {text!r} is no series selector")
    return expression.matchers


def selectors_of(parameters: Parameters) -> list[tuple[Matcher, ...]]:
    """Return the matchers of every `match[]`."""
    return [parse_selector(text, "match[]") for text in parameters.get("match[]", [])]


def range_of(parameters: Parameters) -> tuple[int, int]:
    """Return `start` and `end` in milliseconds; all of time where they are not given."""
    start, end = one(parameters, "start", ""), one(parameters, "end", "")
    return (
        parse_time_ms(start, "start") if start else 0,
        parse_time_ms(end, "end") if end else _LATEST_MS,
    )
