"""What happened to a host, read from what the store holds of it.

Boots, starts of Barograph, spans without data, OOM kills, units that came, went or failed. Pure but for its `Querier`;
the web's events route calls it. It invents nothing: what no sample tells is no event.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec
import numpy as np

from barograph.model.matcher import Matcher, MatchOp
from barograph.model.protocols import Querier
from barograph.model.sample import FloatArray, IntArray
from barograph.model.series import ReadBudget, SelectHints
from barograph.model.tiers import Column

MOST_SAMPLES = 6_000_000
MOST_SERIES = 4_000
_FEWEST_MISSED = 3
"""A span without data is told from so many missing samples on: the recorder's hatching shows shorter ones."""
_NEAR_MS = 5_000
_BOOT_APART_S = 30.0
"""The kernel's boot time moves a little when the clock is set; a boot moves it further."""
_STARTING_MS = 180_000
"""Units that come up so soon after a boot are the boot's."""
_MOST_OF_ONE = 3
"""A unit that comes and goes more often is told once, with how often."""


class EventKind(StrEnum):
    """What happened."""

    BOOT = "boot"
    START = "start"
    """Barograph began to record here."""
    GAP = "gap"
    OOM = "oom"
    UNIT_STARTED = "unit_started"
    UNIT_STOPPED = "unit_stopped"
    UNIT_FAILED = "unit_failed"


class Event(msgspec.Struct, kw_only=True, frozen=True):
    """Something that happened at an instant."""

    at: float
    """Unix seconds; of a span without data its last sample before."""
    kind: EventKind
    subject: str = ""
    """The unit, where it happened to one."""
    missing: float = 0.0
    """The seconds without data that came with it."""
    until: float = 0.0
    """When data came again, Unix seconds; 0 where none was missing."""
    count: int = 1
    """How often, where several are told as one (the newest's instant)."""


def events_of(querier: Querier, host: str, start_ms: int, end_ms: int, budget: ReadBudget) -> list[Event]:
    """Return what happened to a host in `start_ms <= at <= end_ms`, newest first.

    Args:
        querier: The store.
        host: The `instance` label of its series.
        start_ms: From.
        end_ms: To.
        budget: What each selection may cost.

    Raises:
        BudgetError: The store would have to read more.
    """
    read = _Reading(querier, host, start_ms, end_ms, budget)
    found = [*_interruptions(read), *_oom_kills(read)]
    boots = [event.at for event in found if event.kind is EventKind.BOOT]
    found += _folded(event for event in _units(read) if not _of_a_boot(event, boots))
    return sorted(found, key=lambda event: -event.at)


