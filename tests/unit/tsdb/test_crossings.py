import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from barograph.model.crossings import Limit
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import ABSENT, STALE
from barograph.model.units import Duration
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.value import StepVector
from barograph.tsdb.crossings import HeadCrossings
from barograph.tsdb.reader import StoreReader
from helpers.clock import FakeClock
from unit.tsdb.stores import SMALL, T0, Kit, batch_of, schema_of

LOOKBACK_MS = 5000
NAME = Matcher("__name__", MatchOp.EQUAL, "m")


def limit(operator: str, value: float, *series: str) -> Limit:
    chosen = (Matcher("i", MatchOp.REGEX, "|".join(series)),) if series else ()
    return Limit(matchers=(NAME, *chosen), operator=operator, value=value)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    made = Kit(tmp_path / "data", SMALL)
    yield made
    made.store.close()


def ask(kit: Kit, second: float, *limits: Limit, crossings: HeadCrossings | None = None) -> list[bool]:
    found = crossings or HeadCrossings(kit.reader())
    return [each is None or bool(each) for each in found.crossed(limits, T0 + round(1000 * second), LOOKBACK_MS)]


def test_each_operator_is_asked_of_each_series(kit: Kit) -> None:
    kit.tick(schema_of("a", "b"), 1, [1, 5])
    limits = [limit(operator, 5) for operator in ("==", "!=", "<", ">", "<=", ">=")]
    assert ask(kit, 1, *limits) == [True, True, True, False, True, True]
    assert ask(kit, 1, limit(">", 4, "a"), limit(">", 4, "b"), limit(">", 0, "nosuch")) == [False, True, False]


def test_a_series_without_a_sample_now_has_the_one_before(kit: Kit) -> None:
    schema = schema_of("a", "b", "c")
    kit.tick(schema, 1, [9, 1, ABSENT])
    kit.tick(schema, 2, [ABSENT, 9, ABSENT])
    assert ask(kit, 2, limit(">", 5, "a"), limit(">", 5, "b"), limit("!=", 0, "c")) == [True, True, False]
    # five seconds on, the sample is too old
    kit.tick(schema, 6, [ABSENT, 1, ABSENT])
    assert ask(kit, 6, limit(">", 5, "a"), limit(">", 5, "b")) == [False, False]


def test_a_series_that_has_ended_crosses_nothing(kit: Kit) -> None:
    schema = schema_of("a", "b")
    kit.tick(schema, 1, [9, 1])
    kit.tick(schema, 2, [STALE, 1])
    assert ask(kit, 2, limit("!=", 0, "a")) == [False]
    kit.tick(schema, 3, [ABSENT, 1])
    assert ask(kit, 3, limit("!=", 0, "a")) == [False]


def test_a_source_that_is_silent_is_looked_at_as_long_as_the_lookback(kit: Kit) -> None:
    kit.tick(schema_of("a"), 1, [9])
    assert ask(kit, 5.999, limit(">", 5)) == [True]
    assert ask(kit, 6, limit(">", 5)) == [False]


def test_an_instant_before_the_newest_row(kit: Kit) -> None:
    for second, value in ((1, 9), (2, 1), (3, 9)):
        kit.tick(schema_of("a"), second, [value])
    assert [ask(kit, second, limit(">", 5)) for second in (0.5, 1, 2.5, 3)] == [[False], [True], [False], [True]]


def test_series_that_join_are_seen(kit: Kit) -> None:
    kit.tick(schema_of("a"), 1, [1])
    crossings, limits = HeadCrossings(kit.reader()), (limit(">", 5),)
    assert ask(kit, 1, *limits, crossings=crossings) == [False]
    kit.store.append(batch_of(schema_of("b"), 1, [9], "other"), own=True)
    crossings = HeadCrossings(kit.reader())
    assert ask(kit, 1, *limits, crossings=crossings) == [True]
    kit.tick(schema_of("a", "c"), 2, [1, 9])
    assert ask(kit, 2, limit(">", 5, "c"), crossings=crossings) == [True]
    assert ask(kit, 2, limit(">", 5, "c"), crossings=crossings) == [True]


