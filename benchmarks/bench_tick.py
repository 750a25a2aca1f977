"""How late ticks are, at 1 and 10 Hz, beside a bare sleep loop that runs at the same time in a process of its own.

The ticker collects with the default collectors and hands its batches to an appender that only copies them, so this is
the ticker's own share of a tick. usage: bench_tick.py [seconds at 1 Hz=20] [seconds at 10 Hz=15]
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from barograph.collectors.config import CollectorsConfig, build_collectors
from barograph.collectors.procfs import Paths
from barograph.ingest.ticker import Ticker, TickerParts
from barograph.model.batch import Batch
from barograph.model.clock import SystemClock
from barograph.model.deadline import DeadlineRunner
from barograph.model.sample import FloatArray
from barograph.model.units import Duration
from barograph.telemetry.metrics import Telemetry
from report import Row, percentile, report

_HANDOVERS = 2000


class CopyingAppender:
    """Keeps the newest vector of each source, as a head does."""

    def __init__(self) -> None:
        self.newest: dict[str, FloatArray] = {}

    def append(self, batch: Batch, *, own: bool = False) -> None:
        self.newest[batch.source] = np.array(batch.values)

    def commit(self) -> None:
        return


class Lateness:
    """What a run of the ticker was like, in seconds."""

    def __init__(self, interval_ms: int, seconds: int) -> None:
        self.committed: list[float] = []
        self.begun: list[float] = []
        self._clock = SystemClock()
        self._telemetry = Telemetry()
        self._count = seconds * 1000 // interval_ms
        config = CollectorsConfig(interval=Duration(interval_ms))
        parts = TickerParts(
            appender=CopyingAppender(),
            maintain=lambda budget_s: None,
            on_tick=self._ticked,
            telemetry=self._telemetry,
            clock=self._clock,
            instance="bench",
        )
        self._ticker = Ticker(build_collectors(config, Paths(), self._clock), parts)
        self._begun = self._telemetry.gauge(
            "barograph_tick_start_late_seconds", "How long after its planned instant this tick began."
        )
        self.missed = self._telemetry.counter(
            "barograph_ticks_missed_total", "Instants passed over without a tick."
        ).labels()
        thread = threading.Thread(target=self._ticker.run, name="ticker")
        cpu_s = time.process_time()
        thread.start()
        thread.join()
        self.cpu_s = (time.process_time() - cpu_s) / self._count

    def _ticked(self, instant_ms: int) -> None:
        self.committed.append(self._clock.now_s() - instant_ms / 1000)
        self.begun.append(self._begun.labels().value)
        if len(self.committed) == self._count:
            self._ticker.stop()


def main(seconds: Sequence[int]) -> None:
    rows: list[Row] = []
    for interval_ms, duration_s in zip((1000, 100), seconds, strict=True):
        with subprocess.Popen(
            [sys.executable, __file__, "--bare", str(interval_ms), str(duration_s)], stdout=subprocess.PIPE, text=True
        ) as bare:
            ticker = Lateness(interval_ms, duration_s)
            assert bare.stdout is not None
            reference = json.loads(bare.stdout.read())
        rows += _rows(f"{1000 // interval_ms} Hz", ticker, reference)
    report("tick", [*rows, *_handover()])


def _rows(rate: str, ticker: Lateness, reference: Sequence[float]) -> list[Row]:
    rows = []
    for word, fraction in (("p50", 0.5), ("p99", 0.99)):
        bare_s = percentile(reference, fraction)
        rows.append(Row(name=f"{rate}: bare sleep loop, late, {word}", figure=bare_s * 1e3, unit="ms"))
        for what, found in (("begun", ticker.begun), ("collected and appended", ticker.committed)):
            late_s = percentile(found, fraction)
            name = f"{rate}: tick {what}, late, {word}"
            reference_name = f"bare sleep loop {word}"
            rows.append(Row(name=name, figure=late_s * 1e3, unit="ms", reference=reference_name, ratio=late_s / bare_s))
    rows.append(Row(name=f"{rate}: CPU time of a tick", figure=ticker.cpu_s * 1e3, unit="ms"))
    rows.append(Row(name=f"{rate}: instants missed", figure=ticker.missed.value, unit="ticks"))
    return rows


def _handover() -> list[Row]:
    """Measure what it costs to make calls on the worker thread instead of here."""
    runner: DeadlineRunner[int] = DeadlineRunner("bench", SystemClock())
    calls: list[Callable[[], int]] = [lambda: 1] * 11
    spent: list[float] = []
    direct: list[float] = []
    for _ in range(_HANDOVERS):
        start_s = time.perf_counter()
        for call in calls:
            call()
        direct.append(time.perf_counter() - start_s)
        start_s = time.perf_counter()
        runner.run(calls, 1.0)
        spent.append(time.perf_counter() - start_s)
    runner.close()
    here_s, there_s = percentile(direct, 0.5), percentile(spent, 0.5)
    return [
        Row(name="11 empty calls, made directly", figure=here_s * 1e6, unit="us"),
        Row(
            name="11 empty calls, within a deadline on another thread",
            figure=there_s * 1e6,
            unit="us",
            reference="made directly",
            ratio=there_s / here_s,
        ),
    ]


def bare_loop(interval_ms: int, seconds: int) -> list[float]:
    """Sleep until each instant and do nothing; returns how late each wake-up was."""
    late = []
    for _ in range(seconds * 1000 // interval_ms):
        now_s = time.time()  # noqa: TID251  the reference measures the machine's own clock
        instant_s = (int(now_s * 1000) // interval_ms + 1) * interval_ms / 1000
        time.sleep(instant_s - now_s)
        late.append(time.time() - instant_s)  # noqa: TID251  as above
    return late


if __name__ == "__main__":
    if sys.argv[1:2] == ["--bare"]:
        print(json.dumps(bare_loop(int(sys.argv[2]), int(sys.argv[3]))))
    else:
        main([int(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 15])
