"""The store against a naive model: whatever is appended comes out, bit for bit, through folds, restarts and crashes."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import ABSENT_BITS, STALE_BITS
from barograph.model.series import NewestAt, SelectHints, SeriesSet
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.deletion import Deletion, clean, delete
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from helpers.clock import FakeClock

CONFIG = StoreConfig(fold_ticks=7, ring_slots=80, checkpoint_ticks=5, merge_samples=20)
FAMILY = Family("m", MetricType.GAUGE, "A metric.")
SOURCES = ("a/1s", "b/1s")
ODD_BITS = (0x7FF0000000000003, 0xFFF8000000000001, 0x8000000000000000, 0x7FF0000000000000, ABSENT_BITS)
START_MS = 1_700_006_000_000 // 86_400_000 * 86_400_000 - 30_000


def schema_of(source: str, numbers: frozenset[int]) -> Schema:
    series = tuple(Labels.of("m", source=source, i=str(number)) for number in sorted(numbers))
    return Schema((FAMILY,), series, (0,) * len(series))


class StoreModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = Path(self.temporary.name) / "data"
        self.now_ms = START_MS
        self.durable: dict[tuple[Labels, int], int] = {}
        self.pending: dict[tuple[Labels, int], int] = {}
        self.committed_last: dict[str, dict[Labels, int]] = {}
        self.schemas: dict[str, Schema] = {}
        self.last: dict[str, dict[Labels, int]] = {}

    @initialize()
    def start(self) -> None:
        self.open()

    def open(self) -> None:
        self.segments = MemorySegments()
        self.clock = FakeClock(self.now_ms)
        self.store = Store.open(self.folder, CONFIG, self.clock, self.segments)
        self.reader = StoreReader(self.folder, CONFIG)
        self.attached: object = None

    @rule(data=st.data(), step_ms=st.sampled_from([1000, 1000, 1000, 250, 5000]), count=st.integers(1, 12))
    def tick(self, data: st.DataObject, step_ms: int, count: int) -> None:
        sources = data.draw(st.lists(st.sampled_from(SOURCES), min_size=1, unique=True))
        for source in sources:
            if source not in self.schemas or data.draw(st.integers(0, 3)) == 0:
                numbers = data.draw(st.frozensets(st.integers(0, 90), min_size=0, max_size=6))
                self.schemas[source] = schema_of(source, numbers)
        seed = data.draw(st.integers(0, 1 << 30))
        random = np.random.default_rng(seed)
        for _ in range(count):
            self.now_ms += step_ms
            self.clock.step_wall(step_ms)
            for source in sources:
                self.append(source, random)
            if random.random() < 0.8:
                self.commit()
            if random.random() < 0.7:
                self.store.maintain(random.choice([0.0, 0.0, 1e9]))

    @rule(data=st.data(), source=st.sampled_from(SOURCES), seed=st.integers(0, 1 << 30))
    def late(self, data: st.DataObject, source: str, seed: int) -> None:
        """Rows of before, in any order, over what is there or beside it."""
        numbers = data.draw(st.frozensets(st.integers(0, 90), min_size=1, max_size=6))
        schema = schema_of(source, numbers)
        random = np.random.default_rng(seed)
        for back_ms in data.draw(st.lists(st.integers(0, 90_000), min_size=1, max_size=8)):
            timestamp_ms = self.now_ms - back_ms // 250 * 250
            if timestamp_ms > self.store._head.newest_ms_of(source):
                continue
            values = np.round(random.normal(size=len(schema)), 2)
            values.view(np.uint64)[random.random(len(schema)) < 0.2] = ABSENT_BITS
            self.store.append(Batch(source, schema, timestamp_ms, values))
            bits = values.view(np.uint64).tolist()
            row = dict(zip(schema.series, bits, strict=True))
            self.pending.update({(labels, timestamp_ms): b for labels, b in row.items() if b != ABSENT_BITS})
        if random.random() < 0.8:
            self.commit()
        self.store.maintain(random.choice([0.0, 1e9]))

    @rule(
        numbers=st.frozensets(st.integers(0, 90), max_size=40), reach=st.tuples(st.integers(0, 99), st.integers(0, 99))
    )
    def delete(self, numbers: frozenset[int], reach: tuple[int, int]) -> None:
        self.commit()
        start_ms, end_ms = self.now_ms - max(reach) * 1000, self.now_ms - min(reach) * 1000
        matcher = Matcher("i", MatchOp.REGEX, "|".join(map(str, sorted(numbers))) or "none")
        self.store.perform(delete(Deletion(selectors=((matcher,),), start_ms=start_ms, end_ms=end_ms)))
        wanted = {str(number) for number in numbers}
        self.durable = {
            (labels, timestamp_ms): bits
            for (labels, timestamp_ms), bits in self.durable.items()
            if not (labels.get("i") in wanted and start_ms <= timestamp_ms <= end_ms)
        }
        for source, row in self.last.items():
            # what was taken out of the newest row does not become stale
            group = self.store._head.groups[source]
            if start_ms <= group.last_ms <= end_ms:
                row.update({labels: ABSENT_BITS for labels in row if labels.get("i") in wanted})

    @rule()
    def clean(self) -> None:
        self.commit()
        self.store.perform(clean())

    def commit(self) -> None:
        self.store.commit()
        self.durable.update(self.pending)
        self.pending = {}
        self.committed_last = dict(self.last)

    def append(self, source: str, random: np.random.Generator) -> None:
        schema = self.schemas[source]
        values = np.round(random.normal(size=len(schema)), int(random.integers(0, 4)))
        bits = values.view(np.uint64)
        for i in range(len(schema)):
            if random.random() < 0.15:
                bits[i] = random.choice(ODD_BITS[:4]) if random.random() < 0.5 else ABSENT_BITS
        self.store.append(Batch(source, schema, self.now_ms, values))
        row = dict(zip(schema.series, bits.tolist(), strict=True))
        for labels, before in self.last.get(source, {}).items():
            if labels not in row and before not in (ABSENT_BITS, STALE_BITS):
                self.pending[labels, self.now_ms] = STALE_BITS
        self.last[source] = row
        self.pending.update({(labels, self.now_ms): b for labels, b in row.items() if b != ABSENT_BITS})

    @rule()
    def crash(self) -> None:
        """End without a clean stop: the handles go, nothing else is written."""
        self.reader.close()
        self.store._files.close()
        self.open()
        # only a source whose newest rows were still in the ring knows which of its series are gone
        self.pending = {}
        self.last = {s: row for s, row in self.committed_last.items() if s in self.store._head.groups}
        self.committed_last = dict(self.last)

    @rule()
    def restart(self) -> None:
        self.reader.close()
        self.commit()
        self.store.close()
        self.open()
        # an emptied head knows no series that could become stale
        self.last, self.committed_last = {}, {}

    @precondition(lambda self: self.segments.current is not None)
    @invariant()
    def everything_is_there(self) -> None:
        if self.attached is not self.segments.current:
            self.attached = self.segments.current
            assert self.segments.current is not None
            self.reader.attach(self.segments.current.buffer)
        assert read(self.reader) == self.durable | self.pending

    # a reader without a head is told of nothing that changes in files
    @precondition(lambda self: self.segments.current is not None)
    @rule(
        back_ms=st.integers(0, 400_000),
        step_ms=st.sampled_from([0, 250, 1000, 7000, 60_000]),
        reach_ms=st.sampled_from([0, 5000, 300_000]),
        with_values=st.booleans(),
    )
    def newest(self, back_ms: int, step_ms: int, reach_ms: int, with_values: bool) -> None:
        """Ask for what is newest at some instants: what is left out is not newest at any of them."""
        self.everything_is_there()
        start_ms = self.now_ms - back_ms
        steps = 1 + back_ms // step_ms if step_ms else 1
        end_ms = start_ms + step_ms * (steps - 1)
        asked = NewestAt(start_ms=start_ms, step_ms=step_ms, steps=steps, with_values=with_values)
        found = samples_in(self.reader.select([], start_ms - reach_ms, end_ms, SelectHints(newest=asked)))
        every = samples_in(self.reader.select([], start_ms - reach_ms, end_ms))
        assert found.keys() <= every.keys()
        for instant_ms in range(start_ms, end_ms + 1, step_ms or 1):
            assert newest_at(found, instant_ms) == newest_at(every, instant_ms)
        if with_values:
            assert found.items() <= every.items()

    @rule()
    def offline(self) -> None:
        reader = StoreReader.open_offline(self.folder, CONFIG)
        assert read(reader) == self.durable
        reader.close()

    def teardown(self) -> None:
        self.reader.close()
        self.commit()
        self.store.close()
        reader = StoreReader.open_offline(self.folder, CONFIG)
        assert read(reader) == self.durable
        reader.close()
        self.temporary.cleanup()


def newest_at(samples: dict[tuple[Labels, int], int], instant_ms: int) -> dict[Labels, int]:
    """The timestamp of each series' newest sample at an instant."""
    newest: dict[Labels, int] = {}
    for labels, timestamp_ms in samples:
        if timestamp_ms <= instant_ms:
            newest[labels] = max(timestamp_ms, newest.get(labels, timestamp_ms))
    return newest


