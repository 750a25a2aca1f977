from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS
from barograph.model.tiers import BucketSet, Column
from barograph.model.units import Duration
from barograph.tsdb import filenames
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import DAY_MS, day_block
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from helpers.clock import FakeClock
from helpers.naive_buckets import NOTHING, assert_alike, naive_row

DAY = 1_700_000_000_000 // DAY_MS * DAY_MS
MINUTE, HOUR = 60_000, 3_600_000
KEEP = Duration.parse("1y")
CONFIG = StoreConfig(
    fold_ticks=50, ring_slots=80, checkpoint_ticks=5, merge_samples=200, tiers={"1m": KEEP, "1h": KEEP}
)
FAMILY = Family("m", MetricType.GAUGE, "A metric.")

Samples = dict[Labels, dict[int, int]]


def labels_of(i: int, source: str = "a") -> Labels:
    return Labels.of("m", i=str(i), source=source)


class World:
    """A store with some series, and beside it every sample it was given."""

    def __init__(self, folder: Path, config: StoreConfig = CONFIG, start_ms: int = DAY) -> None:
        self.folder, self.config = folder, config
        self.clock = FakeClock(start_ms)
        self.segments = MemorySegments()
        self.store = Store.open(folder, config, self.clock, self.segments)
        self.samples: Samples = {}

    def tick(self, at_ms: int, values: Sequence[float], source: str = "a/1s") -> None:
        now_ms = self.clock.now_ms()
        if at_ms > now_ms:
            self.clock.advance((at_ms - now_ms) / 1000)
        name = source.partition("/")[0]
        schema = self.schemas.setdefault(
            (source, len(values)),
            Schema((FAMILY,), tuple(labels_of(i, name) for i in range(len(values))), (0,) * len(values)),
        )
        vector = np.array(values, np.float64)
        self.store.append(Batch(source, schema, at_ms, vector))
        self.store.commit()
        for labels, bits in zip(schema.series, vector.view(np.uint64).tolist(), strict=True):
            if bits != ABSENT_BITS:
                self.samples.setdefault(labels, {})[at_ms] = bits

    @property
    def schemas(self) -> dict[tuple[str, int], Schema]:
        if not hasattr(self, "_schemas"):
            self._schemas: dict[tuple[str, int], Schema] = {}
        return self._schemas

    def keep_up(self) -> None:
        """Let a minute pass, in which the store does everything that is due."""
        self.clock.advance(61)
        self.store.maintain(1e9)

    def end_day(self) -> None:
        """Fold everything and go past the end of the day."""
        self.store._upkeep.fold_now()
        now_ms = self.clock.now_ms()
        self.clock.advance((now_ms // DAY_MS * DAY_MS + DAY_MS + 1000 - now_ms) / 1000)
        self.keep_up()

    def reader(self) -> StoreReader:
        reader = StoreReader(self.folder, self.config)
        if self.segments.current is not None:
            reader.attach(self.segments.current.buffer)
        return reader


def check(answer: BucketSet, samples: Samples, start_ms: int, end_ms: int) -> None:
    """Compare an answer with buckets made one sample at a time."""
    expected = {
        labels: {
            end: bucket
            for end, bucket in naive_row(list(row), list(row.values()), answer.width_ms).items()
            if start_ms < end <= end_ms
        }
        for labels, row in ((labels, dict(sorted(row.items()))) for labels, row in samples.items())
    }
    found: set[Labels] = set()
    for group in answer.groups:
        assert (np.diff(group.ends_ms) > 0).all()
        for row, labels in enumerate(group.labels):
            assert labels not in found
            found.add(labels)
            assert set(expected[labels]) <= set(group.ends_ms.tolist())
            for place, end_ms_ in enumerate(group.ends_ms.tolist()):
                bucket = {column: float(values[row, place]) for column, values in group.columns.items()}
                assert_alike(bucket, expected[labels].get(end_ms_, NOTHING), scale=1e9)
    assert found == {labels for labels, buckets in expected.items() if buckets}


def all_columns(reader: StoreReader, start_ms: int, end_ms: int, width_ms: int) -> BucketSet:
    return reader.select_buckets([], start_ms, end_ms, width_ms, list(Column))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Half an hour across midnight: a counter with a reset, a gauge, a constant; and another source."""
    world = World(tmp_path, start_ms=DAY + DAY_MS - 15 * MINUTE)
    start = DAY + DAY_MS - 15 * MINUTE
    for second in range(30 * 60):
        at_ms = start + second * 1000
        world.tick(at_ms, [float(second if second < 1000 else second - 1000), 20.5 - second % 7, 5.0])
        if second % 15 == 0:
            world.tick(at_ms + 300, [second / 10], source="b/15s")
        world.store.maintain(1e9)
    return world


def test_tiers_are_made_when_the_day_is_over(world: World) -> None:
    assert world.store.stats.tier_days == 1
    world.end_day()
    names = [name.file_name for name in filenames.block_names(world.folder) if name.tier]
    assert names == ["blocks-1h-202311.db", "blocks-1m-202311.db"]
    assert world.store.stats.tier_days == 2
    assert world.store.stats.tiers_rebuilt == 0


@pytest.mark.parametrize("width_ms", [MINUTE, HOUR])
@pytest.mark.parametrize("dropped", [0, 1, 2])
def test_buckets_are_those_of_the_samples_whatever_they_come_from(world: World, width_ms: int, dropped: int) -> None:
    middle = DAY + DAY_MS
    before = all_columns(world.reader(), DAY, middle + DAY_MS, width_ms)
    check(before, world.samples, DAY, middle + DAY_MS)
    world.end_day()
    world.store.close()
    for day in (DAY, middle)[:dropped]:
        (world.folder / day_block(day).file_name).unlink()
    reader = StoreReader(world.folder, world.config)
    for start, end in ((DAY, middle + DAY_MS), (middle - HOUR, middle), (middle, middle + HOUR)):
        answer = all_columns(reader, start, end, width_ms)
        check(answer, world.samples, start, end)
        assert (answer.coarse_until_ms, answer.warnings) == (0, ())
        assert answer.samples_read < 2000
    reader.close()


def test_late_samples_are_seen_before_and_after_the_tier_is_made_anew(world: World) -> None:
    world.end_day()
    reader = world.reader()
    check(all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE), world.samples, DAY, DAY + 2 * DAY_MS)
    late_ms = DAY + DAY_MS - 5 * MINUTE + 500
    world.tick(late_ms, [7.0, 8.0, 9.0])
    world.tick(DAY + DAY_MS, [70.0, 8.0, 9.0])
    assert world.segments.current is not None
    reader.attach(world.segments.current.buffer)
    check(all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE), world.samples, DAY, DAY + 2 * DAY_MS)
    world.store._upkeep.fold_now()
    check(all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE), world.samples, DAY, DAY + 2 * DAY_MS)
    world.keep_up()
    answer = all_columns(reader, DAY, DAY + 2 * DAY_MS, MINUTE)
    check(answer, world.samples, DAY, DAY + 2 * DAY_MS)
    assert world.store.stats.tiers_rebuilt == 4
    assert answer.samples_read < 2000
    reader.close()
    world.store.close()
