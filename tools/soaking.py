"""The store that reliability proofs work on: ticks whose every value is known, and the oracle that looks for them.

Series come and go every 40 ticks, folds cross a UTC midnight, and settings are small so that every phase comes often.
Besides ticks there are loads and deletions, each of a series of its own.
"""

import os
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import ABSENT_BITS, STALE_BITS, FloatArray
from barograph.model.series import SeriesSet
from barograph.tsdb.bulk import encode_matrix
from barograph.tsdb.catalogue import SeriesInfo
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.deletion import Deletion, delete
from barograph.tsdb.filenames import DAY_MS
from barograph.tsdb.jobs import Work
from barograph.tsdb.load import LoadResult, load
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.store import Store

CONFIG = StoreConfig(fold_ticks=25, ring_slots=150, checkpoint_ticks=10, merge_samples=80)
MIDNIGHT_MS = 1_699_920_000_000
START_MS = MIDNIGHT_MS - 200_000
"""Shortly before a UTC midnight, so that folds cross it."""
SERIES = 90
FAMILY = Family("soak_value", MetricType.GAUGE, "A value that is known from its name and instant.")
LABELS = tuple(Labels.of("soak_value", series=f"{number:03}") for number in range(SERIES))
LOADED = Family("soak_loaded", MetricType.GAUGE, "A value that was loaded in bulk.")
_PLACE = {labels: place for place, labels in enumerate(LABELS)}
LOADED_SAMPLES = 20


class TickClock:
    """A wall clock that stands at the tick it was put to, and a steady clock that runs `speed` times too fast."""

    def __init__(self, speed: float = 1.0) -> None:
        self.now = START_MS
        self._speed = speed

    def now_ms(self) -> int:
        """See `Clock`."""
        return self.now

    def now_s(self) -> float:
        """See `Clock`."""
        return self.now / 1000

    def monotonic_s(self) -> float:
        """See `Clock`."""
        return time.monotonic() * self._speed

    def sleep(self, duration_s: float) -> None:
        """See `Clock`."""
        time.sleep(duration_s)


class StepClock(TickClock):
    """A clock whose steady time goes with the ticks too."""

    def monotonic_s(self) -> float:
        """See `Clock`."""
        return self.now / 1000


