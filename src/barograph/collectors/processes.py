"""The processes collector: how many processes and threads there are and in which state, from /proc/<pid>/stat.

On by default, other than node_exporter's: one pass costs little where descriptors of processes that live on are kept.
"""

import os
from collections import Counter
from pathlib import Path

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile, read_error
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_THREADS = gauge("node_processes_threads", "Allocated threads in system")
_STATE = gauge("node_processes_state", "Number of processes in each state.")
_PIDS = gauge("node_processes_pids", "Number of PIDs")
_LIMITS = (
    (gauge("node_processes_max_threads", "Limit of threads in the system"), "threads-max"),
    (gauge("node_processes_max_processes", "Number of max PIDs limit"), "pid_max"),
)
_SIZE_BYTES = 1024
_KEPT = 512
"""Descriptors that are kept, at most: a process may have 1,024 where nobody raised that."""
# after the name in parentheses: the state, then sixteen numbers, then how many threads (proc_pid_stat(5))
_THREADS_PLACE = 17


class ProcessesConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the processes collector: only those of every collector."""


class ProcessesCollector:
    """Fills some ten values. See `model.protocols.Collector`."""

    name = "processes"

    def __init__(self, host: Host, config: ProcessesConfig) -> None:
        del config  # nothing of its own
        self._procfs = host.paths.procfs
        self._stats = _Stats(self._procfs)
        self._limits = [KeptFile(self._procfs / "sys/kernel" / name) for _, name in _LIMITS]
        self._frame = ReadingFrame(self.name)
        self._plain = [SeriesSpec(family, {}) for family in (_THREADS, _PIDS, *(limit for limit, _ in _LIMITS))]
        self._states: dict[bytes, SeriesSpec] = {}

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        states: Counter[bytes] = Counter()
        threads = 0
        for stat in self._stats.read():
            words = stat[stat.rfind(b")") + 1 :].split(None, _THREADS_PLACE + 1)
            try:
                threads += int(words[_THREADS_PLACE])
                states[words[0]] += 1
            except (IndexError, ValueError) as error:
                raise CollectError(f"{self._procfs}: a stat file of a process is odd: {stat[:80]!r}") from error
        found = [float(threads), float(sum(states.values())), *(self._limit(file) for file in self._limits)]
        readings: list[Reading] = list(zip(self._plain, found, strict=True))
        for state in sorted(states):
            spec = self._states.get(state)
            if spec is None:
                spec = self._states[state] = SeriesSpec(_STATE, {"state": text_of(state)})
            readings.append((spec, float(states[state])))
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._stats.close()
        for file in self._limits:
            file.close()

    def _limit(self, file: KeptFile) -> float:
        data = file.read()
        try:
            return float(int(data))
        except ValueError as error:
            raise CollectError(f"{file.path} holds no number: {data[:60]!r}") from error


class _Stats:
    """The stat files of all processes."""

    def __init__(self, procfs: Path) -> None:
        self._procfs = os.fspath(procfs)
        self._path = procfs
        self._fds: dict[str, int] = {}

    def read(self) -> list[bytes]:
        """Return the content of each process' file; one that ends meanwhile is left out."""
        try:
            pids = [name for name in os.listdir(self._procfs) if name.isdigit()]  # noqa: PTH208  hot path
        except OSError as error:
            raise read_error(self._path, error) from error
        for gone in self._fds.keys() - set(pids):
            os.close(self._fds.pop(gone))
        return [content for pid in pids if (content := self._read(pid))]

    def close(self) -> None:
        """Close the descriptors."""
        for fd in self._fds.values():
            os.close(fd)
        self._fds = {}

    def _read(self, pid: str) -> bytes:
        fd = self._fds.get(pid)
        if fd is not None:
            try:
                return os.pread(fd, _SIZE_BYTES, 0)
            except OSError:
                # that process is gone, and another has its number now
                os.close(self._fds.pop(pid))
        try:
            fd = os.open(f"{self._procfs}/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return b""
        try:
            content = os.pread(fd, _SIZE_BYTES, 0)
        except OSError:
            content = b""
        if content and len(self._fds) < _KEPT:
            self._fds[pid] = fd
        else:
            os.close(fd)
        return content


ENTRY = CollectorEntry(
    factory=ProcessesCollector,
    section=ProcessesConfig,
    default=True,
    summary="How many processes and threads there are, by state",
    files=("/proc/<pid>/stat", "/proc/sys/kernel/threads-max", "/proc/sys/kernel/pid_max"),
    families=(_THREADS, _STATE, _PIDS, *(limit for limit, _ in _LIMITS)),
)
