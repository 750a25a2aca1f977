"""How much of the keeper's hashing of passwords one user, and one source, may have. Used by log-in and password change.

The keeper hashes one at a time and has few wait: who knows one password, and so never fails, must not keep all others
waiting with it.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from barograph.identity.ratelimit import TokenRate
from barograph.model.clock import Clock

MOST_OF_ONE_USER = 2
MOST_OF_ONE_SOURCE = 4
A_MINUTE = 30
_MOMENT_S = 1.0


class PasswordTurns:
    """Counts tries that are under way by user and source, and all tries by user. Used on one event loop.

    A name that nobody has counts as any other, so that nothing is learned of it.

    Args:
        clock: Measures the minute.
    """

    def __init__(self, clock: Clock) -> None:
        self._of_users: Counter[str] = Counter()
        self._of_sources: Counter[str] = Counter()
        self._rate = TokenRate(clock)

    def wait_s(self, user: str, source: str) -> float:
        """Return 0 where a try may be made now, which counts it; else how long to wait."""
        if self._of_users[user] >= MOST_OF_ONE_USER or self._of_sources[source] >= MOST_OF_ONE_SOURCE:
            return _MOMENT_S
        return self._rate.wait_s(user, A_MINUTE)

    @contextmanager
    def taken(self, user: str, source: str) -> Iterator[None]:
        """Have a try under way for the length of a block."""
        taken = ((self._of_users, user), (self._of_sources, source))
        for counter, key in taken:
            counter[key] += 1
        try:
            yield
        finally:
            for counter, key in taken:
                counter[key] -= 1
                if not counter[key]:
                    del counter[key]
