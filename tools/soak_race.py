"""Readers, a writer and its checkpoints on one folder at the same time. `make soak S=race`.

usage: soak_race.py [--count N] [--seed N] [--results DIR]

A writer process commits ticks back to back, folding, merging and checkpointing. Reader processes open the folder,
compare every sample with the one it must be, and begin again. Meanwhile another program keeps a read transaction open
on live.db for as many ticks as ten minutes have.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import apsw

from barograph.model.errors import StoreError
from barograph.tsdb import filenames, sqlite
from barograph.tsdb.reader import StoreReader
from proof import Figure, Proof, conclude, read_options
from soak_snapshot import Writer, newest_tick
from soaking import CONFIG, START_MS, Oracle

TICKS = 20_000
HELD_TICKS = 600
READERS = 2
PROOF = Proof(
    row=8,
    name="race",
    fault="Readers, writer and checkpoints racing",
    promise="Readers see every acknowledged sample and no wrong one; the write-ahead log stays small beside a reader "
    "of ten minutes.",
    method="Reader processes compare the whole folder again and again while a writer commits ticks back to back; "
    "another program holds a read transaction on live.db for 600 ticks.",
)


@dataclass(slots=True)
class Found:
    """What readers found."""

    rounds: int = 0
    lost: int = 0
    wrong: int = 0
    refused: int = 0


def read_on(folder: Path) -> None:
    """Be a reader: compare the folder until told to end, and say after each round what was found so far."""
    found = Found()
    oracle = Oracle()
    while True:
        try:
            newest = newest_tick(folder)
            oracle.extend(newest)
            reader = StoreReader.open_offline(folder, CONFIG)
            lost, wrong = oracle.compare(reader.select([], 0, START_MS + newest * 1000))
            reader.close()
            found.lost, found.wrong = found.lost + lost, found.wrong + wrong
        except StoreError:
            found.refused += 1
        found.rounds += 1
        print(found.rounds, found.lost, found.wrong, found.refused, flush=True)


def wal_bytes(folder: Path) -> int:
    """Return the size of the largest write-ahead log."""
    return max((path.stat().st_size for path in folder.glob("*-wal") if path.exists()), default=0)


def hold(folder: Path, writer: Writer) -> int:
    """Keep a read transaction open for as many ticks as ten minutes have; returns the largest log meanwhile."""
    connection = sqlite.open_reading(folder / filenames.LIVE)
    largest = 0
    with connection:
        connection.execute("SELECT count(*) FROM slots").fetchall()
        until = writer.acked + HELD_TICKS
        while writer.acked < until:
            writer.wait_for(min(until, writer.acked + 20))
            largest = max(largest, wal_bytes(folder))
    connection.close(True)
    return largest


def integrity_errors(folder: Path) -> int:
    """Return how many databases SQLite finds fault with."""
    errors = 0
    for path in folder.glob("*.db"):
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        errors += connection.pragma("integrity_check") != "ok"
        connection.close(True)
    return errors


def soak(place: Path, ticks: int) -> tuple[Found, int, int, int]:
    """Race until so many ticks are acknowledged; returns what was found, the ticks, the largest log, faulty files."""
    data = place / "data"
    writer = Writer(data)
    writer.wait_for(30)
    command = [sys.executable, __file__, "--read", str(data)]
    readers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(READERS)]
    try:
        largest = hold(data, writer)
        writer.wait_for(ticks)
    finally:
        writer.kill()
        for reader in readers:
            reader.kill()
    total = Found()
    for reader in readers:
        said = reader.communicate()[0].splitlines()
        last = [int(number) for number in said[-1].split()] if said else [0, 0, 0, 0]
        total = Found(
            *(a + b for a, b in zip((total.rounds, total.lost, total.wrong, total.refused), last, strict=True))
        )
    return total, writer.acked, largest, integrity_errors(data)


def main() -> int:
    """Run and print."""
    if sys.argv[1:2] == ["--read"]:
        read_on(Path(sys.argv[2]))
    options = read_options("Race readers against a writer and its checkpoints.", TICKS)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        found, acked, largest, faulty = soak(Path(temporary), options.count)
    figures = [
        Figure(name="acknowledged ticks", value=acked),
        Figure(name="times that a reader compared everything", value=found.rounds),
        Figure(name="acknowledged ticks that a reader did not find", value=found.lost, must_be=0),
        Figure(name="wrong values", value=found.wrong, must_be=0),
        Figure(name="rounds that ended with a refusal", value=found.refused),
        Figure(name="databases that SQLite finds fault with", value=faulty, must_be=0),
        Figure(
            name="the largest write-ahead log beside a reader of 600 ticks", value=round(largest / 1e6, 1), unit="MB"
        ),
    ]
    return conclude(PROOF, figures, options)


if __name__ == "__main__":
    sys.exit(main())
