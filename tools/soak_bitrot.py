"""Flips bits and zeroes pages of a store's files. `make soak S=bitrot`.

usage: soak_bitrot.py [--count N] [--seed N] [--results DIR]

Each case damages one place of one file of a folder that was left with a ring, opens it as `serve` and as a reader
without a server do, and compares every sample: what is damaged may be missing, never wrong, and must be said. One case
in eleven zeroes a whole page.
"""

import random
import shutil
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path

from barograph.model.errors import FolderError
from barograph.model.series import SeriesSet
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from proof import Figure, Options, Proof, conclude, read_options
from soaking import CONFIG, Oracle, StepClock, Ticks, series_at, tick_once

CASES = 11_000
TICKS = 340
PAGE = 4096
PROOF = Proof(
    row=4,
    name="bitrot",
    fault="Bit rot",
    promise="Damage is a gap and a warning: never a wrong value, never a store that does not open or answer.",
    method="One bit is flipped, or one page zeroed, in a block file or live.db; the store is opened for writing and "
    "for reading, and every sample is compared.",
)


def build(folder: Path) -> None:
    """Make a folder of three block files and tiers, and a ring that is not folded."""
    clock, ticks = StepClock(), Ticks()
    store = Store.open(folder, CONFIG, clock, MemorySegments())
    for tick in range(1, TICKS):
        tick_once(store, ticks, clock, tick)
        store.maintain(0.05)
    assert store._files.log is not None
    store._files.log.checkpoint(truncate=True)
    for name in store._files.open_blocks:
        store._files.block(name).checkpoint()
    store._files.close()
    for companion in (*folder.glob("*-wal"), *folder.glob("*-shm")):
        companion.unlink()


def damage(path: Path, zero: bool, chance: random.Random) -> str:
    """Damage a file in one place and say where."""
    data = bytearray(path.read_bytes())
    place = chance.randrange(len(data))
    if zero:
        place = place // PAGE * PAGE
        data[place : place + PAGE] = bytes(PAGE)
    else:
        data[place] ^= 1 << chance.randrange(8)
    path.write_bytes(data)
    return f"{path.name} at {place}{' (page)' if zero else ''}"


def look(answer: SeriesSet, oracle: Oracle) -> tuple[int, int]:
    """Return how many ticks have a gap, and how many samples are wrong."""
    return oracle.compare(replace(answer, warnings=()))


def run_case(folder: Path, oracle: Oracle, found: Counter[str], place: str) -> None:
    """Open a damaged folder both ways, and count."""
    clock, segments = StepClock(), MemorySegments()
    clock.now += TICKS * 1000
    try:
        reader = StoreReader.open_offline(folder, CONFIG)
        offline = reader.select([], 0, 1 << 60)
        reader.close()
        gaps, wrong = look(offline, oracle)
        found["wrong"] += wrong
        found["silent"] += bool(gaps and not offline.warnings)
        if gaps and not offline.warnings:
            print(f"silent for a reader: {place}: {gaps} ticks", file=sys.stderr)
    except FolderError:
        found["refused"] += 1
    store = Store.open(folder, CONFIG, clock, segments)
    damaged = bool(store.stats.damaged or store.take_notices())
    reader = StoreReader(folder, CONFIG)
    if segments.current is not None:
        reader.attach(segments.current.buffer)
    answer = reader.select([], 0, 1 << 60)
    reader.close()
    store._files.close()
    gaps, wrong = look(answer, oracle)
    noticed = damaged or bool(answer.warnings)
    found["wrong"] += wrong
    found["gaps"] += gaps
    found["noticed"] += noticed
    found["silent"] += bool(gaps and not noticed)
    if wrong or (gaps and not noticed):
        print(f"{place}: {gaps} gaps, {wrong} wrong, noticed {noticed}", file=sys.stderr)


def soak(place: Path, cases: int, seed: int) -> Counter[str]:
    """Damage that often."""
    chance, found, oracle = random.Random(seed), Counter[str](), Oracle()
    oracle.extend(TICKS - 1)
    build(place / "sound")
    files = sorted((place / "sound").glob("*.db"))
    sizes = [path.stat().st_size for path in files]
    for number in range(cases):
        shutil.rmtree(place / "damaged", ignore_errors=True)
        shutil.copytree(place / "sound", place / "damaged")
        victim = chance.choices(files, sizes)[0]
        zero = number % 11 == 10
        where = damage(place / "damaged" / victim.name, zero, chance)
        found["pages"] += zero
        found[f"in {victim.name}"] += 1
        try:
            run_case(place / "damaged", oracle, found, where)
        except Exception as error:
            found["fatal"] += 1
            print(f"fatal: {where}: {type(error).__name__}: {error}", file=sys.stderr)
    found["ticks"] = cases * sum(1 for tick in range(1, TICKS) if series_at(tick))
    return found


def figures(options: Options, place: Path) -> list[Figure]:
    """Run the proof."""
    found = soak(place, options.count, options.seed)
    return [
        Figure(name="damaged places", value=options.count),
        Figure(name="whole pages among them", value=found["pages"]),
        Figure(name="wrong values served", value=found["wrong"], must_be=0),
        Figure(name="stores that did not open or answer", value=found["fatal"], must_be=0),
        Figure(name="gaps that nothing told of", value=found["silent"], must_be=0),
        Figure(name="cases that a warning told of", value=found["noticed"]),
        Figure(name="readers without a server that were refused", value=found["refused"]),
        Figure(name="ticks without any gap", value=100 - 100 * found["gaps"] / found["ticks"], unit="%"),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Flip bits and zero pages of a store's files.", CASES)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="barograph-", dir=memory if memory.is_dir() else None) as temporary:
        return conclude(PROOF, figures(options, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
