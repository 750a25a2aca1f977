import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import apsw
import numpy as np
import pytest
from msgspec.structs import replace

from barograph.model.batch import Family, MetricType
from barograph.model.columns import SampleColumns
from barograph.model.errors import BudgetError, FolderError, QueryCancelledError, StoreError
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.series import NewestAt, ReadBudget, SelectHints
from barograph.model.units import Size
from barograph.tsdb.bulk import encode_samples
from barograph.tsdb.cache import ENTRY_BYTES
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.load import load
from barograph.tsdb.openfiles import MovedError
from barograph.tsdb.reader import StoreReader
from unit.tsdb.stores import FAMILY, SMALL, T0, Kit, labels_of, samples_of, schema_of

FIRST = "(SELECT min(block) FROM blocks)"
X = Matcher("i", MatchOp.EQUAL, "x")


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    """125 seconds of x and y, then 25 of x and z; the head holds the newest 79, blocks the first 120."""
    kit = Kit(tmp_path)
    for second in range(125):
        kit.tick(schema_of("x", "y"), second, [float(second), 5.0])
        kit.store.maintain(1e9)
    for second in range(125, 150):
        kit.tick(schema_of("x", "z"), second, [float(second), 7.0])
    return kit


def test_bounds_are_inclusive_in_blocks_and_head(kit: Kit) -> None:
    reader = kit.reader()
    for low, high in ((0, 9), (5, 6), (69, 73), (3, 149), (140, 149), (60, 60), (147, 147)):
        (group,) = reader.select([X], T0 + low * 1000, T0 + high * 1000).groups
        assert ((group.timestamps_ms - T0) // 1000).tolist() == list(range(low, high + 1))
        assert group.values.tolist() == [[float(second) for second in range(low, high + 1)]]
        assert group.step_ms == (1000 if high > low else 0)
        assert (group.has_absent, group.has_stale) == (False, False)
    assert reader.select([X], T0 + 500, T0 + 900).groups == ()
    assert reader.select([X], T0 + 150_000, T0 + 190_000).groups == ()
    kit.store.close()


def test_series_join_and_leave(kit: Kit) -> None:
    (group,) = kit.reader().select([], 0, 1 << 60).groups
    assert group.has_absent
    assert group.has_stale
    found = samples_of(kit.reader().select([], 0, 1 << 60))
    assert sorted(found['m{i="y"}']) == list(range(126))
    assert sorted(found['m{i="z"}']) == list(range(125, 150))
    kit.store.close()


def test_no_head_at_all(kit: Kit) -> None:
    kit.store.close()
    reader = StoreReader(kit.folder, SMALL)
    assert len(samples_of(reader.select([X], 0, 1 << 60))['m{i="x"}']) == 150
    assert reader.newest_ms == T0 + 149_000
    assert reader.metadata() == {"m": FAMILY}
    reader.close()


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    reader = StoreReader(tmp_path / "nothing", SMALL)
    assert reader.select([], 0, 1 << 60).groups == ()
    assert (reader.newest_ms, reader.metadata(), reader.label_names([], 0, 1 << 60)) == (0, {}, [])
    with pytest.raises(FolderError, match="holds no Barograph store"):
        StoreReader.open_offline(tmp_path / "nothing", SMALL)


def test_a_range_inside_the_head_touches_no_file(kit: Kit) -> None:
    reader = kit.reader()
    reader.newest_ms  # noqa: B018  the files are looked at once, after a fold
    reader.select([X], T0 + 149_000, T0 + 149_000)
    reader._files.read = lambda *_: pytest.fail("a file was read")  # type: ignore[method-assign]
    assert reader.select([X], T0 + 75_000, T0 + 149_000).sample_count == 75
    kit.store.close()


def test_a_reader_follows_folds(kit: Kit) -> None:
    reader = kit.reader()
    for second in range(150, 400):
        kit.tick(schema_of("x", "z"), second, [float(second), 7.0])
        kit.store.maintain(1e9)
        if second % 25 == 0:
            assert reader.select([X], 0, 1 << 60).sample_count == second + 1
    kit.store.close()


@pytest.mark.parametrize("look", ["time_range", "head_has_all", "days"])
def test_series_that_are_loaded_are_found_whoever_looked_first(kit: Kit, look: str) -> None:
    reader = kit.reader()
    matcher = Matcher("__name__", MatchOp.EQUAL, "late")
    assert reader.select([matcher], T0, T0 + 200_000).groups == ()
    labels = [Labels.of("late")]
    kit.store.perform(
        load(
            encode_samples(
                SampleColumns(
                    labels=labels,
                    families=[Family("late", MetricType.GAUGE, "")],
                    series=np.zeros(1, np.int64),
                    timestamps_ms=np.array([T0 + 100_000], np.int64),
                    values=np.array([4.0]),
                )
            )
        )
    )
    # what takes in the files' series must not keep plans that do not know them
    asked: dict[str, Callable[[], object]] = {
        "time_range": reader.time_range,
        "head_has_all": lambda: reader.head_has_all(T0, T0 + 200_000),
        "days": reader.days,
    }
    asked[look]()
    (group,) = reader.select([matcher], T0, T0 + 200_000).groups
    assert group.values.tolist() == [[4.0]]


def test_labels_of_matching_series(kit: Kit) -> None:
    reader = kit.reader()
    every = (0, 1 << 60)
    assert reader.series([], *every) == [labels_of("x"), labels_of("y"), labels_of("z")]
    assert reader.series([X], *every) == [labels_of("x")]
    assert reader.label_names([], *every) == ["__name__", "i"]
    assert reader.label_values("i", [], *every) == ["x", "y", "z"]
    assert reader.label_values("i", [Matcher("i", MatchOp.NOT_EQUAL, "x")], *every) == ["y", "z"]
    assert reader.series([], 0, T0 - 1) == []
    assert [reader.count([], *every), reader.count([X], *every), reader.count([], 0, T0 - 1)] == [3, 1, 0]
    assert reader.newest_ms == T0 + 149_000
    kit.store.close()


def test_metadata_is_of_head_and_files(kit: Kit) -> None:
    other = Family("n", MetricType.COUNTER, "Another.")
    kit.tick(schema_of("w", family=other), 180, [1.0], "other/1s")
    assert kit.reader().metadata() == {"m": FAMILY, "n": other}
    kit.store.close()


def test_a_series_of_two_sources_is_one(kit: Kit) -> None:
    for second in (40, 41, 176, 178, 180):
        kit.tick(schema_of("x", "q"), second, [float(second), 1.0], "host/2s")
    answer = kit.reader().select([], 0, 1 << 60)
    labels = [each for group in answer.groups for each in group.labels]
    assert len(labels) == len(set(labels)) == 4
    assert sorted(samples_of(answer)['m{i="x"}']) == [*range(150), 176, 178, 180]
    kit.store.close()


def test_missing_ticks_make_no_constant_step(kit: Kit) -> None:
    kit.tick(schema_of("x"), 190, [1.0])
    (group,) = kit.reader().select([X], T0 + 140_000, 1 << 60).groups
    assert group.step_ms == 0
    kit.store.close()


def test_nobody_changes_what_others_read(kit: Kit) -> None:
    reader = kit.reader()
    for low, high in ((0, 30), (140, 149)):
        first = reader.select([X], T0 + low * 1000, T0 + high * 1000).groups[0]
        for array in (first.values, first.timestamps_ms):
            with suppress(ValueError):  # where it is shared it cannot be written to
                array[:] = 0
        again = reader.select([X], T0 + low * 1000, T0 + high * 1000).groups[0]
        assert again.values[0, 0] == float(low)
        assert again.timestamps_ms[0] == T0 + low * 1000
    kit.store.close()


def test_a_merge_under_a_reader_is_no_damage(kit: Kit) -> None:
    reader = kit.reader()
    before = reader.select([X], 0, 1 << 60)
    nothing = Size(0)
    kit.config = StoreConfig(
        fold_ticks=10, ring_slots=80, decoded_cache=nothing, compressed_cache=nothing, directory_cache=nothing
    )
    uncached = kit.reader()
    uncached.select([X], 0, 1 << 60)
    # the spans that the readers know are replaced behind their backs: no fold generation tells them
    connection = apsw.Connection(str(kit.folder / "blocks-20231114.db"))
    spans = connection.execute("SELECT count(*) FROM spans").get
    connection.close()
    assert spans > 0
    for second in range(150, 190):
        kit.tick(schema_of("x"), second, [float(second)])
    raise_generation = kit.store._head.raise_fold_generation
    kit.store._head.raise_fold_generation = lambda folded_until_ms: None  # type: ignore[method-assign]
    kit.store.maintain(1e9)
    for each in (reader, uncached):
        answer = each.select([X], 0, T0 + 149_000)
        assert answer.warnings == ()
        assert np.array_equal(answer.groups[0].values, before.groups[0].values)
    raise_generation(0)
    kit.store.close()


def test_blocks_that_keep_moving_end_in_an_error(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = kit.reader()

    def move(*_: object) -> None:
        raise MovedError

    monkeypatch.setattr(reader._files, "read", move)
    with pytest.raises(StoreError, match="ask again"):
        reader.select([X], 0, T0)
    kit.store.close()


def test_damage_is_a_gap_a_count_and_a_warning(kit: Kit) -> None:
    kit.store.close()
    connection = apsw.Connection(str(kit.folder / "blocks-20231114.db"))
    connection.execute(f"UPDATE blocks SET payload = zeroblob(length(payload)) WHERE block = {FIRST}")
    connection.close()
    reader = StoreReader(kit.folder, SMALL)
    answer = reader.select([], 0, 1 << 60)
    assert any("damaged chunks are shown as gaps" in warning for warning in answer.warnings)
    assert reader.damaged > 0
    found = samples_of(answer)
    assert 0 < len(found['m{i="x"}']) < 150
    assert len(found['m{i="y"}']) >= 125
    reader.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("UPDATE spans SET last_ms = last_ms + 1 WHERE span = (SELECT max(span) FROM spans)", "1 damaged spans"),
        ("DELETE FROM spans WHERE span = (SELECT max(span) FROM spans)", "1 damaged spans"),
        ("UPDATE blocks SET directory = x'00' WHERE block = (SELECT max(block) FROM blocks)", "1 damaged blocks"),
        ("UPDATE blocks SET directory = 17", "damaged blocks"),
        ("UPDATE series SET body = zeroblob(50)", "the labels of 3 series are damaged"),
        ("UPDATE tally SET spans = spans + 1", "the tally of a block file is damaged"),
        ("DELETE FROM tally", "the tally of a block file is damaged"),
        ("DROP TABLE blocks", "is damaged and shown as a gap"),
        ("PRAGMA user_version = 9", "has format 9"),
    ],
)
def test_every_kind_of_damage_is_named(kit: Kit, statement: str, words: str) -> None:
    kit.store.close()
    connection = apsw.Connection(str(kit.folder / "blocks-20231114.db"))
    connection.execute(statement)
    connection.close()
    reader = StoreReader(kit.folder, SMALL)
    warnings = reader.select([], 0, 1 << 60).warnings
    assert any(words in warning for warning in warnings), warnings
    assert reader.damaged >= 1
    reader.close()


