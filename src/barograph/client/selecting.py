"""Selectors as the Python API takes them: `node_cpu_seconds_total{mode="idle"}`. Read the same for every place."""

from barograph.model.errors import QueryError
from barograph.model.matcher import Matcher
from barograph.promql.ast import VectorSelector
from barograph.promql.parser.parse import parse


def matchers_of(selector: str) -> tuple[Matcher, ...]:
    """Return the matchers of a series selector.

    Raises:
        QueryError: It is something else, or is none.
    """
    expression = parse(selector, {})
    if not isinstance(expression, VectorSelector) or expression.offset is not None or expression.at is not None:
        raise QueryError(f'{selector!r} is no series selector: write it like node_load1{{job="node"}}')
    return expression.matchers
