"""The door of the parser: `parse`. Called by the engine, `check` commands and rule files; keeps nothing."""

from collections.abc import Mapping

from barograph.model.errors import ParseError
from barograph.promql.ast import Expr
from barograph.promql.parser.cursor import Cursor
from barograph.promql.parser.expression import ExpressionParser
from barograph.promql.signature import Signature


def parse(text: str, functions: Mapping[str, Signature]) -> Expr:
    """Parse and check an expression.

    Args:
        text: The expression, as the user wrote it.
        functions: The functions it may call, by name.

    Returns:
        The tree; spans count characters of `text`.

    Raises:
        ParseError: The text is no PromQL; position and end say where.
        TypeMismatchError: An operand or argument has the wrong type.
    """
    cursor = Cursor(text)
    if cursor.at_end:
        raise ParseError("no expression found in input", 0, max(len(text), 1))
    tree = ExpressionParser(cursor, functions).expression()
    if not cursor.at_end:
        raise cursor.unexpected()
    return tree.expr
