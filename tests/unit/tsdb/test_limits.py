from pathlib import Path

import pytest

from barograph.model.labels import Labels
from barograph.tsdb.config import LimitsConfig, StoreConfig
from barograph.tsdb.limits import SeriesLimits
from helpers.clock import FakeClock
from unit.tsdb.stores import T0, Kit, labels_of, samples_of, schema_of


def small(**limits: int) -> StoreConfig:
    return StoreConfig(fold_ticks=10, ring_slots=80, limits=LimitsConfig(**limits))


def seconds_of(kit: Kit) -> dict[str, list[int]]:
    found = samples_of(kit.reader().select([], 0, 1 << 60))
    return {name[5:-2]: sorted(samples) for name, samples in found.items()}


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (
            Labels.of("m", **{f"l{i}": "x" for i in range(4)}),
            "more than 4 labels; raise store.limits.labels_per_series",
        ),
        (Labels.of("m", n123456789="x"), "more than 9 bytes; raise store.limits.label_name_bytes"),
        (Labels.of("m", n="\u00e9" * 6), "more than 11 bytes; raise store.limits.label_value_bytes"),
    ],
)
def test_large_labels_are_refused_with_the_setting(labels: Labels, said: str) -> None:
    config = LimitsConfig(labels_per_series=4, label_name_bytes=9, label_value_bytes=11)
    limits = SeriesLimits(config, FakeClock())
    assert limits.admit([labels_of("x"), labels, labels], 0) == [True, False, False]
    assert limits.refused == 2
    (notice,) = limits.take_notices()
    assert notice == f"2 new series refused, such as {labels}: {notice.partition(': ')[2]}"
    assert said in notice
    assert limits.take_notices() == []


def test_existing_series_never_suffer_from_new_ones(tmp_path: Path) -> None:
    kit = Kit(tmp_path, small(max_series=3))
    kit.tick(schema_of("a", "b"), 0, [1, 2])
    kit.tick(schema_of("z", "a", "y", "b", "x"), 1, [9, 1, 8, 2, 7])
    kit.tick(schema_of("b", "y", "a"), 2, [2, 8, 1])
    assert seconds_of(kit) == {"a": [0, 1, 2], "b": [0, 1, 2], "z": [1, 2]}, "z ends with a stale marker"
    assert kit.store.stats.refused_series == 3
    notices = kit.store.take_notices()
    assert "3 series are held already; raise store.limits.max_series" in notices[0]
    values = kit.reader().select([], 0, 1 << 60).groups[0]
    row = [labels.get("i") for labels in values.labels].index("b")
    assert values.values[row].tolist() == [2.0, 2.0, 2.0]
    kit.store.close()


def test_what_came_too_fast_is_taken_a_minute_later(tmp_path: Path) -> None:
    kit = Kit(tmp_path, small(new_series_per_minute=2))
    schema = schema_of("a", "b", "c", "d", "e")
    for second in range(130):
        kit.tick(schema, second, range(5))
        kit.clock.advance(1.0)
    assert {name: found[0] for name, found in seconds_of(kit).items()} == {"a": 0, "b": 0, "c": 60, "d": 60, "e": 120}
    assert "2 new series came within a minute" in kit.store.take_notices()[0]
    kit.store.close()


def test_what_is_stored_is_taken_back_whatever_the_limits_are_now(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.tick(schema_of("a", "b", "c"), 0, [1, 2, 3])
    kit.store._files.close()  # as a crash does
    again = Kit(tmp_path, small(max_series=1))
    again.tick(schema_of("a", "b", "c"), 1, [1, 2, 3])
    assert seconds_of(again) == {"a": [0, 1], "b": [0, 1], "c": [0, 1]}
    again.store.close()


def test_series_that_are_refused_when_dead_ones_are_dropped_leave_the_others_as_they_are(tmp_path: Path) -> None:
    kit = Kit(tmp_path, small(new_series_per_minute=4))
    kit.tick(schema_of("a", "b", "c", "d"), 0, [1, 2, 3, 4])
    only_a = schema_of("a")
    for second in range(1, 90):
        kit.tick(only_a, second, [1000 + second])
        kit.clock.advance(0.1)
    reader = kit.reader()
    # b, c and d have no sample in the ring any more; their places are given up, and nobody is let in for them
    churned = schema_of("a", "x")
    for second in range(90, 95):
        kit.tick(churned, second, [1000 + second, 7])
    assert kit.segments.current is not None
    reader.attach(kit.segments.current.buffer)
    found = reader.select([], 90_000 + T0, 1 << 60)
    assert [group.values.tolist() for group in found.groups] == [[[1090.0, 1091.0, 1092.0, 1093.0, 1094.0]]]
    reader.close()
    kit.store.close()