def test_a_damaged_ring_is_a_warning_offline(kit: Kit) -> None:
    kit.store._files.close()
    connection = apsw.Connection(str(kit.folder / "live.db"))
    connection.execute("UPDATE slots SET record = zeroblob(300) WHERE slot = 145 % 80")
    connection.close()
    reader = StoreReader.open_offline(kit.folder, SMALL)
    answer = reader.select([X], 0, 1 << 60)
    assert "1 damaged records" in answer.warnings[0]
    assert answer.sample_count == 149
    (kit.folder / "live.db").write_bytes(b"this is no database" * 100)
    reader = StoreReader.open_offline(kit.folder, SMALL)
    assert "live.db is damaged" in reader.select([X], 0, 1 << 60).warnings[0]
    (kit.folder / "live.db").unlink()
    (kit.folder / "live.db").mkdir()
    with pytest.raises(FolderError, match="cannot be read"):
        StoreReader.open_offline(kit.folder, SMALL)


def test_a_day_that_retention_took_is_forgotten(kit: Kit) -> None:
    kit.store.close()
    reader = StoreReader(kit.folder, SMALL)
    assert reader.select([X], 0, 1 << 60).sample_count == 150
    (kit.folder / "blocks-20231114.db").unlink()
    reader._generation = -1
    assert reader.select([X], 0, 1 << 60).sample_count == 0
    reader.close()


