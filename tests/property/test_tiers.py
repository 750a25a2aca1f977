"""Selections of buckets against buckets made one sample at a time, whatever became of the samples meanwhile: gaps,
stale markers, resets, the edges of days, late samples, bulk loads, deletions, days whose samples are gone."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import ABSENT_BITS, STALE_BITS
from barograph.tsdb.bulk import encode_matrix
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.deletion import Deletion, delete
from barograph.tsdb.filenames import DAY_MS, BlockName, block_names
from barograph.tsdb.load import load
from barograph.tsdb.reader import StoreReader
from helpers.tier_world import DAY, FAMILY, HOUR, MINUTE, World, all_columns, check, labels_of

ODD_BITS = (ABSENT_BITS, STALE_BITS, 0x7FF8000000000000, 0x7FF0000000000000)


class TierModel(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.temporary = tempfile.TemporaryDirectory()
        self.world = World(Path(self.temporary.name) / "data", start_ms=DAY + DAY_MS - 200_000)
        self.now_ms = DAY + DAY_MS - 200_000

    @initialize(seed=st.integers(0, 1 << 30), is_over=st.booleans())
    def cross_midnight(self, seed: int, is_over: bool) -> None:
        """Without a day that is over there is nothing to go out of date."""
        self.run("a/1s", 2, 1000, 260, seed)
        self.run("b/15s", 1, 15_000, 5, seed)
        if is_over:
            self.pass_time(1)

    @rule(
        source=st.sampled_from(["a/1s", "b/15s"]),
        width=st.integers(1, 3),
        step_ms=st.sampled_from([1000, 1000, 700, 15_000]),
        count=st.integers(1, 90),
        seed=st.integers(0, 1 << 30),
    )
    def run(self, source: str, width: int, step_ms: int, count: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        rising = np.cumsum(random.integers(0, 9, count)).astype(np.float64)
        rising[count // 2 :] -= rising[count // 2] * (seed % 2)
        for i in range(count):
            # so that there are samples at midnight itself, and on bucket ends
            self.now_ms = (self.now_ms // step_ms + 1) * step_ms
            row = np.array([rising[i], round(float(random.normal(20, 9)), 1), 5.0][:width])
            odd = random.random(width) < 0.05
            row.view(np.uint64)[odd] = random.choice(ODD_BITS, int(odd.sum()))
            self.world.tick(self.now_ms, row.tolist(), source)
        self.world.store.maintain(0.0)

    @rule(seconds=st.integers(1, 3000), value=st.floats(-10, 10))
    def late(self, seconds: int, value: float) -> None:
        newest_ms = self.world.live.get("a/1s", ({}, 0))[1]
        at_ms = newest_ms - 500 * seconds
        if newest_ms and self.is_whole(at_ms):
            self.world.tick(at_ms, [value], "a/1s")

    @rule(hours=st.integers(0, 14), count=st.integers(1, 30), shared=st.booleans())
    def bulk(self, hours: int, count: int, shared: bool) -> None:
        times = np.array([self.now_ms - hours * HOUR - i * 20_000 for i in range(count)][::-1])
        times = times[[self.is_whole(int(each)) for each in times]]
        if not len(times):
            return
        labels = labels_of(1) if shared else Labels.of("m", i="7", source="c", job="c")
        values = np.arange(float(len(times)))[None]
        self.world.store.perform(load(encode_matrix([SeriesInfo(labels, FAMILY)], times, values)))
        known = self.world.samples.setdefault(labels, {})
        known.update(zip(times.tolist(), values[0].view(np.uint64).tolist(), strict=True))

    @rule(minutes=st.integers(0, 30), length_s=st.integers(1, 400), i=st.sampled_from("01"))
    def delete(self, minutes: int, length_s: int, i: str) -> None:
        start_ms = self.now_ms - minutes * MINUTE - 30_500
        end_ms = start_ms + length_s * 1000
        if not (self.is_whole(start_ms) and self.is_whole(end_ms)):
            return
        selectors = ((Matcher("i", MatchOp.EQUAL, i),),)
        self.world.store.perform(delete(Deletion(selectors=selectors, start_ms=start_ms, end_ms=end_ms)))
        for labels, row in self.world.samples.items():
            if labels.get("i") == i:
                for at_ms in [at_ms for at_ms in row if start_ms <= at_ms <= end_ms]:
                    del row[at_ms]

    @rule()
    def keep_up(self) -> None:
        self.world.keep_up()
        self.now_ms = max(self.now_ms, self.world.clock.now_ms())

    @rule(hours=st.integers(1, 30))
    def pass_time(self, hours: int) -> None:
        self.world.store._upkeep.fold_now()
        self.now_ms += hours * HOUR
        self.world.clock.advance((self.now_ms - self.world.clock.now_ms()) / 1000)
        self.keep_up()

    @precondition(lambda self: self.droppable())
    @rule()
    def drop_samples(self) -> None:
        """As retention does; only once the tiers are there and new."""
        name = self.droppable()[0]
        self.world.store._files.close_block(name)
        (self.world.folder / name.file_name).unlink()
        self.world.store._head.raise_fold_generation(0)

    @rule()
    def restart(self) -> None:
        self.world.reopen()

    def droppable(self) -> list[BlockName]:
        keeping = self.world.store._upkeep.tiers
        names = [name for name in block_names(self.world.folder) if not name.tier]
        return [name for name in names if keeping._is_complete(name) and keeping._is_made(name)]

    def is_whole(self, at_ms: int) -> bool:
        """Tell whether samples of this instant's day are (or would be) there."""
        made = {at for labels, row in self.world.samples.items() for at in row if at // DAY_MS == at_ms // DAY_MS}
        days = {name.start_ms for name in block_names(self.world.folder) if not name.tier}
        return at_ms // DAY_MS * DAY_MS in days or not made or at_ms // DAY_MS == self.now_ms // DAY_MS

    @invariant()
    def buckets_are_those_of_the_samples(self) -> None:
        reader = self.world.reader()
        start_ms, end_ms = DAY, self.now_ms // DAY_MS * DAY_MS + 2 * DAY_MS
        for width_ms in (MINUTE, HOUR):
            answer = all_columns(reader, start_ms, end_ms, width_ms)
            check(answer, self.world.samples, start_ms, end_ms)
            assert (answer.coarse_until_ms, answer.warnings) == (0, ())
        near = self.now_ms // MINUTE * MINUTE
        check(all_columns(reader, near - HOUR, near, MINUTE), self.world.samples, near - HOUR, near)
        reader.close()

    def teardown(self) -> None:
        self.world.store.close()
        reader = StoreReader.open_offline(self.world.folder, self.world.config)
        end_ms = self.now_ms // DAY_MS * DAY_MS + 2 * DAY_MS
        check(all_columns(reader, DAY, end_ms, MINUTE), self.world.samples, DAY, end_ms)
        reader.close()
        self.temporary.cleanup()


TestTierModel = TierModel.TestCase
TestTierModel.settings = settings(
    max_examples=15, stateful_step_count=12, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
# each step reads every bucket: on a machine that does other things too it takes minutes
TestTierModel.pytestmark = [pytest.mark.timeout(900)]  # type: ignore[attr-defined]
