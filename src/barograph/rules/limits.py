"""What an alerting expression compares with: the limit that people see beside the value. Pure; called by `views`."""

from dataclasses import dataclass

from barograph.promql.ast import Binary, Expr, NumberLiteral, Paren, Unary

_SETS = ("and", "or", "unless")
_COMPARISONS = (">", ">=", "<", "<=", "==", "!=")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLimit:
    """The number, and whether the alert fires above it; else below."""

    value: float
    is_above: bool


def limit_of(expr: Expr) -> RuleLimit | None:
    """Return what an expression compares its value with; None where that is no number.

    Of `a > 1 and b` and of `a > 9 or a > 8 and c` it is the first, which the value is of.
    """
    while True:
        match expr:
            case Paren():
                expr = expr.expr
            case Binary() if expr.op in _SETS:
                expr = expr.lhs
            case _:
                break
    if not isinstance(expr, Binary) or expr.op not in _COMPARISONS:
        return None
    value = _number(expr.rhs)
    if value is not None:
        return RuleLimit(value=value, is_above=not expr.op.startswith("<"))
    # `90 < a` is `a > 90`
    value = _number(expr.lhs)
    return None if value is None else RuleLimit(value=value, is_above=expr.op.startswith("<"))


def _number(expr: Expr) -> float | None:
    match expr:
        case Paren():
            return _number(expr.expr)
        case Unary():
            value = _number(expr.expr)
            return value if value is None or expr.op == "+" else -value
        case NumberLiteral():
            return expr.value
        case _:
            return None
