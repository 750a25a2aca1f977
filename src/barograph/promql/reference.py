"""The words of the language's reference: how functions and aggregations are called, and what aggregations give.

docs/promql.md is written from it and the function table, and the page completes expressions with it.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from barograph.promql.ast import ValueType
from barograph.promql.functions.table import FUNCTIONS
from barograph.promql.parser.vocabulary import AGGREGATIONS
from barograph.promql.signature import Signature

AGGREGATION_WORDS: Final = {
    "sum": "Sum of the values.",
    "avg": "Average of the values.",
    "count": "Number of rows.",
    "min": "Smallest value; NaN only where all are.",
    "max": "Largest value; NaN only where all are.",
    "group": "1 for each group.",
    "stddev": "Population standard deviation.",
    "stdvar": "Population variance.",
    "topk": "The k rows of the largest values, labels kept; sorted in an instant query.",
    "bottomk": "The k rows of the smallest values, labels kept; sorted in an instant query.",
    "limitk": "Any k rows, the same ones each time.",
    "limit_ratio": "A part r of the rows, chosen by their labels; of -r the complement of 1 - r.",
    "quantile": "Quantile (0 to 1) of the values.",
    "count_values": "For each distinct value how often it occurs, the value as a label.",
}
_ARGUMENTS: Final = {
    "clamp": ("v", "min", "max"),
    "clamp_max": ("v", "max"),
    "clamp_min": ("v", "min"),
    "double_exponential_smoothing": ("v[range]", "smoothing", "trend"),
    "histogram_fraction": ("lower", "upper", "v"),
    "histogram_quantile": ("quantile", "v"),
    "histogram_quantiles": ("v", "label", "quantile"),
    "info": ("v", '{label="value"}'),
    "label_join": ("v", "target", "separator", "source"),
    "label_replace": ("v", "target", "replacement", "source", "regex"),
    "max_of": ("a", "b"),
    "min_of": ("a", "b"),
    "predict_linear": ("v[range]", "seconds"),
    "quantile_over_time": ("quantile", "v[range]"),
    "round": ("v", "multiple"),
    "sort_by_label": ("v", "label"),
    "sort_by_label_desc": ("v", "label"),
    "vector": ("scalar",),
}
"""Names of arguments, where types alone do not tell."""
_PARAMETERS: Final = {
    "topk": "k",
    "bottomk": "k",
    "limitk": "k",
    "limit_ratio": "r",
    "quantile": "q",
    "count_values": "label",
}


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """Something that can be called.

    Attributes:
        name: Its name.
        call: How it is called, with the names of its arguments.
        words: What it gives, one line.
        kind: `aggregation` or `function`.
    """

    name: str
    call: str
    words: str
    kind: str


def words() -> Iterator[Word]:
    """Give every aggregation, then every function."""
    for name in AGGREGATIONS:
        yield Word(name=name, call=aggregation_call(name), words=AGGREGATION_WORDS[name], kind="aggregation")
    for name, entry in FUNCTIONS.items():
        yield Word(name=name, call=function_call(entry.signature), words=entry.doc, kind="function")


def aggregation_call(name: str) -> str:
    """Return how an aggregation is called: `topk(k, v)`."""
    return f"{name}(v)" if AGGREGATIONS[name] is None else f"{name}({_PARAMETERS[name]}, v)"


def function_call(signature: Signature) -> str:
    """Return how a function is called: `round(v[, multiple])`."""
    args = list(_ARGUMENTS.get(signature.name, [_argument(kind) for kind in signature.args]))
    least = len(args) - signature.optional
    text = ", ".join(args[:least])
    if args[least:]:
        text += f"[{', ' if text else ''}{', '.join(args[least:])}]"
    if signature.variadic:
        text += ", ..."
    return f"{signature.name}({text})"


def _argument(kind: ValueType) -> str:
    return "v[range]" if kind is ValueType.MATRIX else "v"
