"""One sample of the default collectors, beside (a) merely reading the same files and (b) psutil's smaller set.

The floor preads exactly the files that the collectors keep open, on kept descriptors, without the last, empty read that
tells a collector that the kernel has no more, and asks the same mounts. usage: bench_collect.py [rounds=2000]
"""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psutil

from barograph.collectors import filesystem
from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.procfs import Paths
from barograph.model.clock import SystemClock
from barograph.model.errors import NoDataError
from barograph.model.schedule import ScheduledCollector
from report import Row, percentile, report

_PACE_S = 0.05
_PACED_ROUNDS = 200
_BUFFER_BYTES = 16384


def main(rounds: int) -> None:
    collectors = _working(build_collectors(CollectorsConfig(), Paths(), SystemClock()))
    files = _kept_files()
    mounts = _mounts(collectors)
    subjects = {
        "collect": _sample(collectors),
        "pread floor": _floor(files, mounts),
        "psutil, fewer figures": _psutil(),
    }
    figures = {}
    for pace, count in (("back to back", rounds), ("every 50 ms", _PACED_ROUNDS)):
        spent = _time_all(subjects, count, _PACE_S if count == _PACED_ROUNDS else 0.0)
        figures[pace] = {name: (percentile(t, 0.5), percentile(t, 0.99)) for name, t in spent.items()}
    rows = []
    for pace, found in figures.items():
        for name, (p50, p99) in found.items():
            for word, figure, reference in (
                ("p50", p50, found["pread floor"][0]),
                ("p99", p99, found["pread floor"][1]),
            ):
                beside = "" if name == "pread floor" else f"pread floor {word}"
                ratio = None if name == "pread floor" else figure / reference
                title = f"{name}, {pace}, {word}"
                rows.append(Row(name=title, figure=figure * 1e6, unit="us", reference=beside, ratio=ratio))
    series = sum(len(scheduled.collector.collect(0).schema) for scheduled in collectors)
    print(f"{series} series of {len(collectors)} collectors; {len(files)} files, {len(mounts)} mounts")
    report("collect", [*rows, *_each(collectors, rounds)])


def _working(collectors: Sequence[ScheduledCollector]) -> list[ScheduledCollector]:
    """Return those that have data on this machine, warmed up."""
    working = []
    for scheduled in collectors:
        try:
            scheduled.collector.collect(0)
        except NoDataError as error:
            print(f"left out: {scheduled.collector.name}: {error}")
        else:
            working.append(scheduled)
    return working


def _kept_files() -> list[str]:
    """Return the kernel's files that this process holds open now: those the collectors read at each sample."""
    links = (str(link.readlink()) for link in Path("/proc/self/fd").iterdir() if link.exists())
    return sorted(link for link in links if link.startswith(("/proc/", "/sys/")) and not link.endswith("/fd"))


def _mounts(collectors: Sequence[ScheduledCollector]) -> list[str]:
    """Return the mount points that the filesystem collector asks."""
    for scheduled in collectors:
        if isinstance(scheduled.collector, filesystem.FilesystemCollector):
            series = scheduled.collector.collect(0).schema.series
            return [labels.get("mountpoint") for labels in series if labels.name == "node_filesystem_device_error"]
    return []


def _sample(collectors: Sequence[ScheduledCollector]) -> Callable[[int], None]:
    def sample(instant: int) -> None:
        for scheduled in collectors:
            scheduled.collector.collect(instant)

    return sample


def _floor(files: Sequence[str], mounts: Sequence[str]) -> Callable[[int], None]:
    plan: list[tuple[int, int]] = []
    for file in files:
        descriptor = os.open(file, os.O_RDONLY)
        length = len(os.pread(descriptor, _BUFFER_BYTES, 0))
        plan.append((descriptor, 0))
        while more := os.pread(descriptor, _BUFFER_BYTES, length):
            plan.append((descriptor, length))
            length += len(more)

    def read(instant: int) -> None:
        del instant
        for descriptor, offset in plan:
            os.pread(descriptor, _BUFFER_BYTES, offset)
        for mount in mounts:
            os.statvfs(mount)

    return read


def _psutil() -> Callable[[int], None]:
    mounts = [part.mountpoint for part in psutil.disk_partitions(all=False)]

    def sample(instant: int) -> None:
        del instant
        psutil.cpu_times(percpu=True)
        psutil.virtual_memory()
        psutil.swap_memory()
        psutil.disk_io_counters(perdisk=True)
        psutil.net_io_counters(pernic=True)
        for mount in mounts:
            psutil.disk_usage(mount)

    return sample


def _time_all(subjects: dict[str, Callable[[int], None]], rounds: int, pace_s: float) -> dict[str, list[float]]:
    """Time the subjects in turns, so that they all see the same weather; returns seconds of each call."""
    spent: dict[str, list[float]] = {name: [] for name in subjects}
    for instant in range(1, rounds + 1):
        for name, subject in subjects.items():
            if pace_s:
                time.sleep(pace_s)
            start_s = time.perf_counter()
            subject(instant)
            spent[name].append(time.perf_counter() - start_s)
    return spent


def _each(collectors: Sequence[ScheduledCollector], rounds: int) -> list[Row]:
    rows = []
    for scheduled in collectors:
        collector = scheduled.collector
        subject = {collector.name: _sample([scheduled])}
        spent = _time_all(subject, rounds, 0.0)[collector.name]
        rows.append(
            Row(name=f"collect {collector.name}, back to back, p50", figure=percentile(spent, 0.5) * 1e6, unit="us")
        )
    return rows


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
