"""eq, ne, lt, le, gt and ge: Go's comparisons, which are between values of one kind only."""

from collections.abc import Sequence

from barograph.templates.values import NamedInt, Span, Value, to_bytes, type_name

_INCOMPATIBLE = "incompatible types for comparison"
_INVALID = "invalid type for comparison"


def equal(first: Value, others: Sequence[Value]) -> bool:
    """Tell whether a value equals any of others.

    Raises:
        ValueError: They cannot be compared.
    """
    if not others:
        raise ValueError("missing argument for comparison")
    return any(_equal(first, other) for other in others)


def _equal(first: Value, other: Value) -> bool:
    if first is None or other is None:
        return first is None and other is None
    mine, theirs = _basic(first), _basic(other)
    if mine is None or theirs is None:
        if type(first) is not type(other):
            raise ValueError(_INCOMPATIBLE)
        if isinstance(first, dict | list):
            raise ValueError(f"non-comparable type {type_name(first)}")
        same: bool = first == other
        return same
    if type(mine) is not type(theirs):
        raise ValueError(_INCOMPATIBLE)
    return mine == theirs


def is_less(first: Value, second: Value) -> bool:
    """Tell whether a value comes before another.

    Raises:
        ValueError: They cannot be compared.
    """
    mine, theirs = _basic(first), _basic(second)
    if mine is None or theirs is None:
        raise ValueError(_INVALID)
    if type(mine) is not type(theirs):
        raise ValueError(_INCOMPATIBLE)
    if isinstance(mine, bool):
        raise ValueError(_INVALID)
    if isinstance(mine, str):
        return to_bytes(mine) < to_bytes(str(theirs))
    less: bool = mine < theirs  # type: ignore[operator]  # both are numbers of one type
    return less


def is_less_or_equal(first: Value, second: Value) -> bool:
    """Tell whether a value comes before another or equals it."""
    return is_less(first, second) or _equal(first, second)


def _basic(value: Value) -> bool | int | float | str | None:
    """Return a value as one of Go's basic kinds; None where it is of none."""
    if isinstance(value, NamedInt):
        return value.number
    if isinstance(value, Span):
        return value.ns
    return value if isinstance(value, bool | int | float | str) else None