def test_late_rows_are_left_to_others(kit: Kit) -> None:
    kit.tick(schema_of("a", "b"), 1, [1, 1])
    kit.tick(schema_of("a", "b"), 3, [1, 1])
    kit.store.append(batch_of(schema_of("a"), 2, [9]))
    assert ask(kit, 3, limit(">", 5, "a"), limit(">", 5, "b")) == [True, False]
    kit.tick(schema_of("a", "b"), 9, [1, 1])
    assert ask(kit, 9, limit(">", 5, "a")) == [False]


def test_while_files_may_have_what_the_head_has_not_nothing_is_certain(kit: Kit) -> None:
    kit.tick(schema_of("a"), 1, [1])
    kit.store.close()
    kit.store = Kit(kit.folder, SMALL).store
    reader = StoreReader(kit.folder, SMALL)
    assert HeadCrossings(reader).crossed((limit(">", 5),), T0 + 1000, LOOKBACK_MS) == [None]
    assert HeadCrossings(reader).crossed((limit(">", 5),), T0 + 7000, LOOKBACK_MS) == [()]


def test_who_crosses_is_told_with_the_value(kit: Kit) -> None:
    schema = schema_of("a", "b", "c")
    kit.tick(schema, 1, [9, 1, 7])
    asked = (limit(">", 5), limit(">", 5, "b"), limit("<", 5, "b", "c"))
    (both, none, low) = HeadCrossings(kit.reader()).crossed(asked, T0 + 1000, LOOKBACK_MS)
    assert [(labels.get("i"), value) for labels, value in both or ()] == [("a", 9), ("c", 7)]
    assert (list(none or ()), [(labels.get("i"), value) for labels, value in low or ()]) == ([], [("b", 1)])


def test_many_series_of_one_limit_are_left_to_others(kit: Kit) -> None:
    names = [f"s{number}" for number in range(40)]
    kit.tick(schema_of(*names), 1, [9.0] * 40)
    asked = (limit(">", 5), limit(">", 5, "s1"), limit(">", 10))
    (many, one, none) = HeadCrossings(kit.reader()).crossed(asked, T0 + 1000, LOOKBACK_MS)
    assert many is None
    assert len(one or ()) == 1
    assert none == ()


def test_a_series_of_two_sources_is_left_to_others(kit: Kit) -> None:
    kit.tick(schema_of("a", "b"), 1, [9, 9])
    kit.store.append(batch_of(schema_of("a"), 2, [1], "other"), own=True)
    asked = (limit(">", 5, "a"), limit(">", 5, "b"), limit(">", 10))
    (mixed, alone, none) = HeadCrossings(kit.reader()).crossed(asked, T0 + 2000, LOOKBACK_MS)
    assert mixed is None
    assert [value for _, value in alone or ()] == [9]
    assert none == ()


SAMPLES = st.lists(st.sampled_from((ABSENT, STALE, 0.0, 1.0, 2.0, np.nan)), min_size=3, max_size=3)
CHOSEN: tuple[tuple[str, ...], ...] = (("a",), ("c",), ("b", "d"), ())
LIMITS = tuple(limit(operator, 1, *series) for operator in (">=", "<", "!=") for series in CHOSEN)


@given(
    rows=st.lists(st.tuples(st.sampled_from(("host", "other")), SAMPLES), min_size=1, max_size=6),
    at=st.integers(0, 12),
)
@settings(max_examples=60)
def test_what_is_certain_is_what_the_engine_gives(rows: list[tuple[str, list[float]]], at: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kit = Kit(Path(folder) / "data", SMALL)
        schemas = {"host": schema_of("a", "b", "c"), "other": schema_of("c", "d", "e")}
        for second, (source, values) in enumerate(rows, 1):
            kit.store.append(batch_of(schemas[source], second, values, source), own=True)
        engine = Engine(kit.reader(), QueryConfig(lookback=Duration.parse("5s")), FakeClock())
        found = HeadCrossings(kit.reader()).crossed(LIMITS, T0 + 1000 * at, LOOKBACK_MS)
        for each, hits in zip(LIMITS, found, strict=True):
            selector = "{" + ",".join(str(matcher) for matcher in each.matchers) + "}"
            value = engine.instant(f"{selector} {each.operator} {each.value}", T0 + 1000 * at).value
            assert isinstance(value, StepVector)
            expected = {str(labels): row[0] for labels, row in zip(value.labels, value.values, strict=True)}
            if hits is not None:
                assert len(hits) == len(expected)
                np.testing.assert_equal({str(labels): number for labels, number in hits}, expected)
        kit.store.close()
