"""What a reader answers while the store changes under it: steps that fall between two of its own."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from barograph.model.errors import ReadOnlyError
from barograph.model.matcher import Matcher, MatchOp
from barograph.tsdb.headreads import read_head
from barograph.tsdb.reader import StoreReader
from unit.tsdb.stores import SMALL, T0, Kit, samples_of, schema_of

X = Matcher("i", MatchOp.EQUAL, "x")
LAST = 149


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


def test_rows_that_leave_the_head_meanwhile_are_found(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, schema = kit.reader(), schema_of("x")
    seconds = iter(range(LAST + 1, LAST + 1 + SMALL.ring_slots + 20))

    def run_on() -> None:
        for second in seconds:
            kit.tick(schema, second, [float(second)])  # no merge, which readers notice by themselves

    before_the_head(monkeypatch, run_on)
    assert seconds_of(reader) == list(range(LAST + 1 + SMALL.ring_slots + 20))
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
