from pathlib import Path

from barograph.tsdb import filenames


def test_a_day_is_utc() -> None:
    assert filenames.day_of(1_699_919_999_999) == "20231113"
    assert filenames.day_of(1_699_920_000_000) == "20231114"
    assert filenames.day_start_ms("20231114") == 1_699_920_000_000


def test_only_block_files_are_days(tmp_path: Path) -> None:
    for name in ("blocks-20231114.db", "blocks-20231113.db", "blocks-20231114.db-wal", "blocks-2023.db", "live.db"):
        (tmp_path / name).touch()
    assert filenames.block_days(tmp_path) == ["20231113", "20231114"]
    assert filenames.block_days(tmp_path / "nowhere") == []
    assert filenames.blocks_name("20231114") == "blocks-20231114.db"


def test_companions_end_with_the_database(tmp_path: Path) -> None:
    assert [path.name for path in filenames.with_companions(tmp_path / "a.db")] == ["a.db-shm", "a.db-wal", "a.db"]


def test_a_damaged_file_gets_a_free_name(tmp_path: Path) -> None:
    (tmp_path / "a.db.damaged-1").touch()
    assert filenames.damaged(tmp_path / "a.db").name == "a.db.damaged-2"
