from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from barograph.model.errors import (
    ExecutionError,
    LimitError,
    ParseError,
    QueryCancelledError,
    QueryError,
    QueryTimeoutError,
    TypeMismatchError,
)
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.series import SelectHints, SeriesSet
from barograph.model.units import Duration, Size
from barograph.promql.ast import Expr, ValueType
from barograph.promql.calls import PointwiseCall, VectorCall
from barograph.promql.cancel import Cancel
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.promql.plan import make_plan
from barograph.promql.signature import Signature
from barograph.promql.value import QueryResult, RawMatrix, StepScalar, StepVector, StringValue
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore


class CountingStore(MemoryStore):
    """Counts selections, and lets the clock run during each."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        super().__init__()
        self.selected = 0
        self.clock = clock
        self.warnings: tuple[str, ...] = ()

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, hints: SelectHints | None = None
    ) -> SeriesSet:
        self.selected += 1
        if self.clock is not None:
            self.clock.advance(20)
        return SeriesSet(super().select(matchers, start_ms, end_ms).groups, self.warnings)


@pytest.fixture
def store() -> CountingStore:
    store = CountingStore()
    for row in "12":
        store.add(Labels.of("m", row=row), range(0, 100_000, 1000), [float(n * int(row)) for n in range(100)])
    return store


def engine_over(store: MemoryStore, config: QueryConfig | None = None) -> Engine:
    return Engine(store, config or QueryConfig(), FakeClock())


def test_each_type_of_expression_has_its_value(store: CountingStore) -> None:
    engine = engine_over(store)
    assert isinstance(engine.instant("m", 5000).value, StepVector)
    scalar = engine.instant("1 + 1", 5000)
    assert isinstance(scalar.value, StepScalar)
    assert scalar.value.values.tolist() == [2.0]
    assert engine.instant("'a'", 5000).value == StringValue("a")
    matrix = engine.instant("m[3s]", 5000).value
    assert isinstance(matrix, RawMatrix)
    assert [one.values.tolist() for one in matrix.series] == [[3.0, 4.0, 5.0], [6.0, 8.0, 10.0]]


def test_check_gives_the_type_and_evaluates_nothing(store: CountingStore) -> None:
    assert engine_over(store).check("rate(m[1m])") is ValueType.VECTOR
    assert store.selected == 0
    with pytest.raises(ParseError):
        engine_over(store).check("rate(m[1m]")
    with pytest.raises(ExecutionError, match="anchored modifier can only be used with") as caught:
        engine_over(store).check("1 + deriv(m[5m] anchored)")
    assert (caught.value.position, caught.value.end) == (4, 25)
    assert store.selected == 0


def test_a_range_query_refuses_what_has_no_value_at_a_step(store: CountingStore) -> None:
    for text in ("m[1m]", "'a'"):
        with pytest.raises(TypeMismatchError, match="for range query"):
            engine_over(store).range(text, 0, 1000, 1000)


@pytest.mark.parametrize(("start_ms", "end_ms", "step_ms"), [(0, 1000, 0), (0, 1000, -5), (1000, 0, 1000)])
def test_a_range_that_is_none_is_refused(store: CountingStore, start_ms: int, end_ms: int, step_ms: int) -> None:
    with pytest.raises(QueryError, match=r"step must be|must not be before"):
        engine_over(store).range("m", start_ms, end_ms, step_ms)


@pytest.mark.parametrize(
    ("config", "text", "setting"),
    [
        (QueryConfig(max_samples=10), "m[1m]", "query.max_samples"),
        (QueryConfig(max_series=1), "m", "query.max_series"),
        (QueryConfig(max_query_length=3), "m + m", "query.max_query_length"),
        (QueryConfig(max_samples=1000), "vector(1)[1d:1s]", "query.max_samples"),
        (QueryConfig(max_memory=Size(200)), "m[1m]", "query.max_memory"),
        (QueryConfig(max_memory=Size(170)), "rate(m[10s])", "query.max_memory"),
    ],
)
def test_a_limit_that_is_hit_names_its_setting(
    store: CountingStore, config: QueryConfig, text: str, setting: str
) -> None:
    with pytest.raises(LimitError) as caught:
        engine_over(store, config).instant(text, 60_000)
    assert caught.value.setting == setting
    assert setting in str(caught.value)


def test_more_steps_than_allowed_are_refused(store: CountingStore) -> None:
    engine = engine_over(store, QueryConfig(max_points=10))
    engine.range("m", 0, 9000, 1000)
    with pytest.raises(LimitError, match=r"query\.max_points"):
        engine.range("m", 0, 10_000, 1000)


def test_a_cancelled_query_ends(store: CountingStore) -> None:
    cancel = Cancel()
    engine_over(store).instant("m", 0, cancel=cancel)
    cancel.cancel()
    with pytest.raises(QueryCancelledError):
        engine_over(store).instant("m", 0, cancel=cancel)


def test_a_query_ends_at_its_deadline() -> None:
    clock = FakeClock()
    store = CountingStore(clock)
    store.add(Labels.of("m"), [0], [1.0])
    engine = Engine(store, QueryConfig(timeout=Duration(30_000)), clock)
    engine.instant("m", 0)
    with pytest.raises(QueryTimeoutError):
        engine.instant("m + (m + m)", 0)
    with pytest.raises(QueryTimeoutError):
        engine.instant("m + m", 0, timeout_s=10)
    # a client cannot give itself more time than configured
    with pytest.raises(QueryTimeoutError):
        engine.instant("m + (m + m)", 0, timeout_s=1000)


def test_lookback_can_be_another_for_one_query(store: CountingStore) -> None:
    engine = engine_over(store)
    assert len(engine.instant("m", 150_000).value.labels) == 2  # type: ignore[union-attr]
    assert len(engine.instant("m", 150_000, lookback_ms=10_000).value.labels) == 0  # type: ignore[union-attr]


def test_several_expressions_share_equal_selections(store: CountingStore) -> None:
    engine = engine_over(store)
    first, second, bad, third = engine.instant_many(["m", "sum(m)", "sum(", "rate(m[10s])"], 50_000)
    assert store.selected == 2
    assert isinstance(first, QueryResult)
    assert isinstance(second, QueryResult)
    assert isinstance(bad, ParseError)
    assert isinstance(third, QueryResult)
    assert isinstance(second.value, StepVector)
    assert second.value.values.tolist() == [[150.0]]
    # nothing is kept for the next instant
    engine.instant_many(["m"], 50_000)
    assert store.selected == 3


def test_what_the_store_warns_of_is_in_the_answer(store: CountingStore) -> None:
    store.warnings = ("block 3 is damaged",)
    assert engine_over(store).instant("m", 0).warnings == ("block 3 is damaged",)


def test_stats_tell_what_was_touched(store: CountingStore) -> None:
    stats = engine_over(store).instant("m[10s]", 50_000).stats
    assert (stats.series, stats.samples) == (2, 20)


def test_the_estimate_grows_with_range_and_steps_and_learns(store: CountingStore) -> None:
    engine = engine_over(store)
    first = engine.cost_estimate("rate(m[10s])", 0, 90_000, 10_000)
    assert first == 200 + int(2 * (100 / 16 + 10))
    engine.range("rate(m[10s])", 0, 90_000, 10_000)
    known = engine.cost_estimate("rate(m[10s])", 0, 90_000, 10_000)
    assert 0 < known <= first
    assert engine.cost_estimate("rate(m[10s])", 0, 900_000, 10_000) - 200 > 5 * (known - 200)
    assert engine.cost_estimate("1", 0, 0) == 0


def test_the_estimate_sees_every_leaf(store: CountingStore) -> None:
    engine = engine_over(store)
    text = "topk(scalar(m), -(m)) + on() max_over_time(rate(m[10s])[50s:]) / sum_over_time(m[step()])"
    # 2 series each: twice the lookback, a minute in a subquery, an hour (which is unknown until the query)
    plain, inner, long = 300 / 16 + 1, 60 / 16 + 1 + 50 / 60 / 64, 3600 / 16 + 1 + 3600 / 64
    assert engine.cost_estimate(text, 50_000, 50_000) == 800 + int(2 * (2 * plain + inner + long))
    assert engine.cost_estimate("rate(m[50s:10s])", 50_000, 50_000) == 200 + int(2 * (50 / 16 + 1 + 5))
    assert engine.cost_estimate("sum(rate(m[10s]))", 50_000, 50_000) == 200 + int(2 * (10 / 16 + 1))


@pytest.mark.parametrize(
    ("text", "least"),
    [
        ("quantile_over_time(0.5, vector(time())[1d:1s])", 86_400),
        ("max_over_time(vector(time())[1h:1s] offset 1h)", 3_600),
        ("sum_over_time((sum_over_time(vector(1)[1h:1s]))[1h:1s])", 3_600 * 3_600 / 64),
        ("mad_over_time(mad_over_time(m[10s])[1h:1s])", 2 * 3_600 * 10 / 2),
        ("sum_over_time(rate(m[10s])[1h:1s])", 2 * 3_600),
    ],
)
def test_steps_within_and_windows_cost_whatever_is_selected(store: CountingStore, text: str, least: int) -> None:
    engine = engine_over(store)
    assert engine.cost_estimate(text, 50_000, 50_000) >= least
    engine.instant(text, 50_000)
    assert engine.cost_estimate(text, 50_000, 50_000) >= least, "what was learned of series is not all"


def test_of_many_selectors_no_more_are_looked_at_than_is_needed(
    store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[Sequence[Matcher]] = []

    def count(matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> int:
        counted.append(matchers)
        return 1000

    monkeypatch.setattr(store, "count", count)
    engine = engine_over(store)
    text = " or ".join(f'm{{row!="{n}"}}' for n in range(150))
    assert engine.cost_estimate(text, 50_000, 50_000, enough=50_000) > 50_000
    assert len(counted) == 2
    assert engine.cost_estimate(text, 50_000, 50_000, enough=20_000) > 20_000
    assert len(counted) == 2
    assert engine.cost_estimate(text, 50_000, 50_000) > 150 * 1000
    assert len(counted) == 152


def test_many_wide_windows_are_dear_where_each_sample_of_each_is_looked_at(store: CountingStore) -> None:
    engine = engine_over(store)
    cheap, dear = (engine.cost_estimate(f"{name}(m[1h])", 0, 5_000_000, 1000) for name in ("rate", "mad_over_time"))
    assert dear >= cheap + 2 * 5_000 * 3_600 / 2
    counted = engine.cost_estimate('count_values("x", vector(time()))', 0, 5_000_000, 1000)
    assert counted >= 5_000 * 5_000 / 4, "each value becomes a row"
    assert engine.cost_estimate("(((1 + 1) + (1 + 1)))", 0, 5_000_000, 1000) == 5_001 * 4 // 16


def test_plans_are_kept_and_the_oldest_goes(store: CountingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def counting(text: str, functions: Mapping[str, Signature]) -> Expr:
        parsed.append(text)
        return parse(text, functions)

    monkeypatch.setattr("barograph.promql.engine.parse", counting)
    monkeypatch.setattr("barograph.promql.engine._PLANS_KEPT", 2)
    engine = engine_over(store)
    for text in ("1", "1", "2", "3", "1"):
        engine.check(text)
    assert parsed == ["1", "2", "3", "1"]


def test_plans_are_kept_by_what_they_take(store: CountingStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.promql.engine._PLANS_BYTES", 100_000)
    engine = engine_over(store)
    for number in range(20):
        engine.check("+".join(f"long_{number}" for _ in range(100)))  # each about as large as the budget
    assert len(engine._plans) == 1
    for number in range(40):
        engine.instant(f"m + {number}", 50_000)
    assert 10 < len(engine._plans) <= 40
    assert engine._plans_bytes == sum(known.size_bytes for known in engine._plans.values())
    for number in range(200):  # what a plan has met counts too
        store.add(Labels.of("n", row=str(number)), [49_500], [1.0])
    for number in range(10):
        engine.instant(f"n + {number}", 50_000)
    assert len(engine._plans) == 1
    assert engine._plans_bytes == sum(known.size_bytes for known in engine._plans.values())


def test_names_that_collide_are_refused_without_reading_everything(store: CountingStore) -> None:
    store.add(Labels.of("n", row="1"), range(0, 100_000, 1000), [1.0] * 100)
    engine = engine_over(store)
    with pytest.raises(ExecutionError, match="same labelset"):
        engine.instant('sum(rate({__name__=~"m|n"}[10s]))', 50_000)
    assert store.selected == 2 + 1  # two series alone, and the labels (which this store takes from a selection)


def test_names_that_collide_only_in_labels_are_no_error(store: CountingStore) -> None:
    store.add(Labels.of("n", row="1"), [49_500], [1.0])  # one sample: rate has no result for it
    value = engine_over(store).instant('rate({__name__=~"m|n"}[10s])', 50_000).value
    assert isinstance(value, StepVector)
    assert value.labels == (Labels.of(row="1"), Labels.of(row="2"))


def test_names_that_collide_in_series_that_are_gone_are_no_error(store: CountingStore) -> None:
    class Ended(CountingStore):
        def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
            return [*super().series(matchers, start_ms, end_ms), Labels.of("n", row="1")]

    ended = Ended()
    ended.add(Labels.of("m", row="1"), range(0, 100_000, 1000), [1.0] * 100)
    ended.add(Labels.of("m", row="1", more="x"), range(0, 100_000, 1000), [1.0] * 100)
    value = engine_over(ended).instant('rate({__name__=~"m|n"}[10s])', 50_000).value
    assert isinstance(value, StepVector)
    assert len(value.labels) == 2


def test_nodes_know_their_place_in_the_text(store: CountingStore) -> None:
    text = "abs(absent(sum_over_time(m[5m])))"
    outer = make_plan(text, parse(text, SIGNATURES)).vector
    assert isinstance(outer, PointwiseCall)
    absent = outer.arguments.vectors[0]
    assert isinstance(absent, VectorCall)
    spans = [outer.span, absent.span, absent.arguments.vectors[0].span]
    assert [text[span.start : span.end] for span in spans] == [text, text[4:-1], "sum_over_time(m[5m])"]


def test_rows_of_a_range_query_are_ordered_by_labels_after_labels_changed(store: CountingStore) -> None:
    text = 'label_replace(m, "a", "second", "row", "1") or label_replace(m, "a", "first", "row", "2")'
    value = engine_over(store).range('label_replace(m, "row", "0", "row", "2")', 0, 1000, 1000).value
    assert isinstance(value, StepVector)
    assert [one.get("row") for one in value.labels] == ["0", "1"]
    assert value.values[:, 1].tolist() == [2.0, 1.0]
    assert engine_over(store).check(text) is ValueType.VECTOR


def test_times_are_those_of_the_steps(store: CountingStore) -> None:
    result = engine_over(store).range("m", 0, 2500, 1000)
    assert result.times_ms.tolist() == [0, 1000, 2000]
    assert result.times_ms.dtype == np.int64


def test_the_configuration_in_use_is_told(store: CountingStore) -> None:
    config = QueryConfig(max_series=7)
    assert engine_over(store, config).config is config
