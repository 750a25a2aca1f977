"""The cpu collector: seconds that each CPU spent in each mode, from /proc/stat, and what sysfs says of throttling.

Counters never go backwards: the kernel's idle and iowait times jitter by some ticks, and a CPU that was plugged out
and in starts again.
"""

import numpy as np

from barograph.collectors.base import (
    CollectorSection,
    Frame,
    Host,
    SeriesSpec,
    TokenLayout,
    counter,
    text_of,
)
from barograph.collectors.cpu_topology import INFO_FAMILIES, THROTTLE_FAMILIES, CpuInfo, Throttles, isolated_cpus
from barograph.collectors.entry import CollectorEntry
from barograph.model.batch import Batch
from barograph.model.errors import CollectError
from barograph.model.sample import FloatArray

_USER_HZ = 100.0
_MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
_GUEST_MODES = ("user", "nice")
_COLUMNS = len(_MODES) + len(_GUEST_MODES)
_IDLE = _MODES.index("idle")
_JUMP_BACK_S = 3.0

SECONDS = counter("node_cpu_seconds_total", "Time each CPU has spent in each mode, in seconds.")
GUEST = counter(
    "node_cpu_guest_seconds_total",
    "Time each CPU has spent running guests (virtual machines), in seconds; already part of user and nice.",
)
FAMILIES = (SECONDS, GUEST, *THROTTLE_FAMILIES, *INFO_FAMILIES)


class CpuConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the cpu collector.

    Attributes:
        guest: Give `node_cpu_guest_seconds_total`.
        info: Give `node_cpu_info` and the frequency from /proc/cpuinfo.
        info_flags_include: Give `node_cpu_flag_info` for flags that match; turns `info` on.
        info_bugs_include: Give `node_cpu_bug_info` for bugs that match; turns `info` on.
    """

    guest: bool = True
    info: bool = False
    info_flags_include: str = ""
    info_bugs_include: str = ""


class CpuCollector:
    """Fills one row of modes for each CPU. See `model.protocols.Collector`."""

    name = "cpu"

    def __init__(self, host: Host, config: CpuConfig) -> None:
        self._stat = host.stat
        self._guest = config.guest
        self._sysfs = host.paths.sysfs
        self._throttles = Throttles(host.paths.sysfs)
        wants_info = config.info or bool(config.info_flags_include or config.info_bugs_include)
        self._info = (
            CpuInfo(host.paths.procfs, config.info_flags_include, config.info_bugs_include) if wants_info else None
        )
        self._isolated = isolated_cpus(host.paths.sysfs)
        self._frame = Frame(self.name)
        self._layout = TokenLayout((), (), ())
        self._cpus: tuple[str, ...] = ()
        self._width = 0
        self._rest: tuple[SeriesSpec, ...] = ()
        self._seconds: FloatArray = np.zeros((0, _COLUMNS))
        self._fresh: FloatArray = np.zeros((0, _COLUMNS))

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        data = self._stat.read_at(timestamp_ms)
        end = data.find(b"\nintr")
        tokens = (data if end < 0 else data[:end]).split()
        if not self._layout.fits(tokens):
            self._learn(data, tokens)
        try:
            fresh = np.fromiter(map(float, self._layout.pick(tokens)), np.float64, len(self._cpus) * self._width)
        except ValueError as error:
            raise CollectError(f"{self._stat.path}: a CPU's time is not a number: {error}") from error
        self._advance(fresh.reshape(len(self._cpus), self._width))
        rest_specs, rest_values = self._rest_of(timestamp_ms)
        if rest_specs != self._rest:
            self._rest = rest_specs
            self._reshape()
        self._fill(rest_values)
        return self._frame.batch(timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._stat.close()
        self._throttles.close()
        if self._info is not None:
            self._info.close()

    def _learn(self, data: bytes, tokens: list[bytes]) -> None:
        """Find the lines of single CPUs, and carry over what is known of those that stay."""
        keys: list[int] = []
        values: list[int] = []
        cpus: list[tuple[str, int]] = []
        position = 0
        for line in data.split(b"\n"):
            fields = line.split()
            if not fields or not fields[0].startswith(b"cpu"):
                break
            if fields[0][3:].isdigit() and len(fields) > _IDLE + 1:
                cpus.append((text_of(fields[0][3:]), position))
                keys.append(position)
                self._width = min(len(fields) - 1, _COLUMNS if len(cpus) == 1 else self._width, _COLUMNS)
            position += len(fields)
        if not cpus:
            raise CollectError(f"{self._stat.path} has no line of a CPU")
        for _, start in cpus:
            values.extend(range(start + 1, start + 1 + self._width))
        known = dict(zip(self._cpus, self._seconds, strict=True))
        self._cpus = tuple(cpu for cpu, _ in cpus)
        self._seconds = np.array([known.get(cpu, np.zeros(_COLUMNS)) for cpu in self._cpus])
        self._fresh = np.zeros_like(self._seconds)
        self._layout = TokenLayout(tokens, keys, values)
        self._throttles.discover()
        self._reshape()

    def _advance(self, fresh_ticks: FloatArray) -> None:
        """Take new readings (`[cpus, columns]` in ticks) into the kept seconds, which never fall but for a restart."""
        fresh = self._fresh
        fresh[:, : self._width] = fresh_ticks
        fresh /= _USER_HZ
        restarted = self._seconds[:, _IDLE] - fresh[:, _IDLE] >= _JUMP_BACK_S
        if restarted.any():
            self._seconds[restarted] = 0.0
        np.maximum(self._seconds, fresh, out=self._seconds)

    def _rest_of(self, timestamp_ms: int) -> tuple[tuple[SeriesSpec, ...], list[float]]:
        """Return what stands after the modes: throttling, isolation and, where asked for, the CPUs' description."""
        del timestamp_ms
        specs, values = self._throttles.read()
        if self._isolated:
            specs = (*specs, *self._isolated)
            values = [*values, *([1.0] * len(self._isolated))]
        if self._info is not None:
            info_specs, info_values = self._info.read()
            specs, values = (*specs, *info_specs), [*values, *info_values]
        return specs, values

    def _reshape(self) -> None:
        specs = [SeriesSpec(SECONDS, {"cpu": cpu, "mode": mode}) for cpu in self._cpus for mode in _MODES]
        if self._guest:
            specs += [SeriesSpec(GUEST, {"cpu": cpu, "mode": mode}) for cpu in self._cpus for mode in _GUEST_MODES]
        self._frame.reshape([*specs, *self._rest])

    def _fill(self, rest: list[float]) -> None:
        values, count = self._frame.values, len(self._cpus)
        end = count * len(_MODES)
        values[:end].reshape(count, len(_MODES))[:] = self._seconds[:, : len(_MODES)]
        if self._guest:
            start, end = end, end + count * len(_GUEST_MODES)
            values[start:end].reshape(count, len(_GUEST_MODES))[:] = self._seconds[:, len(_MODES) :]
        if rest:
            values[end:] = rest


ENTRY = CollectorEntry(
    factory=CpuCollector,
    section=CpuConfig,
    default=True,
    summary="CPU time by mode, throttling, isolation",
    files=(
        "/proc/stat",
        "/proc/cpuinfo (with info)",
        "/sys/devices/system/cpu/isolated",
        "/sys/devices/system/cpu/cpu*/thermal_throttle/*_throttle_count",
    ),
    families=FAMILIES,
)
