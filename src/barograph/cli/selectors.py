"""Series selectors of command lines."""

from barograph.cli.failure import CommandError
from barograph.model.errors import QueryError
from barograph.model.matcher import Matcher
from barograph.promql.ast import VectorSelector
from barograph.promql.parser.parse import parse
from barograph.promql.parser.render import format_error


def parse_match(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of a `--match`.

    Raises:
        CommandError: It is no selector.
    """
    try:
        expression = parse(text, {})
    except QueryError as error:
        raise CommandError(format_error(text, error), 2) from error
    if not isinstance(expression, VectorSelector) or expression.offset is not None or expression.at is not None:
        raise CommandError(f"--match {text!r} is no series selector: write it like 'up{{job=\"node\"}}'", 2)
    return tuple(expression.matchers)
