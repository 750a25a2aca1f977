"""Kills a store's writer at random instants and looks for what was acknowledged and is gone. `make soak S=kill`.

usage: soak_kill.py [--count N] [--seed N] [--results DIR]

A writer process commits ticks as fast as it can, folding, merging, checkpointing, making tiers, dropping days, loading
and deleting all the while, and says on a pipe what was acknowledged. It is killed with SIGKILL; a reader then compares
every sample with the one it must be. What the writer was doing at each kill is counted.
"""

import contextlib
import json
import mmap
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from proof import Figure, Options, Proof, conclude, read_options
from soaking import (
    CONFIG,
    LOADED_SAMPLES,
    Oracle,
    TickClock,
    Ticks,
    deleting,
    in_child,
    loaded_in,
    loading,
    loading_old,
    tick_once,
)

KILLS = 1000
KILLS_PER_FOLDER = 100
PHASES = ("open", "tick", "fold", "checkpoint", "merge", "retention", "load or delete", "tiers", "close")
PROOF = Proof(
    row=1,
    name="kill",
    fault="SIGKILL at random instants",
    promise="No acknowledged sample, load or deletion is lost, no value is wrong, and the store opens at once.",
    method="A process that ticks, folds, merges, checkpoints, makes tiers, drops days, loads and deletes is killed; "
    "every sample is then compared with what it must be.",
)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run found."""

    kills: int = 0
    acked: int = 0
    lost: int = 0
    wrong: int = 0
    failed_opens: int = 0
    opens_s: list[float] = field(default_factory=list)
    phases: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True, kw_only=True)
class Expected:
    """What a folder must hold."""

    oracle: Oracle = field(default_factory=Oracle)
    acked: int = 0
    lost: int = 0
    loads: set[int] = field(default_factory=set)
    deleting: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)

    def hear(self, line: bytes) -> None:
        """Take in what the writer said."""
        word, _, number = line.decode().partition(" ")
        if word == "tick":
            self.acked = int(number)
        elif word == "loaded":
            self.loads.add(int(number))
        elif word == "deleting":
            self.deleting.add(int(number))
        elif word == "deleted":
            self.deleted.add(int(number))

    def check(self, folder: Path) -> tuple[int, int]:
        """Return how many acknowledged things are missing, and how much is wrong."""
        reader = StoreReader.open_offline(folder, CONFIG)
        answer = reader.select([], 0, 1 << 60)
        reader.close()
        lost, wrong = self.oracle.compare(answer)
        loaded = loaded_in(answer)
        lost += sum(loaded.get(each) != LOADED_SAMPLES for each in self.loads - self.deleting)
        wrong += sum(each in loaded for each in self.deleted) + sum(count < 0 for count in loaded.values())
        return lost, wrong


def watch(store: Store, phase: mmap.mmap) -> None:
    """Have the store's upkeep write down what it does while it does it."""

    def watched(job: Callable[..., Iterator[None]], number: int) -> Callable[..., Iterator[None]]:
        def steps(*arguments: Any, **named: Any) -> Iterator[None]:  # noqa: ANN401  whatever the job takes
            inner = job(*arguments, **named)
            while True:
                before, phase[0] = phase[0], number
                try:
                    next(inner)
                except StopIteration:
                    return
                finally:
                    phase[0] = before
                yield

        return steps

    upkeep = store._upkeep
    for name in ("fold", "checkpoint", "merge", "retention"):
        setattr(upkeep, f"_{name}_job", watched(getattr(upkeep, f"_{name}_job"), PHASES.index(name)))
    for part, name in ((upkeep.works, "load or delete"), (upkeep.tiers, "tiers")):
        setattr(part, "step", marking(part.step, phase, PHASES.index(name)))  # noqa: B010  a method is replaced


def marking(step: Callable[[], bool], phase: mmap.mmap, number: int) -> Callable[[], bool]:
    """Return a step that writes down that it runs."""

    def marked() -> bool:
        before, phase[0] = phase[0], number
        try:
            return step()
        finally:
            phase[0] = before

    return marked


