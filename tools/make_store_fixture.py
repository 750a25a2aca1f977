"""Writes a small data folder of today's formats, and what is in it, for tests/crash/test_formats.py.

usage: make_store_fixture.py FOLDER

Run once before a format changes; the folder then stays as it is. Three UTC days, two sources, series that end, a ring
that is not folded.
"""

import json
import sys
from pathlib import Path

import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store

CONFIG = StoreConfig(fold_ticks=40, ring_slots=60, checkpoint_ticks=20, merge_samples=120)
START_MS = 1_699_876_800_000
STEP_MS = 15 * 60_000
TICKS = 232
FAMILY = Family("golden_value", MetricType.GAUGE, "A value of a stored example.")


class _TickClock:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = START_MS

    def now_ms(self) -> int:
        """See `Clock`."""
        return self.now

    def now_s(self) -> float:
        """See `Clock`."""
        return self.now / 1000

    def monotonic_s(self) -> float:
        """See `Clock`."""
        return self.now / 1000

    def sleep(self, duration_s: float) -> None:
        """See `Clock`."""
        self.now += int(duration_s * 1000)


def schema_of(source: str, count: int) -> Schema:
    """Return the first `count` series of a source."""
    series = tuple(Labels.of("golden_value", source=source, i=f"{number:02}") for number in range(count))
    return Schema((FAMILY,), series, (0,) * count)


def write(folder: Path) -> None:
    """Write the folder, and leave it as a crash would: with ticks that are only in the ring."""
    clock = _TickClock()
    store = Store.open(folder, CONFIG, clock, MemorySegments())
    many, few, other = schema_of("a", 9), schema_of("a", 6), schema_of("b", 4)
    noise = np.random.default_rng(42)
    for tick in range(TICKS):
        clock.now = START_MS + tick * STEP_MS
        schema = few if 90 <= tick < 150 else many
        values = np.where(
            np.arange(9) % 3 == 0, tick * 10.0, np.where(np.arange(9) % 3 == 1, 2.5, noise.normal(size=9))
        )
        store.append(Batch("golden/a", schema, clock.now, values[: len(schema)]))
        if tick % 2 == 0:
            store.append(Batch("golden/b", other, clock.now + 7, np.round(noise.normal(size=4), 2)))
        store.commit()
        store.maintain(0.05)
    log = store._files.log  # a fixture is made of what lies beneath
    assert log is not None
    log.checkpoint(truncate=True)
    store._files.close()


def samples_of(folder: Path) -> dict[str, list[tuple[int, str]]]:
    """Return every sample of a folder: the instant, and the value's bits in hexadecimal."""
    reader = StoreReader.open_offline(folder, CONFIG)
    answer = reader.select([], 0, 1 << 60)
    reader.close()
    if answer.warnings:
        raise SystemExit(f"{folder} is damaged: {answer.warnings}")
    found: dict[str, list[tuple[int, str]]] = {}
    for group in answer.groups:
        for labels, row in zip(group.labels, group.values.view(np.uint64), strict=True):
            kept = [
                (int(t), f"{int(v):016x}") for t, v in zip(group.timestamps_ms, row, strict=True) if v != ABSENT_BITS
            ]
            found.setdefault(str(labels), []).extend(kept)
    return {name: sorted(found[name]) for name in sorted(found)}


def main() -> int:
    """Write the folder and its `expected.json`."""
    folder = Path(sys.argv[1])
    write(folder)
    for path in folder.iterdir():
        if path.name.endswith(("-wal", "-shm")) or path.name == "lock":
            path.unlink()
    expected = json.dumps(samples_of(folder), indent=None, separators=(",", ":"))
    (folder / "expected.json").write_text(expected + "\n")
    for path in folder.iterdir():
        if path.name.endswith(("-wal", "-shm")):
            path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main())
