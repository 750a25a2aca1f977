"""Builders for the store's tests."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS
from barograph.model.series import SeriesSet
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from helpers.clock import FakeClock

T0 = 1_700_000_000_000
SMALL = StoreConfig(fold_ticks=10, ring_slots=80, checkpoint_ticks=5, merge_samples=40)
FAMILY = Family("m", MetricType.GAUGE, "A metric.")


def labels_of(name: str) -> Labels:
    return Labels.of("m", i=name)


def schema_of(*names: str, family: Family = FAMILY) -> Schema:
    return Schema((family,), tuple(labels_of(name) for name in names), (0,) * len(names))


def batch_of(schema: Schema, second: float, values: Iterable[float], source: str = "host/1s") -> Batch:
    return Batch(source, schema, T0 + round(1000 * second), np.array(list(values), np.float64))


class Kit:
    """A store in a folder, its clock and segments, and readers of it."""

    def __init__(self, folder: Path, config: StoreConfig = SMALL) -> None:
        self.folder = folder
        self.config = config
        self.clock = FakeClock(T0)
        self.segments = MemorySegments()
        self.store = Store.open(folder, config, self.clock, self.segments)

    def tick(self, schema: Schema, second: float, values: Iterable[float], source: str = "host/1s") -> None:
        self.store.append(batch_of(schema, second, values, source), own=True)
        self.store.commit()

    def reader(self) -> StoreReader:
        reader = StoreReader(self.folder, self.config)
        if self.segments.current is not None:
            reader.attach(self.segments.current.buffer)
        return reader


def samples_of(answer: SeriesSet) -> dict[str, dict[int, int]]:
    """Label text to second to bits, absent places left out."""
    found: dict[str, dict[int, int]] = {}
    for group in answer.groups:
        for labels, row in zip(group.labels, group.values.view(np.uint64).tolist(), strict=True):
            seconds = ((group.timestamps_ms - T0) // 1000).tolist()
            found[str(labels)] = {s: bits for s, bits in zip(seconds, row, strict=True) if bits != ABSENT_BITS}
    return found
