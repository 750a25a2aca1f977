"""The processes collector: how many processes and threads there are and in which state, from /proc/<pid>/stat.

On by default, other than node_exporter's: its pass is the one that the process collector makes anyway.
"""

from collections import Counter

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
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


class ProcessesConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the processes collector: only those of every collector."""


class ProcessesCollector:
    """Fills some ten values. See `model.protocols.Collector`."""

    name = "processes"

    def __init__(self, host: Host, config: ProcessesConfig) -> None:
        del config  # nothing of its own
        self._table = host.processes
        self._limits = [KeptFile(host.paths.procfs / "sys/kernel" / name) for _, name in _LIMITS]
        self._frame = ReadingFrame(self.name)
        self._plain = [SeriesSpec(family, {}) for family in (_THREADS, _PIDS, *(limit for limit, _ in _LIMITS))]
        self._states: dict[int, SeriesSpec] = {}

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        states: Counter[int] = Counter()
        threads = 0
        for process in self._table.read_at(timestamp_ms).known.values():
            threads += process.stat.threads
            states[process.stat.state] += 1
        found = [float(threads), float(sum(states.values())), *(self._limit(file) for file in self._limits)]
        readings: list[Reading] = list(zip(self._plain, found, strict=True))
        for state in sorted(states):
            spec = self._states.get(state)
            if spec is None:
                spec = self._states[state] = SeriesSpec(_STATE, {"state": chr(state)})
            readings.append((spec, float(states[state])))
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._table.close()
        for file in self._limits:
            file.close()

    def _limit(self, file: KeptFile) -> float:
        data = file.read()
        try:
            return float(int(data))
        except ValueError as error:
            raise CollectError(f"{file.path} holds no number: {data[:60]!r}") from error


ENTRY = CollectorEntry(
    factory=ProcessesCollector,
    section=ProcessesConfig,
    default=True,
    summary="How many processes and threads there are, by state",
    files=("/proc/<pid>/stat", "/proc/sys/kernel/threads-max", "/proc/sys/kernel/pid_max"),
    families=(_THREADS, _STATE, _PIDS, *(limit for limit, _ in _LIMITS)),
)
