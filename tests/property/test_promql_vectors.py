"""Aggregations and binary operators on matrices equal their definition, step by step, with gaps and NaN anywhere."""

import math
import operator
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barograph.model.errors import ExecutionError
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.value import StepVector
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore, make_group
from helpers.naive_promql import quantile

STEPS = 6
Vector = dict[Labels, float]

CELLS = st.one_of(
    st.integers(-3, 9).map(float), st.sampled_from([math.nan, ABSENT, ABSENT, math.inf, 1e100, -1e100, 0.25])
)


@st.composite
def stores(draw: st.DrawFn, names: tuple[str, ...] = ("m",)) -> MemoryStore:
    """One group (or several) of a few series with two labels, sampled at each step; lookback is one step."""
    store = MemoryStore()
    plain = draw(st.booleans())
    cells = st.integers(0, 5).map(float) if plain else CELLS
    late = draw(st.sampled_from([0, 0, 2]))
    for name in names:
        keys = draw(
            st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz")), min_size=1, max_size=5, unique=True)
        )
        labels = tuple(Labels.of(name, g=g, k=k) for g, k in keys)
        values = np.asarray([draw(st.lists(cells, min_size=STEPS, max_size=STEPS)) for _ in labels])
        store.add_group(make_group(labels, np.arange(late, late + STEPS, dtype=np.int64) * 1000, values))
    return store


def engine_over(store: MemoryStore) -> Engine:
    return Engine(store, QueryConfig(), FakeClock())


def at_steps(engine: Engine, text: str) -> list[Vector]:
    value = engine.range(text, 0, (STEPS - 1) * 1000, 1000, lookback_ms=1000).value
    assert isinstance(value, StepVector)
    found: list[Vector] = [{} for _ in range(STEPS)]
    for row, labels in enumerate(value.labels):
        for step in range(STEPS):
            if value.present is None or value.present[row, step]:
                found[step][labels] = float(value.values[row, step])
    return found


def assert_same(found: Vector, wanted: Vector) -> None:
    assert found.keys() == wanted.keys()
    for labels, want in wanted.items():
        assert found[labels] == pytest.approx(want, rel=1e-9, abs=1e-9, nan_ok=True), (found, wanted)


def _mean(values: list[float]) -> float:
    return _sum(values) / len(values)


def _sum(values: list[float]) -> float:
    return math.fsum(values) if all(map(math.isfinite, values)) else float(np.sum(values))


def _variance(values: list[float]) -> float:
    if not all(map(math.isfinite, values)):
        return math.nan
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / len(values)


