"""A cache bounded in bytes that forgets what was not used for longest. Not safe for threads: its user holds a lock."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
ENTRY_BYTES = 400
"""What an entry costs besides its value: its place, and a short key."""


class ByteCache(Generic[K, V]):
    """Values by key, as long as their sizes fit the budget together."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._entries: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self.size_bytes = 0

    def get(self, key: K) -> V | None:
        """Return a value, None where it is not (any more) there."""
        found = self._entries.get(key)
        if found is None:
            return None
        self._entries.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, size_bytes: int) -> None:
        """Keep a value; one larger than the whole budget is not kept. No entry is free, however small its value."""
        size_bytes += ENTRY_BYTES
        if size_bytes > self._budget:
            return
        old = self._entries.pop(key, None)
        if old is not None:
            self.size_bytes -= old[1]
        self._entries[key] = (value, size_bytes)
        self.size_bytes += size_bytes
        while self.size_bytes > self._budget:
            _, (_, freed) = self._entries.popitem(last=False)
            self.size_bytes -= freed

    def __len__(self) -> int:
        return len(self._entries)
