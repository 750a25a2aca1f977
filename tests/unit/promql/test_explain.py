import msgspec
import pytest

from barograph.model.labels import Labels
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.explain import ExplainedNode
from helpers.clock import FakeClock
from helpers.memory_store import MemoryStore


@pytest.fixture
def engine() -> Engine:
    store = MemoryStore()
    for name, count in (("m", 3), ("other", 1)):
        for row in range(count):
            labels = Labels.of(name, row=str(row))
            store.add(labels, range(0, 200_000, 1000), [float(n) for n in range(200)])
    store.widths_ms = (60_000,)
    return Engine(store, QueryConfig(), FakeClock())


def tree(node: ExplainedNode) -> list[object]:
    """Each part's text, series and points, and below it its children's."""
    return [node.text, node.series, node.points, *(tree(child) for child in node.children)]


def test_nothing_is_taken_down_where_nobody_asked(engine: Engine) -> None:
    assert engine.instant("m", 100_000).explained is None


def test_each_part_says_what_it_gave(engine: Engine) -> None:
    text = "sum(rate(m[10s])) / on() other and vector(1)"
    found = engine.range(text, 100_000, 150_000, 10_000, explain=True).explained
    assert found is not None
    assert tree(found.children[0]) == [
        text, 1, 6,
        ["sum(rate(m[10s])) / on() other", 1, 6,
         ["sum(rate(m[10s]))", 1, 6, ["rate(m[10s])", 3, 18, ["m[10s]", 3, 180]]],
         ["other", 1, 6]],
        ["vector(1)", 1, 6],
    ]  # fmt: skip
    assert (found.text, found.steps, found.series, found.points) == (text, 6, 1, 6)


def test_reads_stand_with_the_part_that_made_them(engine: Engine) -> None:
    found = engine.range("max_over_time(m[20s]) + m", 100_000, 150_000, 10_000, explain=True).explained
    assert found is not None
    (binary,) = found.children
    call, instant = binary.children
    (read,) = call.children[0].reads
    assert (read.selector, read.start_ms, read.end_ms) == ('{__name__="m"}', 80_001, 150_000)
    assert (read.series, read.samples, read.tier_ms) == (3, 3 * 70, 0)
    assert [one.selector for one in instant.reads] == ['{__name__="m"}']
    assert not binary.reads
    assert not call.reads


def test_buckets_are_told_from_samples(engine: Engine) -> None:
    found = engine.instant("max_over_time(m[12h])", 180_000, explain=True).explained
    assert found is not None
    (selector,) = found.children[0].children
    assert [read.tier_ms for read in selector.reads] == [60_000]


def test_a_subquery_is_evaluated_at_its_own_steps(engine: Engine) -> None:
    found = engine.instant("max_over_time(m[60s:10s])", 180_000, explain=True).explained
    assert found is not None
    (subquery,) = found.children[0].children
    assert (subquery.steps, subquery.children[0].steps, subquery.children[0].points) == (1, 6, 18)


def test_it_survives_the_wire(engine: Engine) -> None:
    found = engine.instant("sum(m)", 180_000, explain=True).explained
    assert msgspec.json.decode(msgspec.json.encode(found), type=ExplainedNode) == found
