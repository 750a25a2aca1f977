"""Writes docs/promql.md from the function table and the parser's words. `make docs` runs it; tests/contract checks it."""

import sys
from collections.abc import Iterable
from pathlib import Path

from barograph.model.matcher import MOST_STEPS
from barograph.promql.ast import RangeMode
from barograph.promql.config import QueryConfig
from barograph.promql.extended import KERNELS
from barograph.promql.functions.entry import Function, OverTime
from barograph.promql.functions.table import CHAPTERS
from barograph.promql.parser.vocabulary import AGGREGATIONS, DURATION_FUNCTIONS, PRECEDENCE
from barograph.promql.reference import AGGREGATION_WORDS, aggregation_call, function_call

_PAGE = Path(__file__).resolve().parent.parent / "docs/promql.md"
_OPERATORS = {
    "or": "union",
    "and": "intersection",
    "unless": "complement",
    "==": "equal",
    "!=": "not equal",
    "<=": "at most",
    "<": "less",
    ">=": "at least",
    ">": "greater",
    "</": "trims native histograms from above: nothing is left of floats, and an annotation says so",
    ">/": "trims native histograms from below: as `</`",
    "+": "sum",
    "-": "difference",
    "*": "product",
    "/": "quotient",
    "%": "remainder, with the sign of the dividend",
    "atan2": "angle of a point, in radians",
    "^": "power; groups from the right",
}

_OPENING = """# PromQL

Barograph evaluates PromQL as Prometheus 3 does: left-open ranges, UTF-8 names, annotations with their place. The functions
and modifiers that Prometheus has behind feature flags are on; that names of metrics go at the end of an evaluation is the
setting `query.delayed_name_removal`. Samples are floats: classic histograms work, native ones are not stored. This page is
written by `tools/gen_promql_doc.py` from the code that parses and evaluates; do not edit it. What each word means at
length is in [Prometheus' documentation](https://prometheus.io/docs/prometheus/latest/querying/basics/).

## Selectors

| | |
|---|---|
| `name{{label="value", label!="value", label=~"regex", label!~"regex"}}` | the newest sample of each series, at most {lookback} old; a regular expression is RE2, matches whole values, and is refused where its counted repetitions (`{{n}}`, nested ones multiply) make more than {steps:,} steps of it |
| `{{"a name with.dots", "a label"="value"}}` | names that are no identifiers stand in quotes |
| `selector[5m]` | the samples of the last 5 minutes, that at their very start left out |
| `expr[1h:1m]` | an expression evaluated each minute of the last hour, at whole minutes; without a step each {subquery_step} |
| `offset 5m`, `offset -5m` | as of 5 minutes earlier, or later |
| `@ 1700000000`, `@ start()`, `@ end()` | as of an instant, or of the query's first or last one |
| `selector[5m] anchored` | from the sample at or before the start (the first inside, if none is near) to the last inside, nothing extrapolated; for {anchored} |
| `selector[5m] smoothed` | values at both ends lie on the line between their neighbours; for {smoothed} |
| `selector smoothed` | the value on the line between the samples before and after the instant |

A duration is `90`, `1m30s`, or arithmetic on such: `+ - * / % ^`, parentheses and
{durations}. After `offset` it stands in parentheses.
"""

_LIMITS = """## Limits

Set in the configuration's section `query` ([configuration.md](configuration.md)); who exceeds one is told its name, its
value and its setting.
"""


def page() -> str:
    """Return the page's text."""
    config = QueryConfig()
    opening = _OPENING.format(
        lookback=config.lookback,
        steps=MOST_STEPS,
        subquery_step=config.subquery_step,
        anchored=_listed(KERNELS[RangeMode.ANCHORED]),
        smoothed=_listed(KERNELS[RangeMode.SMOOTHED]),
        durations=_listed(f"{name}({', '.join('ab'[:count])})" for name, count in DURATION_FUNCTIONS.items()),
    )
    parts = [opening, _operators(), _aggregations(), "## Functions", ""]
    parts += [_chapter(title, entries) for title, entries in CHAPTERS.items()]
    return "\n".join([*parts, _LIMITS])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _operators() -> str:
    rows = [f"| `{word}` | {level} | {_OPERATORS[word]} |" for word, level in PRECEDENCE.items()]
    return "\n".join(
        [
            "## Operators",
            "",
            "The higher the number, the tighter an operator binds; a sign binds like `*`.",
            "",
            "| operator | binds | |",
            "|---|---|---|",
            *rows,
            "",
            "Comparisons keep the rows for which they hold; with `bool` they give 1 and 0. Between vectors rows match by",
            "all labels but the name, by `on(...)` or by all but `ignoring(...)`; `group_left(...)` and `group_right(...)`",
            "let several rows match one and take labels from it; `fill(x)`, `fill_left(x)` and `fill_right(x)` stand in for",
            "rows without a partner.",
            "",
        ]
    )


def _aggregations() -> str:
    rows = [f"| `{aggregation_call(name)}` | {AGGREGATION_WORDS[name]} |" for name in AGGREGATIONS]
    return "\n".join(
        [
            "## Aggregations",
            "",
            "`by (label, ...)` or `without (label, ...)` stands before or after the parentheses.",
            "",
            "| | |",
            "|---|---|",
            *rows,
            "",
        ]
    )


def _chapter(title: str, entries: tuple[Function, ...]) -> str:
    rows = [f"| `{function_call(entry.signature)}` | {entry.doc}{_remark(entry)} |" for entry in entries]
    return "\n".join([f"### {title}", "", "| | |", "|---|---|", *rows, ""])


def _remark(entry: Function) -> str:
    remarks = []
    if isinstance(entry.form, OverTime):
        if entry.form.keeps_name:
            remarks.append("Keeps the metric name.")
        if entry.form.from_tiers is not None:
            remarks.append("Long ranges answer from buckets of a minute or an hour.")
    return "".join(f" {remark}" for remark in remarks)


if __name__ == "__main__":
    _PAGE.write_text(page())
    sys.stdout.write(f"{_PAGE} written\n")
