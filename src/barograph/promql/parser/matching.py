"""Label lists, and what stands between a binary operator and its right side: `bool`, `on`, `group_left`, `fill`, ..."""

from dataclasses import dataclass
from typing import Final

from barograph.model.errors import ParseError
from barograph.promql.ast import Cardinality, Span
from barograph.promql.parser.cursor import Cursor
from barograph.promql.parser.lexer import Kind
from barograph.promql.parser.literals import negated, number_literal, unquote
from barograph.promql.parser.vocabulary import FILL_WORDS

_GROUPS = {"group_left": Cardinality.MANY_TO_ONE, "group_right": Cardinality.ONE_TO_MANY}
_MODIFIER_WORDS = frozenset({"bool", "on", "ignoring", *FILL_WORDS})


_NOWHERE: Final = Span(0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifiers:
    """The modifiers as written; `span` covers them all."""

    span: Span = _NOWHERE
    bool_span: Span | None = None
    on: bool = False
    labels: tuple[str, ...] = ()
    cardinality: Cardinality = Cardinality.ONE_TO_ONE
    include: tuple[str, ...] = ()
    fill_left: float | None = None
    fill_right: float | None = None


_NONE = Modifiers()


def parse_modifiers(cursor: Cursor) -> Modifiers:
    """Parse the modifiers after a binary operator; none is fine.

    Raises:
        ParseError: They are malformed or out of order.
    """
    if cursor.current.word not in _MODIFIER_WORDS:
        return _NONE
    start = cursor.current.start
    bool_token = cursor.accept("bool")
    on = False
    labels: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    cardinality = Cardinality.ONE_TO_ONE
    if cursor.current.word in ("on", "ignoring"):
        on = cursor.advance().word == "on"
        labels = parse_labels(cursor)
        if cursor.current.word in _GROUPS:
            cardinality = _GROUPS[cursor.advance().word]
            include = parse_labels(cursor) if cursor.current.text == "(" else ()
    fill_left, fill_right = _parse_fills(cursor)
    return Modifiers(
        span=Span(start, max(cursor.last_end, start + 1)),
        bool_span=bool_token.span if bool_token else None,
        on=on,
        labels=labels,
        cardinality=cardinality,
        include=include,
        fill_left=fill_left,
        fill_right=fill_right,
    )


def parse_labels(cursor: Cursor) -> tuple[str, ...]:
    """Parse `(a, b, "c.d")`, which may be empty and may end in a comma."""
    context = "grouping opts"
    cursor.expect("(", context)
    labels: list[str] = []
    while cursor.current.text != ")":
        labels.append(_label(cursor, context))
        if cursor.current.text != ")" and not cursor.accept(","):
            raise cursor.unexpected(context, '"," or ")"')
    cursor.advance()
    return tuple(labels)


def is_label_name(name: str) -> bool:
    """Tell whether a quoted label name can be one: any text but the empty one and bytes that are no UTF-8."""
    return bool(name) and not any("\ud800" <= character <= "\udfff" for character in name)


def _label(cursor: Cursor, context: str) -> str:
    token = cursor.current
    if token.kind is Kind.STRING:
        name = unquote(token)
        if not is_label_name(name):
            raise ParseError(f"invalid label name {token.text}", *token.span)
    elif token.kind is Kind.IDENTIFIER or (token.kind is Kind.NUMBER and token.text.isalpha()):
        name = token.text
    else:
        raise cursor.unexpected(context, "label")
    cursor.advance()
    return name


def _parse_fills(cursor: Cursor) -> tuple[float | None, float | None]:
    """Parse `fill(v)`, or `fill_left(v)` and `fill_right(v)` in either order, each at most once."""
    left: float | None = None
    right: float | None = None
    # the words are metric names where no parenthesis follows
    while cursor.current.word in FILL_WORDS and cursor.following.text == "(":
        word = cursor.current.word
        for side, taken in (("fill_left", left), ("fill_right", right)):
            if taken is not None and word in ("fill", side):
                raise ParseError(f'"{word}" sets a value that is already set', *cursor.current.span)
        cursor.advance()
        value = _parse_fill_value(cursor, word)
        left = value if word != "fill_right" else left
        right = value if word != "fill_left" else right
    return left, right


def _parse_fill_value(cursor: Cursor, word: str) -> float:
    cursor.expect("(", word)
    sign = cursor.advance() if cursor.current.text in ("+", "-") else None
    if cursor.current.kind not in (Kind.NUMBER, Kind.DURATION):
        raise cursor.unexpected(word, "number")
    literal = number_literal(cursor.advance())
    cursor.expect(")", word)
    return negated(literal, sign).value if sign else literal.value
