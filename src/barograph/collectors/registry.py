"""Every collector there is, in one literal table. To add one: its file, one entry here, its section in config.py."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from barograph.collectors import (
    cpu,
    diskstats,
    filesystem,
    loadavg,
    meminfo,
    netdev,
    pressure,
    stat,
    time,
    uname,
    vmstat,
)
from barograph.collectors.base import CollectorSection, Host
from barograph.model.batch import Family
from barograph.model.protocols import Collector

Factory = Callable[[Host, Any], Collector]
"""Builds a collector from the host and the section of its own type (`CollectorEntry.section`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectorEntry:
    """What is known of a collector without building it.

    Attributes:
        factory: Builds it; raises ConfigError where an option cannot be used.
        section: The type of its section in the configuration.
        default: Whether it runs where the configuration says nothing.
        summary: One line for people.
        files: What it reads, below the roots of `Paths`; calls of the kernel by name.
        families: The metric families it may give; `*` in a name stands for a field's name.
    """

    factory: Factory
    section: type[CollectorSection]
    default: bool
    summary: str
    files: tuple[str, ...]
    families: tuple[Family, ...]


COLLECTORS: dict[str, CollectorEntry] = {
    "cpu": CollectorEntry(
        factory=cpu.CpuCollector,
        section=cpu.CpuConfig,
        default=True,
        summary="CPU time by mode, throttling, isolation",
        files=(
            "/proc/stat",
            "/proc/cpuinfo (with info)",
            "/sys/devices/system/cpu/isolated",
            "/sys/devices/system/cpu/cpu*/thermal_throttle/*_throttle_count",
        ),
        families=cpu.FAMILIES,
    ),
    "diskstats": CollectorEntry(
        factory=diskstats.DiskstatsCollector,
        section=diskstats.DiskstatsConfig,
        default=True,
        summary="I/O of block devices, and what they are",
        files=("/proc/diskstats", "/run/udev/data/b*", "/sys/block/*/queue/rotational"),
        families=diskstats.FAMILIES,
    ),
    "filesystem": CollectorEntry(
        factory=filesystem.FilesystemCollector,
        section=filesystem.FilesystemConfig,
        default=True,
        summary="Space and inodes of mounted file systems",
        files=("/proc/1/mountinfo", "/proc/self/mountinfo (where the other is hidden)", "statvfs(3)"),
        families=filesystem.FAMILIES,
    ),
    "loadavg": CollectorEntry(
        factory=loadavg.LoadavgCollector,
        section=loadavg.LoadavgConfig,
        default=True,
        summary="Load averages",
        files=("/proc/loadavg",),
        families=loadavg.FAMILIES,
    ),
    "meminfo": CollectorEntry(
        factory=meminfo.MeminfoCollector,
        section=meminfo.MeminfoConfig,
        default=True,
        summary="Memory, every field the kernel counts",
        files=("/proc/meminfo",),
        families=meminfo.FAMILIES,
    ),
    "netdev": CollectorEntry(
        factory=netdev.NetdevCollector,
        section=netdev.NetdevConfig,
        default=True,
        summary="Traffic and errors of network devices",
        files=("/proc/net/dev", "/sys/class/net/*/statistics/rx_nohandler"),
        families=netdev.FAMILIES,
    ),
    "pressure": CollectorEntry(
        factory=pressure.PressureCollector,
        section=pressure.PressureConfig,
        default=True,
        summary="Time lost waiting for CPU, memory, I/O and interrupts (PSI)",
        files=("/proc/pressure/cpu", "/proc/pressure/io", "/proc/pressure/memory", "/proc/pressure/irq"),
        families=pressure.FAMILIES,
    ),
    "stat": CollectorEntry(
        factory=stat.StatCollector,
        section=stat.StatConfig,
        default=True,
        summary="Interrupts, context switches, forks, boot time, run queue",
        files=("/proc/stat",),
        families=stat.FAMILIES,
    ),
    "time": CollectorEntry(
        factory=time.TimeCollector,
        section=time.TimeConfig,
        default=True,
        summary="The host's clock, time zone and clock source",
        files=("clock_gettime(2)", "/sys/devices/system/clocksource/clocksource*/*_clocksource"),
        families=time.FAMILIES,
    ),
    "uname": CollectorEntry(
        factory=uname.UnameCollector,
        section=uname.UnameConfig,
        default=True,
        summary="The running kernel's identity",
        files=("uname(2)", "/proc/sys/kernel/domainname"),
        families=uname.FAMILIES,
    ),
    "vmstat": CollectorEntry(
        factory=vmstat.VmstatCollector,
        section=vmstat.VmstatConfig,
        default=True,
        summary="Paging, faults and out-of-memory kills",
        files=("/proc/vmstat",),
        families=vmstat.FAMILIES,
    ),
}
