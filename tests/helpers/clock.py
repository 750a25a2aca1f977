"""A clock that moves only when told."""


class FakeClock:
    """Implements `Clock`; `sleep` advances it at once."""

    def __init__(self, now_ms: int = 1_700_000_000_000) -> None:
        self._now_ms = float(now_ms)
        self._monotonic_s = 1000.0

    def now_ms(self) -> int:
        return int(self._now_ms)

    def now_s(self) -> float:
        return self._now_ms / 1000

    def monotonic_s(self) -> float:
        return self._monotonic_s

    def sleep(self, duration_s: float) -> None:
        if duration_s > 0:
            self.advance(duration_s)

    def advance(self, duration_s: float) -> None:
        self._now_ms += duration_s * 1000
        self._monotonic_s += duration_s

    def step_wall(self, ms: int) -> None:
        """Step the wall clock alone, as NTP or a person does."""
        self._now_ms += ms
