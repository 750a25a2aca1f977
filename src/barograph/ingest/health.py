"""How a collector is doing, and when it is tried again. A pure state machine; the ticker feeds it."""

from dataclasses import dataclass
from enum import StrEnum

from barograph.model.commands import CollectorHealth

_LONGEST_BACKOFF = 60
"""Intervals that a collector which keeps failing is left alone, at most."""
_LONGEST_EXPONENT = 6
_NO_DATA_RETRY_MS = 60_000


class State(StrEnum):
    """What the last sample of a collector came to."""

    OK = "ok"
    NO_DATA = "no_data"
    FAILING = "failing"
    HUNG = "hung"


@dataclass(slots=True)
class Health:
    """One collector's state. Times are milliseconds of the ticks' own instants."""

    name: str
    interval_ms: int
    state: State = State.OK
    reason: str = ""
    failures: int = 0
    retry_ms: int = 0

    def is_due(self, instant_ms: int) -> bool:
        """Tell whether it is to be tried at this instant."""
        return instant_ms >= self.retry_ms

    def forget_pause(self) -> None:
        """Have it tried again at once: the clock was set back, and the end of a pause may be far away now."""
        self.retry_ms = 0

    def succeeded(self) -> bool:
        """Note a sample; returns whether this is a change."""
        return self._move(State.OK, "", 0, 0)

    def gave_nothing(self, instant_ms: int, reason: str) -> bool:
        """Note that the host has no such thing; it may come (a module is loaded), so ask again now and then."""
        return self._move(State.NO_DATA, reason, 0, instant_ms + _NO_DATA_RETRY_MS)

    def failed(self, instant_ms: int, reason: str) -> bool:
        """Note a failure; each further one doubles the wait: 1, 2, 4 ... 60 intervals are left out."""
        return self._move(State.FAILING, reason, self.failures + 1, instant_ms + self._backoff_ms())

    def hung(self, instant_ms: int, budget_ms: int) -> bool:
        """Note that a sample overstayed its budget; the wait grows as for a failure."""
        reason = f"a sample took longer than its budget of {budget_ms} ms"
        return self._move(State.HUNG, reason, self.failures + 1, instant_ms + self._backoff_ms())

    def snapshot(self) -> CollectorHealth:
        """Return what others may know."""
        return CollectorHealth(name=self.name, state=self.state.value, reason=self.reason, interval_ms=self.interval_ms)

    def _backoff_ms(self) -> int:
        # the instant itself is gone, so leaving out n of them means a try n + 1 intervals later
        left_out = min(1 << min(self.failures, _LONGEST_EXPONENT), _LONGEST_BACKOFF)
        return (left_out + 1) * self.interval_ms

    def _move(self, state: State, reason: str, failures: int, retry_ms: int) -> bool:
        changed = (self.state, self.reason) != (state, reason)
        self.state, self.reason, self.failures, self.retry_ms = state, reason, failures, retry_ms
        return changed
