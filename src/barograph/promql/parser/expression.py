"""The Pratt parser: tokens -> a tree of checked nodes. Called by `parse` only.

Binary operators bind by `PRECEDENCE`; what follows an operand (`[5m]`, `offset`, `@`, `anchored`) binds tighter than
any of them.
"""

from collections.abc import Mapping
from typing import Final

from barograph.model.errors import ParseError
from barograph.promql.ast import NumberLiteral, Paren, Span, ValueType
from barograph.promql.parser import check
from barograph.promql.parser.check import Typed, typed
from barograph.promql.parser.cursor import Cursor
from barograph.promql.parser.lexer import Kind
from barograph.promql.parser.literals import negated, number_literal, string_literal
from barograph.promql.parser.matching import parse_labels, parse_modifiers
from barograph.promql.parser.modifier import POSTFIX
from barograph.promql.parser.selector import parse_selector
from barograph.promql.parser.vocabulary import (
    AGGREGATIONS,
    GROUPING_WORDS,
    PRECEDENCE,
    RESERVED,
    UNARY_FLOOR,
)
from barograph.promql.signature import Signature

_NO_PRECEDENCE: Final = -1


class ExpressionParser:
    """Parses one expression. Three Python frames a level of nesting, at most."""

    def __init__(self, cursor: Cursor, functions: Mapping[str, Signature]) -> None:
        self._cursor = cursor
        self._functions = functions

    def expression(self, floor: int = 0) -> Typed:
        """Parse an expression of operators that bind at least as tightly as `floor`.

        Raises:
            ParseError: The text is no PromQL.
            TypeMismatchError: An operand or argument has the wrong type.
        """
        cursor = self._cursor
        cursor.descend()
        left = self._operand()
        while (binding := PRECEDENCE.get(cursor.current.word, _NO_PRECEDENCE)) >= floor:
            op = cursor.advance()
            modifiers = parse_modifiers(cursor)
            right = self.expression(binding if op.text == "^" else binding + 1)
            left = check.binary(op, modifiers, left, right)
        cursor.ascend()
        return left

    def _operand(self) -> Typed:
        cursor = self._cursor
        token = cursor.current
        if token.text in ("+", "-"):
            return self._unary()
        if token.kind in (Kind.NUMBER, Kind.DURATION):
            operand = typed(number_literal(cursor.advance()), ValueType.SCALAR)
        elif token.kind is Kind.STRING:
            operand = typed(string_literal(cursor.advance()), ValueType.STRING)
        elif token.text == "(":
            operand = self._paren()
        elif token.text == "{":
            operand = typed(parse_selector(cursor), ValueType.VECTOR)
        elif token.kind in (Kind.IDENTIFIER, Kind.METRIC):
            operand = self._named()
        else:
            raise cursor.unexpected()
        while (postfix := POSTFIX.get(cursor.current.word)) is not None:
            operand = postfix(cursor, operand)
        return operand

    def _unary(self) -> Typed:
        sign = self._cursor.advance()
        operand = self.expression(UNARY_FLOOR)
        if isinstance(operand.expr, NumberLiteral):
            return typed(negated(operand.expr, sign), ValueType.SCALAR)
        return check.unary(sign, operand)

    def _paren(self) -> Typed:
        start = self._cursor.advance().start
        inner = self.expression()
        end = self._cursor.expect(")").end
        return typed(Paren(inner.expr, Span(start, end)), inner.type, inner)

    def _named(self) -> Typed:
        """Parse what begins with a word: an aggregation, a call or a selector."""
        token, following = self._cursor.current, self._cursor.following
        if token.word in AGGREGATIONS and (following.text == "(" or following.word in GROUPING_WORDS):
            return self._aggregate()
        if token.word in RESERVED:
            raise self._cursor.unexpected()
        if token.kind is Kind.IDENTIFIER and following.text == "(":
            return self._call()
        return typed(parse_selector(self._cursor), ValueType.VECTOR)

    def _aggregate(self) -> Typed:
        cursor = self._cursor
        op = cursor.advance()
        clause = cursor.current.word if cursor.current.word in GROUPING_WORDS else ""
        grouping = self._grouping() if clause else ()
        cursor.expect("(", "aggregation")
        args: list[Typed] = []
        while self._more_arguments(len(args)):
            args.append(self.expression())
        if not clause and cursor.current.word in GROUPING_WORDS:
            clause = cursor.current.word
            grouping = self._grouping()
        return check.aggregate(op, grouping, clause == "without", args, Span(op.start, cursor.last_end))

    def _grouping(self) -> tuple[str, ...]:
        self._cursor.advance()
        return parse_labels(self._cursor)

    def _call(self) -> Typed:
        cursor = self._cursor
        name = cursor.advance()
        signature = self._functions.get(name.text)
        if signature is None:
            raise ParseError(f'unknown function with name "{name.text}"', *name.span)
        cursor.advance()
        args: list[Typed] = []
        while self._more_arguments(len(args)):
            # the second argument of `info` only looks like a selector: it chooses labels
            args.append(self._label_selector() if name.text == "info" and len(args) == 1 else self.expression())
        return check.call(signature, name, args, Span(name.start, cursor.last_end))

    def _label_selector(self) -> Typed:
        if self._cursor.current.text != "{":
            raise self._cursor.unexpected('call to function "info"', "label matchers in braces")
        return typed(parse_selector(self._cursor, may_select_all=True), ValueType.VECTOR)

    def _more_arguments(self, count: int) -> bool:
        """Take the comma before the next argument, or the parenthesis after the last."""
        cursor = self._cursor
        if cursor.accept(")"):
            return False
        if count:
            comma = cursor.current
            if not cursor.accept(","):
                raise cursor.unexpected("", '"," or ")"')
            if cursor.current.text == ")":
                raise ParseError("trailing commas not allowed in function call args", *comma.span)
        return True
