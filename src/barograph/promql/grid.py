"""The instants at which something is evaluated, held as arithmetic rather than as an array."""

import numpy as np

from barograph.model.sample import FloatArray, IntArray


class Grid:
    """`steps` instants from `start_ms`, `step_ms` apart; a step of 0 repeats one instant (`@`)."""

    __slots__ = ("_times_ms", "_times_s", "start_ms", "step_ms", "steps")

    def __init__(self, start_ms: int, step_ms: int, steps: int) -> None:
        self.start_ms = start_ms
        self.step_ms = step_ms
        self.steps = steps
        self._times_ms: IntArray | None = None
        self._times_s: FloatArray | None = None

    @property
    def end_ms(self) -> int:
        """The last instant."""
        return self.start_ms + self.step_ms * (self.steps - 1)

    @property
    def times_ms(self) -> IntArray:
        """int64 `[steps]`."""
        if self._times_ms is None:
            self._times_ms = self.start_ms + self.step_ms * np.arange(self.steps, dtype=np.int64)
        return self._times_ms

    @property
    def times_s(self) -> FloatArray:
        """The instants in seconds: float64 `[steps]`."""
        if self._times_s is None:
            self._times_s = self.times_ms / 1000.0
        return self._times_s

    def part(self, first: int, last: int) -> "Grid":
        """Return the steps from `first` (inclusive) to `last` (exclusive)."""
        return Grid(self.start_ms + self.step_ms * first, self.step_ms, last - first)

    def shifted(self, back_ms: int) -> "Grid":
        """Return the same steps, each `back_ms` earlier."""
        return Grid(self.start_ms - back_ms, self.step_ms, self.steps) if back_ms else self
