"""Takes snapshots of a store that is written as fast as it can be, and compares each. `make soak S=snapshot`.

usage: soak_snapshot.py [--count N] [--seed N] [--results DIR]

A writer process commits ticks back to back, folding, merging and checkpointing all the while. Each snapshot is restored
and compared sample by sample with what was acknowledged before it; every fourth is written on and ended without a
stop, and compared again.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.snapshot import restore_snapshot, take_snapshot
from barograph.tsdb.store import Store
from proof import Figure, Proof, conclude, read_options
from soaking import CONFIG, START_MS, Oracle, TickClock, Ticks, series_at, tick_once

BACKUPS = 100
PROOF = Proof(
    row=9,
    name="snapshot",
    fault="A snapshot under load",
    promise="A snapshot has every sample that was acknowledged before it, and a restored folder goes on from there.",
    method="Snapshots are taken while ticks are committed back to back, restored and compared sample by sample; every "
    "fourth is written on, ended without a stop and compared again.",
)
BACKUPS_PER_FOLDER = 10
TICKS_AFTER = 40
"""So many are written to a restored folder before its process ends without a stop."""


@dataclass(kw_only=True)
class Outcome:
    """What a run found. Stalls are the time that a tick took from append to commit."""

    backups: int = 0
    acked: int = 0
    samples: int = 0
    lost: int = 0
    wrong: int = 0
    stall_p99_ms: float = 0.0
    stall_max_ms: float = 0.0
    quiet_p99_ms: float = 0.0


def write(folder: Path, first_tick: int, count: int) -> None:
    """Be the writer: say each tick and how many microseconds it took; end without a stop."""
    clock, ticks = TickClock(), Ticks()
    clock.now = START_MS + first_tick * 1000
    store = Store.open(folder, CONFIG, clock, MemorySegments())
    for tick in range(first_tick, first_tick + count):
        started_s = time.perf_counter()
        tick_once(store, ticks, clock, tick)
        took_us = round(1e6 * (time.perf_counter() - started_s))
        os.write(1, b"%d %d\n" % (tick, took_us))
        store.maintain(0.0)
    os._exit(0)


class Writer:
    """A writer process, and what it has said."""

    def __init__(self, folder: Path) -> None:
        self.acked = 0
        self.is_copying = False
        self.quiet_us: list[int] = []
        self.copying_us: list[int] = []
        self._process = start_writer(folder, 1, 80_000)
        assert self._process.stdout is not None
        self._thread = threading.Thread(target=self._listen, args=(self._process.stdout,))
        self._thread.start()

    def wait_for(self, tick: int) -> None:
        """Return once a tick is acknowledged."""
        while self.acked < tick:
            if self._process.poll() is not None:
                raise RuntimeError(f"the writer ended with {self._process.returncode}")
            time.sleep(0.002)

    def kill(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._thread.join()

    def _listen(self, said: IO[bytes]) -> None:
        with said:
            for line in said:
                if line.endswith(b"\n"):
                    tick, took_us = map(int, line.split())
                    self.acked = tick
                    (self.copying_us if self.is_copying else self.quiet_us).append(took_us)


def start_writer(folder: Path, first_tick: int, count: int) -> subprocess.Popen[bytes]:
    """Start a writer in a process of its own, so that no connection is inherited."""
    command = [sys.executable, __file__, "--write", str(folder), str(first_tick), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def newest_tick(folder: Path) -> int:
    """Return the newest tick that a folder answers with."""
    reader = StoreReader.open_offline(folder, CONFIG)
    answer = reader.select([], 0, 1 << 60)
    reader.close()
    newest_ms = max(int(group.timestamps_ms[-1]) for group in answer.groups)
    return (newest_ms - START_MS) // 1000


def compare(folder: Path, acked: int, outcome: Outcome) -> int:
    """Compare every sample of a folder with the one it must be; returns the newest tick it has."""
    newest = newest_tick(folder)
    oracle = Oracle()
    oracle.extend(newest - 1)
    lost, wrong = oracle.check(folder)
    outcome.lost += lost + max(0, acked - newest)
    outcome.wrong += wrong
    outcome.samples += sum(len(series_at(tick)) for tick in range(1, newest + 1))
    return newest


def back_up(data: Path, place: Path, writer: Writer, outcome: Outcome) -> None:
    """Take one snapshot, restore it and compare."""
    acked = writer.acked
    writer.is_copying = True
    take_snapshot(data, place / "copy", ("soak", START_MS), lambda *_: None)
    writer.is_copying = False
    restore_snapshot(place / "copy", place / "back", lambda *_: None)
    newest = compare(place / "back", acked, outcome)
    outcome.backups += 1
    if outcome.backups % 4 == 0:
        start_writer(place / "back", newest + 1, TICKS_AFTER).communicate()
        compare(place / "back", newest + TICKS_AFTER, outcome)
    for name in ("copy", "back"):
        shutil.rmtree(place / name)


def soak(place: Path, backups: int, seed: int) -> Outcome:
    """Take that many snapshots, a new folder every ten."""
    chance = random.Random(seed)
    outcome = Outcome()
    quiet: list[int] = []
    copying: list[int] = []
    while outcome.backups < backups:
        data = place / "data"
        shutil.rmtree(data, ignore_errors=True)
        writer = Writer(data)
        try:
            for _ in range(min(BACKUPS_PER_FOLDER, backups - outcome.backups)):
                # somewhere in the round of folds, merges and checkpoints
                writer.wait_for(writer.acked + chance.randrange(5, 120))
                back_up(data, place, writer, outcome)
        finally:
            writer.kill()
        outcome.acked += writer.acked
        quiet += writer.quiet_us
        copying += writer.copying_us
    outcome.stall_p99_ms, outcome.stall_max_ms = (round(float(np.percentile(copying, p)) / 1000, 2) for p in (99, 100))
    outcome.quiet_p99_ms = round(float(np.percentile(quiet, 99)) / 1000, 2)
    return outcome


def main() -> int:
    """Run and print."""
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
    options = read_options("Compare snapshots of a store at full ingest.", BACKUPS)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        found = soak(Path(temporary), options.count, options.seed)
    print(
        f"snapshot: {found.backups} backups, {found.lost + found.wrong} differing samples, "
        f"stall p99 {found.stall_p99_ms} ms ({found.quiet_p99_ms} ms without)"
    )
    figures = [
        Figure(name="snapshots", value=found.backups),
        Figure(name="acknowledged ticks", value=found.acked),
        Figure(name="samples compared", value=found.samples),
        Figure(name="acknowledged ticks lost", value=found.lost, must_be=0),
        Figure(name="wrong values", value=found.wrong, must_be=0),
        Figure(name="a tick while a snapshot is taken, p99", value=found.stall_p99_ms, unit="ms"),
        Figure(name="the longest", value=found.stall_max_ms, unit="ms"),
        Figure(name="a tick meanwhile not, p99", value=found.quiet_p99_ms, unit="ms"),
    ]
    return conclude(PROOF, figures, options)


if __name__ == "__main__":
    sys.exit(main())
