import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from barograph.app.catching_up import CatchingUp
from barograph.model.clock import SystemClock
from barograph.model.columns import SampleColumns
from barograph.model.errors import StoreError
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.tiers import Column
from barograph.tsdb.bulk import encode_samples
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.headreads import read_head
from barograph.tsdb.load import load
from barograph.tsdb.openfiles import DayFile
from barograph.tsdb.reader import StoreReader
from unit.tsdb.stores import FAMILY, SMALL, T0, Kit, labels_of, samples_of, schema_of

EVER = (0, 1 << 60)
FEW = msgspec.structs.replace(SMALL, ring_slots=5 * SMALL.fold_ticks + 5)
HEAD = (Matcher("i", MatchOp.EQUAL, "head"),)


def no_pause() -> None:
    """Let nobody in."""


@pytest.fixture
def kit(tmp_path: Path) -> Iterator[Kit]:
    """A head of one series, and files of six others in three loads, of which the readers' steps take one each."""
    kit = Kit(tmp_path, FEW)
    kit.tick(schema_of("head"), 1, [1.0])
    for names in ("ab", "cd", "ef"):
        load_series(kit, names)
    yield kit
    kit.store.close()


def load_series(kit: Kit, names: str) -> None:
    columns = SampleColumns(
        labels=[labels_of(name) for name in names],
        families=[FAMILY] * len(names),
        series=np.arange(len(names)),
        timestamps_ms=np.full(len(names), T0),
        values=np.ones(len(names)),
    )
    kit.store.perform(load(encode_samples(columns)))


def reading_ahead(kit: Kit) -> StoreReader:
    """Return a reader that has begun to read what came after it looked, and is not done."""
    reader = kit.reader()
    reader.catch_up()
    load_series(kit, "gh")
    load_series(kit, "ij")
    assert reader.read_ahead(no_pause)
    return reader


def names_of(reader: StoreReader) -> str:
    return "".join(labels.get("i") for labels in reader.series([], *EVER))


def test_who_asks_meanwhile_is_answered_from_the_files_as_they_were(kit: Kit) -> None:
    reader = kit.reader()
    assert reader.read_ahead(no_pause)
    assert names_of(reader) == "head", "labels alone have no samples yet"
    assert reader.read_ahead(no_pause)
    assert reader.is_behind
    steps = 2
    while reader.read_ahead(no_pause):
        steps += 1
    assert steps == 3
    reader.catch_up()
    assert not reader.is_behind
    assert names_of(reader) == "abcdefhead"
    reader.close()


@pytest.mark.parametrize("further", [1, FEW.fold_ticks + 2, FEW.ring_slots + 20])
def test_rows_are_found_meanwhile_that_are_folded_or_leave_the_head(kit: Kit, further: int) -> None:
    reader = reading_ahead(kit)
    schema = schema_of("head")
    for second in range(2, 2 + further):
        kit.tick(schema, second, [second])
    seconds = list(range(1, 2 + further))
    found = samples_of(reader.select([], T0 + 1000, T0 + 10**6))
    assert list(found[str(labels_of("head"))]) == seconds
    start_ms = T0 // 60_000 * 60_000
    buckets = reader.select_buckets(HEAD, start_ms, start_ms + 240_000, 60_000, [Column.COUNT])
    assert np.nansum(buckets.groups[0].columns[Column.COUNT]) == len(seconds)
    reader.close()


@pytest.mark.parametrize("further", [1, 100])
def test_rows_are_found_that_leave_the_head_just_before_it_is_read(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, further: int
) -> None:
    reader = reading_ahead(kit)
    schema, full = schema_of("head"), FEW.ring_slots
    for second in range(2, full):
        kit.tick(schema, second, [second])
    kit.store._upkeep.fold_now()  # so that one further tick folds nothing
    seconds = iter(range(full, full + further))

    def read_late(*arguments: Any) -> Any:
        for second in seconds:
            kit.tick(schema, second, [second])
        return read_head(*arguments)

    monkeypatch.setattr("barograph.tsdb.reader.read_head", read_late)
    found = samples_of(reader.select(HEAD, T0, T0 + 10**6))
    assert list(found[str(labels_of("head"))]) == list(range(1, full + further))
    reader.close()


