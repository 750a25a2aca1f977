"""What a control group counts: the files of version 2 and of version 1 -> one set of numbers. No I/O.

Sources: Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/ of the kernel.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_TICKS = os.sysconf("SC_CLK_TCK")
_MICRO, _NANO = 1e6, 1e9
_UNLIMITED = 1 << 60
"""Limits of version 1 that are none are the greatest number of pages."""

Contents = Sequence[bytes | None]


@dataclass(slots=True)
class Counts:
    """Numbers of one group; None where it does not tell. Times in seconds, sizes in bytes."""

    cpu: float | None = None
    user: float | None = None
    system: float | None = None
    periods: float | None = None
    throttled_periods: float | None = None
    throttled: float | None = None
    quota_us: float | None = None
    period_us: float | None = None
    memory: float | None = None
    memory_peak: float | None = None
    memory_limit: float | None = None
    anonymous: float | None = None
    cache: float | None = None
    mapped: float | None = None
    inactive_file: float | None = None
    swap: float | None = None
    page_faults: float | None = None
    major_faults: float | None = None
    memory_failures: float | None = None
    oom_kills: float | None = None
    threads: float | None = None
    io: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    """By device number: bytes read, bytes written, reads, writes."""
    pressure: dict[tuple[str, str], float] = field(default_factory=dict)
    """By resource and `some` or `full`: seconds stalled."""

    @property
    def working_set(self) -> float | None:
        """Memory that is in use, without file pages nobody has looked at lately."""
        if self.memory is None:
            return None
        return max(0.0, self.memory - (self.inactive_file or 0.0))


V2_FILES = (
    "cpu.stat",
    "cpu.max",
    "memory.current",
    "memory.peak",
    "memory.max",
    "memory.stat",
    "memory.swap.current",
    "memory.events",
    "pids.current",
    "io.stat",
    "cpu.pressure",
    "memory.pressure",
    "io.pressure",
)
V1_FILES: dict[str, tuple[str, ...]] = {
    "cpuacct": ("cpuacct.usage", "cpuacct.stat"),
    "cpu": ("cpu.stat", "cpu.cfs_quota_us", "cpu.cfs_period_us"),
    "memory": (
        "memory.usage_in_bytes",
        "memory.max_usage_in_bytes",
        "memory.limit_in_bytes",
        "memory.stat",
        "memory.failcnt",
        "memory.oom_control",
    ),
    "blkio": ("blkio.throttle.io_service_bytes", "blkio.throttle.io_serviced"),
    "pids": ("pids.current",),
}


def counts_v2(contents: Contents) -> Counts:
    """Read the contents of `V2_FILES`.

    Raises:
        ValueError, IndexError: One is not as the kernel writes it.
    """
    cpu, cpu_max, memory, peak, limit, stat, swap, events, pids, io, *pressures = contents
    times, sizes, happened = keyed(cpu), keyed(stat), keyed(events)
    quota, period = (cpu_max or b"max 100000").split()
    found = Counts(
        cpu=_scaled(times, b"usage_usec", _MICRO),
        user=_scaled(times, b"user_usec", _MICRO),
        system=_scaled(times, b"system_usec", _MICRO),
        periods=_scaled(times, b"nr_periods"),
        throttled_periods=_scaled(times, b"nr_throttled"),
        throttled=_scaled(times, b"throttled_usec", _MICRO),
        quota_us=None if cpu_max is None or quota == b"max" else float(int(quota)),
        period_us=None if cpu_max is None else float(int(period)),
        memory=_number(memory),
        memory_peak=_number(peak),
        memory_limit=None if limit is None else 0.0 if limit == b"max" else _number(limit),
        anonymous=_scaled(sizes, b"anon"),
        cache=_scaled(sizes, b"file"),
        mapped=_scaled(sizes, b"file_mapped"),
        inactive_file=_scaled(sizes, b"inactive_file"),
        swap=_number(swap),
        page_faults=_scaled(sizes, b"pgfault"),
        major_faults=_scaled(sizes, b"pgmajfault"),
        memory_failures=_scaled(happened, b"max"),
        oom_kills=_scaled(happened, b"oom_kill"),
        threads=_number(pids),
    )
    for line in (io or b"").split(b"\n"):
        device, *pairs = line.split()[:7] or [b""]
        values = {key: float(int(value)) for key, _, value in (pair.partition(b"=") for pair in pairs)}
        if values:
            amounts = (values.get(key, 0.0) for key in (b"rbytes", b"wbytes", b"rios", b"wios"))
            found.io[device.decode()] = tuple(amounts)  # type: ignore[assignment]
    for resource, content in zip(("cpu", "memory", "io"), pressures, strict=True):
        for line in (content or b"").split(b"\n"):
            words = line.split()
            if words:
                found.pressure[resource, words[0].decode()] = int(words[-1].partition(b"total=")[2]) / _MICRO
    return found


def counts_v1(contents: Mapping[str, Contents]) -> Counts:
    """Read the contents of `V1_FILES`, of the hierarchies that there are.

    Raises:
        ValueError, IndexError: One is not as the kernel writes it.
    """

    def of(controller: str) -> Contents:
        return contents.get(controller) or (None,) * len(V1_FILES[controller])

    usage, times = of("cpuacct")
    stat, quota, period = of("cpu")
    memory, peak, limit, sizes, failures, oom = of("memory")
    transferred, operations = of("blkio")
    ticks, throttling, pages, killed = keyed(times), keyed(stat), keyed(sizes), keyed(oom)
    limit_bytes, quota_us = _number(limit), _number(quota)
    used = _number(usage)
    return Counts(
        cpu=None if used is None else used / _NANO,
        user=_scaled(ticks, b"user", _TICKS),
        system=_scaled(ticks, b"system", _TICKS),
        periods=_scaled(throttling, b"nr_periods"),
        throttled_periods=_scaled(throttling, b"nr_throttled"),
        throttled=_scaled(throttling, b"throttled_time", _NANO),
        quota_us=quota_us if quota_us is not None and quota_us > 0 else None,
        period_us=_number(period),
        memory=_number(memory),
        memory_peak=_number(peak),
        memory_limit=None if limit_bytes is None else limit_bytes if limit_bytes < _UNLIMITED else 0.0,
        anonymous=_scaled(pages, b"total_rss"),
        cache=_scaled(pages, b"total_cache"),
        mapped=_scaled(pages, b"total_mapped_file"),
        inactive_file=_scaled(pages, b"total_inactive_file"),
        swap=_scaled(pages, b"total_swap"),
        page_faults=_scaled(pages, b"total_pgfault"),
        major_faults=_scaled(pages, b"total_pgmajfault"),
        memory_failures=_number(failures),
        oom_kills=_scaled(killed, b"oom_kill"),
        threads=_number(of("pids")[0]),
        io=_devices(transferred, operations),
    )


def _devices(transferred: bytes | None, operations: bytes | None) -> dict[str, tuple[float, float, float, float]]:
    found: dict[str, list[float]] = {}
    for content, offset in ((transferred, 0), (operations, 2)):
        for line in (content or b"").split(b"\n"):
            words = line.split()  # 8:0 Read 4096
            if len(words) == 3 and words[1] in (b"Read", b"Write"):
                amounts = found.setdefault(words[0].decode(), [0.0] * 4)
                amounts[offset + (words[1] == b"Write")] = float(int(words[2]))
    return {device: (a, b, c, d) for device, (a, b, c, d) in found.items()}


def keyed(content: bytes | None) -> dict[bytes, int]:
    """Return the numbers of a file of keys and values."""
    words = (content or b"").split()
    return dict(zip(words[::2], map(int, words[1::2]), strict=True))


def _number(content: bytes | None) -> float | None:
    return None if not content else float(int(content))


def _scaled(values: Mapping[bytes, int], key: bytes, unit: float = 1.0) -> float | None:
    value = values.get(key)
    return None if value is None else value / unit
