"""Cuts a store's write-ahead logs at every byte of their end, and mixes up its sectors. `make soak S=torn`.

usage: soak_torn.py [--count N] [--seed N] [--results DIR]

Of live.db's log every tick must be there whose commit lies before the cut, and none else. Of a block file's log
anything may be gone: the ring still has its ticks. Without `--count` each byte of the last 64 KiB of both is tried.
"""

import random
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from barograph.model.errors import BarographError
from barograph.tsdb.blocks import BlockWriter
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from proof import Figure, Options, Proof, conclude, read_options
from soaking import Oracle, StepClock, Ticks, tick_once

TAIL = 65_536
CASES = 2 * TAIL + 2000
SECTOR = 512
CONFIG = StoreConfig(fold_ticks=25, ring_slots=150, checkpoint_ticks=1000, merge_samples=80)
TICKS = 64
PROOF = Proof(
    row=3,
    name="torn",
    fault="A torn, truncated or mixed up end of a write-ahead log",
    promise="The store opens, and only ticks at the torn end are gone; of a block file's log nothing is.",
    method="The logs of live.db and of a block file are cut at every byte of their last 64 KiB, and 512-byte sectors "
    "of it are exchanged; the store is opened and every sample compared with the commits before the cut.",
)


def build(folder: Path) -> list[int]:
    """Make a folder whose logs were never copied back; returns how long live.db's was after each tick."""
    clock, ticks = StepClock(), Ticks()
    ordinary = BlockWriter.checkpoint
    setattr(BlockWriter, "checkpoint", lambda _: None)  # noqa: B010  as a reader would hold it off
    try:
        store = Store.open(folder / "data", CONFIG, clock, MemorySegments())
        lengths = [0]
        for tick in range(1, TICKS):
            tick_once(store, ticks, clock, tick)
            lengths.append((folder / "data" / "live.db-wal").stat().st_size)
            store.maintain(0.05)
        shutil.copytree(folder / "data", folder / "sound", ignore=shutil.ignore_patterns("*-shm", "lock"))
        store._files.close()
    finally:
        setattr(BlockWriter, "checkpoint", ordinary)  # noqa: B010  as before
    return lengths


def look(folder: Path, acked: int, found: Counter[str], what: str) -> None:
    """Open a folder and count what is missing up to a tick, and what is there beyond."""
    oracle, segments, clock = Oracle(), MemorySegments(), StepClock()
    oracle.extend(acked - 1)
    oracle.unsure.clear()
    clock.now += TICKS * 1000
    try:
        store = Store.open(folder, CONFIG, clock, segments)
    except BarographError as error:
        print(f"{what}: not opened: {error}", file=sys.stderr)
        found["failed opens"] += 1
        return
    found["set aside"] += any("moved aside" in notice for notice in store.take_notices())
    reader = StoreReader(folder, CONFIG)
    if segments.current is not None:
        reader.attach(segments.current.buffer)
    lost, wrong = oracle.compare(reader.select([], 0, 1 << 60))
    reader.close()
    store._files.close()
    found["lost"] += lost
    found["wrong"] += wrong
    if lost or wrong:
        print(f"{what}: {lost} lost, {wrong} wrong up to tick {acked}", file=sys.stderr)


def torn_at(place: Path, name: str, data: bytes) -> Path:
    """Return a folder with other bytes in one of its files."""
    shutil.rmtree(place / "torn", ignore_errors=True)
    shutil.copytree(place / "sound", place / "torn")
    (place / "torn" / name).write_bytes(data)
    return place / "torn"


def mixed(data: bytes, chance: random.Random) -> bytes:
    """Return a log with some sectors of its end exchanged."""
    torn = bytearray(data)
    first = max(0, len(data) - TAIL) // SECTOR
    for _ in range(chance.randrange(1, 6)):
        one, other = (chance.randrange(first, len(data) // SECTOR) * SECTOR for _ in range(2))
        torn[one : one + SECTOR], torn[other : other + SECTOR] = (
            torn[other : other + SECTOR],
            torn[one : one + SECTOR],
        )
    return bytes(torn)


def first_difference(one: bytes, other: bytes) -> int:
    """Return where two logs of one length begin to differ."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=True)) if a != b), len(one))


def soak(place: Path, cases: int, seed: int) -> Counter[str]:
    """Tear that often, both logs in turn."""
    chance, found = random.Random(seed), Counter[str]()
    lengths = build(place)
    live = (place / "sound" / "live.db-wal").read_bytes()
    block = max((place / "sound").glob("blocks-2*-wal"), key=lambda path: path.stat().st_size)
    blocks = block.read_bytes()
    mixes = min(2000, cases // 8)
    cuts = (cases - mixes) // 2
    for number in range(cuts):
        back = number if cuts >= TAIL else chance.randrange(TAIL)
        end = max(0, len(live) - 1 - back)
        acked = sum(length <= end for length in lengths) - 1
        look(torn_at(place, "live.db-wal", live[:end]), acked, found, f"live.db-wal cut at {end}")
        end = max(0, len(blocks) - 1 - back)
        look(torn_at(place, block.name, blocks[:end]), TICKS - 1, found, f"{block.name} cut at {end}")
        found["cuts"] += 2
    for _ in range(cases - 2 * cuts):
        data = mixed(live, chance)
        acked = sum(length <= first_difference(data, live) for length in lengths) - 1
        look(torn_at(place, "live.db-wal", data), acked, found, "live.db-wal mixed up")
        found["mixed"] += 1
    return found


def figures(options: Options, place: Path) -> list[Figure]:
    """Run the proof."""
    found = soak(place, options.count, options.seed)
    return [
        Figure(name="torn logs", value=found["cuts"] + found["mixed"]),
        Figure(name="with sectors mixed up", value=found["mixed"]),
        Figure(name="ticks before the damage lost", value=found["lost"], must_be=0),
        Figure(name="wrong values", value=found["wrong"], must_be=0),
        Figure(name="failed opens", value=found["failed opens"], must_be=0),
        Figure(name="databases moved aside", value=found["set aside"], must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Tear the ends of a store's write-ahead logs.", CASES)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="barograph-", dir=memory if memory.is_dir() else None) as temporary:
        return conclude(PROOF, figures(options, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
