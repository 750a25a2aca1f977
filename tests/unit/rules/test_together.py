from collections.abc import Sequence
from pathlib import Path

import pytest

from barograph.model.alert import AlertPhase
from barograph.model.errors import QueryTimeoutError
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.series import SelectHints, SeriesSet
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.promql.partition import Part, part_of
from barograph.promql.plan import make_plan
from barograph.rules.together import Together, put_together
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore
from helpers.rules import RuleWorld


class CountingStore(MemoryStore):
    """Counts selections."""

    selected = 0

    def select(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int, hints: SelectHints | None = None
    ) -> SeriesSet:
        self.selected += 1
        return super().select(matchers, start_ms, end_ms, hints)


@pytest.fixture
def store() -> CountingStore:
    made = CountingStore()
    for number in range(40):
        made.add(Labels.of("m", i=str(number), g="x"), [0, 1000], [0.0, float(number)])
    return made


def part(text: str) -> Part:
    found = part_of(make_plan(text, parse(text, SIGNATURES)))
    assert found is not None
    return found


def engine_over(store: MemoryStore, config: QueryConfig | None = None) -> Engine:
    return Engine(store, config or QueryConfig(), FakeClock())


def names(found: list[Sequence[tuple[Labels, float]]] | None) -> list[list[tuple[str, float]]] | None:
    return found if found is None else [[(str(labels), value) for labels, value in hits] for hits in found]


def test_one_evaluation_serves_all(store: CountingStore) -> None:
    together = Together(tuple(part(f'abs(m{{i="{number}"}}) > 2') for number in range(5)))
    engine = engine_over(store)
    for _ in range(2):
        found = names(together.hits(engine, 1000, 10.0, {}))
        assert found == [[], [], [], [('{g="x", i="3"}', 3.0)], [('{g="x", i="4"}', 4.0)]]
    assert store.selected == 2


def test_a_series_that_comes_is_found(store: CountingStore) -> None:
    together = Together((part('abs(m{i="39"}) > 2'), part('abs(m{i="40"}) > 2')))
    engine = engine_over(store)
    assert names(together.hits(engine, 1000, 10.0, {})) == [[('{g="x", i="39"}', 39.0)], []]
    store.add(Labels.of("m", i="40"), [1000], [7.0])
    assert names(together.hits(engine, 1000, 10.0, {})) == [[('{g="x", i="39"}', 39.0)], [('{i="40"}', 7.0)]]


def test_labels_that_results_do_not_have_are_taken_off(store: CountingStore) -> None:
    together = Together((part('sum by (g) (m{i="3"})'), part('sum by (g) (m{i="4"})')))
    assert names(together.hits(engine_over(store), 1000, 10.0, {})) == [[('{g="x"}', 3.0)], [('{g="x"}', 4.0)]]


def test_far_more_rows_than_are_wanted_are_not_worth_it() -> None:
    store = CountingStore()
    for i in range(30):
        for g in range(30):
            store.add(Labels.of("m", i=str(i), g=str(g)), [1000], [1.0])
    # a series each of a grid that is the square of them
    together = Together(tuple(part(f'abs(m{{i="{n}", g="{n}"}}) > 0') for n in range(30)))
    engine = engine_over(store)
    assert together.hits(engine, 1000, 10.0, {}) is None
    selected = store.selected
    assert together.hits(engine, 1000, 10.0, {}) is None
    assert store.selected == selected, "is not tried again at once"


def test_what_cannot_be_evaluated_together_rests(store: CountingStore) -> None:
    together = Together((part('abs(m{i="3"}) > 2'), part('abs(m{i="4"}) > 2')))
    few = engine_over(store, QueryConfig(max_series=1))
    assert together.hits(few, 1000, 10.0, {}) is None
    assert store.selected == 1
    assert together.hits(few, 1000, 10.0, {}) is None
    assert store.selected == 1


def test_without_time_each_is_left_to_itself_but_not_for_long(
    store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = Together((part('abs(m{i="3"}) > 2'), part('abs(m{i="4"}) > 2')))
    engine = engine_over(store)

    def late(*_: object, **__: object) -> None:
        raise QueryTimeoutError("out of time")

    with monkeypatch.context() as patch:
        patch.setattr(engine, "instant_of", late)
        assert together.hits(engine, 1000, 0.0, {}) is None
    assert together.hits(engine, 1000, 10.0, {}) is not None


def test_only_what_has_company_is_put_together() -> None:
    parts = [part("abs(m) > 1"), None, part('rate(m{i="a"}[5m])'), part("abs(m) > 2"), part("abs(m) < 2")]
    found = put_together(parts)
    assert sorted(found) == [0, 3]
    assert found[0][0] is found[3][0]
    assert (found[0][1], found[3][1]) == (0, 1)


def test_each_rule_tells_its_own_mistake(tmp_path: Path) -> None:
    world = RuleWorld(tmp_path / "data")
    world.load("""
groups:
- name: g
  rules:
  - {alert: A, expr: 'm{i="a"} * on () n{i="a"} > 1'}
  - {alert: B, expr: 'm{i="b"} * on () n{i="b"} > 1'}
  - {record: n, expr: 'label_replace(m, "k", "1", "", "")'}
  - {record: n, expr: 'label_replace(m{i="b"}, "k", "2", "", "")'}
""")
    for _ in range(3):
        world.tick({"a": 2.0, "b": 2.0})
    first, second, *_ = (runnable.rule for runnable in world.runner.groups[0].rules)
    assert first.status.last_error == ""
    assert "many-to-many" in second.status.last_error
    assert [(str(one.labels), one.phase) for one in world.sink.changes] == [('{alertname="A"}', AlertPhase.FIRING)]
    world.close()
