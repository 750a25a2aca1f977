"""Bulk loads into a store: by a process of its own, between ticks, and from stand-alone files."""

import tracemalloc
from collections.abc import Generator
from pathlib import Path

import apsw
import numpy as np
import pytest

from barograph.model.batch import MetricType
from barograph.model.errors import CorruptError, StoreError
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT, STALE
from barograph.tsdb import load as loading
from barograph.tsdb.blocks import BlockWriter
from barograph.tsdb.bulk import encode_samples
from barograph.tsdb.filenames import DAY_MS, block_names, day_block
from barograph.tsdb.jobs import StoreParts
from barograph.tsdb.load import BulkLoader, adopt, load, write_apart
from barograph.tsdb.reader import StoreReader
from helpers.clock import FakeClock
from unit.tsdb.stores import SMALL, T0, Kit, labels_of, samples_of, schema_of
from unit.tsdb.test_bulk import GAUGE, columns

ONE = schema_of("x")
ALL = ((), T0 - 10 * DAY_MS, T0 + 10 * DAY_MS)


def bits(value: float) -> int:
    return int(np.float64(value).view(np.uint64))


def stored(folder: Path) -> dict[str, dict[int, int]]:
    reader = StoreReader.open_offline(folder, SMALL)
    try:
        answer = reader.select(*ALL)
        assert answer.warnings == ()
        return samples_of(answer)
    finally:
        reader.close()


def test_columns_are_stored_and_read_back(tmp_path: Path) -> None:
    labels = [labels_of("a"), labels_of("b")]
    times = T0 + 1000 * np.array([0, 1, 2])
    with BulkLoader.open(tmp_path, SMALL, FakeClock(T0)) as loader:
        result = loader.write_columns(labels, times, np.array([[1.0, 2.0, STALE], [ABSENT, 5.0, -0.0]]))
        assert (result.samples, result.spans) == (6, 1) and result.written_bytes > 0
        # what is written later counts
        loader.write_columns([labels_of("b")], times[1:2], np.array([[7.0]]))
    assert stored(tmp_path) == {
        str(labels[0]): {0: bits(1), 1: bits(2), 2: bits(STALE)},
        str(labels[1]): {1: bits(7), 2: bits(-0.0)},
    }


def test_columns_of_another_shape_are_refused(tmp_path: Path) -> None:
    with (
        BulkLoader.open(tmp_path, SMALL, FakeClock(T0)) as loader,
        pytest.raises(ValueError, match=r"\(1, 2\) is expected"),
    ):
        loader.write_columns([labels_of("a")], np.array([T0, T0 + 1]), np.zeros((2, 2)))


def test_samples_bring_their_families(tmp_path: Path) -> None:
    with BulkLoader.open(tmp_path, SMALL, FakeClock(T0)) as loader:
        loader.write_samples(columns([labels_of("a")], [(0, T0, 1.0), (0, T0 + DAY_MS, 2.0)]))
    reader = StoreReader.open_offline(tmp_path, SMALL)
    assert reader.metadata()["m"].type is MetricType.GAUGE
    reader.close()
    assert len(block_names(tmp_path)) == 2
    assert stored(tmp_path) == {str(labels_of("a")): {0: bits(1), 86400: bits(2)}}


def test_a_running_store_adopts_files_between_ticks_and_readers_see_it(tmp_path: Path) -> None:
    kit = Kit(tmp_path / "store")
    kit.tick(ONE, 0, [1.0])
    reader = kit.reader()
    assert len(samples_of(reader.select(*ALL))) == 1
    apart = tmp_path / "incoming"
    apart.mkdir()
    given = [(0, T0 - DAY_MS + t, float(t)) for t in range(0, 90_000, 1000)]
    given += [(1, T0 + t, float(t)) for t in range(0, 50_000, 1000)]
    written = write_apart(apart, encode_samples(columns([labels_of("a"), labels_of("b")], given), 20))
    future = kit.store.submit(adopt(apart))
    second = 1
    while not future.done():
        kit.tick(ONE, second, [float(second)])
        kit.store.maintain(0.0)
        second += 1
    assert future.result().samples == written.samples == 140
    assert future.result().spans == written.spans
    answer = samples_of(reader.select(*ALL))
    assert len(answer[str(labels_of("a"))]) == 90 and len(answer[str(labels_of("b"))]) == 50
    assert len(answer[str(labels_of("x"))]) == second
    before = answer
    kit.store.close()
    reader.close()
    assert stored(tmp_path / "store") == before


