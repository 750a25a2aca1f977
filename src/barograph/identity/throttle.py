"""How often one source may fail to log in. In the front's memory; a restart forgives.

Only failures count, and only failures are refused: what one program of an address gets wrong must not keep another
out that brings the right token.
"""

import ipaddress

from barograph.model.clock import Clock

_WINDOW_S = 60.0
_MAX_SOURCES = 10_000
_ONE_HOLDER_BITS = 64
_Table = dict[str, list[float]]
"""When each source failed, by the monotonic clock; whoever failed longest ago stands first."""


class AttemptLimit:
    """Counts failures of the last minute by kind and source. Used on one event loop.

    Each kind has a table of its own: whoever can fail from many sources in one pushes nothing out of another.

    Args:
        per_minute: How many failures a source may have in a minute.
        clock: Measures the minute.
    """

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute = max(1, per_minute)
        self._clock = clock
        self._tables: dict[str, _Table] = {}

    def wait_s(self, attempt: str) -> float:
        """Return how long to wait before the next try, of which `KIND SOURCE` is told; 0 where it may be now."""
        failures = self._recent(attempt)
        if len(failures) < self._per_minute:
            return 0.0
        return failures[0] + _WINDOW_S - self._clock.monotonic_s()

    def failed(self, attempt: str) -> None:
        """Note a failed try."""
        table, failures = self._table(attempt), self._recent(attempt)
        table.pop(attempt, None)
        if len(table) >= _MAX_SOURCES:
            self._make_room(table)
        table[attempt] = [*failures, self._clock.monotonic_s()][-self._per_minute :]

    def succeeded(self, attempt: str) -> None:
        """Take back the newest failure: it was noted before the try, so that many at once are not one, and was none."""
        failures = self._recent(attempt)
        if failures:
            failures.pop()

    def _table(self, attempt: str) -> _Table:
        return self._tables.setdefault(attempt.partition(" ")[0], {})

    def _recent(self, attempt: str) -> list[float]:
        """Return the failures of the last minute, the oldest first; the table's own list, not a copy."""
        table = self._table(attempt)
        failures = table.get(attempt, [])
        since_s = self._clock.monotonic_s() - _WINDOW_S
        while failures and failures[0] <= since_s:
            del failures[0]
        if not failures:
            table.pop(attempt, None)
        return failures

    def _make_room(self, table: _Table) -> None:
        """Forget one: memory is bounded whatever the number of sources. Who may not try at present goes last."""
        since_s = self._clock.monotonic_s() - _WINDOW_S
        free = (each for each, failures in table.items() if len(failures) < self._per_minute or failures[0] <= since_s)
        del table[next(free, None) or next(iter(table))]


def holder_of(source: str) -> str:
    """Return what stands for all addresses that whoever asks from this one has for nothing.

    That is all of loopback, and of IPv6 the network of a subscriber; what is no address is its own.
    """
    try:
        address = ipaddress.ip_address(source.partition("%")[0])
    except ValueError:
        return source
    if isinstance(address, ipaddress.IPv6Address):
        address = address.ipv4_mapped or address
    if address.is_loopback:
        return "loopback"
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address, _ONE_HOLDER_BITS), strict=False))