def test_many_days_with_few_open_files(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    for second in range(0, 8 * 86_400, 3_600):
        kit.tick(schema_of("x"), second, [float(second)])
        kit.store.maintain(1e9)
    reader = kit.reader()
    for _ in range(2):
        answer = reader.select([X], 0, 1 << 60)
        assert answer.sample_count == 8 * 24
        assert answer.warnings == ()
        assert answer.groups[0].step_ms == 3_600_000
    assert len(reader._files._open) <= 4
    reader._generation = -1
    assert reader.select([X], 0, 1 << 60).sample_count == 8 * 24
    kit.store.close()


def test_threads_may_share_a_reader(kit: Kit) -> None:
    reader = kit.reader()
    wrong: list[object] = []

    def ask() -> None:
        for number in range(100):
            low = number % 140
            answer = reader.select([X], T0 + low * 1000, T0 + 140_000)
            if answer.sample_count != 141 - low:
                wrong.append(answer)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    kit.store.close()


def test_selections_that_never_come_again_are_not_kept_without_end(tmp_path: Path) -> None:
    kit = Kit(tmp_path, replace(SMALL, decoded_cache=Size(200_000)))
    for second in range(125):
        kit.tick(schema_of("a"), second, [float(second)])
        kit.store.maintain(1e9)
    reader = StoreReader(kit.folder, kit.config)
    for number in range(1_000):
        assert not reader.select([Matcher("i", MatchOp.EQUAL, f"x{number}")], T0, T0 + 9_000).groups
        assert reader.select_series([labels_of("a")], T0, T0 + 9_000).groups
    # half of the decoded cache is theirs, and what selects nothing takes its key
    assert 0 < len(reader._reads._kept) < 100_000 // ENTRY_BYTES
    reader.close()


def test_plans_are_kept_by_what_they_take(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = kit.reader()
    monkeypatch.setattr("barograph.tsdb.plans._MOST_BYTES", 100)
    for number in range(100):
        reader.series([Matcher("i", MatchOp.EQUAL, f"x{number}")], T0, T0 + 9_000)
    assert 0 < len(reader._plans._plans) <= 100 // 2
    reader.close()


def ended() -> None:
    raise QueryCancelledError("enough")


@pytest.mark.parametrize(("low", "high"), [(0, 30), (140, 149), (0, 149)])
def test_what_is_more_than_allowed_is_not_read(kit: Kit, low: int, high: int) -> None:
    reader = kit.reader()
    range_ms = T0 + low * 1000, T0 + high * 1000
    count = reader.select([X], *range_ms).sample_count

    def hints(samples: int = 1 << 40, series: int = 1 << 20, check: Callable[[], None] = lambda: None) -> SelectHints:
        return SelectHints(budget=ReadBudget(max_samples=samples, max_series=series, check=check))

    assert reader.select([X], *range_ms, hints(count, 1)).sample_count == count
    with pytest.raises(BudgetError) as refused:
        reader.select([X], *range_ms, hints(count - 1))
    assert refused.value.what == "samples"
    with pytest.raises(BudgetError) as refused:
        reader.select([], *range_ms, hints(series=1))
    assert (refused.value.what, refused.value.found) == ("series", len(reader.series([], *range_ms)))
    newest = NewestAt(start_ms=range_ms[1], step_ms=0, steps=1)
    with pytest.raises(QueryCancelledError):
        kit.reader().select([X], *range_ms, SelectHints(newest=newest, budget=hints(check=ended).budget))
    kit.store.close()
