import shutil
from pathlib import Path

import apsw
import numpy as np
import pytest

from barograph.model.errors import CorruptError, FolderError
from barograph.model.matcher import Matcher, MatchOp
from barograph.tsdb.classes import RetentionClass
from barograph.tsdb.deletion import Deletion, clean, delete
from barograph.tsdb.filenames import LIVE
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.snapshot import MANIFEST, Manifest, read_manifest, restore_snapshot, take_snapshot
from barograph.tsdb.store import Store
from helpers.clock import FakeClock
from unit.tsdb.stores import SMALL, T0, Kit, batch_of, samples_of, schema_of

XY = schema_of("x", "y")


def quiet(name: str, done: int, total: int) -> None:
    assert 0 <= done <= total


def snapshot(folder: Path, target: Path) -> Manifest:
    return take_snapshot(folder, target, ("1.2.3", 17), quiet)


def samples(folder: Path) -> dict[str, dict[int, int]]:
    reader = StoreReader.open_offline(folder, SMALL)
    answer = reader.select([], 0, 1 << 60)
    reader.close()
    assert answer.warnings == ()
    return samples_of(answer)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    kit = Kit(tmp_path / "data")
    (tmp_path / "data" / "token").write_text("secret")
    for second in range(25):
        kit.tick(XY, second, [second * 1.5, -second])
        kit.store.maintain(1e9)
    return kit


def test_a_snapshot_beside_the_writer_has_everything_committed(kit: Kit, tmp_path: Path) -> None:
    manifest = snapshot(kit.folder, tmp_path / "copy")
    assert (manifest.version, manifest.created_ms, manifest.last_tick) == ("1.2.3", 17, 25)
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["blocks-20231114.db", "live.db", MANIFEST]
    before = samples(kit.folder)
    kit.tick(XY, 25, [0.0, 0.0])
    restore_snapshot(tmp_path / "copy", tmp_path / "back", quiet)
    assert samples(tmp_path / "back") == before
    assert len(before['m{i="x"}']) == 25
    again = Kit(tmp_path / "back")
    again.tick(XY, 25, [1.0, 2.0])
    again.store.close()
    assert len(samples(tmp_path / "back")['m{i="x"}']) == 26
    kit.store.close()


def test_a_folder_at_rest_can_be_copied_too(kit: Kit, tmp_path: Path) -> None:
    kit.store.close()
    assert snapshot(kit.folder, tmp_path / "copy").last_tick == 25
    assert samples(tmp_path / "copy") == samples(kit.folder)


def test_a_target_that_is_in_use_is_refused(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "x").touch()
    with pytest.raises(FolderError, match="not empty: name a new folder"):
        snapshot(kit.folder, tmp_path / "used")
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="not empty"):
        snapshot(kit.folder, tmp_path / "file")
    with pytest.raises(FolderError, match="holds no Barograph store"):
        snapshot(tmp_path / "used", tmp_path / "copy")
    snapshot(kit.folder, tmp_path / "copy")
    with pytest.raises(FolderError, match="not empty"):
        restore_snapshot(tmp_path / "copy", tmp_path / "used", quiet)
    kit.store.close()


