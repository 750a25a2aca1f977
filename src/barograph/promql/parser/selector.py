"""Vector selectors: `name{matchers}`, with names and label names quoted where they are no identifiers."""

from barograph.model.errors import ParseError, QueryError
from barograph.model.matcher import Matcher, MatchOp
from barograph.promql.ast import RangeMode, Span, VectorSelector
from barograph.promql.parser.cursor import Cursor
from barograph.promql.parser.lexer import Kind, Token
from barograph.promql.parser.literals import unquote
from barograph.promql.parser.matching import is_label_name

NAME = "__name__"
_CONTEXT = "label matching"
_OPERATORS = {op.value: op for op in MatchOp}


def parse_selector(cursor: Cursor, *, may_select_all: bool = False) -> VectorSelector:
    """Parse a selector; the current token is its name or its left brace.

    Args:
        cursor: Where to read.
        may_select_all: Do not insist on a matcher that refuses the empty value (second argument of `info`).

    Raises:
        ParseError: It is malformed, names its metric twice, or would select every series.
    """
    start = cursor.current.start
    name = cursor.advance().text if cursor.current.text != "{" else ""
    matchers = [Matcher(NAME, MatchOp.EQUAL, name)] if name else []
    if cursor.current.text == "{":
        matchers += _parse_matchers(cursor)
    span = Span(start, cursor.last_end)
    if name:
        _check_name_once(name, matchers, span)
    elif not may_select_all and all(matcher.matches_empty for matcher in matchers):
        raise ParseError("vector selector must contain at least one non-empty matcher", *span)
    return VectorSelector(name, tuple(matchers), None, None, RangeMode.NONE, span)


def _check_name_once(name: str, matchers: list[Matcher], span: Span) -> None:
    for matcher in matchers[1:]:
        if matcher.name == NAME:
            raise ParseError(f'metric name must not be set twice: "{name}" or "{matcher.value}"', *span)


def _parse_matchers(cursor: Cursor) -> list[Matcher]:
    cursor.advance()
    matchers: list[Matcher] = []
    while cursor.current.text != "}":
        matchers.append(_parse_matcher(cursor))
        if cursor.current.text != "}" and not cursor.accept(","):
            raise cursor.unexpected(_CONTEXT, '"," or "}"')
    cursor.advance()
    return matchers


def _parse_matcher(cursor: Cursor) -> Matcher:
    """Parse `label="value"`, `"label.name"=~"value"` or, naming the metric, `"metric.name"`."""
    token = cursor.current
    if token.kind not in (Kind.IDENTIFIER, Kind.STRING):
        raise cursor.unexpected(_CONTEXT, 'identifier or "}"')
    cursor.advance()
    op = _OPERATORS.get(cursor.current.text)
    if op is None:
        if token.kind is Kind.STRING:
            return Matcher(NAME, MatchOp.EQUAL, unquote(token))
        raise cursor.unexpected(_CONTEXT, "label matching operator")
    cursor.advance()
    if cursor.current.kind is not Kind.STRING:
        raise cursor.unexpected(_CONTEXT, "string")
    return _matcher(token, op, cursor.advance())


def _matcher(label: Token, op: MatchOp, value: Token) -> Matcher:
    name = label.text
    if label.kind is Kind.STRING:
        name = unquote(label)
        if not is_label_name(name):
            raise ParseError(f"invalid label name {label.text}", *label.span)
    text = unquote(value)
    try:
        return Matcher(name, op, text)
    except QueryError as error:
        # half a character is shown as it was written
        is_half = isinstance(error.__cause__, UnicodeEncodeError)
        words = f"bad regular expression {value.text}: invalid UTF-8" if is_half else error.message
        raise ParseError(words, *value.span) from error