def series_at(tick: int) -> list[int]:
    """Return which series exist at a tick: they change every 40."""
    return np.flatnonzero(np.random.default_rng(tick // 40).random(SERIES) < 0.8).tolist()


def values_at(tick: int, numbers: list[int]) -> FloatArray:
    """Return the values of series at a tick: counters, constants and noise."""
    noise = np.random.default_rng(tick).normal(size=SERIES)
    counters = tick * np.arange(SERIES) / 100
    every = np.where(np.arange(SERIES) % 3 == 0, noise, np.where(np.arange(SERIES) % 3 == 1, 7.5, counters))
    return every[numbers]


@lru_cache(maxsize=4096)
def _row_of(tick: int) -> NDArray[np.uint64]:
    """Return what a tick must hold, as bits; nobody writes to it."""
    row = np.full(SERIES, ABSENT_BITS, np.uint64)
    row[series_at(tick)] = values_at(tick, series_at(tick)).view(np.uint64)
    return row


class Ticks:
    """Batches of consecutive ticks, with the schema objects a collector would keep."""

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._schema = Schema((FAMILY,), (), ())

    def batch(self, tick: int) -> Batch:
        """Return a tick's batch."""
        if series_at(tick) != self._numbers or not self._numbers:
            self._numbers = series_at(tick)
            series = tuple(LABELS[number] for number in self._numbers)
            self._schema = Schema((FAMILY,), series, (0,) * len(self._numbers))
        return Batch("soak/1s", self._schema, START_MS + tick * 1000, values_at(tick, self._numbers))


def loading(number: int) -> Work[LoadResult]:
    """Return the work that loads series `number`: 20 samples, half of them in each day."""
    info = SeriesInfo(Labels.of("soak_loaded", number=str(number)), LOADED)
    times = MIDNIGHT_MS + (np.arange(LOADED_SAMPLES) - LOADED_SAMPLES // 2) * 30_000 + 7
    return load(list(encode_matrix([info], times, np.arange(LOADED_SAMPLES, dtype=np.float64)[np.newaxis] + number)))


def loading_old(number: int) -> Work[LoadResult]:
    """Return the work that loads a day so old that retention drops it again. Nobody looks for it."""
    info = SeriesInfo(Labels.of("soak_old", number=str(number)), LOADED)
    return load(list(encode_matrix([info], np.array([START_MS - 40 * DAY_MS]), np.array([[1.0]]))))


def deleting(number: int) -> Work[None]:
    """Return the work that deletes what `loading` has loaded."""
    matchers = (Matcher("__name__", MatchOp.EQUAL, "soak_loaded"), Matcher("number", MatchOp.EQUAL, str(number)))
    return delete(Deletion(selectors=(matchers,), start_ms=0, end_ms=1 << 60))


def loaded_in(answer: SeriesSet) -> dict[int, int]:
    """Return how many right samples each loaded series has; -1 where one of them is wrong."""
    found: dict[int, int] = {}
    for group in answer.groups:
        for labels, row in zip(group.labels, group.values, strict=True):
            if labels.name != "soak_loaded":
                continue
            number = int(labels.get("number") or 0)
            there = row.view(np.uint64) != ABSENT_BITS
            times = group.timestamps_ms[there]
            expected = (times - 7 - MIDNIGHT_MS) / 30_000 + LOADED_SAMPLES // 2 + number
            found[number] = int(there.sum()) if bool((row[there] == expected).all()) else -1
    return {number: count for number, count in found.items() if count}


class Oracle:
    """What must be in the folder: every acknowledged tick; the one in flight at a kill may be there or not."""

    def __init__(self) -> None:
        self.bits: list[NDArray[np.uint64]] = []
        self.unsure: set[int] = set()

    def extend(self, acked: int) -> None:
        """Work out what ticks up to `acked`, and the one in flight after it, must hold."""
        for tick in range(len(self.bits), acked + 2):
            self.bits.append(_row_of(tick))
        self.unsure.add(acked + 1)

    def check(self, folder: Path) -> tuple[int, int]:
        """Return how many acknowledged ticks are missing or incomplete, and how many samples are wrong."""
        reader = StoreReader.open_offline(folder, CONFIG)
        answer = reader.select([], 0, 1 << 60)
        reader.close()
        return self.compare(answer)

    def compare(self, answer: SeriesSet) -> tuple[int, int]:
        """See `check`; a warning counts as wrong. Tick 0 is none."""
        expected = np.array(self.bits).T
        found = np.full(expected.shape, ABSENT_BITS, np.uint64)
        wrong = len(answer.warnings)
        for warning in answer.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        for group in answer.groups:
            ticks = (group.timestamps_ms - START_MS) // 1000
            inside = (ticks >= 0) & (ticks < expected.shape[1]) & (group.timestamps_ms % 1000 == 0)
            for labels, row in zip(group.labels, group.values.view(np.uint64), strict=True):
                if labels.name != "soak_value":
                    continue
                found[_PLACE[labels], ticks[inside]] = row[inside]
                wrong += int((row[~inside] != ABSENT_BITS).sum())
        same = (found == expected) | ((expected == ABSENT_BITS) & (found == STALE_BITS))
        missing = (found == ABSENT_BITS) & ~same
        for series, tick in np.argwhere(~same & ~missing)[:5]:
            print(f"wrong: series {series} tick {tick} of {len(self.bits) - 1}", file=sys.stderr)
        wrong += int((~same & ~missing).sum())
        unsure = [tick for tick in self.unsure if missing[:, tick].sum() == (expected[:, tick] != ABSENT_BITS).sum()]
        missing[:, [0, *unsure]] = False
        return int(missing.any(axis=0).sum()), wrong


def tick_once(store: Store, ticks: Ticks, clock: TickClock, tick: int) -> None:
    """Append and commit a tick; it is acknowledged when this returns."""
    clock.now = START_MS + tick * 1000
    store.append(ticks.batch(tick))
    store.commit()


def in_child(work: Callable[[], object]) -> int:
    """Run something in a forked child and return its pid; the child never comes back."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    except Exception as error:
        print(f"{Path(sys.argv[0]).name}: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(status)
