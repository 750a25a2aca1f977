from pathlib import Path

import apsw
import numpy as np
import pytest

from barograph.model.sample import ABSENT, STALE, FloatArray
from barograph.tsdb import filenames
from barograph.tsdb.tombstones import Tombstone, TombstoneFile
from barograph.tsdb.verify import Finding, files_of, verify
from unit.tsdb.stores import Kit, schema_of

DAY = "blocks-20231114.db"
XY = schema_of("x", "y")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A store with two blocks, five ticks in its ring and a tombstone, left as a crash leaves it."""
    kit = Kit(tmp_path)
    for second in range(25):
        kit.tick(XY, second, [second * 1.5, 7 if second % 2 else float("nan")])
        kit.store.maintain(1e9)
    file = TombstoneFile(tmp_path)
    file.add([Tombstone(0, (), 1, 2, {})])
    file.close()
    kit.store._files.close()
    return tmp_path


def findings(folder: Path) -> list[Finding]:
    return [finding for checked in verify(folder) for finding in checked.findings]


def damage(folder: Path, file: str, change: str) -> None:
    connection = apsw.Connection(str(folder / file))
    connection.execute(change)
    connection.close()


def test_a_sound_folder_has_no_findings(folder: Path) -> None:
    checked = list(verify(folder))
    assert [each.file for each in checked] == ["live.db", "tombstones.db", DAY]
    assert all(each.checksums > 0 and each.size_bytes > 0 and not each.findings for each in checked)
    assert files_of(folder / "nowhere") == []


@pytest.mark.parametrize(
    ("file", "change", "place", "lost"),
    [
        ("live.db", "UPDATE slots SET record = zeroblob(300) WHERE slot = 22", "the ring", "missing"),
        ("live.db", "UPDATE layouts SET body = x'0102'", "layouts of the ring", "1 runs of series"),
        ("live.db", "DELETE FROM meta", "the database", "folded_tick"),
        ("live.db", "PRAGMA user_version = 99", "the database", "has format 99"),
        ("tombstones.db", "UPDATE tombstones SET crc = 1", "tombstones", "shown again"),
        (DAY, "UPDATE tally SET crc = 1", "the database", "tally"),
        (DAY, "UPDATE series SET body = x'00'", "series", "the labels of 2 series"),
        (DAY, "UPDATE spans SET crc = 1 WHERE span = 1", "spans", "1 of 2 runs"),
        (DAY, "DELETE FROM blocks WHERE block = 1", "span 1 of host/1s", "1 of 1 blocks"),
        (DAY, "UPDATE blocks SET directory = x'00' WHERE block = 1", "span 1 of host/1s, block 1", "directory"),
        (
            DAY,
            "UPDATE blocks SET payload = zeroblob(length(payload))",
            "span 1 of host/1s, block 1, series",
            "checksum",
        ),
    ],
)
def test_what_is_damaged_is_named(folder: Path, file: str, change: str, place: str, lost: str) -> None:
    damage(folder, file, change)
    found = findings(folder)
    assert found, change
    assert found[0].file == file
    assert place in found[0].place
    assert lost in found[0].lost


def test_a_file_that_is_no_database_is_a_finding(folder: Path) -> None:
    (folder / DAY).write_bytes(b"x" * 8192)
    (folder / filenames.with_companions(folder / DAY)[1].name).unlink(missing_ok=True)
    assert findings(folder)[0].file == DAY


def test_a_file_without_tables_is_empty_and_sound(tmp_path: Path) -> None:
    for name in ("live.db", DAY, "state.db"):
        apsw.Connection(str(tmp_path / name)).execute("CREATE TABLE x (a); DROP TABLE x")
    assert findings(tmp_path) == []


def test_tiers_are_checked_too(tmp_path: Path) -> None:
    kit = Kit(tmp_path / "data")
    for second in range(25):
        kit.tick(schema_of("x", "y", "z"), second, [1.0, second * 0.5, np.nan])
    kit.clock.advance(2 * 86_400)
    for second in range(130):
        kit.tick(schema_of("x"), 2 * 86_400 + second, [STALE if second == 7 else 3.0])
        kit.clock.advance(1)
        kit.store.maintain(1e9)
    kit.store.close()
    checked = {each.file: each for each in verify(kit.folder)}
    assert {"blocks-1m-202311.db", "blocks-1h-202311.db"} <= checked.keys()
    assert all(each.findings == () for each in checked.values())
    assert checked["blocks-1m-202311.db"].checksums > 10


@pytest.mark.parametrize("told", [STALE, ABSENT, 1e300, -1e300])
def test_samples_that_a_directory_does_not_tell_of_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: float
) -> None:
    """As where bytes and checksum were both written wrong."""
    kit = Kit(tmp_path / "data")
    for second in range(25):
        kit.tick(schema_of("x"), second, [second * 0.5])
    kit.store.close()

    def decode(_entry: np.void, _payload: bytes, values: FloatArray) -> None:
        values[:] = np.arange(len(values)) * 0.5
        values[len(values) // 2] = told

    monkeypatch.setattr("barograph.tsdb.verify.decode_chunk", decode)
    assert {finding.lost for finding in findings(kit.folder)} == {
        "its samples are not those that its directory tells of"
    }
