"""Torn logs and flipped bits: a gap and a warning, never a wrong value, never a store that does not open."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from barograph.model.errors import FolderError
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from crash.stores import CONFIG, SERIES, START_MS, check, copy_of, feed
from helpers.clock import FakeClock

CUTS = 120
FLIPS = 200


def test_a_torn_log_costs_only_its_tail(store_of: Store, tmp_path: Path) -> None:
    feed(store_of, 0, 50)
    wal = tmp_path / "data" / "live.db-wal"
    whole = wal.read_bytes()
    chance = random.Random(3)
    before = 0
    for cut in sorted(chance.sample(range(len(whole)), CUTS)):
        copy = copy_of(tmp_path / "data", tmp_path / "torn")
        (copy / "live.db-wal").write_bytes(whole[:cut])
        try:
            reader = StoreReader.open_offline(copy, CONFIG)
        except FolderError:
            # the very first commit, which makes the tables, is cut off
            assert before == 0
            continue
        there, wrong = check(reader, 50)
        reader.close()
        assert wrong == 0
        # what an earlier cut still held, a later cut must hold too, tick by tick
        assert there >= before
        assert there % SERIES == 0
        before = there
    assert before >= 40 * SERIES


def test_a_store_goes_on_after_a_torn_log(store_of: Store, tmp_path: Path) -> None:
    feed(store_of, 0, 15)
    copy = copy_of(tmp_path / "data", tmp_path / "torn")
    wal = copy / "live.db-wal"
    wal.write_bytes(wal.read_bytes()[:-1000])
    second = Store.open(copy, CONFIG, FakeClock(START_MS), MemorySegments())
    feed(second, 15, 10)
    second.close()
    reader = StoreReader.open_offline(copy, CONFIG)
    assert check(reader, 25) == (24 * SERIES, 0)
    reader.close()


@pytest.mark.parametrize("name", ["blocks-20231114.db", "live.db"])
def test_flipped_bits_are_gaps(
    store_of: Store, tmp_path: Path, name: str, record_property: Callable[[str, object], None]
) -> None:
    feed(store_of, 0, 400)
    store_of._files.disconnect()
    whole = (tmp_path / "data" / name).read_bytes()
    chance = random.Random(5)
    copy = copy_of(tmp_path / "data", tmp_path / "flipped")
    intact, noticed = 0, 0
    for _ in range(FLIPS):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        (copy / name).write_bytes(damaged)
        for log in copy.glob("*-wal"):
            log.unlink()
        try:
            reader = StoreReader.open_offline(copy, CONFIG)
            warnings = reader.select([], 0, 1 << 60).warnings
            there, wrong = check(reader, 400)
            reader.close()
        except FolderError:
            warnings, there, wrong = ("not opened",), 0, 0
        assert wrong == 0
        intact += there
        noticed += bool(warnings)
        assert warnings or there >= 398 * SERIES
    record_property("flips_noticed", noticed)
    record_property("readable_percent", round(100 * intact / (FLIPS * 400 * SERIES), 2))
    assert noticed > FLIPS // 10


@pytest.mark.parametrize("name", ["blocks-20231114.db", "live.db"])
def test_a_file_that_is_no_database_is_moved_aside(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "data"
    store = Store.open(folder, CONFIG, FakeClock(START_MS), MemorySegments())
    feed(store, 0, 150)
    store._files.close()
    for companion in folder.glob(f"{name}-*"):
        companion.unlink()
    (folder / name).write_bytes(b"this is no database " * 1000)
    store = Store.open(folder, CONFIG, FakeClock(START_MS), MemorySegments())
    feed(store, 150, 100)
    notices = store.take_notices()
    store.close()
    assert (folder / f"{name}.damaged-1").exists()
    assert any(name in notice for notice in notices)
    reader = StoreReader.open_offline(folder, CONFIG)
    there, wrong = check(reader, 250)
    assert wrong == 0
    assert there >= 100 * SERIES
    reader.close()
    shutil.rmtree(folder)
