"""Stores to be damaged, and a virtual file system that fails on purpose."""

import shutil
from pathlib import Path

import apsw
import numpy as np

from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.sample import ABSENT_BITS, FloatArray
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.store import Store

START_MS = 1_700_000_000_000
SERIES = 70
CONFIG = StoreConfig(fold_ticks=60, ring_slots=200, checkpoint_ticks=20, merge_samples=200)
SCHEMA = Schema(
    (Family("v", MetricType.GAUGE, "A value."),),
    tuple(Labels.of("v", i=f"{i:02}") for i in range(SERIES)),
    (0,) * SERIES,
)


def values_at(tick: int) -> FloatArray:
    """Counters, constants and noise, known from the tick."""
    kinds = np.arange(SERIES) % 3
    noise = np.random.default_rng(tick).normal(size=SERIES)
    values: FloatArray = np.where(kinds == 0, noise, np.where(kinds == 1, 4.25, tick * np.arange(SERIES) / 10))
    return values


def feed(store: Store, first: int, count: int) -> None:
    """Append and commit ticks, with upkeep between them."""
    for tick in range(first, first + count):
        store.append(Batch("crash/1s", SCHEMA, START_MS + tick * 1000, values_at(tick)))
        store.commit()
        store.maintain(0.0)


def check(answer_of: StoreReader, newest: int) -> tuple[int, int]:
    """Return how many samples are there, and how many of them are wrong."""
    there = wrong = 0
    for group in answer_of.select([], 0, 1 << 60).groups:
        ticks = (group.timestamps_ms - START_MS) // 1000
        expected = np.array([values_at(int(tick)) for tick in ticks]).T
        rows = [SCHEMA.series.index(labels) for labels in group.labels]
        bits = group.values.view(np.uint64)
        present = bits != ABSENT_BITS
        there += int(present.sum())
        wrong += int((present & (bits != expected[rows].view(np.uint64))).sum()) + int((ticks > newest).sum())
    return there, wrong


def copy_of(folder: Path, to: Path) -> Path:
    """Copy a folder as a crash of the program would leave it: databases and logs, without shared memory."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to, ignore=shutil.ignore_patterns("*-shm"))
    return to


class FaultyFile(apsw.VFSFile):
    """A file whose writes and syncs fail when its file system says so."""

    def __init__(self, vfs: str, name: apsw.URIFilename | str | None, flags: list[int], faults: "Faults") -> None:
        super().__init__(vfs, name, flags)
        self.faults = faults

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  apsw's name
        self.faults.meet("write")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802  apsw's name
        self.faults.meet("sync")
        super().xSync(flags)


class Faults(apsw.VFS):
    """A file system that fails at the `n`th call of a kind, or at every one from then on."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.calls = 0
        self.kind = "write"
        self.fail_at = 0
        self.error: type[apsw.Error] = apsw.FullError
        self.for_ever = False
        super().__init__(name, base="")

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  apsw's name
        return FaultyFile("", name, flags, self)

    def plan(self, kind: str, fail_at: int, error: type[apsw.Error], *, for_ever: bool) -> None:
        """Fail at the `fail_at`th call of this kind from now; 0: never."""
        self.calls, self.kind, self.fail_at, self.error, self.for_ever = 0, kind, fail_at, error, for_ever

    def meet(self, kind: str) -> None:
        """Count a call, and raise if it is to fail."""
        if kind != self.kind or not self.fail_at:
            return
        self.calls += 1
        if self.calls == self.fail_at or (self.for_ever and self.calls > self.fail_at):
            raise self.error(f"a {kind} that fails on purpose")
