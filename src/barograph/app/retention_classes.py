"""From the selectors of the configuration to retention classes. For the check of the configuration, and the keeper."""

from barograph.model.errors import QueryError
from barograph.model.matcher import Matcher
from barograph.promql.ast import VectorSelector
from barograph.promql.parser.parse import parse
from barograph.tsdb.classes import RetentionClass, class_name
from barograph.tsdb.config import StoreConfig


def retention_classes(config: StoreConfig) -> tuple[RetentionClass, ...]:
    """Return the classes in the order in which they are written, those with a time first.

    Raises:
        QueryError: A selector is none.
    """
    found: dict[str, RetentionClass] = {}
    for text in (*config.retention_for, *config.max_size_for):
        matchers = parse_selector(text)
        name = class_name(matchers)
        kept, most = config.retention_for.get(text), config.max_size_for.get(text)
        before = found.get(name)
        found[name] = RetentionClass(
            name=name,
            matchers=matchers,
            retention_ms=kept.ms if kept is not None else before.retention_ms if before else None,
            max_bytes=most.bytes if most is not None else before.max_bytes if before else None,
        )
    return tuple(found.values())


def parse_selector(text: str) -> tuple[Matcher, ...]:
    """Return the matchers of a selector.

    Raises:
        QueryError: It is none.
    """
    expression = parse(text, {})
    if not isinstance(expression, VectorSelector) or expression.offset is not None or expression.at is not None:
        raise QueryError(f'{text!r} is no series selector: write it like {{job="dev"}}')
    return tuple(expression.matchers)
