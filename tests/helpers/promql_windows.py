"""Builds windows over arrays, for tests of kernels."""

import numpy as np

from barograph.model.clock import SystemClock
from barograph.model.sample import FloatArray
from barograph.promql.config import QueryConfig
from barograph.promql.grid import Grid
from barograph.promql.run import Run
from barograph.promql.windows import Window, windows
from helpers.memory_store import MemoryStore


def make_run(grid: Grid) -> Run:
    return Run(
        querier=MemoryStore(),
        config=QueryConfig(),
        clock=SystemClock(),
        text="",
        grid=grid,
        lookback_ms=300_000,
        deadline_s=float("inf"),
    )


def window_over(values: FloatArray, *, width: int = 30, steps: int = 50, regular: bool = True) -> Window:
    """Windows of `width` samples, whole, over samples at 1 s; searched for where not `regular`."""
    samples = values.shape[1]
    stride = max(1, (samples - width) // max(1, steps - 1)) if steps > 1 else 1
    ends = Grid((width - 1) * 1000, stride * 1000, steps)
    stamps = np.arange(samples, dtype=np.int64) * 1000
    [(_, window)] = list(windows(make_run(ends), (stamps, values, 1000 if regular else 0), ends, width * 1000))
    return window
