"""Rows with gaps, and kernels over whole groups: rows are treated in classes that have samples at the same timestamps.

Called by selectors and calls. A mask that is the same for all rows is kept as one row (`shared_mask`), so that what
follows can work as if nothing were absent.
"""

from collections.abc import Callable, Iterator

import numpy as np

from barograph.model.sample import BoolArray, FloatArray, IntArray, is_absent, is_stale
from barograph.model.series import SeriesGroup
from barograph.promql.grid import Grid
from barograph.promql.run import Run
from barograph.promql.windows import Steps, Window, windows

Rows = slice | IntArray


def complete(group: SeriesGroup) -> Iterator[tuple[Rows, IntArray, FloatArray, int]]:
    """Cut a group into classes of rows that have a sample at the same timestamps, without gaps and stale markers.

    Yields:
        The rows, their timestamps, their values `[rows, samples]`, the constant distance of timestamps or 0.
    """
    missing = missing_samples(group)
    if missing is None:
        yield slice(0, len(group.labels)), group.timestamps_ms, group.values, group.step_ms
        return
    classes: dict[bytes, list[int]] = {}
    for row, pattern in enumerate(np.packbits(missing, axis=1)):
        classes.setdefault(pattern.tobytes(), []).append(row)
    for indexes in classes.values():
        kept = np.flatnonzero(~missing[indexes[0]])
        rows = np.asarray(indexes, dtype=np.intp)
        if len(kept) and kept[-1] - kept[0] + 1 == len(kept):
            span = slice(int(kept[0]), int(kept[-1]) + 1)
            step_ms = group.step_ms if len(kept) > 1 else 0
            yield rows, group.timestamps_ms[span], group.values[rows, span], step_ms
        else:
            yield rows, group.timestamps_ms[kept], group.values[rows][:, kept], 0


def missing_samples(group: SeriesGroup) -> BoolArray | None:
    """Tell where a group has no sample that a range function may see; None where nothing is missing."""
    missing: BoolArray | None = is_absent(group.values) if group.has_absent else None
    if group.has_stale:
        stale = is_stale(group.values)
        missing = stale if missing is None else missing | stale
    return missing if missing is not None and missing.any() else None


Kernel = Callable[..., FloatArray]
"""`kernel(window, *params)` -> `[rows, steps]`; params are float64 `[steps]`, already those of the window's steps."""


def over_group(
    run: Run, group: SeriesGroup, ends: Grid, range_ms: int, function: tuple[Kernel, int, tuple[FloatArray, ...]]
) -> tuple[FloatArray, BoolArray | None]:
    """Apply a kernel to every window of a group.

    Args:
        run: The evaluation.
        group: The samples.
        ends: The ends of the windows.
        range_ms: Their length.
        function: The kernel, how many samples a window must hold for it, and its parameters at each step.

    Returns:
        float64 `[rows, steps]` and the mask, or None where every window held enough.
    """
    kernel, minimum, params = function
    shape = (len(group.labels), ends.steps)
    values: FloatArray | None = None
    present: BoolArray | None = None
    for rows, timestamps_ms, samples, step_ms in complete(group):
        for steps, window in windows(run, (timestamps_ms, samples, step_ms), ends, range_ms):
            enough = _with_enough(steps, window, minimum)
            if enough is None:
                continue
            steps, window = enough
            window.never_falls = group.never_falls
            result = kernel(window, *[param[steps] for param in params])
            if result.shape == shape and not isinstance(rows, np.ndarray) and isinstance(steps, slice):
                return result, None
            if values is None or present is None:
                values, present = np.zeros(shape), mask_of(rows, shape)
            where = np.ix_(rows, _indexes(steps)) if isinstance(rows, np.ndarray) else (rows, steps)
            values[where] = result
            present[where if isinstance(rows, np.ndarray) else (slice(None), steps)] = True
    if values is None or present is None:
        return np.zeros(shape), np.broadcast_to(np.False_, shape)
    return values, None if present.all() else np.broadcast_to(present, shape)


def mask_of(rows: Rows, shape: tuple[int, int]) -> BoolArray:
    """Make an empty mask: one row for all where all rows are treated alike."""
    return np.zeros(shape if isinstance(rows, np.ndarray) else (1, shape[1]), dtype=np.bool_)


def shared_mask(present: BoolArray | None) -> BoolArray | None:
    """Return the one row of a mask that is the same for all rows by its making; None where it is not."""
    if present is None or present.strides[0] or len(present) < 2:
        return None
    shared: BoolArray = present[0]
    return shared


def _with_enough(steps: Steps, window: Window, minimum: int) -> tuple[Steps, Window] | None:
    """Leave out the steps whose window holds less than `minimum` samples."""
    if window.lo is None or window.hi is None:
        return (steps, window) if window.width >= minimum else None
    enough = window.hi - window.lo >= minimum
    if enough.all():
        return steps, window
    if not enough.any() or isinstance(window.ends, Grid):
        return None
    fewer = Window(window.run, window.timestamps_ms, window.values, window.ends[enough], window.range_ms)
    fewer.lo, fewer.hi = window.lo[enough], window.hi[enough]
    return _indexes(steps)[enough], fewer


def _indexes(steps: Steps) -> IntArray:
    return np.arange(steps.start, steps.stop) if isinstance(steps, slice) else steps
