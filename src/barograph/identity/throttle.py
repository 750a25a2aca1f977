"""How often one source may fail to log in. In the front's memory; a restart forgives.

Only failures count, and only failures are refused: what one program of an address gets wrong must not keep another
out that brings the right token.
"""

from collections import deque

from barograph.model.clock import Clock

_WINDOW_S = 60.0
_MAX_SOURCES = 10_000


class AttemptLimit:
    """Counts failures of the last minute by source. Used on one event loop.

    Args:
        per_minute: How many failures a source may have in a minute.
        clock: Measures the minute.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute = max(1, per_minute)
        self._clock = clock
        self._failures: dict[str, deque[float]] = {}

    def wait_s(self, source: str) -> float:
        """Return how long a source has to wait before its next try; 0 where it may try now."""
        failures = self._recent(source)
        if len(failures) < self._per_minute:
            return 0.0
        return failures[0] + _WINDOW_S - self._clock.monotonic_s()

    def failed(self, source: str) -> None:
        """Note a failed try."""
        if source not in self._failures and len(self._failures) >= _MAX_SOURCES:
            # the oldest entry goes: memory is bounded whatever the number of sources
            self._failures.pop(next(iter(self._failures)))
        self._failures.setdefault(source, deque(maxlen=self._per_minute)).append(self._clock.monotonic_s())

    def succeeded(self, source: str) -> None:
        """Take back the newest failure: it was noted before the try, so that many at once are not one, and was none."""
        failures = self._failures.get(source)
        if failures:
            failures.pop()

    def _recent(self, source: str) -> deque[float]:
        failures = self._failures.get(source, deque())
        while failures and failures[0] <= self._clock.monotonic_s() - _WINDOW_S:
            failures.popleft()
        if not failures:
            self._failures.pop(source, None)
        return failures
