"""Opens stored folders of every format, kills their migration, and tries newer ones. `make soak S=formats`.

usage: soak_formats.py [--count N] [--seed N] [--results DIR]

tests/fixtures/stores holds a small folder of each format there ever was, and every sample it must give
(tools/make_store_fixture.py). A process that migrates all its files is killed at random instants; the samples must be
the same before, between and after.
"""

import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import apsw

from barograph.model.errors import VersionError
from barograph.tsdb.filenames import block_names
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from make_store_fixture import CONFIG, START_MS, STEP_MS, TICKS, samples_of
from proof import ROOT, Figure, Options, Proof, conclude, read_options
from soaking import StepClock, in_child

KILLS = 200
FIXTURES = ROOT / "tests" / "fixtures" / "stores"
NEWER = 99
PROOF = Proof(
    row=10,
    name="formats",
    fault="A kill while formats are migrated; older and newer formats",
    promise="A file is of the old format or the new one, every sample stays; a newer format is refused and left alone.",
    method="A process that opens and migrates a stored folder of each format is killed at random instants; then every "
    "sample is compared, and compared again when the migration is done. Each file in turn gets a newer format.",
)


def migrate(folder: Path) -> None:
    """Open a folder for writing, every file of it, and work on it."""
    clock = StepClock()
    clock.now = START_MS + (TICKS + 200) * STEP_MS
    store = Store.open(folder, CONFIG, clock, MemorySegments())
    for name in block_names(folder):
        store._files.block(name)
    store.maintain(0.2)
    store.close()


def copy_of(version: Path, to: Path) -> dict[str, list[list[object]]]:
    """Copy a stored folder and return its samples."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(version, to)
    expected: dict[str, list[list[object]]] = json.loads((to / "expected.json").read_text())
    (to / "expected.json").unlink()
    return expected


def is_as_expected(folder: Path, expected: dict[str, list[list[object]]]) -> bool:
    """Tell whether a folder has exactly these samples."""
    try:
        found = json.loads(json.dumps(samples_of(folder)))
    except SystemExit as damage:
        print(damage, file=sys.stderr)
        return False
    return bool(found == expected)


def is_whole_after(folder: Path, expected: dict[str, list[list[object]]]) -> bool:
    """Tell, in a process of its own, whether a folder has its samples now and after a whole migration."""

    def look() -> None:
        if not is_as_expected(folder, expected):
            raise SystemExit(1)
        migrate(folder)
        if not is_as_expected(folder, expected):
            raise SystemExit(1)

    _, status = os.waitpid(in_child(look), 0)
    return status == 0


def kill_migrations(place: Path, kills: int, seed: int, found: Counter[str]) -> None:
    """Kill that many migrations."""
    chance = random.Random(seed)
    versions = sorted(FIXTURES.iterdir())
    for number in range(kills):
        expected = copy_of(versions[number % len(versions)], place)
        child = in_child(lambda: migrate(place))
        time.sleep(chance.random() * 0.08)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        found["ended by the kill"] += os.WIFSIGNALED(status)
        if not is_whole_after(place, expected):
            print(f"kill {number} of {versions[number % len(versions)].name}: broken", file=sys.stderr)
            found["broken"] += 1


def try_newer(place: Path, found: Counter[str]) -> None:
    """Give each file in turn a newer format, and look whether it is refused and left alone."""
    names = [path.name for path in sorted((FIXTURES / "v2").glob("*.db"))]
    for name in names:
        copy_of(FIXTURES / "v2", place)
        connection = apsw.Connection(str(place / name))
        connection.pragma("user_version", NEWER)
        connection.close()
        before = (place / name).read_bytes()
        refused = False
        try:
            migrate(place)
        except VersionError as error:
            refused = name in str(error) and str(NEWER) in str(error)
        found["newer"] += 1
        found["not refused"] += not refused
        found["touched"] += before != (place / name).read_bytes()


def figures(options: Options, place: Path) -> list[Figure]:
    """Run the proof."""
    found: Counter[str] = Counter()
    kill_migrations(place, options.count, options.seed, found)
    try_newer(place, found)
    return [
        Figure(name="migrations", value=options.count),
        Figure(name="ended halfway by the kill", value=found["ended by the kill"]),
        Figure(name="stored formats", value=len(list(FIXTURES.iterdir()))),
        Figure(name="folders with other samples", value=found["broken"], must_be=0),
        Figure(name="files of a newer format", value=found["newer"]),
        Figure(name="newer formats not refused in words", value=found["not refused"], must_be=0),
        Figure(name="files of a newer format that were changed", value=found["touched"], must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Kill migrations of stored folders.", KILLS)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options, Path(temporary) / "data"), options)


if __name__ == "__main__":
    sys.exit(main())