def test_an_empty_folder_may_be_the_target(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    snapshot(kit.folder, tmp_path / "copy")
    (tmp_path / "back").mkdir()
    restore_snapshot(tmp_path / "copy", tmp_path / "back", quiet)
    kit.store.close()


@pytest.mark.parametrize("spoil", ["flip", "remove", "cut"])
def test_a_snapshot_that_is_not_what_it_says_is_not_restored(kit: Kit, tmp_path: Path, spoil: str) -> None:
    snapshot(kit.folder, tmp_path / "copy")
    path = tmp_path / "copy" / "blocks-20231114.db"
    data = np.frombuffer(path.read_bytes(), np.uint8).copy()
    if spoil == "flip":
        data[len(data) // 2] ^= 4
        path.write_bytes(data.tobytes())
    elif spoil == "cut":
        path.write_bytes(data[:-100].tobytes())
    else:
        path.unlink()
    with pytest.raises(CorruptError, match=r"blocks-20231114\.db"):
        restore_snapshot(tmp_path / "copy", tmp_path / "back", quiet)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "data"]
    kit.store.close()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is no finished snapshot"),
        ("{", "is damaged"),
        ('{"format":2,"version":"","created_ms":0,"last_tick":0,"files":[]}', "has format 2"),
        (
            '{"format":1,"version":"","created_ms":0,"last_tick":0,"files":[["../x",1,""]]}',
            "Expected `object`",
        ),
        (
            '{"format":1,"version":"","created_ms":0,"last_tick":0,"files":[{"name":"../x","size_bytes":1,"sha256":""}]}',
            "names '../x', which is no file of a store",
        ),
    ],
)
def test_a_manifest_is_checked(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(CorruptError) as caught:
        read_manifest(tmp_path)
    assert said in str(caught.value)


def test_a_store_that_is_damaged_makes_no_snapshot(kit: Kit, tmp_path: Path) -> None:
    kit.store.close()
    connection = apsw.Connection(str(kit.folder / "blocks-20231114.db"))
    connection.execute("UPDATE blocks SET payload = zeroblob(length(payload))")
    connection.close()
    with pytest.raises(CorruptError, match=r"is damaged .* `barograph store verify` lists them"):
        snapshot(kit.folder, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_disk_that_takes_nothing_is_said(kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("barograph.tsdb.snapshot._write_synced", refuse)
        with pytest.raises(FolderError, match=r"No space left on device.*: name a folder with space"):
            snapshot(kit.folder, tmp_path / "copy")
    snapshot(kit.folder, tmp_path / "good")
    monkeypatch.setattr("barograph.tsdb.snapshot._copy_checked", refuse)
    with pytest.raises(FolderError, match="could not be restored"):
        restore_snapshot(tmp_path / "good", tmp_path / "back", quiet)
    assert not (tmp_path / "back").exists()
    kit.store.close()


def test_a_fold_in_the_midst_of_the_copy_costs_nothing_then_nor_later(kit: Kit, tmp_path: Path) -> None:
    second = 25

    def tick_and_fold(name: str, done: int, total: int) -> None:
        nonlocal second
        quiet(name, done, total)
        for _ in range(30 if name.startswith("blocks") else 0):
            kit.tick(XY, second, [second * 1.5, -second])
            kit.store.maintain(1e9)
            second += 1

    take_snapshot(kit.folder, tmp_path / "copy", ("1.2.3", 17), tick_and_fold)
    restore_snapshot(tmp_path / "copy", tmp_path / "back", quiet)
    assert len(samples(tmp_path / "back")['m{i="x"}']) > 40
    again = Kit(tmp_path / "back")
    for later in range(100, 105):
        again.tick(XY, later, [0.0, 1.0])
    # as a crash leaves it: nothing of the five is folded
    shutil.copytree(tmp_path / "back", tmp_path / "crashed")
    assert len(samples(tmp_path / "crashed")['m{i="x"}']) > 45
    after = Kit(tmp_path / "crashed")
    assert after.store.stats.damaged == 0
    assert set(range(100, 105)) <= samples_of(after.reader().select([], 0, 1 << 60))['m{i="x"}'].keys()
    for each in (kit, again, after):
        each.store.close()


def test_a_day_that_goes_away_meanwhile_begins_the_copy_anew(kit: Kit, tmp_path: Path) -> None:
    begun: list[str] = []

    def remove_once(name: str, done: int, total: int) -> None:
        quiet(name, done, total)
        if name == LIVE:
            begun.append(name)
        path = kit.folder / "blocks-20231113.db"
        if name == "tombstones.db" and len(begun) == 1:
            path.unlink()

    kit.tick(XY, -86_400, [1.0, 2.0], source="other/1s")
    kit.store.close()
    take_snapshot(kit.folder, tmp_path / "copy", ("1.2.3", 17), remove_once)
    assert len(begun) == 2
    assert sorted(path.name for path in (tmp_path / "copy").iterdir()) == ["blocks-20231114.db", "live.db", MANIFEST]


def test_files_that_go_away_each_time_are_said(kit: Kit, tmp_path: Path) -> None:
    kit.store.close()
    path = kit.folder / "blocks-20231114.db"
    body = path.read_bytes()

    def remove(name: str, done: int, total: int) -> None:
        quiet(name, done, total)
        if name == LIVE:
            path.write_bytes(body)
        elif name == path.name:
            path.unlink()

    with pytest.raises(FolderError, match="come and go faster than they can be copied"):
        take_snapshot(kit.folder, tmp_path / "copy", ("1.2.3", 17), remove)
    assert not (tmp_path / "copy").exists()


def test_what_was_deleted_before_stays_deleted_though_it_is_rewritten_meanwhile(kit: Kit, tmp_path: Path) -> None:
    matchers = (Matcher("i", MatchOp.EQUAL, "x"),)
    kit.store.perform(delete(Deletion(selectors=(matchers,), start_ms=0, end_ms=1 << 50)))

    def rewrite(name: str, done: int, total: int) -> None:
        quiet(name, done, total)
        if name == "state.db":
            kit.store.perform(clean())

    take_snapshot(kit.folder, tmp_path / "copy", ("1.2.3", 17), rewrite)
    restore_snapshot(tmp_path / "copy", tmp_path / "back", quiet)
    assert list(samples(tmp_path / "back")) == ['m{i="y"}']
    kit.store.close()


def test_tombstones_come_before_tiers_and_tiers_before_days(kit: Kit, tmp_path: Path) -> None:
    kit.clock.advance(2 * 86_400)
    for second in range(130):
        kit.tick(XY, 2 * 86_400 + second, [0.0, 0.0])
        kit.clock.advance(1)
        kit.store.maintain(1e9)
    kit.store.close()
    order: list[str] = []
    take_snapshot(kit.folder, tmp_path / "copy", ("1.2.3", 17), lambda name, *_: order.append(name))
    assert order == [
        LIVE,
        "tombstones.db",
        "blocks-1m-202311.db",
        "blocks-1h-202311.db",
        "blocks-20231116.db",
        "blocks-20231114.db",
        "state.db",
        "",
    ]


def test_a_fold_into_several_files_in_the_midst_of_the_copy_costs_nothing(tmp_path: Path) -> None:
    x_alone = RetentionClass(name="cx", matchers=(Matcher("i", MatchOp.EQUAL, "x"),))
    data = tmp_path / "data"
    store = Store.open(data, SMALL, FakeClock(T0), MemorySegments(), classes=(x_alone,))
    second = 0

    def tick(count: int) -> None:
        nonlocal second
        for _ in range(count):
            store.append(batch_of(XY, second, [second * 1.5, -second]), own=True)
            store.commit()
            store.maintain(1e9)
            second += 1

    blocks_begun = 0

    def fold_between(name: str, done: int, total: int) -> None:
        nonlocal blocks_begun
        quiet(name, done, total)
        blocks_begun += name.startswith("blocks")
        if blocks_begun == 2:
            tick(15)

    tick(15)
    assert len(list(data.glob("blocks-*.db"))) == 2
    take_snapshot(data, tmp_path / "copy", ("1.2.3", 17), fold_between)
    restore_snapshot(tmp_path / "copy", tmp_path / "back", quiet)
    store.close()
    # only who opens it to write takes a file's word for what is folded
    Kit(tmp_path / "back").store.close()
    found = samples(tmp_path / "back")
    assert set(range(15)) <= found['m{i="x"}'].keys() & found['m{i="y"}'].keys()


def test_a_fold_that_makes_a_file_which_others_lean_on_begins_the_copy_anew(kit: Kit, tmp_path: Path) -> None:
    begun: list[str] = []

    def older_file(name: str, done: int, total: int) -> None:
        quiet(name, done, total)
        if name == LIVE:
            begun.append(name)
        elif name == "state.db" and len(begun) == 1:
            shutil.copy(kit.folder / "blocks-20231114.db", kit.folder / "blocks-20231113.db")

    kit.store.close()
    take_snapshot(kit.folder, tmp_path / "copy", ("1.2.3", 17), older_file)
    assert len(begun) == 2
    assert (tmp_path / "copy" / "blocks-20231113.db").exists()


def test_a_restored_folder_that_cannot_be_written_at_first_goes_on_later(kit: Kit, tmp_path: Path) -> None:
    """The ring is older than the block files, and the first fold fails."""
    snapshot(kit.folder, tmp_path / "copy")
    for second in range(25, 60):
        kit.tick(XY, second, [0.5, 0.5])
        kit.store.maintain(1e9)
    kit.store.close()
    restore_snapshot(tmp_path / "copy", tmp_path / "back", quiet)
    shutil.copy(kit.folder / "blocks-20231114.db", tmp_path / "back")
    again = _opened_where_folds_fail(tmp_path / "back")
    assert again.store.stats.read_only
    again.clock.advance(5)
    for second in range(100, 105):
        again.tick(XY, second, [0.0, 1.0])
    shutil.copytree(tmp_path / "back", tmp_path / "crashed")
    assert set(range(100, 105)) <= samples(tmp_path / "crashed")['m{i="x"}'].keys()
    again.store.close()
    assert len(samples(tmp_path / "back")['m{i="x"}']) == 65


def _opened_where_folds_fail(folder: Path) -> Kit:
    def fail(*_: object) -> None:
        raise apsw.FullError("database or disk is full")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("barograph.tsdb.upkeep.Upkeep.fold_now", fail)
        return Kit(folder)
