"""The process collector: process-exporter's families for groups of processes, and a sample for the flight recorder."""

from collections.abc import Collection, Sequence

from barograph.collectors.base import CollectorSection, Frame, Host, SeriesSpec, counter, gauge
from barograph.collectors.cgroup.tree import Group as CgroupGroup
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.process.groups import STATES, Group
from barograph.collectors.process.naming import Namer, ProcessNaming
from barograph.collectors.process.record import Pass, Process
from barograph.collectors.process.recording import sample_of, with_units
from barograph.collectors.procfs import read_attribute
from barograph.model.batch import Batch, Family
from barograph.model.errors import CollectError, ConfigError
from barograph.model.processes import ProcessSink

_PREFIX = "namedprocess_namegroup_"
OTHER = "other"
"""The group of those for whose own there was no room."""
_EMPTY_KEPT_MS = 3_600_000
"""An empty group makes room for another only after an hour: names that come and go would be churn."""


class ProcessConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `collectors.process`.

    Attributes:
        names: How groups are named; the first entry that fits counts.
        max_groups: How many groups there may be; the processes of further ones are in the group `other`.
        top: How many processes the flight recorder keeps of each sample by each of CPU, memory, I/O and major faults.
    """

    names: tuple[ProcessNaming, ...] = (ProcessNaming(),)
    max_groups: int = 200
    top: int = 10


def _of(name: str, text: str) -> Family:
    return counter(_PREFIX + name, text) if name.endswith("_total") else gauge(_PREFIX + name, text)


_CPU = _of("cpu_seconds_total", "CPU time used, in user and in system mode")
_SWITCHES = _of("context_switches_total", "Context switches of main threads, by kind")
_MEMORY = _of("memory_bytes", "Memory in use, by kind")
_STATES = _of("states", "Processes in each state")
_SERIES: tuple[tuple[Family, dict[str, str]], ...] = (
    (_of("num_procs", "Processes in this group"), {}),
    (_CPU, {"mode": "user"}),
    (_CPU, {"mode": "system"}),
    (_of("read_bytes_total", "Bytes fetched from storage"), {}),
    (_of("write_bytes_total", "Bytes sent to storage"), {}),
    (_of("major_page_faults_total", "Page faults that needed storage"), {}),
    (_of("minor_page_faults_total", "Page faults that needed none"), {}),
    (_SWITCHES, {"ctxswitchtype": "voluntary"}),
    (_SWITCHES, {"ctxswitchtype": "nonvoluntary"}),
    (_MEMORY, {"memtype": "resident"}),
    (_MEMORY, {"memtype": "virtual"}),
    (_MEMORY, {"memtype": "swapped"}),
    (_of("open_filedesc", "Open file descriptors"), {}),
    (_of("worst_fd_ratio", "The greatest share of its limit of open files that a process uses"), {}),
    (_of("oldest_start_time_seconds", "When the oldest process started, since 1970"), {}),
    (_of("num_threads", "Threads"), {}),
    *((_STATES, {"state": state}) for state in STATES),
)
_WIDTH = len(_SERIES)
_UNREADABLE = counter("namedprocess_scrape_partial_errors", "Files of processes that could not be read")


class ProcessCollector:
    """Groups of processes.

    Args:
        host: Has the table of processes, which other collectors share.
        config: The section.

    Raises:
        ConfigError: An option cannot be used.
    """

    name = "process"

    def __init__(self, host: Host, config: ProcessConfig) -> None:
        for key, value in (("max_groups", config.max_groups), ("top", config.top)):
            if value < 1:
                raise ConfigError(f"{value} is too few: 1 is the least", path=f"collectors.process.{key}")
        self._config = config
        self._namer = Namer(config.names)
        self._table = host.processes
        self._table.wants_details = True
        self._cgroups = host.cgroups
        self._counts_io_wait = read_attribute(host.paths.procfs / "sys/kernel/task_delayacct") != "0"
        self._groups: dict[str, Group] = {}
        self._frame = Frame(self.name)
        self._shape: tuple[str, ...] | None = None
        self._latest_number = 0
        self.sink: ProcessSink | None = None
        """Takes what the flight recorder keeps of each pass; set before the first sample."""

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        found = self._table.read_at(timestamp_ms)
        if found.number != self._latest_number:
            self._latest_number = found.number
            self._regroup(found)
            if self.sink is not None:
                sample = sample_of(found, self._table, self._config.top, counts_io_wait=self._counts_io_wait)
                self.sink(with_units(sample, self._busy_groups(timestamp_ms), self._config.top))
        self._fill()
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._table.close()
        self._groups = {}
        self._shape = None

    def _regroup(self, found: Pass) -> None:
        for process in found.ended:
            self._leave(process, found.at_ms)
        for process in found.changed:
            if not process.is_introduced:
                continue
            facts = self._table.facts_of(process)
            if facts is process.named:
                if process.group:
                    self._groups[process.group].update(process)
                continue
            name = self._room_for(self._namer.name(process, facts), found.at_ms)
            process.named = facts
            if name != process.group:
                self._leave(process, found.at_ms)
                process.group = name
                if name:
                    self._groups[name].join(process)
                    self._groups[name].empty_since_ms = None
            elif name:
                self._groups[name].update(process)

    def _busy_groups(self, timestamp_ms: int) -> Collection[CgroupGroup]:
        """Return the control groups of this instant, where a collector shows them; what fails there is its affair."""
        if not self._cgroups.max_groups:
            return ()
        try:
            return self._cgroups.read_at(timestamp_ms).values()
        except CollectError:
            return ()

    def _leave(self, process: Process, at_ms: int) -> None:
        if process.group:
            group = self._groups[process.group]
            group.leave(process)
            process.group = ""
            if not group.members:
                group.empty_since_ms = at_ms

    def _room_for(self, name: str, at_ms: int) -> str:
        """Return the group to use: the one asked for, or `other` where there is no room."""
        if not name or name in self._groups:
            return name
        if len(self._groups) >= self._config.max_groups:
            long_empty = at_ms - _EMPTY_KEPT_MS
            unused = [(group.empty_since_ms, known) for known, group in self._groups.items() if group.empty_since_ms]
            since_ms, oldest = min(unused, default=(at_ms, ""))
            if since_ms > long_empty:
                name = OTHER
            else:
                del self._groups[oldest]
        self._groups.setdefault(name, Group())
        return name

    def _fill(self) -> None:
        names = tuple(sorted(self._groups))
        if names != self._shape:
            self._shape = names
            specs = [SeriesSpec(family, {"groupname": name, **labels}) for name in names for family, labels in _SERIES]
            self._frame.reshape([*specs, SeriesSpec(_UNREADABLE, {})])
            for group in self._groups.values():
                group.is_dirty = True
        values = self._frame.values
        for number, name in enumerate(names):
            group = self._groups[name]
            if group.is_dirty:
                values[number * _WIDTH : (number + 1) * _WIDTH] = group.values()
                group.is_dirty = False
        values[-1] = self._table.unreadable


def _families() -> Sequence[Family]:
    return list(dict.fromkeys(family for family, _ in _SERIES))


ENTRY = CollectorEntry(
    factory=ProcessCollector,
    section=ProcessConfig,
    default=True,
    summary="Groups of processes, as process-exporter names them, and the flight recorder's samples",
    files=(
        "/proc/<pid>/stat",
        "/proc/<pid>/io",
        "/proc/<pid>/status",
        "/proc/<pid>/cmdline",
        "/proc/<pid>/cgroup",
        "/proc/<pid>/limits",
        "/proc/<pid>/fd",
        "/proc/sys/kernel/task_delayacct",
        "/etc/passwd",
    ),
    privileges="CAP_SYS_PTRACE: I/O and open files of other users' processes",
    families=(*_families(), _UNREADABLE),
)
