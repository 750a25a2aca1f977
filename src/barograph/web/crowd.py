"""How many connections there may be, and who goes when there are too many: who has been idle longest.

A connection is idle while no whole request of it is under way: between two requests, while a head or a body trickles
in, while TLS is agreed on; and while its answer waits for a client that does not read. So thousands of slow clients
push out each other and nobody who asks for something. A body that comes on makes its connection the youngest again.
"""

from typing import Protocol


class Leaver(Protocol):
    """A connection that can be closed."""

    def drop(self) -> None:
        """Close it at once."""
        ...


class Crowd:
    """The connections of a front. Used on its event loop.

    Args:
        most: How many there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._all: set[Leaver] = set()
        self._idle: dict[Leaver, None] = {}
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._all)

    def enter(self, connection: Leaver) -> None:
        """Note a new connection; where there are too many, the one that was idle longest goes."""
        self._all.add(connection)
        self._idle[connection] = None
        if len(self._all) > self._most:
            oldest = next(iter(self._idle))
            self.leave(oldest)
            self.dropped += 1
            oldest.drop()

    def busy(self, connection: Leaver) -> None:
        """Note that a whole request of a connection is under way."""
        self._idle.pop(connection, None)

    def idle(self, connection: Leaver) -> None:
        """Note that a connection waits for its client: for the next request, or for more of this one."""
        if connection in self._all:
            self._idle.pop(connection, None)
            self._idle[connection] = None

    def leave(self, connection: Leaver) -> None:
        """Forget a connection."""
        self._all.discard(connection)
        self._idle.pop(connection, None)
