"""The table of processes: one pass over /proc a sample, and what changed in it. Collectors of processes share it.

Only what changed is parsed: a process that slept costs two reads and two comparisons. Who a process is (arguments,
user, unit, container) is read when it is first seen and when its name changed, and looked at again in turn.
"""

import os
from pathlib import Path

from barograph.collectors.cgroup.membership import parse_cgroup
from barograph.collectors.process.files import DENIED, NOT_KEPT, PidFiles
from barograph.collectors.process.masking import mask_command
from barograph.collectors.process.parse import (
    parent_of,
    parse_file_limit,
    parse_io,
    parse_stat,
    parse_status,
    start_of,
)
from barograph.collectors.process.reaping import Reaping
from barograph.collectors.process.record import TICK_MS, Pass, Process
from barograph.collectors.process.users import Users
from barograph.collectors.procfs import read_error
from barograph.model.clock import Clock
from barograph.model.processes import UNKNOWN, ProcessFacts

_STAT_BYTES = 1024
_IO_BYTES = 512
_DETAILED = 32
"""Of so many processes that ran are the slower files read again in one sample."""
_TURN_SAMPLES = 30
"""In so many samples each process has its turn, also one that sleeps."""
_MOST_PARENTS = 16
_INTRODUCED_S = 0.1
"""So long may new processes be looked at in one sample; the others have their name only until the next."""


