"""Works: asked for from any thread, done in steps by the store's own."""

import threading
from collections.abc import Generator
from pathlib import Path

import apsw
import pytest

from barograph.model.errors import ReadOnlyError, StoreError
from barograph.tsdb.filenames import BlockName
from barograph.tsdb.jobs import StoreParts
from unit.tsdb.stores import Kit, schema_of

ONE = schema_of("x")


def three_steps(parts: StoreParts) -> Generator[None, None, int]:
    for _ in range(3):
        yield
    return parts.head.series_count


def failing(parts: StoreParts) -> Generator[None, None, int]:
    yield
    raise StoreError("no such thing")


def test_a_work_is_done_between_ticks_and_answers(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.tick(ONE, 0, [1.0])
    asking = threading.Thread(target=lambda: futures.append(kit.store.submit(three_steps)))
    futures = [kit.store.submit(three_steps)]
    asking.start()
    asking.join()
    assert not futures[0].done()
    kit.store.maintain(1e9)
    assert [future.result(0) for future in futures] == [1, 1]
    kit.store.close()


def test_each_round_of_upkeep_does_a_step(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.tick(ONE, 0, [1.0])
    kit.store.maintain(1e9)
    future = kit.store.submit(three_steps)
    rounds = 0
    while not future.done():
        kit.store.maintain(0.0)
        rounds += 1
    assert rounds == 4
    kit.store.close()


def test_an_error_is_the_askers_and_the_next_work_goes_on(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    first, second = kit.store.submit(failing), kit.store.submit(three_steps)
    kit.store.maintain(1e9)
    with pytest.raises(StoreError, match="no such thing"):
        first.result(0)
    assert second.result(0) == 0
    kit.store.close()


def test_what_was_taken_back_is_not_done(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    first, second = kit.store.submit(failing), kit.store.submit(three_steps)
    assert first.cancel()
    kit.store.maintain(1e9)
    assert second.result(0) == 0
    kit.store.close()


def test_a_closing_store_refuses_what_waits_and_what_runs(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    running, waiting, gone = (kit.store.submit(three_steps) for _ in range(3))
    gone.cancel()
    kit.store.maintain(0.0)
    while not running.running():
        kit.store.maintain(0.0)
    kit.store.close()
    for future in (running, waiting):
        with pytest.raises(ReadOnlyError, match="is closing"):
            future.result(0)


def test_offline_a_work_is_done_at_once(tmp_path: Path) -> None:
    kit = Kit(tmp_path)
    kit.tick(ONE, 0, [1.0])
    assert kit.store.perform(three_steps) == 1
    kit.store._files.disconnect()
    with pytest.raises(ReadOnlyError):
        kit.store.perform(three_steps)
    kit.store.close()


def test_after_an_error_of_the_disk_no_writer_is_used_again(tmp_path: Path) -> None:
    def broken(parts: StoreParts) -> Generator[None, None, int]:
        parts.files.block(BlockName("20231114"))
        yield
        raise apsw.IOError("no such luck")

    kit = Kit(tmp_path)
    future = kit.store.submit(broken)
    kit.store.maintain(1e9)
    with pytest.raises(apsw.IOError):
        future.result(0)
    assert kit.store._files.open_blocks == []
    with pytest.raises(apsw.IOError):
        kit.store.perform(broken)
    assert kit.store._files.open_blocks == []
    kit.store.close()