class _Reading:
    """One host's series over one span."""

    def __init__(self, querier: Querier, host: str, start_ms: int, end_ms: int, budget: ReadBudget) -> None:
        self.start_ms, self.end_ms = start_ms, end_ms
        self._querier = querier
        self._host = host
        self._hints = SelectHints(budget=budget)
        self._budget = budget

    def _matchers(self, name: str, job: str, **labels: str) -> tuple[Matcher, ...]:
        pairs = {"__name__": name, "job": job, "instance": self._host, **labels}
        return tuple(Matcher(label, MatchOp.EQUAL, value) for label, value in pairs.items())

    def series(self, name: str, job: str = "node") -> tuple[IntArray, FloatArray]:
        """The samples of the one series of a name; empty where there is none."""
        found = self._querier.select(self._matchers(name, job), self.start_ms, self.end_ms, self._hints)
        if not found.groups:
            return np.empty(0, np.int64), np.empty(0)
        group = found.groups[0]
        present = ~np.isnan(group.values[0])
        return group.timestamps_ms[present], group.values[0][present]

    def states(self, state: str) -> Iterable[tuple[str, IntArray, FloatArray]]:
        """Of each unit: where minutes end, and the newest value of its state in each."""
        if not self._querier.tier_widths_ms:
            return
        width_ms = self._querier.tier_widths_ms[0]
        first, last = -(-self.start_ms // width_ms) * width_ms, self.end_ms // width_ms * width_ms
        if first >= last:
            return
        matchers = self._matchers("node_systemd_unit_state", "node", state=state)
        buckets = self._querier.select_buckets(matchers, first, last, width_ms, (Column.LAST,), budget=self._budget)
        for group in buckets.groups:
            for labels, row in zip(group.labels, group.columns[Column.LAST], strict=True):
                present = ~np.isnan(row)
                yield labels.get("name"), group.ends_ms[present], row[present]


def _interruptions(read: _Reading) -> list[Event]:
    """Spans without data, boots and starts; those that come together are one."""
    times_ms, _ = read.series("up")
    gaps = _gaps(times_ms)
    boots = _boots(read, gaps)
    starts = _starts(read)
    found = []
    for gap_ms, until_ms in gaps:
        missing = (until_ms - gap_ms) / 1000
        booted = _taken(boots, gap_ms - _NEAR_MS, until_ms + _NEAR_MS)
        started = _taken(starts, gap_ms, until_ms + _NEAR_MS)
        if booted is not None:
            found.append(Event(at=booted / 1000, kind=EventKind.BOOT, missing=missing, until=until_ms / 1000))
        else:
            kind = EventKind.GAP if started is None else EventKind.START
            found.append(Event(at=gap_ms / 1000, kind=kind, missing=missing, until=until_ms / 1000))
    found += [Event(at=at_ms / 1000, kind=EventKind.BOOT) for at_ms in boots]
    found += [Event(at=at_ms / 1000, kind=EventKind.START) for at_ms in starts]
    return found


def _taken(instants_ms: list[int], from_ms: int, to_ms: int) -> int | None:
    """Take the first instant of a span out of a list."""
    found = next((at_ms for at_ms in instants_ms if from_ms <= at_ms <= to_ms), None)
    if found is not None:
        instants_ms.remove(found)
    return found


def _gaps(times_ms: IntArray) -> list[tuple[int, int]]:
    """From the last sample before to the first after, where several are missing."""
    if len(times_ms) < 2:
        return []
    apart = np.diff(times_ms)
    usual = float(np.median(apart))
    wide = np.flatnonzero(apart > usual * (_FEWEST_MISSED + 0.5))
    return [(int(times_ms[i]), int(times_ms[i + 1])) for i in wide]


def _boots(read: _Reading, gaps: Sequence[tuple[int, int]]) -> list[int]:
    """When the kernel started anew, by its own word; a clock that was set is no boot."""
    times_ms, boots = read.series("node_boot_time_seconds")
    fork_times_ms, forks = read.series("node_forks_total")
    fell_ms = fork_times_ms[1:][np.diff(forks) < 0]
    missing = {until_ms: until_ms - gap_ms for gap_ms, until_ms in gaps}
    found = []
    for i in np.flatnonzero(np.diff(boots) > _BOOT_APART_S):
        seen_ms = int(times_ms[i + 1])
        moved_ms = 1000 * (boots[i + 1] - boots[i])
        fell = bool(np.any(np.abs(fell_ms - seen_ms) <= _NEAR_MS))
        # after a clock that was set ahead, both the gap and the boot time are off by as much
        unlike = seen_ms in missing and abs(moved_ms - missing[seen_ms]) > _NEAR_MS
        if fell or unlike:
            found.append(round(1000 * boots[i + 1]))
    # of a boot that was not seen the first sample tells: Barograph came to the machine after it
    if len(boots) and read.start_ms <= 1000 * boots[0] < times_ms[0]:
        found.insert(0, round(1000 * boots[0]))
    return found


def _starts(read: _Reading) -> list[int]:
    """When Barograph itself began: its count of ticks fell, or the first of it lies in the span."""
    times_ms, ticks = read.series("barograph_ticks_total", "barograph")
    if not len(times_ms):
        return []
    found = [int(at_ms) for at_ms in times_ms[1:][np.diff(ticks) < 0]]
    return [int(times_ms[0]), *found] if times_ms[0] - read.start_ms > 2 * _NEAR_MS else found


def _oom_kills(read: _Reading) -> list[Event]:
    times_ms, kills = read.series("node_vmstat_oom_kill")
    rises = np.diff(kills)
    return [
        Event(at=int(times_ms[i + 1]) / 1000, kind=EventKind.OOM, count=round(rises[i]))
        for i in np.flatnonzero(rises > 0)
    ]


def _units(read: _Reading) -> Iterable[Event]:
    for unit, ends_ms, active in read.states("active"):
        if not unit.endswith(".service"):
            continue
        for i in np.flatnonzero(np.diff(active) != 0):
            kind = EventKind.UNIT_STARTED if active[i + 1] else EventKind.UNIT_STOPPED
            yield Event(at=int(ends_ms[i + 1]) / 1000, kind=kind, subject=unit)
    for unit, ends_ms, failed in read.states("failed"):
        for i in np.flatnonzero(np.diff(failed) > 0):
            yield Event(at=int(ends_ms[i + 1]) / 1000, kind=EventKind.UNIT_FAILED, subject=unit)


def _of_a_boot(event: Event, boots: Sequence[float]) -> bool:
    return event.kind is not EventKind.UNIT_FAILED and any(
        0 <= event.at - boot <= _STARTING_MS / 1000 for boot in boots
    )


def _folded(events: Iterable[Event]) -> list[Event]:
    """Events, with the many of one unit as one."""
    listed = sorted(events, key=lambda event: -event.at)
    often = Counter((event.kind, event.subject) for event in listed)
    found: dict[object, Event] = {}
    for event in listed:
        key = (event.kind, event.subject)
        if often[key] <= _MOST_OF_ONE:
            found[(*key, event.at)] = event
        else:
            found.setdefault(key, msgspec.structs.replace(event, count=often[key]))
    return list(found.values())
