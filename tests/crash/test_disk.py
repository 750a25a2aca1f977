"""A disk that is full or fails: collection goes on from memory, and what is still in the head is stored afterwards."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from barograph.model.batch import Batch
from barograph.model.errors import ReadOnlyError
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from crash.stores import CONFIG, SCHEMA, SERIES, START_MS, Faults, check, feed, values_at
from helpers.clock import FakeClock
from helpers.disk import fill, small_file_system


@pytest.fixture(autouse=True)
def all_of_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the folder take more than a tenth of these small disks: here it is about full ones."""
    monkeypatch.setattr("barograph.tsdb.upkeep.size_cap", lambda *_: 1 << 40)


class Rig:
    """A store, its clock, and which of its ticks were acknowledged."""

    def __init__(self, folder: Path, config: StoreConfig = CONFIG, vfs: str | None = None) -> None:
        self.folder = folder
        self.clock = FakeClock(START_MS)
        self.segments = MemorySegments()
        self.store = Store.open(folder, config, self.clock, self.segments, vfs=vfs)
        self.tick = 0
        self.acked: list[int] = []

    def run(self, ticks: int) -> int:
        """Append and commit ticks a second apart; returns how many were refused."""
        refused = 0
        for _ in range(ticks):
            self.clock.advance(1.0)
            self.store.append(Batch("crash/1s", SCHEMA, START_MS + self.tick * 1000, values_at(self.tick)))
            try:
                self.store.commit()
                self.acked.append(self.tick)
            except ReadOnlyError:
                refused += 1
            self.store.maintain(0.0)
            self.tick += 1
        return refused

    def live(self) -> tuple[int, int]:
        """Check what a reader sees while the store runs."""
        reader = StoreReader(self.folder, CONFIG)
        assert self.segments.current is not None
        reader.attach(self.segments.current.buffer)
        found = check(reader, self.tick)
        reader.close()
        return found

    def stored(self) -> tuple[int, int]:
        """Check what is there once the store is closed."""
        self.store.close()
        reader = StoreReader.open_offline(self.folder, CONFIG)
        found = check(reader, self.tick)
        reader.close()
        return found


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with small_file_system(tmp_path / "small", "2m") as place:
        yield place


@pytest.mark.parametrize("ticks_before", [1, 30, 62, 130])
def test_a_disk_that_fills_up_costs_nothing_that_the_head_still_holds(small_disk: Path, ticks_before: int) -> None:
    rig = Rig(small_disk / "data")
    assert rig.run(ticks_before) == 0
    ballast = fill(small_disk)
    for _ in range(6):
        rig.run(30)
        # a log that is begun anew sets some space free
        fill(small_disk)
    rig.run(10)
    assert rig.live()[1] == 0
    assert rig.store.stats.read_only
    assert "the disk is full" in rig.store.stats.reason
    ballast.unlink()
    assert rig.run(3) <= 2
    assert not rig.store.stats.read_only
    assert rig.store.stats.lost_ticks == 0
    assert rig.stored() == (rig.tick * SERIES, 0)


def test_an_outage_longer_than_the_ring_loses_only_what_the_ring_could_not_hold(small_disk: Path) -> None:
    rig = Rig(small_disk / "data")
    rig.run(100)
    ballast = fill(small_disk)
    rig.run(500)
    acked = len(rig.acked)
    ballast.unlink()
    rig.run(5)
    lost = rig.store.stats.lost_ticks
    assert 0 < lost <= 500 - 150
    assert rig.stored() == ((rig.tick - lost) * SERIES, 0)
    assert acked <= rig.tick - lost


def test_a_disk_that_is_full_at_the_very_first_start(small_disk: Path) -> None:
    ballast = fill(small_disk)
    rig = Rig(small_disk / "data")
    assert rig.store.stats.read_only
    assert rig.run(20) == 20
    assert rig.live() == (20 * SERIES, 0)
    ballast.unlink()
    rig.run(3)
    assert not rig.store.stats.read_only
    assert rig.stored() == (23 * SERIES, 0)


def test_an_earlier_ring_is_folded_when_the_disk_was_full_at_start(small_disk: Path) -> None:
    rig = Rig(small_disk / "data")
    rig.run(30)
    rig.store._files.close()
    (small_disk / "data" / "live.db-shm").unlink(missing_ok=True)
    ballast = fill(small_disk)
    second = Rig(small_disk / "data")
    second.tick = 30
    second.run(10)
    ballast.unlink()
    second.run(3)
    assert not second.store.stats.read_only
    assert second.stored() == (43 * SERIES, 0)


@pytest.mark.parametrize("kind", ["write", "sync"])
@pytest.mark.parametrize("error", [apsw.FullError, apsw.IOError])
@pytest.mark.parametrize("for_ever", [False, True])
def test_a_call_that_fails_never_acknowledges(
    tmp_path: Path, faults: Faults, kind: str, error: type[apsw.Error], for_ever: bool
) -> None:
    config = StoreConfig(fold_ticks=20, ring_slots=120, checkpoint_ticks=7, merge_samples=60)
    for fail_at in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89):
        rig = Rig(tmp_path / f"at-{fail_at}", config, vfs="barograph-faults")
        rig.run(15)
        faults.plan(kind, fail_at, error, for_ever=for_ever)
        rig.run(40)
        faults.plan(kind, 0, error, for_ever=False)
        rig.run(45)
        stats = rig.store.stats
        assert not stats.read_only
        assert stats.fold_reason == ""
        assert stats.commit_failures + stats.fold_failures > 0 or not for_ever or fail_at > 34
        assert rig.stored() == (rig.tick * SERIES, 0)


def test_a_checkpoint_that_fails_is_not_tried_again_at_once(tmp_path: Path, faults: Faults) -> None:
    rig = Rig(
        tmp_path / "data", StoreConfig(fold_ticks=200, ring_slots=500, checkpoint_ticks=20), vfs="barograph-faults"
    )
    rig.run(19)
    rig.clock.advance(1.0)
    rig.store.append(Batch("crash/1s", SCHEMA, START_MS + rig.tick * 1000, values_at(rig.tick)))
    rig.store.commit()
    faults.plan("sync", 1, apsw.FullError, for_ever=True)
    # this clock stands still meanwhile: whoever tries for as long as there is time would never end
    rig.store.maintain(0.01)
    assert faults.calls == 1
    faults.plan("sync", 0, apsw.FullError, for_ever=False)
    rig.store.close()


def test_a_crash_while_nothing_can_be_written_keeps_what_was_acknowledged(tmp_path: Path, faults: Faults) -> None:
    rig = Rig(tmp_path / "data", vfs="barograph-faults")
    rig.run(70)
    faults.plan("sync", 1, apsw.IOError, for_ever=True)
    rig.run(10)
    rig.store._files.close()
    faults.plan("sync", 0, apsw.IOError, for_ever=False)
    reader = StoreReader.open_offline(tmp_path / "data", CONFIG)
    there, wrong = check(reader, rig.tick)
    reader.close()
    assert wrong == 0
    assert there >= len(rig.acked) * SERIES


def test_a_store_without_faults_has_no_failures(tmp_path: Path, faults: Faults) -> None:
    rig = Rig(tmp_path / "data", vfs="barograph-faults")
    assert rig.run(130) == 0
    assert faults.calls == 0
    feed(rig.store, rig.tick, 1)
    assert rig.stored()[1] == 0
