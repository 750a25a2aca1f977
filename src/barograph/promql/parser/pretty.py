"""A tree -> text over several lines where one line would be long, as Prometheus lays it out. For `format_query`.

Lines are split from the outside in: whatever fits 100 characters stays on one line, at two blanks a level.
"""

from barograph.promql.ast import Aggregate, Binary, Call, Expr, Paren, Subquery, Unary
from barograph.promql.parser.printer import aggregate_head, binary_operator, print_expr, subquery_suffix

_WIDTH = 100
_INDENT = "  "


def pretty_expr(expr: Expr, level: int = 0) -> str:
    """Return the text of an expression, laid out; parsing it gives an equal tree, but for the spans.

    Args:
        expr: A tree as the parser makes them.
        level: How deep the first line is indented.
    """
    indent = _INDENT * level
    line = print_expr(expr)
    if len(line) <= _WIDTH:
        return indent + line
    match expr:
        case Aggregate():
            return f"{indent}{aggregate_head(expr)}{_in_parentheses(_arguments(expr), level)}"
        case Call():
            return f"{indent}{expr.function}{_in_parentheses(expr.args, level)}"
        case Paren():
            return f"{indent}{_in_parentheses((expr.expr,), level)}"
        case Unary():
            return f"{indent}{expr.op}{pretty_expr(expr.expr, level).lstrip()}"
        case Subquery():
            return f"{pretty_expr(expr.expr, level)}{subquery_suffix(expr)}"
        case Binary():
            sides = pretty_expr(expr.lhs, level + 1), pretty_expr(expr.rhs, level + 1)
            return f"{sides[0]}\n{indent}{binary_operator(expr)}\n{sides[1]}"
    return indent + line


def _arguments(expr: Aggregate) -> tuple[Expr, ...]:
    return (expr.expr,) if expr.param is None else (expr.param, expr.expr)


def _in_parentheses(args: tuple[Expr, ...], level: int) -> str:
    inside = ",\n".join(pretty_expr(arg, level + 1) for arg in args)
    return f"(\n{inside}\n{_INDENT * level})"