class ProcessTable:
    """All processes of this host. Used by one thread at a time.

    Args:
        procfs: The kernel's root.
        rootfs: The host's root, for its users.
        clock: Bounds how long new processes are looked at.
    """

    def __init__(self, procfs: Path, rootfs: Path, clock: Clock) -> None:
        self._files = PidFiles(procfs)
        self._path = procfs
        self._clock = clock
        self._users = Users(rootfs)
        self._reaping = Reaping()
        self._known: dict[str, Process] = {}
        self._latest: Pass | None = None
        self._number = 0
        self._boot_ms: int | None = None
        self._unintroduced: list[Process] = []
        self._turn = 0
        self.wants_details = False
        """Set by the collector that shows more than numbers and states: I/O, switches, arguments, users, units."""
        self.unreadable = 0
        """How many files could not be read, of all passes."""

    def read_at(self, timestamp_ms: int) -> Pass:
        """Return the pass of this instant: made at the first call for it.

        Raises:
            CollectError: /proc cannot be listed.
        """
        latest = self._latest
        if latest is not None and latest.at_ms == timestamp_ms:
            return latest
        self._latest = self._pass(timestamp_ms)
        return self._latest

    def facts_of(self, process: Process) -> ProcessFacts:
        """Return who a process is, as far as it is known."""
        if process.facts is None:
            process.facts = ProcessFacts(
                pid=int(process.pid),
                start_ms=self._start_ms(process),
                name=process.stat.name.decode("utf-8", "replace"),
                command=mask_command(process.arguments),
                user=self._users.name(process.status.uid),
                unit=process.membership.unit,
                container=process.membership.container,
                parents=self._parents(process),
            )
        return process.facts

    def close(self) -> None:
        """Close every descriptor; the next pass begins anew."""
        for process in self._known.values():
            self._let_go(process)
        self._known = {}
        self._unintroduced = []
        self._latest = None
        self._number = 0

    def _pass(self, timestamp_ms: int) -> Pass:
        try:
            pids = self._files.pids()
        except OSError as error:
            raise read_error(self._path, error) from error
        interval_ms = timestamp_ms - self._latest.at_ms if self._latest is not None else 0
        self._number += 1
        found = Pass(self._number, timestamp_ms, interval_ms, self._known)
        self._read_known(pids, found)
        for pid in self._known.keys() - set(pids):
            self._end(pid, found)
        if self.wants_details:
            self._reaping.settle(found)
            self._detail(found)
        return found

    def _read_known(self, pids: list[str], found: Pass) -> None:
        """Read the two files that change, of every process. The hot loop."""
        known, pread, wants_io = self._known, os.pread, self.wants_details
        for pid in pids:
            process = known.get(pid)
            if process is None:
                self._begin(pid, found)
                continue
            try:
                data = pread(process.stat_fd, _STAT_BYTES, 0) if process.stat_fd >= 0 else self._reread(process)
                if data != process.stat_data:
                    self._take_stat(process, data, found)
                if wants_io:
                    fd = process.io_fd
                    if fd >= 0:
                        data = pread(fd, _IO_BYTES, 0)
                    elif fd == NOT_KEPT:
                        data = self._files.read(pid, "io")
                    else:
                        continue
                    if data != process.io_data:
                        self._take_io(process, data, found)
            except (OSError, ValueError, IndexError):
                self._lost(process, found)

    def _reread(self, process: Process) -> bytes:
        """Read the stat file of a process without a kept descriptor; another of its number is no such process.

        Raises:
            OSError: It is gone.
        """
        data = self._files.read(process.pid, "stat")
        if start_of(data) != process.stat.start:
            raise ProcessLookupError
        return data

    def _lost(self, process: Process, found: Pass) -> None:
        """Deal with a process that could not be read: it ended, or this user may read its I/O no more."""
        pid = process.pid
        if process.io_fd == NOT_KEPT and process.stat_fd == NOT_KEPT:
            data = self._files.read_or_none(pid, "stat")
            if data and start_of(data) == process.stat.start:
                process.io_fd = DENIED
                self.unreadable += 1
                return
        elif process.io_fd >= 0 and self._is_alive(process):
            # it changed its user: what could be read before may not be now
            self._files.close(process.io_fd)
            process.io_fd = DENIED
            self.unreadable += 1
            return
        self._end(pid, found)
        self._begin(pid, found)

    def _is_alive(self, process: Process) -> bool:
        try:
            return (
                bool(os.pread(process.stat_fd, _STAT_BYTES, 0)) if process.stat_fd >= 0 else bool(self._reread(process))
            )
        except OSError:
            return False

    def _begin(self, pid: str, found: Pass) -> None:
        try:
            fd = self._files.open(pid, "stat")
        except OSError:
            return
        try:
            data = os.pread(fd, _STAT_BYTES, 0) if fd >= 0 else self._files.read(pid, "stat")
            process = Process(pid, fd, data)
        except (OSError, ValueError, IndexError):
            self._files.close(fd)
            self.unreadable += 1
            return
        process.changed = found.number
        if not found.is_first:
            process.count_from_birth()
            # at once: who started it may be gone at the next pass
            self._parents(process)
        self._known[pid] = process
        found.started.append(process)
        found.changed.append(process)
        if self.wants_details:
            self._begin_io(process, is_first=found.is_first)
            self._unintroduced.append(process)

    def _begin_io(self, process: Process, *, is_first: bool) -> None:
        try:
            process.io_fd = self._files.open(process.pid, "io")
            if process.io_fd != DENIED:
                data = (
                    os.pread(process.io_fd, _IO_BYTES, 0) if process.io_fd >= 0 else self._files.read(process.pid, "io")
                )
                process.io_data, process.io = data, parse_io(data)
                if is_first:
                    process.before_io = process.io
        except PermissionError:
            self._files.close(process.io_fd)
            process.io_fd = DENIED
        except (OSError, ValueError, IndexError):
            self.unreadable += 1

    def _end(self, pid: str, found: Pass) -> None:
        process = self._known.pop(pid)
        self._let_go(process)
        found.ended.append(process)

    def _let_go(self, process: Process) -> None:
        self._files.close(process.stat_fd)
        self._files.close(process.io_fd)
        process.stat_fd = process.io_fd = NOT_KEPT

    def _take_stat(self, process: Process, data: bytes, found: Pass) -> None:
        stat = parse_stat(data)
        self._mark(process, found)
        if stat.name != process.stat.name:
            # it became another program
            process.is_introduced = False
            self._unintroduced.append(process)
            process.facts = None
        process.stat, process.stat_data = stat, data

    def _take_io(self, process: Process, data: bytes, found: Pass) -> None:
        io = parse_io(data)
        self._mark(process, found)
        process.io, process.io_data = io, data

    def _mark(self, process: Process, found: Pass) -> None:
        """Note that a process did something: what it was before this pass is kept beside what it is now."""
        if process.changed != found.number:
            process.changed = found.number
            process.before, process.before_io, process.before_status = process.stat, process.io, process.status
            found.changed.append(process)

    def _detail(self, found: Pass) -> None:
        """Read the slower files: of those that are new, of those that ran most, and of some in turn."""
        if self._users.refresh():
            for process in self._known.values():
                process.facts = None
        until_s = self._clock.monotonic_s() + _INTRODUCED_S
        waiting, self._unintroduced = self._unintroduced, []
        for number, process in enumerate(waiting):
            if self._clock.monotonic_s() > until_s:
                self._unintroduced = waiting[number:]
                break
            if self._known.get(process.pid) is process:
                self._introduce(process, found)
        for process in self._worth_details(found):
            self._refresh(process, found)

    def _worth_details(self, found: Pass) -> list[Process]:
        ran = [process for process in found.changed if process.is_introduced and _ran(process)]
        if len(ran) > _DETAILED:
            ran.sort(key=_ran, reverse=True)
            del ran[_DETAILED:]
        everyone = list(self._known.values())
        share = -(-len(everyone) // _TURN_SAMPLES)
        first = self._turn if self._turn < len(everyone) else 0
        self._turn = first + share
        return [*ran, *(process for process in everyone[first : first + share] if process not in ran)]

    def _introduce(self, process: Process, found: Pass) -> None:
        arguments = self._files.read_or_none(process.pid, "cmdline")
        text = arguments.rstrip(b"\0").decode("utf-8", "replace")
        process.arguments = tuple(text.split("\0")) if text else ()
        process.is_introduced = True
        process.facts = None
        self._refresh(process, found)

    def _refresh(self, process: Process, found: Pass) -> None:
        read, pid = self._files.read_or_none, process.pid
        data = read(pid, "status")
        if not data:
            return
        self._mark(process, found)
        status, membership = parse_status(data), parse_cgroup(read(pid, "cgroup"))
        if membership != process.membership or status.uid != process.status.uid:
            process.membership, process.facts = membership, None
        if process.before_status.uid == UNKNOWN:
            process.before_status = status
        process.status = status
        process.open_files = self._files.count_open(pid)
        process.file_limit = parse_file_limit(read(pid, "limits"))

    def _parents(self, process: Process) -> str:
        """Return who started a process, as far as they live, or lived when it was first seen."""
        if process.parents is None:
            links: list[str] = []
            parent = self._known.get(parent_of(process.stat_data))
            while parent is not None and len(links) < _MOST_PARENTS:
                links.append(f"{parent.pid} {parent.stat.name.decode('utf-8', 'replace')}")
                if parent.parents is not None:
                    links += filter(None, parent.parents.split("\0"))
                    break
                parent = self._known.get(parent_of(parent.stat_data))
            process.parents = "\0".join(links[:_MOST_PARENTS])
        return process.parents

    def _start_ms(self, process: Process) -> int:
        if self._boot_ms is None:
            self._boot_ms = _boot_ms(self._path)
        return self._boot_ms + process.stat.start * TICK_MS


def _ran(process: Process) -> int:
    stat, before = process.stat, process.before
    return stat.user + stat.system - before.user - before.system


def _boot_ms(procfs: Path) -> int:
    """Return when the machine started, of /proc/stat; 0 where it does not tell."""
    try:
        data = (procfs / "stat").read_bytes()
        return int(data.partition(b"\nbtime ")[2].split(None, 1)[0]) * 1000
    except (OSError, ValueError, IndexError):
        return 0
