"""Time enters the program here and nowhere else, so that tests can own it."""

import time
from typing import Protocol


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
