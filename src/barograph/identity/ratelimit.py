"""How many requests a minute a token is good for, or changes somebody. In memory; a restart forgives."""

from barograph.model.clock import Clock

_MOST_TOKENS = 10_000


class TokenRate:
    """A bucket a token: full at first, one request takes one out, a minute fills it again. Used on one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at_s: dict[str, float] = {}

    def wait_s(self, token_id: str, per_minute: int) -> float:
        """Take one request; returns 0, or how long to wait where the bucket is empty (then none is taken)."""
        now_s = self._clock.monotonic_s()
        each_s = 60.0 / per_minute
        # the moment at which the bucket would be full, as GCRA reckons
        full_at_s = max(now_s, self._full_at_s.pop(token_id, now_s)) + each_s
        wait_s = full_at_s - now_s - 60.0
        if wait_s > 1e-9:
            self._full_at_s[token_id] = full_at_s - each_s
            return wait_s
        while len(self._full_at_s) >= _MOST_TOKENS:
            del self._full_at_s[next(iter(self._full_at_s))]
        self._full_at_s[token_id] = full_at_s
        return 0.0
