from pathlib import Path

import pytest

from barograph.tsdb import filenames
from barograph.tsdb.filenames import BlockName


def test_a_day_is_utc() -> None:
    assert filenames.day_block(1_699_919_999_999) == BlockName("20231113")
    assert filenames.day_block(1_699_920_000_000, "dev") == BlockName("20231114", "dev")
    assert BlockName("20231114").start_ms == 1_699_920_000_000
    assert BlockName("20231114").end_ms == 1_699_920_000_000 + filenames.DAY_MS


def test_a_tier_has_months() -> None:
    name = filenames.month_block(1_704_067_199_999, "1m", "dev")
    assert name == BlockName("202312", "dev", "1m")
    assert (name.start_ms, name.end_ms) == (1_701_388_800_000, 1_704_067_200_000)
    assert filenames.month_block(1_704_067_200_000, "1h").file_name == "blocks-1h-202401.db"
    assert BlockName("202402").end_ms - BlockName("202402").start_ms == 29 * filenames.DAY_MS


@pytest.mark.parametrize(
    "name",
    [
        BlockName("20231114"),
        BlockName("20231114", "dev"),
        BlockName("202311", "", "1m"),
        BlockName("202311", "d3v", "1h"),
    ],
)
def test_a_name_says_what_it_holds(name: BlockName) -> None:
    assert BlockName.parse(name.file_name) == name


@pytest.mark.parametrize(
    "name",
    [
        "live.db",
        "blocks-2023.db",
        "blocks-20231114.db-wal",
        "blocks-Dev-20231114.db",
        "blocks-20231344.db",
        "blocks-.db",
    ],
)
def test_other_names_are_no_blocks(name: str) -> None:
    assert BlockName.parse(name) is None


def test_block_files_come_oldest_first(tmp_path: Path) -> None:
    for name in (
        "blocks-20231114.db",
        "blocks-dev-20231113.db",
        "blocks-1m-202311.db",
        "blocks-20231114.db-wal",
        "live.db",
    ):
        (tmp_path / name).touch()
    expected = ["blocks-1m-202311.db", "blocks-dev-20231113.db", "blocks-20231114.db"]
    assert [name.file_name for name in filenames.block_names(tmp_path)] == expected
    assert filenames.block_names(tmp_path / "nowhere") == []


def test_companions_end_with_the_database(tmp_path: Path) -> None:
    assert [path.name for path in filenames.with_companions(tmp_path / "a.db")] == ["a.db-shm", "a.db-wal", "a.db"]


def test_a_damaged_file_gets_a_free_name(tmp_path: Path) -> None:
    (tmp_path / "a.db.damaged-1").touch()
    assert filenames.damaged(tmp_path / "a.db").name == "a.db.damaged-2"
