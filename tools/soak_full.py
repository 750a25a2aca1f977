"""Fills the disk under a store at random instants and empties it again. `make soak S=full`. Needs root, to mount.

usage: soak_full.py [--count N] [--seed N] [--results DIR]

Each case fills a small ext4 file system of its own at a random tick, lets ticks go on for a while, looks at what a
reader of the head sees meanwhile, makes space, and counts the seconds until ticks are durable again. The day before,
once it is over, may be dropped to make room, as retention says it does; what it had is then not looked for.
"""

import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from barograph.model.errors import ReadOnlyError
from barograph.model.sample import is_absent
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from proof import Figure, Options, Proof, conclude, read_options
from soaking import CONFIG, MIDNIGHT_MS, START_MS, Oracle, StepClock, Ticks, tick_once

CASES = 100
FULL_TICKS = 90
PROOF = Proof(
    row=5,
    name="full",
    fault="A full disk at any instant",
    promise="Ticks go on from memory and are seen; storing goes on by itself within 10 s of space; nothing "
    "acknowledged is lost.",
    method="A small ext4 file system is filled at a random tick, kept full for up to 90, and emptied; then every "
    "sample is compared.",
)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Make and mount an ext4 file system of 12 MB.

    Its blocks are 4 KiB: with smaller ones SQLite's shared index has holes, and a full disk ends whoever writes to one.
    """
    image, point = folder / "image", folder / "disk"
    with image.open("wb") as file:
        file.truncate(12 << 20)
    point.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, point], check=True)
    try:
        yield point
    finally:
        subprocess.run(["umount", point], check=True)
        image.unlink()
        point.rmdir()


def fill(disk: Path) -> None:
    """Take all the space that is left."""
    with (disk / "ballast").open("ab", buffering=0) as file:
        for size in (65536, 4096, 512):
            try:
                while file.write(bytes(size)) == size:
                    pass
            except OSError:
                continue


class Case:
    """One store on one disk."""

    def __init__(self, disk: Path, chance: random.Random, found: Counter[str]) -> None:
        self.clock, self.ticks, self.segments = StepClock(), Ticks(), MemorySegments()
        self.tick, self.acked, self.found = 0, 0, found
        store = Store.open(disk / "data", CONFIG, self.clock, self.segments)
        self._run(store, chance.randrange(1, 240))
        for _ in range(chance.randrange(1, FULL_TICKS // 10)):
            fill(disk)
            self._run(store, 10)
        self._look_at_head(disk / "data")
        found["refused"] += store.stats.read_only
        (disk / "ballast").unlink()
        waited = 0
        while store.stats.read_only:
            self._run(store, 1)
            waited += 1
        found["slow"] += waited > 10
        found["longest"] = max(found["longest"], waited)
        self._run(store, 30)
        found["lost"] += store.stats.lost_ticks
        store.close()
        oracle = Oracle()
        oracle.extend(self.tick - 1)
        oracle.unsure.clear()
        found["days"] += store.stats.days_dropped
        if store.stats.days_dropped:
            oracle.unsure.update(range(1, (MIDNIGHT_MS - START_MS) // 1000))
        lost, wrong = oracle.check(disk / "data")
        found["lost"] += lost
        found["wrong"] += wrong

    def _run(self, store: Store, count: int) -> None:
        for _ in range(count):
            self.tick += 1
            try:
                tick_once(store, self.ticks, self.clock, self.tick)
            except ReadOnlyError:
                self.found["commits"] += 1
            store.maintain(0.01)

    def _look_at_head(self, folder: Path) -> None:
        reader = StoreReader(folder, CONFIG)
        assert self.segments.current is not None
        reader.attach(self.segments.current.buffer)
        answer = reader.select([], self.clock.now, self.clock.now)
        reader.close()
        self.found["unseen"] += not any((~is_absent(group.values)).any() for group in answer.groups)


def figures(options: Options, place: Path) -> list[Figure]:
    """Run the proof."""
    chance, found = random.Random(options.seed), Counter[str]()
    for _ in range(options.count):
        with small_disk(place) as disk:
            Case(disk, chance, found)
    return [
        Figure(name="full disks", value=options.count),
        Figure(name="still refusing when there was space again", value=found["refused"]),
        Figure(name="commits refused", value=found["commits"]),
        Figure(name="days dropped to make room", value=found["days"]),
        Figure(name="ticks lost", value=found["lost"], must_be=0),
        Figure(name="wrong values", value=found["wrong"], must_be=0),
        Figure(name="live views without the newest tick", value=found["unseen"], must_be=0),
        Figure(name="longest until storing went on", value=found["longest"], unit="s"),
        Figure(name="more than 10 s", value=found["slow"], must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Fill the disk under a store.", CASES)
    if os.geteuid() != 0:
        print("not run: mounting a small file system needs root")
        return 0
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="barograph-", dir=memory if memory.is_dir() else None) as temporary:
        return conclude(PROOF, figures(options, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
