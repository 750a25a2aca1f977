"""Lets the Nth sync of a store fail, for every N, and forgets what it should have written. `make soak S=eio`.

usage: soak_eio.py [--count N] [--seed N] [--results DIR]

As Linux does, the simulated disk forgets what a failed sync was to write, and the next sync succeeds without it. What
the store acknowledged, before and after, must be in what was really written, once power is gone.
"""

import random
import shutil
import sys
import tempfile
from pathlib import Path

from barograph.model.errors import ReadOnlyError
from barograph.tsdb.segment import MemorySegments
from barograph.tsdb.store import Store
from proof import Figure, Options, Proof, conclude, read_options
from soak_powercut import VFS, Disk, Event, Outcome, Promised, Recorder, check_state
from soaking import CONFIG, StepClock, Ticks, tick_once

SYNCS = 500
TICKS = 330
HEALTHY_TICKS = 60
"""At the end no sync fails, so that everything can recover."""
RUNS = (1, 2, 4, 9)
"""How many syncs fail one after the other."""
PROOF = Proof(
    row=6,
    name="eio",
    fault="A sync that fails",
    promise="Nothing is acknowledged that a failed sync did not store; the state is shown at once and ends by itself.",
    method="The Nth sync of all databases fails, for every N, alone or with those after it, and what it was to write "
    "is forgotten although the program can still read it. Then power is cut, and what is left is compared with "
    "what was acknowledged.",
)


class Run:
    """One store on a disk whose syncs fail at one place."""

    def __init__(self, folder: Path, fail_syncs: range) -> None:
        self.recorder = Recorder()
        self.clock, self.ticks = StepClock(), Ticks()
        self.refused = self.hidden = 0
        self.is_well_again = False
        try:
            store = Store.open(folder, CONFIG, self.clock, MemorySegments(), vfs=VFS)
            self.recorder.fail_syncs = fail_syncs
            for tick in range(1, TICKS):
                if tick == TICKS - HEALTHY_TICKS:
                    self.recorder.fail_syncs = range(0)
                self._tick(store, tick)
            self.is_well_again = not store.stats.read_only and not store.stats.fold_reason
            store._files.close()
        finally:
            self.recorder.unregister()

    def _tick(self, store: Store, tick: int) -> None:
        try:
            tick_once(store, self.ticks, self.clock, tick)
            self.recorder.events.append(Event("tick", "", tick))
        except ReadOnlyError:
            self.refused += 1
            self.hidden += not store.stats.read_only
        store.maintain(0.0 if tick % 8 else 0.01)


def soak(place: Path, syncs: int, seed: int, outcome: Outcome) -> dict[str, int]:
    """Fail at each of that many syncs, and check what is left then and at a later instant."""
    chance = random.Random(seed)
    found = {"refused": 0, "hidden": 0, "stuck": 0, "failed": 0}
    for number in range(1, syncs + 1):
        shutil.rmtree(place / "worked", ignore_errors=True)
        first = number + 3
        run = Run(place / "worked", range(first, first + chance.choice(RUNS)))
        found["refused"] += run.refused
        found["hidden"] += run.hidden
        found["stuck"] += not run.is_well_again
        events = run.recorder.events
        failures = [place_ for place_, event in enumerate(events) if event.kind == "sync-failed"]
        found["failed"] += bool(failures)
        soon = min(len(events), failures[-1] + 60) if failures else len(events)
        for end in (soon, len(events)):
            disk, promised = Disk(), Promised()
            for event in events[:end]:
                disk.take(event)
                promised.take(event)
            shutil.rmtree(place / "cut", ignore_errors=True)
            (place / "cut").mkdir(mode=0o700)
            for name, data in disk.certain.items():
                (place / "cut" / name).write_bytes(data)
            before = outcome.lost + outcome.wrong + outcome.corrupt + outcome.failed_opens
            check_state(place / "cut", promised, False, outcome)
            if outcome.lost + outcome.wrong + outcome.corrupt + outcome.failed_opens != before:
                print(
                    f"sync {first}, {len(failures)} failed, cut at {end} of {len(events)}: {outcome}", file=sys.stderr
                )
    return found


def figures(options: Options, place: Path) -> list[Figure]:
    """Run the proof."""
    outcome = Outcome()
    found = soak(place, options.count, options.seed, outcome)
    return [
        Figure(name="places of failure", value=options.count),
        Figure(name="runs in which a sync failed", value=found["failed"]),
        Figure(name="states after a cut", value=outcome.states),
        Figure(name="commits refused", value=found["refused"]),
        Figure(name="acknowledged ticks lost", value=outcome.lost, must_be=0),
        Figure(name="wrong values", value=outcome.wrong, must_be=0),
        Figure(name="databases that are not whole", value=outcome.corrupt, must_be=0),
        Figure(name="failed opens", value=outcome.failed_opens, must_be=0),
        Figure(name="refusals that no state showed", value=found["hidden"], must_be=0),
        Figure(name="stores that did not recover", value=found["stuck"], must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Let the Nth sync of a store fail, for every N.", SYNCS)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="barograph-", dir=memory if memory.is_dir() else None) as temporary:
        return conclude(PROOF, figures(options, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
