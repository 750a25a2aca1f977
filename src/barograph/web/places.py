"""Places for answers that go on for long: how many there are, and how many of them one user may take."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from barograph.identity.principal import Principal, Role
from barograph.web.errors import RequestError


class Places:
    """Counts who has how many. Used on one event loop.

    Args:
        what: What they are of, as people call it.
        most: How many there are.
        most_of_one: How many of them a user may have who is no administrator, sessions and tokens together.
        remedy: What to do when they are taken.
    """

    def __init__(self, what: str, most: int, most_of_one: int, remedy: str) -> None:
        self._what = what
        self._most = most
        self._most_of_one = most_of_one
        self._remedy = remedy
        self._taken: Counter[str] = Counter()

    def check(self, principal: Principal) -> None:
        """Let somebody take one more.

        Raises:
            RequestError: All are taken (503), or they have their share.
        """
        taken = self._taken.total()
        if taken >= self._most:
            raise RequestError(f"{taken} {self._what} are under way already; {self._remedy}", 503)
        mine = self._taken[principal.name]
        if mine >= self._most_of_one and principal.effective_role < Role.ADMIN:
            raise RequestError(f"{mine} {self._what} of yours are under way already, one's share; {self._remedy}", 503)

    @contextmanager
    def taken(self, principal: Principal) -> Iterator[None]:
        """Take one for the length of a block.

        Raises:
            RequestError: See `check`.
        """
        self.check(principal)
        self._taken[principal.name] += 1
        try:
            yield
        finally:
            self._taken[principal.name] -= 1
            if not self._taken[principal.name]:
                del self._taken[principal.name]


def stream_places(most: int) -> Places:
    """Return the places of live streams: a quarter for one user."""
    return Places("live streams", most, max(1, most // 4), "web.live_clients raises that")
