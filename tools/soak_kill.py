"""Kills a store's writer at random instants and looks for what was acknowledged and is gone. `make soak S=kill`.

usage: soak_kill.py [--kills N] [--seed N] [--folder DIR]

A writer process commits ticks as fast as it can, folding, merging, checkpointing and dropping days all the while, and
says each tick on a pipe once `commit` has returned. It is killed with SIGKILL; a reader then compares every sample with
the one it must be. Prints one JSON object; exits 1 where an acknowledged tick is lost or a sample is wrong.
"""

import argparse
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS, STALE_BITS, FloatArray
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store

CONFIG = StoreConfig(fold_ticks=25, ring_slots=150, checkpoint_ticks=10, merge_samples=80)
START_MS = 1_699_920_000_000 - 200_000
"""Shortly before a UTC midnight, so that folds cross it."""
SERIES = 90
KILLS_PER_FOLDER = 100
FAMILY = Family("soak_value", MetricType.GAUGE, "A value that is known from its name and instant.")
LABELS = tuple(Labels.of("soak_value", series=f"{number:03}") for number in range(SERIES))


@dataclass(kw_only=True)
class Outcome:
    """What a run found."""

    kills: int = 0
    acked: int = 0
    lost: int = 0
    wrong: int = 0
    failed_opens: int = 0
    open_p99_ms: float = 0.0


class TickClock:
    """The writer's wall clock is the tick it is at."""

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
        return time.monotonic()

    def sleep(self, duration_s: float) -> None:
        """See `Clock`."""
        time.sleep(duration_s)


