"""Expressions evaluated together, beside each for itself: whatever they are and whatever there is, the same results."""

import math

import hypothesis.strategies as st
from hypothesis import event, given, settings

from barograph.model.errors import QueryError
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.promql.partition import part_of
from barograph.promql.plan import make_plan
from barograph.promql.value import StepVector
from barograph.rules.together import Together
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore, shared_group

AT_MS = 120_000
LEAVES = st.sampled_from(
    [
        'm{i="I"}',
        'm{i="I", g="x"}',
        'n{i="I"}',
        'm{i="I", g=~"x|y"}',
        'n{g="G", i="I"}',
        'm{i="I"} offset 30s',
        '{__name__=~"m|n", i="I"}',
    ]
)
AROUND = st.sampled_from(
    [
        "sum by (g) ({0})",
        "sum({0})",
        "max without (i) ({0})",
        "avg without (g) ({0})",
        "count by (i) ({0})",
        "quantile by (g) (0.5, {0})",
        "max_over_time(({0})[1m:15s])",
        "-({0})",
        "({0})",
        "abs({0})",
        "({0}) * 2",
        "({0}) > 3",
        "({0}) > bool 3",
        "60 - ({0})",
        "time() - ({0})",
        "clamp({0}, 1, 3)",
        "timestamp({0})",
        "histogram_quantile(0.9, {0})",
        "absent({0})",
        "topk(1, {0})",
        "vector(scalar({0}))",
        'label_replace({0}, "i", "z", "g", ".*")',
    ]
)
BETWEEN = st.sampled_from(
    [
        "({0}) + ({1})",
        "({0}) / on (g) ({1})",
        "({0}) > on (i) ({1})",
        "({0}) * ignoring (i) ({1})",
        "({0}) - ignoring (g) ({1})",
        "({0}) * on (i) group_left () ({1})",
        "({0}) * on (g) group_left (i) ({1})",
        "({0}) + on (g) group_right () ({1})",
        "({0}) and ({1})",
        "({0}) or ({1})",
        "({0}) or on (g) ({1})",
        "({0}) unless on (i) ({1})",
        "({0}) + fill (0) ({1})",
    ]
)
RANGES = st.sampled_from(["rate", "increase", "max_over_time", "deriv", "absent_over_time", "last_over_time"])
EXPRESSIONS = st.recursive(
    LEAVES | st.builds(lambda name, leaf: f"{name}({leaf.split(' offset')[0]}[1m])", RANGES, LEAVES),
    lambda inner: (
        st.builds(lambda text, one: text.replace("{0}", one), AROUND, inner)
        | st.builds(lambda text, one, two: text.replace("{0}", one).replace("{1}", two), BETWEEN, inner, inner)
    ),
    max_leaves=4,
)
SERIES = [
    Labels.of(name, i=i, g=g, **({"le": le} if le else {}))
    for name in "mn"
    for i in "ab"
    for g in "xy"
    for le in ("", "+Inf")
]
VALUES = st.sampled_from([0.0, 1.0, 2.0, 3.5, 7.0, math.nan, ABSENT, ABSENT])
COMPARED = st.sampled_from(["", " > 2", " <= 1", " != 3.5"])


def results_of(engine: Engine, text: str) -> dict[Labels, str] | None:
    """Return each result; None for an error."""
    try:
        value = engine.instant(text, AT_MS).value
    except QueryError:
        return None
    assert isinstance(value, StepVector)
    return {one: _written(number) for one, number in zip(value.labels, value.values[:, 0].tolist(), strict=True)}


def _written(value: float) -> str:
    """Write a number without the sign of zero, which depends on the order of a sum, nor that of what it divides."""
    return f"{abs(value) if math.isinf(value) else value + 0.0:.12g}"


@given(
    text=EXPRESSIONS,
    compared=COMPARED,
    rows=st.dictionaries(st.sampled_from(SERIES), st.lists(VALUES, min_size=5, max_size=5), min_size=4, max_size=12),
    others=st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("xy")), min_size=2, max_size=4),
)
@settings(max_examples=300, deadline=None)
def test_together_or_each_for_itself(
    text: str, compared: str, rows: dict[Labels, list[float]], others: list[tuple[str, str]]
) -> None:
    stamps = range(0, 150_000, 30_000)
    store = MemoryStore([shared_group({one: dict(zip(stamps, some, strict=True)) for one, some in rows.items()})])
    engine = Engine(store, QueryConfig(), FakeClock())
    whole = f"({text}){compared}"
    texts = [whole.replace('"I"', f'"{i}"').replace('"G"', f'"{g}"') for i, g in others]
    parts = [part_of(make_plan(one, parse(one, SIGNATURES))) for one in texts]
    assert len({part is None for part in parts}) == 1
    known = [part for part in parts if part is not None]
    if not known or len({part.whole for part in known}) > 1:
        event("several wholes" if known else "none")
        return
    found = Together(tuple(known)).hits(engine, AT_MS, 10.0, {})
    each = [results_of(engine, one) for one in texts]
    if found is None:
        # what is wrong with one is told by it alone; too many rows are not worth it
        event("each")
        return
    event("results" if any(found) else "no results")
    assert [{labels: _written(value) for labels, value in hits} for hits in found] == each
