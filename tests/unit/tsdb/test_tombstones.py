from pathlib import Path

import apsw
import pytest

from barograph.model.errors import VersionError
from barograph.model.matcher import Matcher, MatchOp
from barograph.tsdb import filenames
from barograph.tsdb.tombstones import Tombstone, TombstoneFile, read_tombstones
from unit.tsdb.stores import labels_of

MATCHERS = (Matcher("i", MatchOp.REGEX, "x|y"), Matcher("job", MatchOp.EQUAL, ""))
ONE = Tombstone(0, MATCHERS, 10, 20, {"blocks-20231114.db": 3})


def stored(folder: Path, *tombstones: Tombstone) -> None:
    file = TombstoneFile(folder)
    file.add(tombstones)
    file.close()


def test_tombstones_come_back(tmp_path: Path) -> None:
    assert read_tombstones(tmp_path) == ([], 0)
    stored(tmp_path, ONE, ONE._replace(start_ms=11))
    stored(tmp_path, ONE._replace(start_ms=12))
    found, damaged = read_tombstones(tmp_path)
    assert found == [ONE._replace(number=number, start_ms=9 + number) for number in (1, 2, 3)]
    assert damaged == 0
    file = TombstoneFile(tmp_path)
    file.remove([1, 3])
    file.close()
    assert [each.number for each in read_tombstones(tmp_path)[0]] == [2]


@pytest.mark.parametrize(
    ("file", "span", "first", "last", "reaches"),
    [
        ("blocks-20231114.db", 3, 0, 10, True),
        ("blocks-20231114.db", 1, 20, 30, True),
        ("blocks-20231114.db", 4, 0, 99, False),
        ("blocks-20231114.db", 3, 0, 9, False),
        ("blocks-20231114.db", 3, 21, 99, False),
        ("blocks-20231115.db", 0, 0, 99, False),
    ],
)
def test_what_it_reaches(file: str, span: int, first: int, last: int, reaches: bool) -> None:
    assert ONE.reaches(file, span, first, last) is reaches


def test_what_it_is_about() -> None:
    assert ONE.matches(labels_of("x"))
    assert not ONE.matches(labels_of("z"))
    assert not ONE.matches(labels_of("x").with_labels({"job": "j"}))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE tombstones SET body = x'00' WHERE tombstone = 1",
        "UPDATE tombstones SET crc = crc + 1 WHERE tombstone = 1",
        "UPDATE tombstones SET body = 'text', crc = 0 WHERE tombstone = 1",
    ],
)
def test_a_damaged_one_is_left_out_and_counted(tmp_path: Path, change: str) -> None:
    stored(tmp_path, ONE, ONE)
    connection = apsw.Connection(str(tmp_path / filenames.TOMBSTONES))
    connection.execute(change)
    connection.close()
    found, damaged = read_tombstones(tmp_path)
    assert ([each.number for each in found], damaged) == ([2], 1)


def test_a_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    stored(tmp_path, ONE)
    connection = apsw.Connection(str(tmp_path / filenames.TOMBSTONES))
    connection.pragma("user_version", 9)
    connection.close()
    with pytest.raises(VersionError, match="has format 9"):
        read_tombstones(tmp_path)
    with pytest.raises(VersionError, match="has format 9"):
        TombstoneFile(tmp_path)


def test_a_file_whose_writer_was_ended_at_once_is_empty(tmp_path: Path) -> None:
    apsw.Connection(str(tmp_path / filenames.TOMBSTONES)).execute("CREATE TABLE x (a); DROP TABLE x")
    assert read_tombstones(tmp_path) == ([], 0)
    stored(tmp_path, ONE)
    assert len(read_tombstones(tmp_path)[0]) == 1
