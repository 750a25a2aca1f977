from pathlib import Path

import apsw
import numpy as np
import pytest

from barograph.model.errors import FolderError, ReadOnlyError, StoreError, VersionError
from barograph.model.sample import STALE_BITS
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from helpers.clock import FakeClock
from unit.tsdb.stores import SMALL, T0, Kit, batch_of, samples_of, schema_of

ONE = schema_of("x")


def everything(folder: Path) -> dict[str, dict[int, int]]:
    reader = StoreReader.open_offline(folder, SMALL)
    found = samples_of(reader.select([], 0, 1 << 60))
    reader.close()
    return found


def bits(value: float) -> int:
    return int(np.float64(value).view(np.uint64))


def feed(kit: Kit, ticks: range) -> None:
    for second in ticks:
        kit.tick(ONE, second, [float(second)])
        kit.store.maintain(0.0)


def test_a_batch_is_seen_before_its_commit_and_stored_after(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.store.append(batch_of(ONE, 0, [1.0]))
    assert samples_of(kit.reader().select([], 0, 1 << 60)) == {'m{i="x"}': {0: bits(1.0)}}
    assert everything(tmp_path) == {}
    kit.store.commit()
    assert everything(tmp_path) == {'m{i="x"}': {0: bits(1.0)}}
    kit.store.close()


def test_nothing_appended_is_nothing_committed(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.store.commit()
    assert kit.store.stats.commits == 0
    kit.store.close()


def test_a_clean_stop_leaves_only_blocks(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(47))
    kit.store.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blocks-20231114.db", "live.db", "lock"]
    connection = apsw.Connection(str(tmp_path / "live.db"))
    assert connection.execute("SELECT count(*) FROM slots").get == 0
    connection.close()
    assert everything(tmp_path) == {'m{i="x"}': {second: bits(float(second)) for second in range(47)}}


def test_ticks_go_on_after_a_restart(tmp_path: Path) -> None:
    for start in range(0, 60, 15):
        kit = Kit(tmp_path)
        feed(kit, range(start, start + 15))
        kit.store.close()
    assert len(everything(tmp_path)['m{i="x"}']) == 60


def test_a_crash_keeps_every_committed_tick(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(47))
    kit.store._files.close()
    second = Kit(tmp_path)
    assert second.store.stats.unfolded_ticks == 7
    assert len(samples_of(second.reader().select([], 0, 1 << 60))['m{i="x"}']) == 47
    second.tick(schema_of("y"), 50, [1.0])
    found = samples_of(second.reader().select([], 0, 1 << 60))
    assert found['m{i="x"}'][50] == STALE_BITS
    second.store.close()


def test_a_fold_done_twice_is_harmless(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(9))
    kit.tick(ONE, 9, [9.0])
    log = kit.store._files.log
    assert log is not None
    log.mark_folded = lambda tick: (_ for _ in ()).throw(apsw.IOError("killed here"))  # type: ignore[method-assign]
    kit.store.maintain(1e9)
    assert kit.store.stats.fold_failures == 1
    kit.store._files.close()
    again = Kit(tmp_path)
    # its rows are in the block file, though the log does not know: nothing is replayed
    assert again.store._head.groups == {}
    feed(again, range(10, 25))
    again.store.close()
    assert everything(tmp_path)['m{i="x"}'] == {second: bits(float(second)) for second in range(25)}


def test_upkeep_folds_merges_checkpoints_and_counts(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for second in range(45):
        kit.tick(ONE, second, [float(second)])
        kit.store.maintain(1e9)
    stats = kit.store.stats
    assert (stats.folds, stats.merges, stats.folded_samples) == (4, 1, 40)
    assert (stats.commits, stats.unfolded_ticks, stats.pending_ticks, stats.series) == (45, 5, 0, 1)
    assert stats.block_bytes > 0
    assert stats.log_bytes > 0
    assert stats.head_bytes > 0
    assert stats.folder_bytes > 0
    kit.store.close()


def test_upkeep_stops_when_its_budget_is_spent(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for second in range(30):
        kit.tick(ONE, second, [float(second)])
    kit.store.maintain(0.0)
    assert kit.store.stats.folds == 0
    kit.store.maintain(1e9)
    assert kit.store.stats.folds == 3
    kit.store.close()


def test_without_upkeep_the_ring_is_folded_before_it_is_overwritten(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for second in range(400):
        kit.tick(ONE, second, [float(second)])
    assert kit.store.stats.lost_ticks == 0
    kit.store._files.close()
    assert len(everything(tmp_path)['m{i="x"}']) == 400


def test_a_slow_source_is_folded_with_the_ticks(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for second in range(100):
        kit.store.append(batch_of(ONE, second, [1.0]))
        if second % 15 == 0:
            kit.store.append(batch_of(schema_of("slow"), second, [float(second)], "host/15s"))
        kit.store.commit()
        kit.store.maintain(1e9)
    assert sorted(everything(tmp_path)['m{i="slow"}']) == list(range(0, 100, 15))
    kit.store.close()


def test_midnight_parts_the_files(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    midnight = (1_700_006_400_000 - T0) // 1000
    feed(kit, range(midnight - 25, midnight + 35))
    kit.store.close()
    assert (tmp_path / "blocks-20231114.db").exists()
    assert (tmp_path / "blocks-20231115.db").exists()
    assert len(everything(tmp_path)['m{i="x"}']) == 60


def test_old_days_go(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(12))
    kit.store.close()
    later = Kit.__new__(Kit)
    later.folder, later.config, later.segments = tmp_path, SMALL, MemorySegments()
    later.clock = FakeClock(T0 + 40 * 86_400_000)
    later.store = Store.open(tmp_path, SMALL, later.clock, later.segments)
    later.store.maintain(1e9)
    assert later.store.stats.days_dropped == 1
    assert later.store.take_notices() == ["blocks-20231114.db dropped by retention"]
    assert later.store.take_notices() == []
    assert everything(tmp_path) == {}
    later.store.close()


def test_retention_that_cannot_look_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = Kit(tmp_path)

    def refuse(*_: object) -> None:
        raise OSError("no")

    monkeypatch.setattr("barograph.tsdb.upkeep.measure", refuse)
    kit.store.maintain(1e9)
    assert "retention could not look through" in kit.store.take_notices()[0]
    kit.store.close()


def test_a_held_folder_is_refused(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    with pytest.raises(FolderError, match="held by another"):
        Kit(tmp_path)
    kit.store.close()


def test_a_newer_store_is_refused_and_let_go(tmp_path: Path) -> None:
    Kit(tmp_path).store.close()
    connection = apsw.Connection(str(tmp_path / "live.db"))
    connection.pragma("user_version", 7)
    connection.close()
    for _ in range(2):
        with pytest.raises(VersionError, match="format 7"):
            Kit(tmp_path)
    with pytest.raises(VersionError, match="format 7"):
        StoreReader.open_offline(tmp_path, SMALL)


def test_late_samples_are_durable_and_count_over_what_was_there(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(5))
    for second, value in ((3, 30.0), (1.5, 15.0), (3, 31.0)):
        kit.store.append(batch_of(ONE, second, [value]))
        kit.store.commit()
    expected = {0: 0.0, 1: 15.0, 2: 2.0, 3: 31.0, 4: 4.0}
    kit.store._files.close()  # as a crash does
    again = Kit(tmp_path)
    found = again.reader().select([], 0, 1 << 60).groups[0]
    assert found.timestamps_ms.tolist() == [T0, T0 + 1000, T0 + 1500, *range(T0 + 2000, T0 + 5000, 1000)]
    assert found.values[0].tolist() == [0.0, 1.0, 15.0, 2.0, 31.0, 4.0]
    again.store.close()
    assert list(everything(tmp_path)['m{i="x"}'].values()) == [bits(expected[second]) for second in range(5)]


def test_late_rows_of_several_days_go_to_their_files(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    day = 86_400
    feed(kit, range(2 * day, 2 * day + 3))
    for second in (day, 0, 2 * day + 1, day + 1, 1):
        kit.store.append(batch_of(ONE, second, [float(-second)]), own=True)
    kit.store.commit()
    kit.store.maintain(1e9)
    kit.store._upkeep.fold_now()
    expected = everything(tmp_path)
    assert list(expected['m{i="x"}']) == [0, 1, day, day + 1, 2 * day, 2 * day + 1, 2 * day + 2]
    assert expected['m{i="x"}'][2 * day + 1] == bits(-2.0 * day - 1)
    kit.store._files.close()
    assert everything(tmp_path) == expected, "folded and still in the ring: nothing is there twice"
    again = Kit(tmp_path)
    assert again.store._head.groups == {}
    again.store.close()
    assert everything(tmp_path) == expected


def test_what_is_too_late_is_refused_and_named(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(3))
    kit.store.append(batch_of(ONE, 2 - 3600, [1.0]))
    with pytest.raises(
        StoreError, match=r"source 'host/1s': .* more than 1h older .* store.out_of_order_window, or im"
    ):
        kit.store.append(batch_of(ONE, 1.999 - 3600, [1.0]))
    kit.store.append(batch_of(ONE, 1 - 7200, [1.0]), own=True)
    kit.store.close()
    kept = Kit(tmp_path)
    with pytest.raises(StoreError, match="more than 1h older"):
        kept.store.append(batch_of(ONE, 1 - 3600, [1.0]))
    kept.store.close()


def test_what_is_too_early_is_refused_and_blocks_nothing(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(3))
    with pytest.raises(StoreError, match=r"more than 10m ahead of the clock .* raise store.future_limit"):
        kit.store.append(batch_of(ONE, 600.001, [1.0]))
    kit.store.append(batch_of(ONE, 600, [6.0]))
    kit.store.append(batch_of(ONE, 3, [3.0]))
    kit.store.commit()
    assert list(samples_of(kit.reader().select([], 0, 1 << 60))['m{i="x"}']) == [0, 1, 2, 3, 600]
    kit.store.close()


def test_a_clock_that_stepped_back_over_a_restart_doubles_nothing(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(30))
    kit.store.close()
    kit = Kit(tmp_path)
    for second in range(20, 25):
        kit.tick(ONE, second, [-1.0])
    expected = {second: bits(-1.0 if 20 <= second < 25 else float(second)) for second in range(30)}
    assert samples_of(kit.reader().select([], 0, 1 << 60))['m{i="x"}'] == expected
    kit.store._files.close()
    kit = Kit(tmp_path)
    assert samples_of(kit.reader().select([], 0, 1 << 60))['m{i="x"}'] == expected
    kit.store.close()
    assert everything(tmp_path)['m{i="x"}'] == expected


def test_a_failing_commit_raises_each_time_and_is_tried_once_a_second(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(3))
    log = kit.store._files.log
    assert log is not None
    tries = 0

    def fail(*_: object) -> int:
        nonlocal tries
        tries += 1
        raise apsw.IOError("broken")

    log.write = fail  # type: ignore[method-assign, assignment]
    with pytest.raises(ReadOnlyError, match=r"takes no writes \(IOError: broken\).*memory only"):
        kit.tick(ONE, 3, [3.0])
    with pytest.raises(ReadOnlyError, match="broken"):
        kit.tick(ONE, 4, [4.0])
    assert tries == 1
    kit.store.maintain(1.0)
    assert (kit.store.stats.read_only, kit.store.stats.pending_ticks) == (True, 2)
    kit.clock.advance(1.0)
    kit.tick(ONE, 5, [5.0])
    assert (kit.store.stats.read_only, kit.store.stats.reason, kit.store.stats.pending_ticks) == (False, "", 0)
    assert len(everything(tmp_path)['m{i="x"}']) == 6
    kit.store.close()


def test_a_failing_fold_does_not_stop_commits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = Kit(tmp_path)

    def fail(*_: object) -> int:
        raise apsw.FullError("no space for blocks")

    with monkeypatch.context() as patch:
        patch.setattr("barograph.tsdb.blocks.BlockWriter.write", fail)
        for second in range(15):
            kit.tick(ONE, second, [float(second)])
            kit.store.maintain(1e9)
        stats = kit.store.stats
        assert (stats.fold_failures, stats.read_only) == (1, False)
        assert "blocks cannot be written (no space for blocks)" in stats.fold_reason
    kit.store.maintain(1e9)
    assert kit.store.stats.folds == 0
    kit.clock.advance(5.0)
    kit.store.maintain(1e9)
    assert (kit.store.stats.folds, kit.store.stats.fold_reason) == (1, "")
    kit.store.close()


def test_a_ring_that_can_neither_fold_nor_hold_more_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = Kit(tmp_path)

    def fail(*_: object) -> int:
        raise apsw.FullError("no space for blocks")

    with monkeypatch.context() as patch:
        patch.setattr("barograph.tsdb.blocks.BlockWriter.write", fail)
        refused = 0
        for second in range(100):
            try:
                kit.tick(ONE, second, [float(second)])
            except ReadOnlyError:
                refused += 1
        # slot 0 and the 80 after it would share: 79 ticks fit
        assert refused == 100 - 79
    kit.clock.advance(1.0)
    kit.tick(ONE, 100, [100.0])
    kit.store.close()
    assert len(everything(tmp_path)['m{i="x"}']) == 101


def test_a_closing_store_that_cannot_write_keeps_the_ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(5))

    def fail(*_: object) -> int:
        raise apsw.FullError("no space for blocks")

    with monkeypatch.context() as patch:
        patch.setattr("barograph.tsdb.blocks.BlockWriter.write", fail)
        kit.store.close()
    assert len(everything(tmp_path)['m{i="x"}']) == 5


def test_a_damaged_log_is_moved_aside_and_its_ticks_are_saved_from_the_head(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(17))
    log = kit.store._files.log
    assert log is not None
    log.write = lambda ticks: (_ for _ in ()).throw(apsw.CorruptError("malformed"))  # type: ignore[method-assign]
    with pytest.raises(ReadOnlyError, match="malformed"):
        kit.tick(ONE, 17, [17.0])
    assert "live.db is damaged (malformed); it was moved aside" in kit.store.take_notices()[0]
    kit.clock.advance(1.0)
    kit.tick(ONE, 18, [18.0])
    kit.store._files.close()
    assert (tmp_path / "live.db.damaged-1").exists()
    assert len(everything(tmp_path)['m{i="x"}']) == 19


def test_a_damaged_day_is_moved_aside_by_the_fold_that_meets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = Kit(tmp_path)
    feed(kit, range(15))
    kit.store.maintain(1e9)
    failures = iter([apsw.CorruptError("malformed")])
    write = type(kit.store._files.block(BlockName("20231114"))).write

    def fail_once(*arguments: object) -> int:
        for error in failures:
            raise error
        return write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("barograph.tsdb.blocks.BlockWriter.write", fail_once)
    feed(kit, range(15, 40))
    kit.store.maintain(1e9)
    assert "blocks-20231114.db is damaged" in kit.store.take_notices()[0]
    assert (tmp_path / "blocks-20231114.db.damaged-1").exists()
    kit.store.close()
    assert sorted(everything(tmp_path)['m{i="x"}']) == list(range(10, 40))


def test_a_larger_ring_of_before_is_kept_until_it_is_empty(tmp_path: Path) -> None:
    kit = Kit(tmp_path, StoreConfig(fold_ticks=100, ring_slots=200))
    feed(kit, range(150))
    kit.store._files.close()
    kit = Kit(tmp_path)
    assert len(samples_of(kit.reader().select([], 0, 1 << 60))['m{i="x"}']) == 150
    feed(kit, range(150, 180))
    kit.store.close()
    kit = Kit(tmp_path)
    log = kit.store._files.log
    assert log is not None
    assert log.slots == 80
    kit.store.close()
    assert len(everything(tmp_path)['m{i="x"}']) == 180


def test_layouts_do_not_pile_up(tmp_path: Path) -> None:
    for start in range(0, 120, 20):
        kit = Kit(tmp_path)
        feed(kit, range(start, start + 20))
        kit.store.maintain(1e9)
        kit.store._files.close()
    connection = apsw.Connection(str(tmp_path / "live.db"), flags=apsw.SQLITE_OPEN_READONLY)
    assert int(connection.execute("SELECT count(*) FROM layouts").get) <= 2
    connection.close()


def test_a_source_may_begin_without_series(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.tick(schema_of(), 0, [])
    kit.tick(schema_of(), 1, [])
    feed(kit, range(2, 5))
    kit.store._files.close()
    assert sorted(everything(tmp_path)['m{i="x"}']) == [2, 3, 4]


def test_several_instants_may_share_a_commit(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for second in range(40):
        kit.store.append(batch_of(ONE, second, [float(second)]))
        if second % 4 == 3:
            kit.store.commit()
    kit.store._files.close()
    assert everything(tmp_path)['m{i="x"}'] == {second: bits(float(second)) for second in range(40)}
