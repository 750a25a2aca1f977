"""The flight recorder in the keeper: takes samples from the collectors' thread and writes them on its own.

What a slow disk holds up here holds up no tick: samples wait in a queue of bounded length, and the oldest go first.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from barograph.model.processes import ProcessSample
from barograph.telemetry.metrics import Telemetry
from barograph.tsdb.config import ProcessLogConfig
from barograph.tsdb.process_log import ProcessLogStats, ProcessLogWriter

_log = logging.getLogger(__name__)
_MOST_WAITING = 120
_STOP_S = 5.0
_ASIDE_S = 0.05
"""After a sample its tick is committed, rules run and messages leave: writing keeps out of their way, and of the
next tick's at 10 Hz."""


class ProcessRecorder:
    """Writes the process log on a thread of its own.

    Args:
        folder: The data folder.
        config: How much is kept.
        telemetry: Where what it takes is told.
    """

    def __init__(self, folder: Path, config: ProcessLogConfig, telemetry: Telemetry) -> None:
        self._waiting: deque[ProcessSample] = deque(maxlen=_MOST_WAITING)
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._writer: ProcessLogWriter | None = None
        self._folder, self._config = folder, config
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        if config.enabled:
            _report(telemetry, self._stats)
            self._thread.start()

    def take(self, sample: ProcessSample) -> None:
        """Take a sample; returns at once. A `ProcessSink`."""
        if self._config.enabled:
            self._waiting.append(sample)
            self._wake.set()

    def close(self) -> None:
        """Write what waits, and stop."""
        self._stop.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def _run(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            self._stop.wait(_ASIDE_S)
            stopping = self._stop.is_set()
            self._write_waiting()
            if stopping:
                if self._writer is not None:
                    self._writer.close()
                return

    def _write_waiting(self) -> None:
        if self._writer is None:
            self._writer = self._open()
        while self._waiting and self._writer is not None:
            try:
                self._writer.write(self._waiting.popleft())
            except Exception:
                _log.exception("the process log failed on a sample: the next ones are tried")

    def _open(self) -> ProcessLogWriter | None:
        try:
            return ProcessLogWriter(self._folder, self._config)
        except OSError as error:
            _log.error("the process log cannot be opened, and is tried again with the next sample: %s", error)
            return None

    def _stats(self) -> ProcessLogStats:
        writer = self._writer
        return ProcessLogStats(0, 0, 0) if writer is None else writer.stats


def _report(telemetry: Telemetry, stats: Callable[[], ProcessLogStats]) -> None:
    size = telemetry.gauge("barograph_process_log_bytes", "Size of the process log.").labels()
    samples = telemetry.counter("barograph_process_log_samples_total", "Samples taken into the process log.").labels()
    dropped = telemetry.counter(
        "barograph_process_log_dropped_total", "Samples that could not be written, and were dropped."
    ).labels()

    def refresh() -> None:
        now = stats()
        size.set(now.files_bytes)
        samples.set(now.samples)
        dropped.set(now.dropped)

    telemetry.on_snapshot(refresh)
