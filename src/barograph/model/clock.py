"""Time enters the program here and nowhere else, so that tests can own it."""

import time
from typing import Protocol

_LEAST_SET_BACK_MS = 1000


class Clock(Protocol):
    """Where time comes from. Implementations are safe to call from any thread."""

    def now_ms(self) -> int:
        """Wall clock, milliseconds since the Unix epoch, UTC. May step in either direction."""
        ...

    def now_s(self) -> float:
        """Wall clock, seconds since the Unix epoch, UTC, at the clock's full resolution."""
        ...

    def monotonic_s(self) -> float:
        """Seconds on a clock that never steps; its zero means nothing."""
        ...

    def sleep(self, duration_s: float) -> None:
        """Wait for `duration_s` seconds; return at once where it is zero or negative."""
        ...


class SetBack:
    """Notices that the wall clock was set back, by the clock that never steps. One thread uses it.

    A step ahead is left alone: a machine that slept looks the same, and there the time did pass.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead_ms = self._difference_ms()

    def take_ms(self) -> int:
        """Return by how much the clock was set back since this was asked last; 0 below a second."""
        ahead_ms = self._difference_ms()
        back_ms = self._ahead_ms - ahead_ms
        if 0 <= back_ms < _LEAST_SET_BACK_MS:
            # what a time server takes away little by little adds up
            return 0
        self._ahead_ms = ahead_ms
        return max(back_ms, 0)

    def _difference_ms(self) -> int:
        return self._clock.now_ms() - round(self._clock.monotonic_s() * 1000)


class SystemClock:
    """The machine's own clocks."""

    def now_ms(self) -> int:
        """See `Clock`."""
        return time.time_ns() // 1_000_000  # noqa: TID251  the one place

    def now_s(self) -> float:
        """See `Clock`."""
        return time.time()  # noqa: TID251  the one place

    def monotonic_s(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    def sleep(self, duration_s: float) -> None:
        """See `Clock`."""
        if duration_s > 0:
            time.sleep(duration_s)