def _known(values: list[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


REDUCTIONS: dict[str, Callable[[list[float]], float]] = {
    "sum": _sum,
    "avg": _mean,
    "min": lambda values: min(_known(values), default=math.nan),
    "max": lambda values: max(_known(values), default=math.nan),
    "count": lambda values: float(len(values)),
    "group": lambda values: 1.0,
    "stdvar": _variance,
    "stddev": lambda values: math.sqrt(_variance(values)),
    "quantile(0.3,": lambda values: quantile(0.3, values),
}


@pytest.mark.parametrize("op", REDUCTIONS)
@pytest.mark.parametrize("clause", ["by (g)", "without (g)", ""])
@settings(max_examples=25, deadline=None)
@given(store=stores())
def test_reductions_equal_their_definition(op: str, clause: str, store: MemoryStore) -> None:
    engine = engine_over(store)
    call = op.replace("(", f" {clause} (") + " m)" if "(" in op else f"{op} {clause} (m)"
    for found, vector in zip(at_steps(engine, call), at_steps(engine, "m"), strict=True):
        groups: dict[Labels, list[float]] = {}
        for labels, value in vector.items():
            key = labels.keep(("g",)) if clause == "by (g)" else labels.keep(("k",)) if clause else Labels()
            groups.setdefault(key, []).append(value)
        if op in ("stdvar", "stddev") and any(abs(value) > 1e50 for value in vector.values()):
            continue  # their squares have no digits left to compare
        assert_same(found, {key: REDUCTIONS[op](values) for key, values in groups.items()})


@pytest.mark.parametrize("op", ["topk", "bottomk"])
@settings(max_examples=80, deadline=None)
@given(store=stores(), count=st.integers(0, 4))
def test_the_best_rows_are_kept(op: str, store: MemoryStore, count: int) -> None:
    engine = engine_over(store)
    for found, vector in zip(at_steps(engine, f"{op} by (g) ({count}, m)"), at_steps(engine, "m"), strict=True):
        for group in {labels.keep(("g",)) for labels in vector}:
            mine = {labels: value for labels, value in vector.items() if labels.keep(("g",)) == group}
            kept = {labels: value for labels, value in found.items() if labels.keep(("g",)) == group}
            sign = -1 if op == "topk" else 1
            order = sorted(mine.values(), key=lambda value: (math.isnan(value), sign * value))
            best = sorted(kept.values(), key=lambda value: (math.isnan(value), sign * value))
            assert kept.items() <= mine.items() or any(map(math.isnan, kept.values()))
            assert best == pytest.approx(order[:count], nan_ok=True)


OPERATORS: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "> bool": lambda left, right: float(left > right),
    "!= bool": lambda left, right: float(left != right),
}


@pytest.mark.parametrize("op", OPERATORS)
@settings(max_examples=40, deadline=None)
@given(store=stores(("l", "r")))
def test_one_to_one_operators_equal_their_definition(op: str, store: MemoryStore) -> None:
    engine = engine_over(store)
    steps = zip(at_steps(engine, f"l {op} r"), at_steps(engine, "l"), at_steps(engine, "r"), strict=True)
    for found, left, right in steps:
        other = {labels.drop(("__name__",)): value for labels, value in right.items()}
        wanted = {
            labels.drop(("__name__",)): OPERATORS[op](value, other[labels.drop(("__name__",))])
            for labels, value in left.items()
            if labels.drop(("__name__",)) in other
        }
        assert_same(found, wanted)


@settings(max_examples=60, deadline=None)
@given(store=stores(("l", "r")))
def test_grouped_operators_equal_their_definition_or_are_refused(store: MemoryStore) -> None:
    engine = engine_over(store)
    lefts, rights = at_steps(engine, "l"), at_steps(engine, "r")
    wanted: list[Vector] = []
    refused = False
    for left, right in zip(lefts, rights, strict=True):
        other: dict[str, list[float]] = {}
        for labels, value in right.items():
            other.setdefault(labels.get("g"), []).append(value)
        refused = refused or (bool(left) and any(len(values) > 1 for values in other.values()))
        wanted.append(
            {
                labels.drop(("__name__",)): value * other[labels.get("g")][0]
                for labels, value in left.items()
                if labels.get("g") in other
            }
        )
    if refused:
        with pytest.raises(ExecutionError, match="many-to-many matching not allowed"):
            at_steps(engine, "l * on (g) group_left () r")
        return
    for found, want in zip(at_steps(engine, "l * on (g) group_left () r"), wanted, strict=True):
        assert_same(found, want)


@pytest.mark.parametrize("op", ["and", "or", "unless"])
@settings(max_examples=60, deadline=None)
@given(store=stores(("l", "r")))
def test_set_operators_equal_their_definition(op: str, store: MemoryStore) -> None:
    engine = engine_over(store)
    steps = zip(at_steps(engine, f"l {op} on (g) r"), at_steps(engine, "l"), at_steps(engine, "r"), strict=True)
    for found, left, right in steps:
        in_left = {labels.get("g") for labels in left}
        in_right = {labels.get("g") for labels in right}
        match op:
            case "and":
                wanted = {labels: value for labels, value in left.items() if labels.get("g") in in_right}
            case "unless":
                wanted = {labels: value for labels, value in left.items() if labels.get("g") not in in_right}
            case _:
                wanted = left | {labels: value for labels, value in right.items() if labels.get("g") not in in_left}
        assert_same(found, wanted)


EXPRESSIONS = [
    "sum by (g) (m)",
    "topk(2, m)",
    "m > 2",
    "-m",
    "m * on (g, k) m",
    "count_values('v', m)",
    "limitk(1, m)",
    "absent(m > 3)",
    "scalar(m > 3) + m",
    "sum_over_time((m > 1)[3s:1s])",
    "clamp(m, 1, 3)",
    "quantile by (g) (0.9, m)",
    "m unless m > 3",
    "timestamp(m)",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
@settings(max_examples=25, deadline=None)
@given(store=stores())
def test_an_instant_query_equals_that_step_of_a_range_query(text: str, store: MemoryStore) -> None:
    engine = engine_over(store)
    for step, wanted in enumerate(at_steps(engine, text)):
        value = engine.instant(text, step * 1000, lookback_ms=1000).value
        assert isinstance(value, StepVector)
        assert value.present is None
        assert_same(dict(zip(value.labels, value.values[:, 0].tolist(), strict=True)), wanted)
