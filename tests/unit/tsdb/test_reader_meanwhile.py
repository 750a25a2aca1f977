"""What a reader answers while the store changes under it: steps that fall between two of its own."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw
import numpy as np
import pytest

from barograph.model.columns import SampleColumns
from barograph.model.errors import ReadOnlyError
from barograph.model.matcher import Matcher, MatchOp
from barograph.tsdb.bulk import encode_samples
from barograph.tsdb.dayfiles import DayFiles
from barograph.tsdb.filenames import day_block
from barograph.tsdb.headreads import read_head
from barograph.tsdb.load import load
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.retention import remove_block
from unit.tsdb.stores import FAMILY, SMALL, T0, Kit, labels_of, samples_of, schema_of

X = Matcher("i", MatchOp.EQUAL, "x")
LAST = 149
DAY = day_block(T0)


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    """150 seconds of x; the head holds the newest 79."""
    kit = Kit(tmp_path)
    for second in range(LAST + 1):
        kit.tick(schema_of("x"), second, [float(second)])
        kit.store.maintain(1e9)
    yield kit
    kit.store.close()


def seconds_of(reader: StoreReader) -> list[int]:
    return sorted(samples_of(reader.select([X], T0, T0 + 10**6)).get('m{i="x"}', {}))


def before_the_head(monkeypatch: pytest.MonkeyPatch, step: Callable[[], None]) -> None:
    """Have something happen each time that a reader has made its plan and not read anything yet."""

    def read_late(*arguments: Any) -> Any:
        step()
        return read_head(*arguments)

    monkeypatch.setattr("barograph.tsdb.reader.read_head", read_late)


def test_files_that_change_all_the_time_refuse_nobody(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = kit.reader()
    # as the rewriting of what was deleted does, a span at a time
    before_the_head(monkeypatch, lambda: kit.store._head.raise_fold_generation(0))
    assert seconds_of(reader) == list(range(LAST + 1))
    reader.close()


def test_who_asks_for_what_the_head_has_waits_for_nobody_who_reads_files(kit: Kit) -> None:
    reader = kit.reader()
    reader.catch_up()
    found: list[int] = []

    def ask() -> None:
        found.extend(samples_of(reader.select([X], T0 + 1000 * (LAST - 9), T0 + 10**6))['m{i="x"}'])

    with reader._files_lock:  # for seconds, where a query reads weeks from a slow disk
        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(60)
    assert found == list(range(LAST - 9, LAST + 1))
    asking.join()
    reader.close()


def test_rows_that_leave_the_head_meanwhile_are_found(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, schema = kit.reader(), schema_of("x")
    seconds = iter(range(LAST + 1, LAST + 1 + SMALL.ring_slots + 20))

    def run_on() -> None:
        for second in seconds:
            kit.tick(schema, second, [float(second)])  # no merge, which readers notice by themselves

    before_the_head(monkeypatch, run_on)
    assert seconds_of(reader) == list(range(LAST + 1 + SMALL.ring_slots + 20))
    reader.close()


def test_a_fold_that_was_looked_at_half_told_refuses_nobody(kit: Kit) -> None:
    reader = kit.reader()
    assert seconds_of(reader) == list(range(LAST + 1))
    # the generation is told before the rows that it folded: who looks between the two knows those of before
    reader._rows_in_files = dict.fromkeys(reader._rows_in_files, LAST - SMALL.ring_slots)
    assert seconds_of(reader) == list(range(LAST + 1))
    reader.close()


def test_rows_that_a_failing_disk_never_took_are_waited_for_by_nobody(
    kit: Kit, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, schema = kit.reader(), schema_of("x")

    def refuse() -> None:
        raise ReadOnlyError("the disk is full")

    monkeypatch.setattr(kit.store, "_connected", refuse)
    end = LAST + 1 + 2 * SMALL.ring_slots
    for second in range(LAST + 1, end):
        with suppress(ReadOnlyError):
            kit.tick(schema, second, [float(second)])
    found = seconds_of(reader)
    assert found[-SMALL.ring_slots + 1 :] == list(range(end - SMALL.ring_slots + 1, end))
    assert found[:140] == list(range(140))
    monkeypatch.undo()
    reader.close()


def test_a_day_that_retention_takes_under_a_reader_is_no_damage(kit: Kit) -> None:
    reader = kit.reader()
    reader.catch_up()
    reader._files._open.close()  # as many other files do that are read meanwhile
    in_head = [second for second in range(LAST + 1) if second > LAST + 1 - SMALL.ring_slots]
    kit.store._files.close_block(DAY)
    remove_block(kit.folder, DAY)
    answer = reader.select([X], T0, T0 + 10**6)
    assert sorted(samples_of(answer)['m{i="x"}']) == in_head
    assert (answer.warnings, reader.damaged) == ((), 0)
    reader.close()


@pytest.mark.parametrize("step", ["_known", "_load"])
def test_a_day_that_retention_takes_while_files_are_looked_at_is_no_damage(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    reader, look = kit.reader(), getattr(DayFiles, step)

    def look_late(*arguments: Any, **options: Any) -> Any:
        kit.store._files.close_block(DAY)
        remove_block(kit.folder, DAY)
        return look(*arguments, **options)

    monkeypatch.setattr(DayFiles, step, look_late)
    answer = reader.select([X], T0, T0 + 10**6)
    assert (answer.warnings, reader.damaged) == ((), 0)
    assert reader._files.names() == set()
    reader.close()


def test_another_file_of_the_same_name_is_not_read_as_the_one_before(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    load_samples(kit, [0, 1, 2])
    reader = StoreReader(kit.folder, kit.config)
    reader.catch_up()
    reader._files._open.close()
    (kit.folder / DAY.file_name).rename(kit.folder / "kept")  # so that its inode is not given away anew
    remove_block(kit.folder, DAY)
    load_samples(kit, [60, 61, 63])
    assert samples_of(reader.select([X], T0, T0 + 10**6)) == samples_of(kit.reader().select([X], T0, T0 + 10**6))
    assert reader.damaged == 0
    reader.close()
    kit.store.close()


def test_a_day_that_could_not_be_read_for_a_moment_is_read_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kit = Kit(tmp_path)
    days = [day * 86_400 for day in range(4)]
    load_samples(kit, days)
    other, reader = kit.reader(), kit.reader()
    assert other.select([X], T0, T0 + 10**9).sample_count == 4

    def refuse(_: object) -> None:
        raise apsw.BusyError("the file is being closed")

    with monkeypatch.context() as patch:
        patch.setattr("barograph.tsdb.blocks.read_spans", refuse)
        assert "cannot be read and is shown as a gap" in reader.select([X], T0, T0 + 10**9).warnings[0]
    kit.store._head.raise_fold_generation(0)
    kit.tick(schema_of("y"), 0, [1.0])
    assert kit.segments.current is not None
    reader.attach(kit.segments.current.buffer)
    answer = reader.select([X], T0, T0 + 10**9)
    assert (sorted(samples_of(answer)['m{i="x"}']), answer.warnings) == (days, ())
    reader.close()
    other.close()
    kit.store.close()


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("DELETE FROM spans WHERE span = 1", "1 damaged spans are shown as gaps"),
        ("UPDATE series SET body = zeroblob(50)", "the labels of 1 series are damaged"),
        ("DELETE FROM tally", "the tally of a block file is damaged"),
    ],
)
def test_damage_is_named_as_long_as_it_is_there(tmp_path: Path, statement: str, words: str) -> None:
    kit = Kit(tmp_path)
    load_samples(kit, [day * 86_400 for day in range(4)])
    connection = apsw.Connection(str(kit.folder / DAY.file_name))
    connection.execute(statement)
    connection.close()
    kit.tick(schema_of("y"), 0, [1.0])
    reader = kit.reader()
    for _ in range(3):
        warnings = reader.select([X], T0, T0 + 10**9).warnings
        assert len(warnings) == 1
        assert words in warnings[0]
        kit.store._head.raise_fold_generation(0)  # files are looked at again, and most are as they were
    assert reader.damaged
    reader.close()
    kit.store.close()


def load_samples(kit: Kit, seconds: list[int]) -> None:
    columns = SampleColumns(
        labels=[labels_of("x")],
        families=[FAMILY],
        series=np.zeros(len(seconds), np.intp),
        timestamps_ms=T0 + 1000 * np.array(seconds),
        values=np.array(seconds, np.float64),
    )
    kit.store.perform(load(encode_samples(columns)))
