"""Cuts the power of a store at random instants, in simulation. `make soak S=powercut`.

usage: soak_powercut.py [--count N] [--seed N] [--results DIR]

A virtual file system writes down every write, sync, truncation and removal of all databases of a folder while a store
works. A cut is one instant over all files: what was synced is there; of the rest nothing, or a prefix, or 512-byte
sectors at random. The folder is then opened with the ordinary file system. That the simulator can fail is shown by two
stores that do not sync as ours does: they must lose what they acknowledged.
"""

import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import apsw

from barograph.model.errors import BarographError
from barograph.tsdb import sqlite
from barograph.tsdb.filenames import block_names
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from proof import Figure, Options, Proof, conclude, read_options
from soaking import (
    CONFIG,
    LOADED_SAMPLES,
    START_MS,
    Oracle,
    TickClock,
    Ticks,
    deleting,
    loaded_in,
    loading,
    tick_once,
)

STATES = 20_000
CONTROL_STATES = 400
STATES_PER_RECORDING = 1000
TICKS = 330
SECTOR = 512
VFS = "barograph-recorder"
PROOF = Proof(
    row=2,
    name="powercut",
    fault="Power cut",
    promise="No acknowledged sample, load or deletion is lost; at most one unacknowledged tick is missing.",
    method="Every write, sync, truncation and removal of all databases is recorded; the folder is put together as it "
    "may be after a cut at a random instant, opened, compared with what was acknowledged, and checked by "
    "`integrity_check`. Two stores that sync less than ours show that the simulation finds losses.",
)


class Event(NamedTuple):
    """Something that happened to a file, or was acknowledged (`kind` tick, load, delete: `offset` is which)."""

    kind: str
    name: str
    offset: int = 0
    data: bytes = b""