def test_spans_of_some_of_a_files_series_are_adopted_as_theirs(tmp_path: Path) -> None:
    kit = Kit(tmp_path / "store")
    apart = tmp_path / "incoming"
    apart.mkdir()
    given = [(0, T0, 1.0), (1, T0 + 60_000, 2.0), (2, T0 + 90_000, 3.0), (1, T0 + 61_000, 4.0)]
    labels = [labels_of(name) for name in "abc"]
    write_apart(apart, encode_samples(columns(labels, given)))
    kit.store.perform(adopt(apart))
    kit.store.close()
    assert stored(tmp_path / "store") == {
        str(labels[0]): {0: bits(1)},
        str(labels[1]): {60: bits(2), 61: bits(4)},
        str(labels[2]): {90: bits(3)},
    }


def test_files_of_a_load_that_were_not_open_are_closed_again(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    given = columns([labels_of("a")], [(0, T0 - DAY_MS, 1.0), (0, T0, 1.0)])

    def open_blocks(parts: StoreParts) -> Generator[None, None, int]:
        yield
        return len(parts.files.open_blocks)

    kit.tick(ONE, 0, [1.0])
    kit.store.perform(load(encode_samples(given)))
    assert kit.store.perform(open_blocks) == 0
    kit.store.close()


def test_a_damaged_apart_file_is_not_adopted(tmp_path: Path) -> None:
    kit = Kit(tmp_path / "store")
    apart = tmp_path / "incoming"
    apart.mkdir()
    write_apart(apart, encode_samples(columns([labels_of("a")], [(0, T0, 1.0), (0, T0 + 1, 2.5)])))
    path = apart / day_block(T0).file_name
    connection = apsw.Connection(str(path))
    connection.execute("UPDATE blocks SET directory = zeroblob(40)")
    connection.close()
    with pytest.raises(CorruptError, match="send the samples again"):
        kit.store.perform(adopt(apart))
    connection = apsw.Connection(str(path))
    connection.execute("DELETE FROM spans")
    connection.close()
    with pytest.raises(CorruptError, match="lost 1 spans"):
        kit.store.perform(adopt(apart))
    kit.store.close()


def test_the_series_of_a_file_take_little_memory_where_it_is_read_and_written(tmp_path: Path) -> None:
    count = 20_000
    labels = [Labels.of("m", number=f"{number:x}", path=f"/user/{number}/orders") for number in range(count)]
    write_apart(tmp_path, encode_samples(columns(labels, [(number, T0, 1.0) for number in range(count)])))
    del labels
    tracemalloc.start()
    try:
        assert sum(span.samples for span in loading._stored_spans(tmp_path)) == count
        reading_bytes = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        writer = BlockWriter(tmp_path / day_block(T0).file_name)
        writing_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    writer.close()
    # as objects they take more than 700 bytes each
    assert reading_bytes < 400 * count
    assert writing_bytes < 400 * count


@pytest.mark.parametrize("change", ["DELETE FROM series", "UPDATE series SET body = zeroblob(40)"])
def test_a_series_that_an_apart_file_has_lost_is_said(tmp_path: Path, change: str) -> None:
    kit = Kit(tmp_path / "store")
    apart = tmp_path / "incoming"
    apart.mkdir()
    write_apart(apart, encode_samples(columns([labels_of("a")], [(0, T0, 1.0)])))
    connection = apsw.Connection(str(apart / day_block(T0).file_name))
    connection.execute(change)
    connection.close()
    with pytest.raises(CorruptError, match="a series is damaged: send the samples again"):
        kit.store.perform(adopt(apart))
    kit.store.close()


def test_a_target_file_that_is_no_database_is_moved_aside(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    given = columns([labels_of("a")], [(0, T0, 1.0)])
    name = day_block(T0).file_name
    (tmp_path / name).write_bytes(b"nonsense" * 1000)
    kit.store.perform(load(encode_samples(given)))
    assert (tmp_path / f"{name}.damaged-1").exists()
    kit.store.close()
    assert len(stored(tmp_path)) == 1


def test_a_disk_that_fails_ends_the_load_with_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = Kit(tmp_path / "store")
    given = columns([labels_of("a")], [(0, T0, 1.0)])

    def fail(*_: object) -> int:
        raise apsw.FullError("full")

    kit.tick(ONE, 0, [1.0])
    with monkeypatch.context() as patch:
        patch.setattr(BlockWriter, "write", fail)
        with pytest.raises(StoreError, match="disk is full"):
            kit.store.perform(load(encode_samples(given)))
        with pytest.raises(StoreError, match="takes no writes"):
            write_apart(tmp_path, encode_samples(given))
    with monkeypatch.context() as patch:
        patch.setattr(BlockWriter, "checkpoint", fail)
        with pytest.raises(StoreError, match="disk is full"):
            kit.store.perform(load(encode_samples(given)))
    # and the store goes on
    kit.tick(ONE, 1, [2.0])
    kit.store.close()
    assert GAUGE.name == "m" and len(stored(tmp_path / "store")) == 2
