"""The words and operators of PromQL, as tables that lexer, parser, checks and printer share.

Words are case-insensitive and stand here in lower case. Only `RESERVED` ones can never name a metric: all others are
keywords by their place alone, as in Prometheus.
"""

from typing import Final

from barograph.promql.ast import ValueType

MAX_DEPTH: Final = 200
"""How high a tree may grow, so that whoever walks one recursively stays within Python's stack."""

PRECEDENCE: Final = {
    "or": 1,
    "and": 2,
    "unless": 2,
    "==": 3,
    "!=": 3,
    "<=": 3,
    "<": 3,
    ">=": 3,
    ">": 3,
    "</": 3,
    ">/": 3,
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
    "atan2": 5,
    "^": 6,
}
"""Binary operators by how tightly they bind; all but `^` are left-associative."""

UNARY_FLOOR: Final = PRECEDENCE["^"]
"""A sign binds like `*`: of what follows it takes powers, and nothing looser."""

COMPARISONS: Final = frozenset({"==", "!=", "<=", "<", ">=", ">"})
SET_OPERATORS: Final = frozenset({"and", "or", "unless"})
TRIM_OPERATORS: Final = frozenset({"</", ">/"})
DURATION_OPERATORS: Final = frozenset({"+", "-", "*", "/", "%", "^"})

AGGREGATIONS: Final[dict[str, ValueType | None]] = {
    "sum": None,
    "avg": None,
    "count": None,
    "min": None,
    "max": None,
    "group": None,
    "stddev": None,
    "stdvar": None,
    "topk": ValueType.SCALAR,
    "bottomk": ValueType.SCALAR,
    "limitk": ValueType.SCALAR,
    "limit_ratio": ValueType.SCALAR,
    "quantile": ValueType.SCALAR,
    "count_values": ValueType.STRING,
}
"""Aggregation operators, each with the type of its parameter, or None where it has none."""

GROUPING_WORDS: Final = frozenset({"by", "without"})
FILL_WORDS: Final = frozenset({"fill", "fill_left", "fill_right"})
RESERVED: Final = frozenset({"bool", "on", "ignoring", "group_left", "group_right"})
NUMBER_WORDS: Final = frozenset({"inf", "nan"})

DURATION_FUNCTIONS: Final = {"step": 0, "range": 0, "min_of": 2, "max_of": 2}
"""What may be called inside a duration, with the number of arguments."""

KEYWORDS: Final = RESERVED | GROUPING_WORDS | SET_OPERATORS | {"atan2", "offset"}
"""Words that an error message calls keywords."""