class RecordedFile(apsw.VFSFile):
    """A file that writes down what is done to it."""

    def __init__(self, name: apsw.URIFilename | str | None, flags: list[int], recorder: "Recorder") -> None:
        is_new = (
            name is not None and not Path(str(name.filename() if isinstance(name, apsw.URIFilename) else name)).exists()
        )
        super().__init__("", name, flags)
        path = name.filename() if isinstance(name, apsw.URIFilename) else name
        self._name = Path(path).name if path else ""
        self._recorder, self._events = recorder, recorder.events
        # as SQLite's unix file system does: with its first sync a new journal's folder is synced too
        journals = apsw.SQLITE_OPEN_MAIN_JOURNAL | apsw.SQLITE_OPEN_WAL
        self._syncs_folder = is_new and bool(flags[0] & journals)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802  apsw's name
        """Write, and write it down."""
        super().xWrite(data, offset)
        if self._name:
            self._events.append(Event("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:  # noqa: N802  apsw's name
        """Truncate, and write it down."""
        super().xTruncate(newsize)
        if self._name:
            self._events.append(Event("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:  # noqa: N802  apsw's name
        """Sync, and write it down; or fail."""
        self._recorder.syncs += 1
        if self._recorder.syncs in self._recorder.fail_syncs:
            self._events.append(Event("sync-failed", self._name))
            raise apsw.IOError("a sync that fails on purpose")
        super().xSync(flags)
        if self._name:
            self._events.append(Event("sync", self._name))
            if self._syncs_folder:
                self._syncs_folder = False
                self._events.append(Event("sync-folder", ""))


class Recorder(apsw.VFS):
    """The ordinary file system, with a record of what changes files."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.syncs = 0
        self.fail_syncs: range = range(0)
        """Which syncs fail, counted from the first."""
        super().__init__(VFS, base="")

    def xOpen(self, name: apsw.URIFilename | str | None, flags: list[int]) -> apsw.VFSFile:  # noqa: N802  apsw's name
        """Open a file whose changes are written down."""
        return RecordedFile(name, flags, self)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802  apsw's name
        """Remove, and write it down."""
        super().xDelete(filename, syncdir)
        self.events.append(Event("delete", Path(filename).name))
        if syncdir:
            self.events.append(Event("sync-folder", ""))


class Disk:
    """What of the files is certain to be there, and what is not synced yet."""

    def __init__(self) -> None:
        self.certain: dict[str, bytearray] = {}
        self.unsynced: list[Event] = []

    def take(self, event: Event) -> None:
        """Let an event happen."""
        if event.kind == "sync":
            self._settle(event.name)
        elif event.kind == "sync-failed":
            # what a system could not write it forgets, and the next sync says that all is well
            self.unsynced = [each for each in self.unsynced if each.name != event.name]
        elif event.kind == "sync-folder":
            self._settle_deletions()
        elif event.kind in ("write", "truncate", "delete"):
            self.unsynced.append(event)

    def cut(self, chance: random.Random) -> dict[str, bytearray]:
        """Return the files as they may be when the power is gone now."""
        files = {name: bytearray(data) for name, data in self.certain.items()}
        how = chance.choice(("none", "prefix", "sectors", "sectors"))
        if how == "prefix":
            for event in self.unsynced[: chance.randrange(len(self.unsynced) + 1)]:
                apply(files, event)
        elif how == "sectors":
            share = chance.choice((0.1, 0.5, 0.9))
            for event in self.unsynced:
                for part in sectors(event):
                    if chance.random() < share:
                        apply(files, part)
        return files

    def _settle(self, name: str) -> None:
        for event in self.unsynced:
            if event.name == name:
                apply(self.certain, event)
        self.unsynced = [event for event in self.unsynced if event.name != name]

    def _settle_deletions(self) -> None:
        for name in {event.name for event in self.unsynced if event.kind == "delete"}:
            of_name = [event for event in self.unsynced if event.name == name]
            last = max(place for place, event in enumerate(of_name) if event.kind == "delete")
            self.certain.pop(name, None)
            gone = of_name[: last + 1]
            self.unsynced = [event for event in self.unsynced if not any(event is each for each in gone)]


def apply(files: dict[str, bytearray], event: Event) -> None:
    """Do to files what an event did."""
    if event.kind == "delete":
        files.pop(event.name, None)
        return
    data = files.setdefault(event.name, bytearray())
    if event.kind == "truncate":
        del data[event.offset :]
        return
    if len(data) < event.offset:
        data.extend(bytes(event.offset - len(data)))
    data[event.offset : event.offset + len(event.data)] = event.data


def sectors(event: Event) -> Iterator[Event]:
    """Yield a write sector by sector, anything else as it is."""
    if event.kind != "write":
        yield event
        return
    start = event.offset
    while start < event.offset + len(event.data):
        end = min((start // SECTOR + 1) * SECTOR, event.offset + len(event.data))
        yield event._replace(offset=start, data=event.data[start - event.offset : end - event.offset])
        start = end


@contextmanager
def weaker(synchronous: str) -> Iterator[None]:
    """Have every database opened with less than our `synchronous`, for a control; "" leaves it."""
    ordinary = sqlite.open_writing

    def open_weaker(path: Path, vfs: str | None = None) -> apsw.Connection:
        connection = ordinary(path, vfs)
        connection.pragma("synchronous", synchronous)
        return connection

    if synchronous:
        vars(sqlite)["open_writing"] = open_weaker
    try:
        yield
    finally:
        vars(sqlite)["open_writing"] = ordinary


def record(folder: Path, seed: int) -> list[Event]:
    """Let a store work in an empty folder, and return what happened."""
    chance = random.Random(seed)
    recorder = Recorder()
    clock, ticks = TickClock(speed=2000.0), Ticks()
    try:
        store = Store.open(folder, CONFIG, clock, MemorySegments(), vfs=VFS)
        restart = chance.randrange(50, TICKS)
        loads = 0
        for tick in range(1, TICKS):
            tick_once(store, ticks, clock, tick)
            recorder.events.append(Event("tick", "", tick))
            store.maintain(0.0 if chance.random() < 0.9 else 0.01)
            if tick % 37 == 0:
                loads += 1
                store.perform(loading(loads))
                recorder.events.append(Event("load", "", loads))
            if tick % 74 == 50:
                recorder.events.append(Event("deleting", "", loads))
                store.perform(deleting(loads))
                recorder.events.append(Event("delete-acked", "", loads))
            if tick == restart:
                store.close()
                store, ticks = Store.open(folder, CONFIG, clock, MemorySegments(), vfs=VFS), Ticks()
        store.close()
    finally:
        recorder.unregister()
    return recorder.events


@dataclass(slots=True, kw_only=True)
class Promised:
    """What was acknowledged up to an instant."""

    tick: int = 0
    loads: set[int] = field(default_factory=set)
    deleting: set[int] = field(default_factory=set)
    deleted: set[int] = field(default_factory=set)

    def take(self, event: Event) -> None:
        """Take in an acknowledgement."""
        if event.kind == "tick":
            self.tick = event.offset
        elif event.kind == "load":
            self.loads.add(event.offset)
        elif event.kind == "deleting":
            self.deleting.add(event.offset)
        elif event.kind == "delete-acked":
            self.deleted.add(event.offset)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What cuts did."""

    states: int = 0
    lost: int = 0
    wrong: int = 0
    corrupt: int = 0
    failed_opens: int = 0
    set_aside: int = 0


def check_state(folder: Path, promised: Promised, goes_on: bool, outcome: Outcome) -> None:
    """Open a folder as a cut left it, and count what is not as it must be."""
    outcome.states += 1
    oracle = Oracle()
    oracle.extend(promised.tick)
    clock, segments = TickClock(), MemorySegments()
    clock.now = START_MS + promised.tick * 1000
    try:
        store = Store.open(folder, CONFIG, clock, segments)
    except BarographError as error:
        print(f"not opened: {error}", file=sys.stderr)
        outcome.failed_opens += 1
        return
    notices = store.take_notices()
    outcome.set_aside += bool(notices or store.stats.damaged or store.stats.read_only)
    for notice in notices:
        print(f"notice: {notice}", file=sys.stderr)
    reader = StoreReader(folder, CONFIG)
    if segments.current is not None:
        reader.attach(segments.current.buffer)
    compare(reader, oracle, promised, outcome)
    reader.close()
    if goes_on:
        try:
            go_on(store, promised.tick, oracle, clock)
        except BarographError as error:
            # damage that opening did not meet
            print(f"no more ticks: {error}", file=sys.stderr)
            outcome.corrupt += 1
            store._files.close()
            return
        outcome.set_aside += bool(store.take_notices())
        reader = StoreReader.open_offline(folder, CONFIG)
        compare(reader, oracle, promised, outcome)
        reader.close()
    else:
        store._files.close()
    outcome.corrupt += sum(not is_whole(path) for path in databases(folder))


def go_on(store: Store, last: int, oracle: Oracle, clock: TickClock) -> None:
    """Store more ticks after the last that was acknowledged, and close."""
    ticks = Ticks()
    for tick in range(last + 2, last + 6):
        tick_once(store, ticks, clock, tick)
    oracle.extend(last + 5)
    oracle.unsure = {last + 1, last + 6}
    store.close()


def compare(reader: StoreReader, oracle: Oracle, promised: Promised, outcome: Outcome) -> None:
    """Count what acknowledged things are missing, and what is there and should not be."""
    answer = reader.select([], 0, 1 << 60)
    lost, wrong = oracle.compare(answer)
    loaded = loaded_in(answer)
    lost += sum(loaded.get(each) != LOADED_SAMPLES for each in promised.loads - promised.deleting)
    wrong += sum(each in loaded for each in promised.deleted)
    wrong += sum(count < 0 for count in loaded.values())
    outcome.lost += lost
    outcome.wrong += wrong


def databases(folder: Path) -> list[Path]:
    """Return every database of a folder."""
    named = [folder / name.file_name for name in block_names(folder)]
    return [path for path in (folder / "live.db", folder / "tombstones.db", *named) if path.exists()]


def is_whole(path: Path) -> bool:
    """Tell whether SQLite finds a database sound."""
    try:
        connection = sqlite.open_reading(path)
        try:
            return bool(connection.pragma("integrity_check") == "ok")
        finally:
            connection.close(True)
    except apsw.Error as error:
        print(f"{path.name}: {error}", file=sys.stderr)
        return False


def cut_often(events: list[Event], folder: Path, states: int, chance: random.Random, outcome: Outcome) -> None:
    """Cut at random instants of a recording."""
    first = next(place for place, event in enumerate(events) if event.kind == "sync")
    places = sorted(chance.choices(range(first, len(events) + 1), k=states))
    disk, promised, done = Disk(), Promised(), 0
    for number, place in enumerate(places):
        for event in events[done:place]:
            disk.take(event)
            promised.take(event)
        done = place
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        for name, data in disk.cut(chance).items():
            (folder / name).write_bytes(data)
        before = (outcome.lost, outcome.wrong, outcome.corrupt, outcome.failed_opens, outcome.set_aside)
        check_state(folder, promised, number % 5 == 0, outcome)
        if before != (outcome.lost, outcome.wrong, outcome.corrupt, outcome.failed_opens, outcome.set_aside):
            print(f"state {number} (event {place} of {len(events)}, tick {promised.tick}): {outcome}", file=sys.stderr)


def soak(place: Path, states: int, seed: int, synchronous: str = "") -> Outcome:
    """Record as often as needed, and cut."""
    outcome, chance = Outcome(), random.Random(seed)
    while outcome.states < states:
        shutil.rmtree(place / "recorded", ignore_errors=True)
        with weaker(synchronous):
            events = record(place / "recorded", chance.randrange(1 << 30))
        cut_often(events, place / "cut", min(STATES_PER_RECORDING, states - outcome.states), chance, outcome)
    return outcome


def figures(options: Options, place: Path, quietly: Callable[[Callable[[], Outcome]], Outcome]) -> list[Figure]:
    """Run the proof and its controls."""
    ours = soak(place, options.count, options.seed)
    controls = min(CONTROL_STATES, options.count)
    normal = quietly(lambda: soak(place, controls, options.seed + 1, "NORMAL"))
    off = quietly(lambda: soak(place, controls, options.seed + 2, "OFF"))
    return [
        Figure(name="cuts", value=ours.states),
        Figure(name="acknowledged samples lost", value=ours.lost, must_be=0),
        Figure(name="wrong values", value=ours.wrong, must_be=0),
        Figure(name="databases that are not whole", value=ours.corrupt, must_be=0),
        Figure(name="failed opens", value=ours.failed_opens, must_be=0),
        Figure(name="opens that found damage", value=ours.set_aside, must_be=0),
        Figure(name="control, synchronous NORMAL: cuts", value=normal.states),
        Figure(name="control, synchronous NORMAL: losses found", value=normal.lost),
        Figure(name="control, synchronous OFF: cuts", value=off.states),
        Figure(name="control, synchronous OFF: losses found", value=off.lost + off.corrupt + off.failed_opens),
        Figure(name="controls that lost nothing", value=(not normal.lost) + (not off.lost), must_be=0),
    ]


def without_words(work: Callable[[], Outcome]) -> Outcome:
    """Run a control, whose findings are expected and not said one by one."""
    ordinary = sys.stderr
    with Path("/dev/null").open("w") as nowhere:
        sys.stderr = nowhere
        try:
            return work()
        finally:
            sys.stderr = ordinary


def main() -> int:
    """Run and print."""
    options = read_options("Cut a store's power at random instants, in simulation.", STATES)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="barograph-", dir=memory if memory.is_dir() else None) as temporary:
        return conclude(PROOF, figures(options, Path(temporary), without_words), options)


if __name__ == "__main__":
    sys.exit(main())