@dataclass(slots=True, kw_only=True)
class Writer:
    """The process that is killed."""

    folder: Path
    first_tick: int
    stop_after: int
    says: int
    phase: mmap.mmap
    works: list[tuple[bytes, "Future[Any]"]] = field(default_factory=list)

    def run(self) -> None:
        """Never returns while nobody kills, unless told to stop cleanly after some ticks."""
        self.phase[0] = PHASES.index("open")
        # time runs fast for what is done every minute or ten
        clock, ticks = TickClock(speed=1000.0), Ticks()
        store = Store.open(self.folder, CONFIG, clock, MemorySegments())
        watch(store, self.phase)
        os.write(self.says, b"open\n")
        for tick in range(self.first_tick, self.first_tick + 100_000):
            self.phase[0] = PHASES.index("tick")
            tick_once(store, ticks, clock, tick)
            os.write(self.says, b"tick %d\n" % tick)
            self._ask(store, tick)
            store.maintain(0.0 if tick % 8 else 0.003)
            self._tell()
            if tick - self.first_tick == self.stop_after:
                self.phase[0] = PHASES.index("close")
                store.close()
                return

    def _ask(self, store: Store, tick: int) -> None:
        if tick % 23 == 0:
            self.works.append((b"loaded %d\n" % tick, store.submit(loading(tick))))
        if tick % 46 == 11 and tick > 60:
            number = tick // 23 * 23
            os.write(self.says, b"deleting %d\n" % number)
            self.works.append((b"deleted %d\n" % number, store.submit(deleting(number))))
        if tick % 61 == 0:
            self.works.append((b"old\n", store.submit(loading_old(tick))))

    def _tell(self) -> None:
        while self.works and self.works[0][1].done():
            word, future = self.works.pop(0)
            future.result()
            os.write(self.says, word)


def kill_once(folder: Path, expected: Expected, chance: random.Random, outcome: Outcome) -> None:
    """Start a writer, kill it, and take in what it said."""
    read_end, write_end = os.pipe()
    phase = mmap.mmap(-1, 1)
    stop_after = chance.randrange(20, 120) if chance.random() < 0.2 else -1
    writer = Writer(folder=folder, first_tick=expected.acked + 1, stop_after=stop_after, says=write_end, phase=phase)
    started_s = time.perf_counter()
    child = in_child(writer.run)
    os.close(write_end)
    patience = chance.randrange(0, 120)
    before = expected.acked
    with os.fdopen(read_end, "rb") as acks:
        if patience == 0:
            time.sleep(chance.random() * 0.05)
        elif acks.readline() != b"open\n":
            outcome.failed_opens += 1
        else:
            outcome.opens_s.append(time.perf_counter() - started_s)
        for _ in range(patience):
            line = acks.readline()
            if not line:
                break
            expected.hear(line)
        # somewhere in the next tick, or in what is done after it
        time.sleep(chance.random() * 0.006)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for line in acks:
            if line.endswith(b"\n"):
                expected.hear(line)
    outcome.phases[PHASES[phase[0]]] += 1
    outcome.kills += 1
    outcome.acked += expected.acked - before


def check_in_child(folder: Path, expected: Expected) -> tuple[int, int]:
    """Check in a process of its own, so that this one never holds a connection when it forks."""
    read_end, write_end = os.pipe()
    child = in_child(lambda: os.write(write_end, json.dumps(expected.check(folder)).encode()))
    os.close(write_end)
    with os.fdopen(read_end, "rb") as answer:
        text = answer.read()
    os.waitpid(child, 0)
    lost, wrong = json.loads(text) if text else (len(expected.oracle.bits), 0)
    return lost, wrong


def soak(folder: Path, kills: int, seed: int) -> Outcome:
    """Kill that many writers."""
    chance = random.Random(seed)
    outcome, expected = Outcome(), Expected()
    while outcome.kills < kills:
        if outcome.kills % KILLS_PER_FOLDER == 0:
            shutil.rmtree(folder, ignore_errors=True)
            expected = Expected()
        kill_once(folder, expected, chance, outcome)
        expected.oracle.extend(expected.acked)
        if folder.exists() and (folder / "live.db").exists() and expected.acked:
            lost, wrong = check_in_child(folder, expected)
            if lost - expected.lost or wrong:
                print(f"kill {outcome.kills}, {lost} lost, {wrong} wrong, {expected}", file=sys.stderr)
            outcome.lost += lost - expected.lost
            outcome.wrong += wrong
            expected.lost = lost
        # the tick in flight may be stored: the next writer goes on after it
        expected.acked += 1
    return outcome


def figures(options: Options, folder: Path) -> list[Figure]:
    """Run the proof."""
    outcome = soak(folder, options.count, options.seed)
    return [
        Figure(name="kills", value=outcome.kills),
        *(Figure(name=f"kills in: {phase}", value=outcome.phases[phase]) for phase in PHASES),
        Figure(name="acknowledged ticks", value=outcome.acked),
        Figure(name="acknowledged things lost", value=outcome.lost, must_be=0),
        Figure(name="wrong values", value=outcome.wrong, must_be=0),
        Figure(name="failed opens", value=outcome.failed_opens, must_be=0),
        Figure(name="opening, p50", value=round(1000 * float(np.percentile(outcome.opens_s, 50)), 1), unit="ms"),
        Figure(name="opening, p99", value=round(1000 * float(np.percentile(outcome.opens_s, 99)), 1), unit="ms"),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Kill a store's writer at random instants.", KILLS)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options, Path(temporary) / "data"), options)


if __name__ == "__main__":
    sys.exit(main())
