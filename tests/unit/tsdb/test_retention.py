import os
from pathlib import Path

import pytest

from barograph.model.units import Duration, Size
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.retention import drop_old_blocks, folder_bytes, remove_block, size_cap
from unit.tsdb.stores import T0

DAYS = ["20231110", "20231111", "20231112", "20231113", "20231114"]
"""The last one is that of T0."""


def fill(folder: Path, size_bytes: int = 1000) -> None:
    for day in DAYS:
        (folder / f"blocks-{day}.db").write_bytes(b"x" * size_bytes)


def blocks(days: list[str]) -> list[BlockName]:
    return [BlockName(day) for day in days]


def left(folder: Path) -> list[str]:
    return sorted(path.name[7:15] for path in folder.glob("blocks-*.db"))


def test_a_day_goes_when_all_of_it_is_too_old(tmp_path: Path) -> None:
    fill(tmp_path)
    config = StoreConfig(retention=Duration.parse("2d"))
    # T0 is 22:13 of the 14th, so the 12th still has two hours to keep
    assert drop_old_blocks(tmp_path, config, T0) == (blocks(DAYS[:2]), 3000)
    assert left(tmp_path) == DAYS[2:]
    assert drop_old_blocks(tmp_path, config, T0) == ([], 3000)


def test_the_oldest_days_go_until_the_folder_fits(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "live.db").write_bytes(b"x" * 500)
    (tmp_path / "blocks-20231110.db-wal").write_bytes(b"x" * 100)
    assert drop_old_blocks(tmp_path, StoreConfig(max_size=Size(3500)), T0) == (blocks(DAYS[:2]), 3500)
    assert left(tmp_path) == DAYS[2:]
    assert not (tmp_path / "blocks-20231110.db-wal").exists()


def test_today_stays_however_large(tmp_path: Path) -> None:
    fill(tmp_path)
    dropped, size = drop_old_blocks(tmp_path, StoreConfig(max_size=Size(1)), T0)
    assert (dropped, size, left(tmp_path)) == (blocks(DAYS[:-1]), 1000, DAYS[-1:])


def test_a_tenth_of_the_disk_is_the_cap_where_it_is_less(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = os.statvfs(tmp_path)
    tenth = disk.f_blocks * disk.f_frsize // 10
    assert size_cap(tmp_path, StoreConfig(max_size=Size(1 << 60))) == tenth
    assert size_cap(tmp_path, StoreConfig(max_size=Size(1000))) == 1000


def test_a_file_that_vanishes_meanwhile_counts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "here").write_bytes(b"xyz")
    assert folder_bytes(tmp_path) == 3
    assert remove_block(tmp_path, BlockName("20200101")) == 0
