"""One sample of the default collectors, beside merely reading the same files, psutil's smaller set, and node_exporter.

The floor preads exactly the files that the collectors keep open, on kept descriptors, without the last, empty read that
tells a collector that the kernel has no more, and asks the same mounts. usage: bench_collect.py [rounds=2000]
"""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from barograph.collectors import filesystem
from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.procfs import Paths
from barograph.collectors.registry import COLLECTORS
from barograph.model.clock import SystemClock
from barograph.model.errors import NoDataError
from barograph.model.schedule import ScheduledCollector
from helpers.ports import free_port
from report import Row, percentile, report

_PACE_S = 0.05
_PACED_ROUNDS = 200
_BUFFER_BYTES = 16384
_BEYOND = ("process", "processes", "containers", "systemd", "exec")
"""What node_exporter does not do by default, or not at all."""
_NODE_EXPORTER = Path("/usr/bin/prometheus-node-exporter")


def main(rounds: int) -> None:
    everything = [name for name, entry in COLLECTORS.items() if entry.default]
    host = [name for name in everything if name not in _BEYOND]
    rows: list[Row] = []
    for title, names in (("host families", host), ("all default collectors", everything)):
        collectors = _working(build_collectors(CollectorsConfig(), Paths(), SystemClock(), names))
        rows += _beside_the_floor(title, collectors, rounds)
        rows += _beside_node_exporter(title, collectors)
        if names == everything:
            rows += _each(collectors, rounds)
        for scheduled in collectors:
            scheduled.collector.close()
    report("collect", rows)


def _beside_the_floor(title: str, collectors: Sequence[ScheduledCollector], rounds: int) -> Iterator[Row]:
    files = _kept_files()
    mounts = _mounts(collectors)
    subjects = {title: _sample(collectors), "pread floor": _floor(files, mounts), "psutil, fewer figures": _psutil()}
    series = sum(len(scheduled.collector.collect(0).schema) for scheduled in collectors)
    print(f"{title}: {series} series of {len(collectors)} collectors; {len(files)} files, {len(mounts)} mounts")
    for pace, count in (("back to back", rounds), ("every 50 ms", _PACED_ROUNDS)):
        spent = _time_all(subjects, count, _PACE_S if count == _PACED_ROUNDS else 0.0)
        floor = spent["pread floor"]
        for name, times in spent.items():
            if name == "pread floor":
                continue
            for word, fraction in (("p50", 0.5), ("p99", 0.99)):
                figure, reference = percentile(times, fraction), percentile(floor, fraction)
                beside = f"pread floor {word} ({reference * 1e6:.0f} us)"
                shown = name if name == title else f"{name}, beside {title}"
                row_name = f"{shown}, {pace}, {word}"
                yield Row(name=row_name, figure=figure * 1e6, unit="us", reference=beside, ratio=figure / reference)


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
        try:
            descriptor = os.open(file.removesuffix(" (deleted)"), os.O_RDONLY)
            length = len(os.pread(descriptor, _BUFFER_BYTES, 0))
        except OSError:
            continue  # gone, or an attribute that has no value now, such as the speed of a link that is down
        plan.append((descriptor, 0))
        while more := os.pread(descriptor, _BUFFER_BYTES, length):
            plan.append((descriptor, length))
            length += len(more)

    def read(instant: int) -> None:
        del instant
        for descriptor, offset in plan:
            try:
                os.pread(descriptor, _BUFFER_BYTES, offset)
            except OSError:  # a process that ended meanwhile
                continue
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


def _beside_node_exporter(title: str, collectors: Sequence[ScheduledCollector]) -> Iterator[Row]:
    """Compare CPU time a sample with what Debian's node_exporter spends on a scrape, on the same machine."""
    if not _NODE_EXPORTER.exists():
        print(f"node_exporter left out: {_NODE_EXPORTER} is not there")
        return
    port = free_port()
    command = [str(_NODE_EXPORTER), f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as peer:
        url = f"http://127.0.0.1:{port}/metrics"
        try:
            _until_it_answers(url)
            for pace, count, pause_s in (("back to back", 200, 0.0), ("every second", 20, 1.0)):
                ours, theirs = [], []
                for instant in range(count):
                    time.sleep(pause_s)
                    began = time.process_time()
                    for scheduled in collectors:
                        scheduled.collector.collect(1_000_000 + instant)
                    ours.append(time.process_time() - began)
                    began = _cpu_s(peer.pid)
                    with urllib.request.urlopen(url) as answer:
                        answer.read()
                    theirs.append(_cpu_s(peer.pid) - began)
                figure, reference = sum(ours) / count, sum(theirs) / count
                yield Row(
                    name=f"CPU of {title}, {pace}",
                    figure=figure * 1e6,
                    unit="us",
                    reference=f"node_exporter's CPU a scrape ({reference * 1e6:.0f} us)",
                    ratio=figure / reference,
                )
        finally:
            peer.terminate()


def _until_it_answers(url: str) -> None:
    for _ in range(100):
        try:
            with urllib.request.urlopen(url) as answer:
                answer.read()
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"{url} does not answer")


def _cpu_s(pid: int) -> float:
    """Return a process' CPU time, to the nanosecond: the sum over its threads."""
    task = Path(f"/proc/{pid}/task")
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in task.iterdir()) / 1e9


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
