from pathlib import Path

import pytest

from barograph.model.matcher import Matcher, MatchOp
from barograph.tsdb import filenames
from barograph.tsdb.deletion import Deletion, clean, delete
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.tombstones import read_tombstones
from unit.tsdb.stores import SMALL, T0, Kit, batch_of, samples_of, schema_of

XY = schema_of("x", "y")
X = (Matcher("i", MatchOp.EQUAL, "x"),)


def seconds_of(folder: Path) -> dict[str, list[int]]:
    reader = StoreReader.open_offline(folder, SMALL)
    found = samples_of(reader.select([], 0, 1 << 60))
    reader.close()
    return {name: list(samples) for name, samples in found.items()}


def deletion(first: int, last: int, *selectors: tuple[Matcher, ...]) -> Deletion:
    return Deletion(selectors=selectors or (X,), start_ms=T0 + first * 1000, end_ms=T0 + last * 1000)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    kit = Kit(tmp_path)
    for second in range(15):
        kit.tick(XY, second, [second, -second])
        kit.store.maintain(1e9)
    return kit


def test_what_is_deleted_is_gone_at_once_and_for_good(kit: Kit) -> None:
    reader = kit.reader()
    assert len(samples_of(reader.select([], 0, 1 << 60))['m{i="x"}']) == 15
    future = kit.store.submit(delete(deletion(3, 12)))
    kit.store.maintain(1e9)
    future.result(0)
    kept = {'m{i="x"}': [0, 1, 2, 13, 14], 'm{i="y"}': list(range(15))}
    assert {name: list(found) for name, found in samples_of(reader.select([], 0, 1 << 60)).items()} == kept
    kit.store._files.close()  # as a crash does
    assert seconds_of(kit.folder) == kept
    again = Kit(kit.folder)
    again.store.close()
    assert seconds_of(kit.folder) == kept


def test_what_comes_later_for_the_same_instants_stays(kit: Kit) -> None:
    kit.store.perform(delete(deletion(0, 99)))
    kit.store.append(batch_of(schema_of("x"), 5, [55.0]))
    kit.store.commit()
    kit.store.close()
    assert seconds_of(kit.folder)['m{i="x"}'] == [5]


def test_merges_leave_out_what_is_deleted(kit: Kit) -> None:
    kit.store.perform(delete(deletion(3, 12)))
    for second in range(15, 60):
        kit.tick(XY, second, [second, -second])
        kit.store.maintain(1e9)
    kit.store.close()
    assert kit.store.stats.merges > 0
    (kit.folder / filenames.TOMBSTONES).unlink()
    assert seconds_of(kit.folder)['m{i="x"}'] == [0, 1, 2, *range(13, 60)]


def test_cleaning_rewrites_and_forgets(kit: Kit) -> None:
    everything = (Matcher("__name__", MatchOp.EQUAL, "m"),)
    kit.store.perform(delete(deletion(3, 12)))
    kit.store.perform(delete(deletion(0, 1, everything, X)))
    assert len(read_tombstones(kit.folder)[0]) == 3
    assert kit.store.perform(clean()) > 0
    assert read_tombstones(kit.folder) == ([], 0)
    assert kit.store.perform(clean()) == 0
    kit.store.close()
    assert seconds_of(kit.folder) == {'m{i="x"}': [2, 13, 14], 'm{i="y"}': list(range(2, 15))}


def test_a_span_of_which_nothing_is_left_goes(kit: Kit) -> None:
    kit.store.perform(delete(deletion(0, 99, (Matcher("__name__", MatchOp.EQUAL, "m"),))))
    kit.store.perform(clean())
    kit.store.close()
    assert seconds_of(kit.folder) == {}


def test_tombstones_that_are_no_database_are_moved_aside_and_said(kit: Kit) -> None:
    kit.store.perform(delete(deletion(3, 12)))
    kit.store.close()
    (kit.folder / filenames.TOMBSTONES).write_bytes(b"x" * 8192)
    reader = StoreReader.open_offline(kit.folder, SMALL)
    assert "what was deleted may be shown" in reader.select([], 0, 1 << 60).warnings[0]
    reader.close()
    again = Kit(kit.folder)
    assert "tombstones.db is damaged" in again.store.take_notices()[0]
    again.store.close()