def read(reader: StoreReader) -> dict[tuple[Labels, int], int]:
    answer = reader.select([], 0, 1 << 60)
    # a part of a larger array is as good, as long as the samples of a series lie side by side
    assert all(group.values.strides[1] == group.values.itemsize for group in answer.groups if group.values.shape[1] > 1)
    return samples_in(answer)


def samples_in(answer: SeriesSet) -> dict[tuple[Labels, int], int]:
    found: dict[tuple[Labels, int], int] = {}
    assert answer.warnings == ()
    for group in answer.groups:
        steps = np.diff(group.timestamps_ms)
        assert (steps > 0).all()
        assert group.step_ms == (int(steps[0]) if len(steps) and (steps == steps[0]).all() else 0)
        bits = group.values.view(np.uint64)
        assert group.has_absent or not (bits == ABSENT_BITS).any()
        assert group.has_stale or not (bits == STALE_BITS).any()
        if group.never_falls:
            assert (group.values[:, 1:] >= group.values[:, :-1]).all() or np.isnan(group.values).any()
            assert not (bits == ABSENT_BITS).any()
            assert not (bits == STALE_BITS).any()
        for labels, row in zip(group.labels, bits, strict=True):
            for timestamp_ms, sample in zip(group.timestamps_ms.tolist(), row.tolist(), strict=True):
                if sample != ABSENT_BITS:
                    assert (labels, timestamp_ms) not in found
                    found[labels, timestamp_ms] = sample
    return found


TestStoreModel = StoreModel.TestCase
TestStoreModel.settings = settings(
    max_examples=25, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
