"""A store that is given samples, and every sample that it was given: what tiers answer is compared with these."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS, STALE_BITS
from barograph.model.tiers import BucketSet, Column
from barograph.model.units import Duration
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.filenames import DAY_MS
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
        self.schemas: dict[tuple[str, int], Schema] = {}
        self.live: dict[str, tuple[dict[Labels, int], int]] = {}
        """By source the bits of its newest row, and when that was."""

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
        self.keep_markers(source, schema, at_ms)

    def keep_markers(self, source: str, schema: Schema, at_ms: int) -> None:
        """Series that are not in a source's batch any more have a stale marker there, unless it came late."""
        known = self.live.setdefault(source, ({}, 0))
        if at_ms <= known[1]:
            return
        for labels, bits in known[0].items():
            if labels not in schema.series and bits not in (ABSENT_BITS, STALE_BITS):
                self.samples[labels][at_ms] = STALE_BITS
        row = {labels: self.samples.get(labels, {}).get(at_ms, ABSENT_BITS) for labels in schema.series}
        self.live[source] = (row, at_ms)

    def reopen(self) -> None:
        """Stop cleanly and start again: an emptied head knows no series that could become stale."""
        self.store.close()
        self.segments = MemorySegments()
        self.store = Store.open(self.folder, self.config, self.clock, self.segments)
        self.live = {source: ({}, newest_ms) for source, (_, newest_ms) in self.live.items()}

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