def series_at(tick: int) -> list[int]:
    """Return which series exist at a tick: they change every 40."""
    return np.flatnonzero(np.random.default_rng(tick // 40).random(SERIES) < 0.8).tolist()


def values_at(tick: int, numbers: list[int]) -> FloatArray:
    """Return the values of series at a tick: counters, constants and noise."""
    noise = np.random.default_rng(tick).normal(size=SERIES)
    counters = tick * np.arange(SERIES) / 100
    every = np.where(np.arange(SERIES) % 3 == 0, noise, np.where(np.arange(SERIES) % 3 == 1, 7.5, counters))
    return every[numbers]


def write(folder: Path, first_tick: int, stop_after: int, acks: int) -> None:
    """Be the writer: never returns while nobody kills, unless told to stop cleanly after some ticks."""
    clock = TickClock()
    store = Store.open(folder, CONFIG, clock, MemorySegments())
    os.write(acks, b"open\n")
    numbers: list[int] = []
    schema = Schema((FAMILY,), (), ())
    for tick in range(first_tick, first_tick + 100_000):
        if series_at(tick) != numbers or not numbers:
            numbers = series_at(tick)
            schema = Schema((FAMILY,), tuple(LABELS[number] for number in numbers), (0,) * len(numbers))
        clock.now = START_MS + tick * 1000
        store.append(Batch("soak/1s", schema, clock.now, values_at(tick, numbers)))
        store.commit()
        os.write(acks, b"%d\n" % tick)
        store.maintain(0.0)
        if tick - first_tick == stop_after:
            store.close()
            return


class Oracle:
    """What must be in the folder: every acknowledged tick; the one in flight at a kill may be there or not."""

    def __init__(self) -> None:
        self.bits: list[NDArray[np.uint64]] = []
        self.unsure: set[int] = set()

    def extend(self, acked: int) -> None:
        """Work out what ticks up to `acked`, and the one in flight after it, must hold."""
        for tick in range(len(self.bits), acked + 2):
            row = np.full(SERIES, ABSENT_BITS, np.uint64)
            row[series_at(tick)] = values_at(tick, series_at(tick)).view(np.uint64)
            self.bits.append(row)
        self.unsure.add(acked + 1)

    def check(self, folder: Path) -> tuple[int, int]:
        """Return how many acknowledged ticks are missing or incomplete, and how many samples are wrong."""
        reader = StoreReader.open_offline(folder, CONFIG)
        answer = reader.select([], 0, 1 << 60)
        reader.close()
        expected = np.array(self.bits).T
        found = np.full(expected.shape, ABSENT_BITS, np.uint64)
        for group in answer.groups:
            ticks = (group.timestamps_ms - START_MS) // 1000
            for labels, row in zip(group.labels, group.values, strict=True):
                found[LABELS.index(labels), ticks] = row.view(np.uint64)
        same = (found == expected) | ((expected == ABSENT_BITS) & (found == STALE_BITS))
        missing = (found == ABSENT_BITS) & ~same
        for warning in answer.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        for series, tick in np.argwhere(~same & ~missing)[:5]:
            print(f"wrong: series {series} tick {tick} of {len(self.bits) - 1}", file=sys.stderr)
        wrong = int((~same & ~missing).sum()) + len(answer.warnings)
        unsure = [tick for tick in self.unsure if missing[:, tick].sum() == (expected[:, tick] != ABSENT_BITS).sum()]
        missing[:, [0, *unsure]] = False
        return int(missing.any(axis=0).sum()), wrong


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
        print(f"soak_kill: {type(error).__name__}: {error}", file=sys.stderr)
    finally:
        os._exit(status)


def kill_once(folder: Path, first_tick: int, chance: random.Random, outcome: Outcome, opens: list[float]) -> int:
    """Start a writer, kill it, check; returns the newest tick that may be stored."""
    read_end, write_end = os.pipe()
    stop_after = chance.randrange(20, 120) if chance.random() < 0.2 else -1
    started_s = time.perf_counter()
    child = in_child(lambda: write(folder, first_tick, stop_after, write_end))
    os.close(write_end)
    acked = first_tick - 1
    patience = chance.randrange(0, 90)
    with os.fdopen(read_end, "rb") as acks:
        if acks.readline() != b"open\n":
            outcome.failed_opens += 1
        opens.append(time.perf_counter() - started_s)
        for _ in range(patience):
            line = acks.readline()
            if not line:
                break
            acked = int(line)
        # somewhere in the next tick, or in what is done after it
        time.sleep(chance.random() * 0.003)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for line in acks:
            if line.endswith(b"\n"):
                acked = int(line)
    outcome.kills += 1
    outcome.acked += acked - first_tick + 1
    return acked


def check_in_child(folder: Path, oracle: Oracle) -> tuple[int, int]:
    """Check in a process of its own, so that this one never holds a connection when it forks."""
    read_end, write_end = os.pipe()
    child = in_child(lambda: os.write(write_end, json.dumps(oracle.check(folder)).encode()))
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    lost, wrong = json.loads(text) if text else (len(oracle.bits), 0)
    return lost, wrong


def soak(folder: Path, kills: int, seed: int) -> Outcome:
    """Kill that many writers."""
    chance = random.Random(seed)
    outcome, opens = Outcome(), [0.0]
    oracle, acked, known_lost = Oracle(), 0, 0
    while outcome.kills < kills:
        if outcome.kills % KILLS_PER_FOLDER == 0:
            shutil.rmtree(folder, ignore_errors=True)
            oracle, acked, known_lost = Oracle(), 0, 0
        newest = kill_once(folder, acked + 1, chance, outcome, opens)
        oracle.extend(newest)
        lost, wrong = check_in_child(folder, oracle)
        outcome.lost += lost - known_lost
        outcome.wrong += wrong
        # the tick in flight may be stored: the next writer goes on after it
        known_lost, acked = lost, newest + 1
    outcome.open_p99_ms = round(1000 * float(np.percentile(opens, 99)), 1)
    return outcome


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description="Kill a store's writer at random instants.")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        outcome = soak((options.folder or Path(temporary)) / "data", options.kills, options.seed)
    print(json.dumps(asdict(outcome)))
    return 1 if outcome.lost or outcome.wrong or outcome.failed_opens else 0


if __name__ == "__main__":
    sys.exit(main())