def test_blocks_that_move_while_files_are_read_ahead_refuse_nobody(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    schema = schema_of("head")
    for second in range(2, 60):
        kit.tick(schema, second, [second])
        if second % 10 == 0:
            kit.store._upkeep.fold_now()
    reader = kit.reader()
    reader.catch_up()
    for names in ("gh", "ij", "kl", "mn", "op", "qr", "st"):
        load_series(kit, names)
    assert reader.read_ahead(no_pause)
    with monkeypatch.context() as patch:
        patch.setattr(kit.store._head, "raise_fold_generation", lambda _: None)  # that comes a moment later
        kit.store._upkeep.finish()  # merges
    look_again = reader._look_again
    looks: list[int] = []

    def look_again_and_read_ahead() -> None:
        look_again()
        looks.append(1)
        reader.read_ahead(no_pause)  # on its thread, before this one asks again

    monkeypatch.setattr(reader, "_look_again", look_again_and_read_ahead)
    found = samples_of(reader.select(HEAD, T0, T0 + 10**6))
    assert list(found[str(labels_of("head"))]) == list(range(1, 60))
    assert looks == [1]
    reader.close()


def test_nobody_reads_a_series_twice(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = kit.reader()
    assert names_of(reader) == "abcdefhead"
    read: list[int] = []
    take = reader._files.take_series

    def noting(file: DayFile, first: int, infos: Sequence[SeriesInfo]) -> None:
        read.append(first)
        take(file, first, infos)

    monkeypatch.setattr(reader._files, "take_series", noting)
    load_series(kit, "gh")
    assert names_of(reader) == "abcdefghhead"
    assert read == [6]
    reader.close()


def test_reading_ahead_that_fails_leaves_it_to_who_asks(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = kit.reader()
    assert reader.read_ahead(no_pause)

    def fail(*_: object) -> bool:
        raise StoreError("no")

    monkeypatch.setattr(reader._files, "next_run", fail)
    with pytest.raises(StoreError):
        reader.read_ahead(no_pause)
    assert names_of(reader) == "abcdefhead"
    reader.close()


def test_a_request_waits_for_what_was_stored_before_it(kit: Kit) -> None:
    reader = kit.reader()

    async def main() -> None:
        catching_up = CatchingUp(reader, SystemClock())
        catching_up.look()
        load_series(kit, "gh")
        await catching_up.wait()
        assert not reader.is_behind
        assert names_of(reader) == "abcdefghhead"
        await catching_up.wait()
        catching_up.close()
        catching_up.look()

    asyncio.run(main())
    reader.close()


def test_who_asks_right_after_a_tick_does_not_read_what_has_come(kit: Kit) -> None:
    reader = kit.reader()
    reader.catch_up()
    load_series(kit, "gh")

    async def main() -> None:
        catching_up = CatchingUp(reader, SystemClock())
        begin = threading.Event()
        catching_up._thread.submit(begin.wait, 10)  # its thread has not come to it yet
        catching_up.look()
        assert names_of(reader) == "abcdefhead", "nothing is read on the event loop"
        begin.set()
        await catching_up.wait()
        assert names_of(reader) == "abcdefghhead"
        catching_up.close()

    asyncio.run(main())
    reader.close()


def test_what_cannot_be_read_is_said_and_keeps_nobody(
    kit: Kit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reader = kit.reader()

    def fail(*_: object) -> bool:
        raise StoreError("no way")

    monkeypatch.setattr(reader, "read_ahead", fail)

    async def main() -> None:
        await CatchingUp(reader, SystemClock()).wait()

    asyncio.run(main())
    assert "no way" in caplog.text
    reader.close()
