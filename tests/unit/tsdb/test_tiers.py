from collections.abc import Sequence
from pathlib import Path

import apsw
import numpy as np
import pytest

from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import ABSENT_BITS, STALE_BITS
from barograph.model.tiers import Column
from barograph.tsdb import filenames
from barograph.tsdb.blocks import BlockWriter, Span
from barograph.tsdb.bucketjoining import BucketJoining
from barograph.tsdb.deletion import Deletion, delete
from barograph.tsdb.filenames import DAY_MS, day_block
from barograph.tsdb.reader import StoreReader
from helpers.tier_world import DAY, HOUR, MINUTE, World, all_columns, check, labels_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Half an hour across midnight: a counter with a reset, a gauge, a constant; and another source."""
    world = World(tmp_path, start_ms=DAY + DAY_MS - 15 * MINUTE)
    start = DAY + DAY_MS - 15 * MINUTE
    for second in range(30 * 60):
        at_ms = start + second * 1000
        world.tick(at_ms, [float(second if second < 1000 else second - 1000), 20.5 - second % 7, 5.0])
        if second % 15 == 0:
            world.tick(at_ms + 300, [second / 10], source="b/15s")
        world.store.maintain(1e9)
    return world


def test_tiers_are_made_when_the_day_is_over(world: World) -> None:
    assert world.store.stats.tier_days == 1
    world.end_day()
    names = [name.file_name for name in filenames.block_names(world.folder) if name.tier]
    assert names == ["blocks-1h-202311.db", "blocks-1m-202311.db"]
    assert world.store.stats.tier_days == 2
    assert world.store.stats.tiers_rebuilt == 0


@pytest.mark.parametrize("width_ms", [MINUTE, HOUR])
@pytest.mark.parametrize("dropped", [0, 1, 2])
def test_buckets_are_those_of_the_samples_whatever_they_come_from(world: World, width_ms: int, dropped: int) -> None:
    middle = DAY + DAY_MS
    before = all_columns(world.reader(), DAY, middle + DAY_MS, width_ms)
    check(before, world.samples, DAY, middle + DAY_MS)
    world.end_day()
    world.store.close()
    for day in (DAY, middle)[:dropped]:
        (world.folder / day_block(day).file_name).unlink()
    reader = StoreReader(world.folder, world.config)
    for start, end in ((DAY, middle + DAY_MS), (middle - HOUR, middle), (middle, middle + HOUR)):
        answer = all_columns(reader, start, end, width_ms)
        check(answer, world.samples, start, end)
        assert (answer.coarse_until_ms, answer.warnings) == (0, ())
        assert answer.samples_read < 2000
    reader.close()


@pytest.mark.parametrize("ahead", [False, True])
def test_late_samples_are_seen_before_and_after_the_tier_is_made_anew(world: World, *, ahead: bool) -> None:
    world.end_day()
    reader = world.reader()
    check(all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE), world.samples, DAY, DAY + 2 * DAY_MS)
    late_ms = DAY + DAY_MS - 5 * MINUTE + 500
    world.tick(late_ms, [7.0, 8.0, 9.0])
    world.tick(DAY + DAY_MS, [70.0, 8.0, 9.0])
    assert world.segments.current is not None
    reader.attach(world.segments.current.buffer)
    check(all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE), world.samples, DAY, DAY + 2 * DAY_MS)
    if ahead:
        # the files are known as they were before the fold then
        world.store._head.raise_fold_generation(0)
        assert reader.is_behind
        reader._is_reading_ahead = True
    world.store._upkeep.fold_now()
    check(all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE), world.samples, DAY, DAY + 2 * DAY_MS)
    if ahead:
        assert reader.is_behind
        reader._is_reading_ahead = False
    world.keep_up()
    answer = all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE)
    check(answer, world.samples, DAY, DAY + 2 * DAY_MS)
    assert world.store.stats.tiers_rebuilt == 4
    assert answer.samples_read < 2000
    reader.close()
    world.store.close()


def test_a_question_under_way_while_a_tier_is_made_anew_is_no_damage(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.end_day()
    reader = world.reader()
    write_spans, slice_ms = BlockWriter.write_spans, BucketJoining.slice_ms
    moments: list[str] = []

    def look_before_write(writer: BlockWriter, spans: Sequence[Span], replaced: Sequence[int]) -> None:
        if replaced and moments == ["planned"]:
            moments.append("looked")
            world.store._head.raise_fold_generation(0)  # a fold of today, say
            reader.catch_up()
        write_spans(writer, spans, replaced)

    def begin_late(joining: BucketJoining, series: int) -> int:
        if not moments:
            moments.append("planned")
            world.tick(DAY + DAY_MS - 5 * MINUTE + 500, [7.0, 8.0, 9.0])
            assert world.segments.current is not None
            reader.attach(world.segments.current.buffer)
            world.store._upkeep.fold_now()
            world.keep_up()
        return slice_ms(joining, series)

    monkeypatch.setattr(BlockWriter, "write_spans", look_before_write)
    monkeypatch.setattr(BucketJoining, "slice_ms", begin_late)
    answer = all_columns(reader, DAY, DAY + DAY_MS, MINUTE)
    assert moments == ["planned", "looked"]
    assert (answer.warnings, reader.damaged) == ((), 0)
    check(answer, world.samples, DAY, DAY + DAY_MS)
    reader.close()
    world.store.close()


def test_where_only_hours_are_left_minutes_are_coarse(world: World) -> None:
    middle = DAY + DAY_MS
    world.end_day()
    world.store.close()
    for name in ("blocks-1m-202311.db", day_block(DAY).file_name):
        (world.folder / name).unlink()
    reader = StoreReader(world.folder, world.config)
    answer = reader.select_buckets([], DAY, middle + DAY_MS, MINUTE, [Column.COUNT, Column.SUM])
    first = min(int(group.ends_ms[0]) for group in answer.groups)
    assert (first, answer.coarse_until_ms) == (middle, middle)
    assert answer.warnings == (
        "up to 2023-11-15 00:00:00 UTC only buckets of 1h are kept, coarser than the 1m asked for",
    )
    hours = reader.select_buckets([], DAY, middle + DAY_MS, HOUR, list(Column))
    check(hours, world.samples, DAY, middle + DAY_MS)
    assert (hours.coarse_until_ms, hours.warnings) == (0, ())
    reader.close()


def test_where_samples_are_gone_the_newest_of_each_bucket_stands_for_them(world: World) -> None:
    middle = DAY + DAY_MS
    whole = world.reader().select([], 0, 1 << 60)
    assert (whole.thinned_until_ms, whole.warnings) == (0, ())
    world.end_day()
    world.store.close()
    (world.folder / day_block(DAY).file_name).unlink()
    reader = StoreReader(world.folder, world.config)
    answer = reader.select([], middle - 5 * MINUTE, middle + MINUTE)
    assert answer.thinned_until_ms == middle - 1000
    (warning,) = answer.warnings
    assert warning.startswith("up to 2023-11-14 23:59:59 UTC samples are gone, and the newest one of every 1m")
    for group in answer.groups:
        for labels, row in zip(group.labels, group.values.view(np.uint64), strict=True):
            known = world.samples[labels]
            kept = {
                int(at): bits
                for at, bits in zip(group.timestamps_ms.tolist(), row.tolist(), strict=True)
                if bits != ABSENT_BITS
            }
            expected = {at: bits for at, bits in known.items() if middle <= at <= middle + MINUTE}
            for end in range(middle - 4 * MINUTE, middle + 1, MINUTE):
                newest = max(at for at in known if end - MINUTE < at < min(end + 1, middle))
                expected[newest] = known[newest]
            if middle - 5 * MINUTE in known:
                expected[middle - 5 * MINUTE] = known[middle - 5 * MINUTE]
            assert kept == expected
    assert len(reader.series([], DAY, middle - 1)) == 4
    assert reader.series([], DAY - 2 * DAY_MS, DAY - DAY_MS) == []
    assert reader.label_values("i", [], DAY, middle - 1) == ["0", "1", "2"]
    (world.folder / day_block(middle).file_name).unlink()
    for each in (reader, StoreReader(world.folder, world.config)):
        each._generation = -1
        assert each.newest_ms == middle + 15 * MINUTE
        each.close()


def test_a_series_that_ended_stays_ended_where_only_a_tier_is_left(tmp_path: Path) -> None:
    world = World(tmp_path)
    for second in range(1, 200):
        world.tick(DAY + second * 1000, [1.0, 2.0] if second < 100 else [1.0])
    world.end_day()
    world.store.close()
    (world.folder / day_block(DAY).file_name).unlink()
    reader = StoreReader(world.folder, world.config)
    (group,) = reader.select([], DAY, DAY + DAY_MS).groups
    ended = group.labels.index(labels_of(1))
    found = dict(zip(((group.timestamps_ms - DAY) // 1000).tolist(), group.values[ended], strict=True))
    assert {at for at, value in found.items() if not np.isnan(value)} == {60, 99}
    assert [at for at, value in found.items() if value.view(np.uint64) == STALE_BITS] == [120]
    buckets = reader.select_buckets([], DAY, DAY + HOUR, MINUTE, [Column.STALE]).groups[0]
    assert buckets.columns[Column.STALE][ended].tolist() == [0.0, 1.0, 0.0, 0.0]
    reader.close()


def test_a_width_that_is_not_kept_is_refused(world: World) -> None:
    reader = world.reader()
    assert reader.tier_widths_ms == (MINUTE, HOUR)
    for start, end, width in ((0, HOUR, 5 * MINUTE), (1, HOUR, MINUTE), (0, HOUR + MINUTE, HOUR)):
        with pytest.raises(ValueError, match=f"no tier has buckets of {width} ms"):
            reader.select_buckets([], start, end, width, [Column.COUNT])
    assert reader.select_buckets([], 0, 0, MINUTE, [Column.COUNT]).groups == ()


def test_deletion_leaves_tiers_at_once_and_for_good(world: World) -> None:
    middle = DAY + DAY_MS
    world.end_day()
    reader = world.reader()
    all_columns(reader, DAY, middle + DAY_MS, MINUTE)
    gone = Deletion(selectors=((Matcher("i", MatchOp.EQUAL, "1"),),), start_ms=middle - 90_000, end_ms=middle - 30_000)
    world.store.perform(delete(gone))
    kept = {
        labels: {
            at: bits for at, bits in row.items() if labels.get("i") != "1" or not gone.start_ms <= at <= gone.end_ms
        }
        for labels, row in world.samples.items()
    }
    check(all_columns(reader, DAY, middle + DAY_MS, MINUTE), kept, DAY, middle + DAY_MS)
    world.keep_up()
    answer = all_columns(reader, DAY, middle + DAY_MS, MINUTE)
    check(answer, kept, DAY, middle + DAY_MS)
    assert answer.samples_read < 2000
    reader.close()
    world.store.close()


def test_where_samples_are_gone_deletion_takes_whole_buckets(world: World) -> None:
    middle = DAY + DAY_MS
    world.end_day()
    (world.folder / day_block(DAY).file_name).unlink()
    gone = Deletion(selectors=((Matcher("i", MatchOp.EQUAL, "1"),),), start_ms=middle - 90_000, end_ms=middle - 30_000)
    world.store.perform(delete(gone))
    reader = world.reader()
    groups = reader.select_buckets([], middle - 3 * MINUTE, middle, MINUTE, [Column.COUNT]).groups
    counts = {
        labels: row.tolist()
        for group in groups
        for labels, row in zip(group.labels, group.columns[Column.COUNT], strict=True)
    }
    assert counts[labels_of(1)] == [60.0, 0.0, 1.0]
    assert counts[labels_of(0)] == [60.0, 60.0, 60.0]
    reader.close()
    world.store.close()


def test_a_day_of_damaged_tiers_is_made_of_samples(world: World) -> None:
    world.end_day()
    world.store.close()
    connection = apsw.Connection(str(world.folder / "blocks-1m-202311.db"))
    connection.execute("DELETE FROM spans WHERE col = 1 AND source = 'a/1s'")
    connection.close()
    reader = StoreReader(world.folder, world.config)
    answer = all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE)
    check(answer, world.samples, DAY, DAY + 2 * DAY_MS)
    assert len(answer.warnings) == 1
    for day in (DAY, DAY + DAY_MS):
        (world.folder / day_block(day).file_name).unlink()
    answer = all_columns(StoreReader(world.folder, world.config), DAY, DAY + 2 * DAY_MS, MINUTE)
    assert len(answer.groups) == 1
    assert "columns of 'a/1s' are lost" in " ".join(answer.warnings)
    reader.close()


def test_flipped_bits_in_a_tier_are_a_gap_with_a_warning(world: World) -> None:
    world.end_day()
    world.store.close()
    connection = apsw.Connection(str(world.folder / "blocks-1m-202311.db"))
    connection.execute(
        "UPDATE blocks SET payload = zeroblob(length(payload)) WHERE span IN "
        "(SELECT span FROM spans WHERE col = ? AND source = 'a/1s')", (int(Column.FIRST),)
    )  # fmt: skip
    connection.close()
    for day in (DAY, DAY + DAY_MS):
        (world.folder / day_block(day).file_name).unlink()
    reader = StoreReader(world.folder, world.config)
    answer = all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE)
    found = {labels for group in answer.groups for labels in group.labels}
    # the constant has no bytes that could be damaged
    assert found == {labels_of(2), labels_of(0, "b")}
    assert any("damaged chunks" in warning for warning in answer.warnings)
    reader.close()


def test_a_new_segment_still_says_what_is_folded(world: World) -> None:
    middle = DAY + DAY_MS
    world.store._upkeep.fold_now()
    world.keep_up()
    (world.folder / day_block(DAY).file_name).unlink()
    before = world.segments.current
    # the first late row makes a group, and the head moves; rows of the day before are still in its rings
    world.tick(middle + 14 * MINUTE + 500, [1.0, 2.0, 3.0])
    assert world.segments.current is not before
    reader = world.reader()
    check(all_columns(reader, DAY, middle + DAY_MS, MINUTE), world.samples, DAY, middle + DAY_MS)
    reader.close()
    world.store.close()
