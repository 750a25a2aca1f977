"""Metric names: dropped at once, or at the end."""

import pytest

from barograph.model.errors import ExecutionError
from barograph.model.labels import Labels
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.naming import is_label_name, quoted
from barograph.promql.value import StepVector
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    store.add(Labels.of("a", x="1"), [0, 1000, 2000], [1.0, 2.0, 3.0])
    store.add(Labels.of("b", x="1"), [0, 1000, 2000], [1.0, 3.0, 5.0])
    store.add(Labels.of("late", x="1"), [10_000, 11_000], [1.0, 2.0])
    return store


def instant(store: MemoryStore, text: str, at_ms: int = 2000, *, delayed: bool = False) -> dict[str, float]:
    engine = Engine(store, QueryConfig(delayed_name_removal=delayed), FakeClock())
    value = engine.instant(text, at_ms).value
    assert isinstance(value, StepVector)
    return {str(labels): float(value.values[row, 0]) for row, labels in enumerate(value.labels)}


def test_a_function_drops_the_name_at_once(store: MemoryStore) -> None:
    assert instant(store, "abs(a)") == {'{x="1"}': 3.0}
    assert instant(store, "-a") == {'{x="1"}': -3.0}
    assert instant(store, "a > bool 1") == {'{x="1"}': 1.0}
    assert instant(store, "last_over_time(a[1m])") == {'a{x="1"}': 3.0}


@pytest.mark.parametrize("text", ["abs({__name__=~'a|b'})", "sum by (__name__) (rate({__name__=~'a|b'}[10s]))"])
def test_names_that_told_series_apart_are_missed(store: MemoryStore, text: str) -> None:
    with pytest.raises(ExecutionError, match="vector cannot contain metrics with the same labelset"):
        instant(store, text)


def test_a_delayed_name_can_still_be_grouped_by_and_goes_with_the_group(store: MemoryStore) -> None:
    rates = "rate({__name__=~'a|b'}[10s])"
    found = instant(store, f"label_replace(sum by (__name__) ({rates}), 'n', '$1', '__name__', '(.*)')", delayed=True)
    assert found == {'{n="a"}': pytest.approx(0.25), '{n="b"}': pytest.approx(0.5)}
    with pytest.raises(ExecutionError, match="same labelset"):
        instant(store, f"sum by (__name__) ({rates})", delayed=True)
    # one row that loses its name is enough
    assert instant(store, "max by (__name__) (a or ignoring(x) abs(b))", delayed=True) == {"a": 3.0}
    assert instant(store, "max by (__name__) (a or on(y) label_replace(-a, 'y', '1', '', ''))", delayed=True) == {
        "{}": 3.0
    }


@pytest.mark.parametrize("delayed", [False, True])
def test_operators_between_vectors_keep_replace_or_drop_the_name(store: MemoryStore, delayed: bool) -> None:
    def labels(text: str) -> list[str]:
        return list(instant(store, text, delayed=delayed))

    assert labels("a == on(x, __name__) a") == ['a{x="1"}']
    assert labels("a == bool a") == ['{x="1"}']
    assert labels("a + on(x, __name__) a") == ['{x="1"}']
    assert labels("a * on(x) group_left(__name__) label_replace(a, '__name__', 'c', '', '')") == ['c{x="1"}']
    assert labels("a == bool on(x) group_left(__name__) a") == ['{x="1"}']


def test_a_delayed_name_goes_at_the_end(store: MemoryStore) -> None:
    assert instant(store, "abs(a)", delayed=True) == {'{x="1"}': 3.0}
    assert instant(store, "a + a", delayed=True) == {'{x="1"}': 6.0}
    assert instant(store, "topk(1, abs(a))", delayed=True) == {'{x="1"}': 3.0}
    assert instant(store, "label_replace(abs(a), 'y', '2', '', '')", delayed=True) == {'{x="1", y="2"}': 3.0}
    assert instant(store, "label_replace(abs(a), '__name__', 'c', '', '')", delayed=True) == {'c{x="1"}': 3.0}
    with pytest.raises(ExecutionError, match="same labelset"):
        instant(store, "abs({__name__=~'a|b'})", delayed=True)


def test_series_that_follow_each_other_become_one(store: MemoryStore) -> None:
    engine = Engine(store, QueryConfig(), FakeClock())
    value = engine.range("abs({__name__=~'a|late'})", 0, 12_000, 2000, lookback_ms=2000).value
    assert isinstance(value, StepVector)
    assert value.labels == (Labels.of(x="1"),)
    assert value.present is not None
    assert value.present[0].tolist() == [True, True, False, False, False, True, True]
    assert value.values[0][value.present[0]].tolist() == [1.0, 3.0, 1.0, 2.0]


def test_any_text_names_a_label_but_the_empty_one_and_broken_utf_8() -> None:
    assert is_label_name("größe")
    assert not is_label_name("")
    assert not is_label_name("a\udcff")
    assert quoted('a"\udcc5z') == '"a\\"\\xc5z"'
