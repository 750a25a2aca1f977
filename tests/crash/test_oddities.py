"""Damage of kinds that random cuts and flips have found once: each is a gap or nothing at all, never an end."""

import shutil
from pathlib import Path

import apsw

from barograph.model.units import Size
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from crash.stores import CONFIG, SERIES, START_MS, check, feed
from helpers.clock import FakeClock

BLOCKS = "blocks-20231114.db"


def reopened(folder: Path) -> Store:
    return Store.open(folder, CONFIG, FakeClock(START_MS), MemorySegments())


def test_a_block_file_whose_making_was_cut_off_is_no_gap(store_of: Store, tmp_path: Path) -> None:
    feed(store_of, 0, 20)
    store_of._files.close()
    making = apsw.Connection(str(tmp_path / "making.db"))
    making.execute("PRAGMA cache_size = 1; CREATE TABLE t (x); BEGIN")
    making.executemany("INSERT INTO t VALUES (?)", [(bytes(4000),)] * 50)
    for suffix in ("", "-journal"):
        shutil.copy(tmp_path / f"making.db{suffix}", tmp_path / "data" / f"{BLOCKS}{suffix}")
    making.close(True)
    assert (tmp_path / "data" / f"{BLOCKS}-journal").stat().st_size > 512
    reader = StoreReader.open_offline(tmp_path / "data", CONFIG)
    assert check(reader, 20) == (20 * SERIES, 0)
    assert reader.select([], 0, 1 << 60).warnings == ()
    reader.close()
    store = reopened(tmp_path / "data")
    assert not (tmp_path / "data" / f"{BLOCKS}-journal").exists()
    store.close()


def test_a_log_slot_that_holds_nothing_costs_its_tick(store_of: Store, tmp_path: Path) -> None:
    feed(store_of, 0, 20)
    store_of._files.close()
    live = apsw.Connection(str(tmp_path / "data" / "live.db"))
    live.execute(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'BLOB NOT NULL)', 'BLOB)') "
        "WHERE name = 'slots'; PRAGMA writable_schema = RESET; UPDATE slots SET record = NULL WHERE slot = 5"
    )
    live.close()
    store = reopened(tmp_path / "data")
    feed(store, 20, 5)
    store.close()
    reader = StoreReader.open_offline(tmp_path / "data", CONFIG)
    assert check(reader, 25) == (24 * SERIES, 0)
    reader.close()


def test_a_block_that_is_gone_from_a_file_nobody_wrote_is_a_gap(store_of: Store, tmp_path: Path) -> None:
    feed(store_of, 0, 130)
    store_of.close()
    small = StoreConfig(compressed_cache=Size(1), decoded_cache=Size(1))
    reader = StoreReader.open_offline(tmp_path / "data", small)
    assert check(reader, 130) == (130 * SERIES, 0)
    damaging = apsw.Connection(str(tmp_path / "data" / BLOCKS))
    damaging.execute("DELETE FROM blocks")
    damaging.close()
    answer = reader.select([], 0, 1 << 60)
    assert any("damaged chunks are shown as gaps" in warning for warning in answer.warnings)
    there, wrong = check(reader, 130)
    reader.close()
    assert wrong == 0
    assert there < 130 * SERIES
