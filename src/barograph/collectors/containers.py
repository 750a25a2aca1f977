"""The containers collector: control groups of containers, units and slices, with cAdvisor's names."""

from collections.abc import Callable, Iterator

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, counter, gauge
from barograph.collectors.cgroup.membership import ContainerName
from barograph.collectors.cgroup.names import ContainerNames
from barograph.collectors.cgroup.tree import Group
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import read_attribute
from barograph.collectors.readings import PlainCollector, Reading
from barograph.model.batch import Batch, Family
from barograph.model.errors import ConfigError, NoDataError

_CPU = counter("container_cpu_usage_seconds_total", "CPU time used.")
_VALUES: tuple[tuple[str, Family], ...] = (
    ("user", counter("container_cpu_user_seconds_total", "CPU time used in user mode.")),
    ("system", counter("container_cpu_system_seconds_total", "CPU time used in system mode.")),
    ("periods", counter("container_cpu_cfs_periods_total", "Periods of the CPU limit that passed.")),
    ("throttled_periods", counter("container_cpu_cfs_throttled_periods_total", "Periods in which it was held back.")),
    ("throttled", counter("container_cpu_cfs_throttled_seconds_total", "How long it was held back.")),
    ("quota_us", gauge("container_spec_cpu_quota", "CPU time it may use in a period, in microseconds.")),
    ("period_us", gauge("container_spec_cpu_period", "The period of the CPU limit, in microseconds.")),
    ("memory", gauge("container_memory_usage_bytes", "Memory in use, page cache included.")),
    ("working_set", gauge("container_memory_working_set_bytes", "Memory in use without inactive file pages.")),
    ("memory_peak", gauge("container_memory_max_usage_bytes", "The most memory that was in use.")),
    ("memory_limit", gauge("container_spec_memory_limit_bytes", "Memory it may use; 0 for any.")),
    ("anonymous", gauge("container_memory_rss", "Memory of its own, no file's.")),
    ("cache", gauge("container_memory_cache", "Page cache.")),
    ("mapped", gauge("container_memory_mapped_file", "Files mapped into memory.")),
    ("swap", gauge("container_memory_swap", "Swap in use.")),
    ("memory_failures", counter("container_memory_failcnt", "Times that the memory limit was hit.")),
    ("oom_kills", counter("container_oom_events_total", "Processes killed for want of memory.")),
    ("threads", gauge("container_threads", "Threads.")),
)
_FAULTS = counter("container_memory_failures_total", "Page faults, by kind.")
_IO = (
    counter("container_fs_reads_bytes_total", "Bytes read from devices."),
    counter("container_fs_writes_bytes_total", "Bytes written to devices."),
    counter("container_fs_reads_total", "Reads from devices."),
    counter("container_fs_writes_total", "Writes to devices."),
)
_PRESSURE: dict[tuple[str, str], Family] = {
    (resource, kind): counter(
        f"container_pressure_{resource}_{word}_seconds_total", f"How long {whose} waited for {resource}."
    )
    for resource in ("cpu", "memory", "io")
    for kind, word, whose in (("some", "waiting", "some task"), ("full", "stalled", "all tasks"))
}
_LEFT_OUT = gauge(
    "barograph_cgroups_left_out", "Control groups that collectors.containers.max_groups left no room for."
)
_LEFT_OUT_SPEC = SeriesSpec(_LEFT_OUT, {})


class ContainersConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `collectors.containers`.

    Attributes:
        max_groups: How many control groups are shown; containers first, then those near the root.
    """

    max_groups: int = 100


class ContainersCollector(PlainCollector):
    """Fills some thirty values for each control group. See `model.protocols.Collector`.

    Raises:
        ConfigError: An option cannot be used.
    """

    name = "containers"

    def __init__(self, host: Host, config: ContainersConfig) -> None:
        super().__init__()
        if config.max_groups < 1:
            raise ConfigError(
                f"{config.max_groups} is too few: 1 is the least", path="collectors.containers.max_groups"
            )
        self._tree = host.cgroups
        self._tree.max_groups = config.max_groups
        self._names = ContainerNames(host.paths.rootfs, host.clock)
        self._sysfs = host.paths.sysfs
        self._devices: dict[str, str] = {}
        self._specs: dict[str, _Specs] = {}
        self._instant_ms = 0

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        groups = self._tree.read_at(self._instant_ms)
        if not groups:
            raise NoDataError("there is no control group but the root")
        self._names.look_for(group.membership.container for group in groups.values() if group.membership.container)
        readings = [reading for path in sorted(groups) for reading in self._group(groups[path])]
        if len(self._specs) > 2 * len(groups):
            self._specs = {path: specs for path, specs in self._specs.items() if path in groups}
        return [*readings, (_LEFT_OUT_SPEC, float(self._tree.left_out))]

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        self._instant_ms = timestamp_ms
        return super().collect(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._tree.close()

    def _group(self, group: Group) -> Iterator[Reading]:
        known = self._names.name(group.membership.container) if group.membership.container else None
        specs = self._specs.get(group.path)
        if specs is None or specs.known != known:
            specs = self._specs[group.path] = _Specs(group.path, known)
        counts = group.counts
        for attribute, spec in specs.plain:
            value: float | None = getattr(counts, attribute)
            if value is not None:
                yield spec, value
        for device, amounts in counts.io.items():
            yield from zip(specs.of_device(device, self._device), amounts, strict=True)
        for key, seconds in counts.pressure.items():
            if key in specs.pressure:
                yield specs.pressure[key], seconds

    def _device(self, number: str) -> str:
        """Return a device's path by its number (`8:0` is /dev/sda); the number where it has no name."""
        found = self._devices.get(number)
        if found is None:
            described = read_attribute(self._sysfs / "dev/block" / number / "uevent") or ""
            name = next(
                (line.removeprefix("DEVNAME=") for line in described.split("\n") if line.startswith("DEVNAME=")), ""
            )
            found = self._devices[number] = f"/dev/{name}" if name else number
        return found


class _Specs:
    """The series of one group, made once."""

    def __init__(self, path: str, known: ContainerName | None) -> None:
        self.known = known
        self._labels = {"id": path}
        if known is not None:
            self._labels |= {"name": known.name, **({"image": known.image} if known.image else {})}
        labels = self._labels
        faults = (("page_faults", "pgfault"), ("major_faults", "pgmajfault"))
        self.plain = [
            ("cpu", SeriesSpec(_CPU, {**labels, "cpu": "total"})),
            *((attribute, SeriesSpec(family, labels)) for attribute, family in _VALUES),
            *(
                (attribute, SeriesSpec(_FAULTS, {**labels, "failure_type": kind, "scope": "hierarchy"}))
                for attribute, kind in faults
            ),
        ]
        self.pressure = {key: SeriesSpec(family, labels) for key, family in _PRESSURE.items()}
        self._devices: dict[str, list[SeriesSpec]] = {}

    def of_device(self, number: str, name: Callable[[str], str]) -> list[SeriesSpec]:
        """Return the series of one device."""
        found = self._devices.get(number)
        if found is None:
            labels = {**self._labels, "device": name(number)}
            found = self._devices[number] = [SeriesSpec(family, labels) for family in _IO]
        return found


ENTRY = CollectorEntry(
    factory=ContainersCollector,
    section=ContainersConfig,
    default=True,
    summary="Control groups of containers, units and slices, with cAdvisor's names",
    files=(
        "/sys/fs/cgroup/**",
        "/sys/dev/block/*/uevent",
        "/run/docker.sock, /run/podman/podman.sock (names of containers)",
    ),
    families=(_CPU, *(family for _, family in _VALUES), _FAULTS, *_IO, *_PRESSURE.values(), _LEFT_OUT),
    privileges="root: names of containers from their sockets",
)
