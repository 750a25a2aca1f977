"""Expressions for tests of PromQL: a table of signatures from the documentation, trees without spans, the corpora."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from barograph.promql.ast import Expr, Span, ValueType
from barograph.promql.signature import Signature

CONFORMANCE: Final = Path(__file__).parents[3] / "shared" / "conformance"
"""Data of others, beside the checkout; tests skip where it is absent."""

_TYPES: Final = {"s": ValueType.SCALAR, "v": ValueType.VECTOR, "m": ValueType.MATRIX, "t": ValueType.STRING}

# name: argument types / how many are optional / how many more may follow / result
_TABLE: Final = """
abs v 0 0 v | absent v 0 0 v | absent_over_time m 0 0 v | acos v 0 0 v | acosh v 0 0 v | asin v 0 0 v | asinh v 0 0 v
atan v 0 0 v | atanh v 0 0 v | avg_over_time m 0 0 v | ceil v 0 0 v | changes m 0 0 v | clamp vss 0 0 v
clamp_max vs 0 0 v | clamp_min vs 0 0 v | cos v 0 0 v | cosh v 0 0 v | count_over_time m 0 0 v | day_of_month v 1 0 v
day_of_week v 1 0 v | day_of_year v 1 0 v | days_in_month v 1 0 v | deg v 0 0 v | delta m 0 0 v | deriv m 0 0 v
double_exponential_smoothing mss 0 0 v | end - 0 0 s | exp v 0 0 v | first_over_time m 0 0 v | floor v 0 0 v
histogram_avg v 0 0 v | histogram_count v 0 0 v | histogram_fraction ssv 0 0 v | histogram_quantile sv 0 0 v
histogram_quantiles vts 0 9 v | histogram_stddev v 0 0 v | histogram_stdvar v 0 0 v | histogram_sum v 0 0 v
hour v 1 0 v | idelta m 0 0 v | increase m 0 0 v | info vv 1 0 v | irate m 0 0 v | label_join vttt 1 -1 v
label_replace vtttt 0 0 v | last_over_time m 0 0 v | ln v 0 0 v | log10 v 0 0 v | log2 v 0 0 v | mad_over_time m 0 0 v
max_of ss 0 0 s | max_over_time m 0 0 v | min_of ss 0 0 s | min_over_time m 0 0 v | minute v 1 0 v | month v 1 0 v
pi - 0 0 s | predict_linear ms 0 0 v | present_over_time m 0 0 v | quantile_over_time sm 0 0 v | rad v 0 0 v
range - 0 0 s | rate m 0 0 v | resets m 0 0 v | round vs 1 0 v | scalar v 0 0 s | sgn v 0 0 v | sin v 0 0 v
sinh v 0 0 v | sort v 0 0 v | sort_by_label vt 1 -1 v | sort_by_label_desc vt 1 -1 v | sort_desc v 0 0 v
sqrt v 0 0 v | start - 0 0 s
start_timestamp v 0 0 v | stddev_over_time m 0 0 v | stdvar_over_time m 0 0 v | step - 0 0 s | sum_over_time m 0 0 v
tan v 0 0 v | tanh v 0 0 v | time - 0 0 s | timestamp v 0 0 v | ts_of_first_over_time m 0 0 v
ts_of_last_over_time m 0 0 v | ts_of_max_over_time m 0 0 v | ts_of_min_over_time m 0 0 v | vector s 0 0 v | year v 1 0 v
"""


def _signature(row: str) -> Signature:
    name, args, optional, variadic, returns = row.split()
    return Signature(
        name=name,
        args=tuple(_TYPES[letter] for letter in args.strip("-")),
        optional=int(optional),
        variadic=int(variadic),
        returns=_TYPES[returns],
    )


SIGNATURES: Final = {row.split()[0]: _signature(row) for row in _TABLE.replace("\n", "|").split("|") if row.strip()}
"""What querying/functions.md documents, by name."""


def without_spans(expr: Expr) -> Expr:
    """Return the tree with every span at 0, so that trees of differently written texts compare equal."""
    stripped: Expr = _stripped(expr)
    return stripped


def _stripped(value: Any) -> Any:
    if isinstance(value, Span):
        return Span(0, 0)
    if isinstance(value, tuple):
        return tuple(_stripped(item) for item in value)
    if is_dataclass(value) and not isinstance(value, type) and value.__module__ == "barograph.promql.ast":
        return replace(value, **{field.name: _stripped(getattr(value, field.name)) for field in fields(value)})
    return value


def conformance(folder: str) -> Path:
    """Return a folder of the conformance data, or skip the test where it is absent."""
    path = CONFORMANCE / folder
    if not path.is_dir():
        pytest.skip(f"no conformance data at {path}")
    return path


_EVAL: Final = re.compile(
    r"eval(_\w+)?\s+(?:instant(?:\s+at\s+\S+)?|range\s+from\s+\S+\s+to\s+\S+\s+step\s+\S+)\s+(.+)"
)


def script_queries() -> Iterator[tuple[str, str]]:
    """Yield the place and the query of every evaluation in the PromQL test scripts."""
    for path in sorted(conformance("prometheus-promqltest").glob("*.test")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = _EVAL.fullmatch(line.strip())
            if found:
                yield f"{path.name}:{number}", found[2]


def rule_expressions() -> Iterator[tuple[str, str]]:
    """Yield the place and the expression of every rule in the collections of alerts, rules and mixins."""
    for folder in ("awesome-prometheus-alerts", "kube-prometheus-rules", "monitoring-mixins-node-exporter"):
        for path in sorted(conformance(folder).rglob("*.y*ml")):
            for document in yaml.safe_load_all(path.read_text()):
                for expr in _rule_expressions(document):
                    yield str(path.relative_to(CONFORMANCE)), expr


def _rule_expressions(node: object) -> Iterator[str]:
    """Find `expr` of rules wherever groups are nested."""
    if isinstance(node, dict):
        if ("alert" in node or "record" in node) and "expr" in node:
            yield str(node["expr"])
        for child in node.values():
            yield from _rule_expressions(child)
    elif isinstance(node, list):
        for child in node:
            yield from _rule_expressions(child)


def dashboard_expressions() -> Iterator[tuple[str, str]]:
    """Yield the place and the expression of every panel, with values in place of Grafana's variables."""
    for path in sorted(conformance("monitoring-mixins-node-exporter").rglob("*.json")):
        for expr in _panel_expressions(json.loads(path.read_text())):
            yield path.name, re.sub(r"\$\{?\w+\}?", "value", expr.replace("$__rate_interval", "5m"))
    for path in sorted(conformance("prometheus-compliance").rglob("*.md")):
        for found in re.finditer(r"^ +expr: (?!<)(.+)$", path.read_text(), re.MULTILINE):
            yield path.name, found[1]


def _panel_expressions(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("expr"), str):
            yield node["expr"]
        for child in node.values():
            yield from _panel_expressions(child)
    elif isinstance(node, list):
        for child in node:
            yield from _panel_expressions(child)


# an example's line that begins like an expression and is no result, template or warning
_EXAMPLE: Final = re.compile(r"[a-z_]+[({\[]|[a-z_]+ offset|-?[0-9.]|\{[a-z_]+[=!~]")
_NO_EXAMPLE: Final = re.compile(r"<|Bad|INVALID|No suffix|cannot be|=> |\} +[0-9+]|\.\.\.")


def documented_expressions() -> Iterator[tuple[str, str]]:
    """Yield the expressions that the documentation gives as good examples: indented lines."""
    for name in ("basics", "operators", "functions", "examples"):
        path = conformance("reference-prometheus-docs") / "querying" / f"{name}.md"
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line.startswith("    ") and _EXAMPLE.match(line.strip()) and not _NO_EXAMPLE.search(line):
                yield f"{name}.md:{number}", line.split("//")[0].strip()
