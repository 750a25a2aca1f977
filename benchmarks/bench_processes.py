"""One pass over the processes, beside merely reading the same files with kept descriptors, and beside psutil.

Sleeping processes are started to have 250 and 3,000 of them; some of them work. usage: bench_processes.py [rounds=100]
"""

import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from barograph.collectors.base import Host
from barograph.collectors.cgroup.tree import CgroupTree
from barograph.collectors.process.table import ProcessTable
from barograph.collectors.process_groups import ProcessCollector, ProcessConfig
from barograph.collectors.procfs import KeptFile, Paths, SharedFile
from barograph.model.clock import SystemClock
from barograph.model.processes import ProcessSample
from barograph.tsdb.config import ProcessLogConfig
from barograph.tsdb.process_log import ProcessLogWriter
from report import Row, percentile, report

_BUSY = 12
_FIELDS = [
    "pid",
    "name",
    "cmdline",
    "username",
    "cpu_times",
    "memory_info",
    "io_counters",
    "num_threads",
    "num_ctx_switches",
    "create_time",
    "status",
]


def main(rounds: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    rows: list[Row] = []
    for count in (250, 3000):
        with _processes(count - len(psutil.pids())):
            rows += _measure(count, max(10, rounds * 250 // count))
    report("processes", rows)


def _measure(count: int, rounds: int) -> Iterator[Row]:
    clock, paths = SystemClock(), Paths()
    table = ProcessTable(paths.procfs, paths.rootfs, clock)
    stat = SharedFile(KeptFile(paths.procfs / "stat"))
    collector = ProcessCollector(
        Host(paths=paths, clock=clock, stat=stat, processes=table, cgroups=CgroupTree(paths.sysfs)), ProcessConfig()
    )
    samples: list[ProcessSample] = []
    collector.sink = samples.append
    start_ms = clock.now_ms()
    for number in range(30):  # everybody has been introduced then
        collector.collect(start_ms + number)
    kept = [(process.stat_fd, process.io_fd) for process in table.read_at(start_ms + 29).known.values()]
    ours, floor, theirs = [], [], []
    for number in range(rounds):
        time.sleep(0.02)
        began = time.process_time()
        collector.collect(start_ms + 1000 * (number + 1))
        ours.append(time.process_time() - began)
        began = time.process_time()
        for name in os.listdir("/proc"):  # noqa: PTH208  what the floor is made of
            name.isdigit()
        for stat_fd, io_fd in kept:
            os.pread(stat_fd, 1024, 0)
            if io_fd >= 0:
                os.pread(io_fd, 512, 0)
        floor.append(time.process_time() - began)
    for _ in range(5):
        began = time.process_time()
        list(psutil.process_iter(_FIELDS))
        theirs.append(time.process_time() - began)
    figure, least, psutils = (percentile(values, 0.5) * 1e3 for values in (ours, floor, theirs))
    name = f"pass over {len(kept)} processes"
    yield Row(
        name=name, figure=figure, unit="ms", reference=f"reading the same files ({least:.2f} ms)", ratio=figure / least
    )
    yield Row(
        name=f"{name}, beside psutil",
        figure=figure,
        unit="ms",
        reference=f"psutil.process_iter ({psutils:.1f} ms)",
        ratio=figure / psutils,
    )
    yield from _recorded(samples[-rounds:], len(kept))
    collector.close()


def _recorded(samples: list[ProcessSample], count: int) -> Iterator[Row]:
    """Measure what keeping the samples costs, by the second and by the day."""
    with tempfile.TemporaryDirectory() as folder:
        writer = ProcessLogWriter(Path(folder), ProcessLogConfig())
        written = 0
        began = time.process_time()
        for _ in range(-(-601 // len(samples))):
            for sample in samples:
                # the same samples again, at later instants
                at_ms = samples[0].at_ms + 1000 * written
                writer.write(
                    ProcessSample(
                        at_ms=at_ms,
                        interval_ms=1000,
                        facts=sample.facts,
                        numbers=sample.numbers,
                        started=sample.started,
                        ended=sample.ended,
                    )
                )
                written += 1
        spent_s = time.process_time() - began
        days = sum(path.stat().st_size for path in (Path(folder) / "processes").glob("????-*"))
        writer.close()
    blocks = written // 300 * 300
    yield Row(name=f"keeping a sample of {count} processes", figure=spent_s / written * 1e3, unit="ms")
    yield Row(
        name=f"process log of {count} processes, a day of these seconds again and again",
        figure=days / blocks * 86_400 / 1e6,
        unit="MB",
    )


@contextmanager
def _processes(count: int) -> Iterator[None]:
    """Have so many more processes; some of them work a little."""
    pids = []
    try:
        for number in range(max(0, count)):
            pid = os.fork()
            if not pid:
                _live(busy=number < _BUSY)
            pids.append(pid)
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        for pid in pids:
            os.waitpid(pid, 0)


def _live(*, busy: bool) -> None:
    while True:
        if busy:
            sum(range(20_000))
            time.sleep(0.05)
        else:
            signal.pause()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
