from pathlib import Path

import apsw
import pytest

from barograph.model.errors import VersionError
from barograph.tsdb import sqlite


def test_an_sqlite_with_the_reset_bug_is_refused() -> None:
    sqlite.check_sqlite_version()
    sqlite.check_sqlite_version("3.51.3")
    with pytest.raises(VersionError, match=r"SQLite 3\.51\.2 can lose commits.*3\.51\.3 or newer.*apsw"):
        sqlite.check_sqlite_version("3.51.2")


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    connection = sqlite.open_writing(tmp_path / "a.db")
    assert sqlite.check_format(connection, tmp_path / "a.db", 1) == 0
    connection.pragma("user_version", 2)
    with pytest.raises(VersionError, match=r"a\.db has format 2, this Barograph reads up to 1.*version of Barograph"):
        sqlite.check_format(connection, tmp_path / "a.db", 1)
    connection.close()


def test_every_commit_is_synced_and_checkpoints_are_ours(tmp_path: Path) -> None:
    connection = sqlite.open_writing(tmp_path / "a.db")
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2
    assert connection.pragma("wal_autocheckpoint") == 0
    connection.close()


def test_a_file_that_cannot_be_a_log_is_closed(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_bytes(b"no database" * 100)
    with pytest.raises(apsw.NotADBError):
        sqlite.open_writing(tmp_path / "a.db")


def test_memory_takes_no_write_ahead_log() -> None:
    with pytest.raises(apsw.IOError, match="would not switch"):
        sqlite.open_writing(Path(":memory:"))


def test_a_reader_does_not_stop_a_checkpoint(tmp_path: Path) -> None:
    writer = sqlite.open_writing(tmp_path / "a.db")
    writer.set_busy_timeout(0)
    writer.execute("CREATE TABLE t (x)")
    reader = sqlite.open_reading(tmp_path / "a.db")
    reading = reader.execute("SELECT * FROM sqlite_master")
    next(reading)
    writer.execute("INSERT INTO t VALUES (1)")
    sqlite.checkpoint(writer)
    sqlite.checkpoint(writer, truncate=True)
    reading.close()
    sqlite.checkpoint(writer, truncate=True)
    assert (tmp_path / "a.db-wal").stat().st_size == 0
    reader.close()
    writer.close()
