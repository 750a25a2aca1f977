import numpy as np

from barograph.ingest.join import Join
from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE
from helpers.collecting import bits, schema_of

LABELS = {"job": "node", "instance": "here"}


def part(schema: Schema, *values: float) -> Batch:
    return Batch("part", schema, 0, np.array(values))


def names(batch: Batch) -> list[str]:
    return [labels.name for labels in batch.schema.series]


def test_parts_stand_side_by_side_and_up_comes_last() -> None:
    batch = Join("host/1s", LABELS, with_up=True).batch(
        7000, [part(schema_of("a", "b"), 1, 2), part(schema_of("c"), 3)]
    )
    assert (batch.source, batch.timestamp_ms) == ("host/1s", 7000)
    assert names(batch) == ["a", "b", "c", "up"]
    assert batch.values.tolist() == [1, 2, 3, 1]
    assert [batch.schema.families[i].name for i in batch.schema.family_of] == ["a", "b", "c", "up"]


def test_every_series_carries_the_labels_of_the_source() -> None:
    family = Family("a", MetricType.COUNTER, "")
    schema = Schema((family,), (Labels.of("a", cpu="0"),), (0,))
    batch = Join("host/1s", LABELS, with_up=True).batch(0, [part(schema, 1)])
    assert [str(labels) for labels in batch.schema.series] == [
        'a{cpu="0", instance="here", job="node"}',
        'up{instance="here", job="node"}',
    ]


def test_families_of_all_parts_are_kept_once_each() -> None:
    batch = Join("host/1s", LABELS, with_up=False).batch(0, [part(schema_of("a", "b"), 1, 2), part(schema_of("a"), 3)])
    assert [family.name for family in batch.schema.families] == ["a", "b"]
    assert batch.schema.family_of == (0, 1, 0)


def test_only_one_of_several_sources_has_up() -> None:
    batch = Join("host/15s", LABELS, with_up=False).batch(0, [part(schema_of("a"), 7)])
    assert names(batch) == ["a"]
    assert batch.values.tolist() == [7]


def test_the_schema_object_stays_while_the_parts_schemas_do() -> None:
    join, a, c = Join("host/1s", LABELS, with_up=True), schema_of("a"), schema_of("c")
    first = join.batch(0, [part(a, 1), part(c, 2)])
    second = join.batch(1000, [part(a, 3), part(c, 4)])
    assert second.schema is first.schema
    assert second.values.tolist() == [3, 4, 1]
    assert join.batch(2000, [part(schema_of("a"), 3), part(c, 4)]).schema is not first.schema


def test_a_part_that_gives_nothing_ends_its_series_once_and_is_absent_then() -> None:
    join, a, c = Join("host/1s", LABELS, with_up=True), schema_of("a"), schema_of("c")
    first = join.batch(0, [part(a, 1), part(c, 2)])
    assert bits(join.batch(1000, [None, part(c, 3)]).values) == bits([STALE, 3, 1])
    third = join.batch(2000, [None, part(c, 4)])
    assert bits(third.values) == bits([ABSENT, 4, 1])
    assert third.schema is first.schema
    assert join.batch(3000, [part(a, 9), part(c, 5)]).values.tolist() == [9, 5, 1]


def test_up_falls_when_nothing_came() -> None:
    join = Join("host/1s", LABELS, with_up=True)
    assert join.batch(0, [part(schema_of("a"), 1)]).values[-1] == 1
    assert join.batch(1000, [None]).values[-1] == 0


def test_parts_that_never_came_are_not_there() -> None:
    join = Join("host/1s", LABELS, with_up=True)
    assert names(join.batch(0, [None, None])) == ["up"]
    assert names(join.batch(1000, [None, part(schema_of("c"), 2)])) == ["c", "up"]


def test_a_part_that_ends_while_another_changes_still_gets_its_marker() -> None:
    join = Join("host/1s", LABELS, with_up=True)
    join.batch(0, [part(schema_of("a"), 1), part(schema_of("c"), 2)])
    batch = join.batch(1000, [None, part(schema_of("c", "d"), 2, 3)])
    assert names(batch) == ["a", "c", "d", "up"]
    assert bits(batch.values) == bits([STALE, 2, 3, 1])


def test_a_source_that_is_given_up_ends_every_series() -> None:
    join = Join("host/1s", LABELS, with_up=True)
    first = join.batch(0, [part(schema_of("a"), 1)])
    last = join.end(1000)
    assert (last.source, last.timestamp_ms, last.schema) == ("host/1s", 1000, first.schema)
    assert bits(last.values) == bits([STALE, STALE])
