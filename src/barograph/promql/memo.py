"""Remembers what was derived from label sets, so that a repeated query does no work on labels again.

The key is the identity of tuples that a store hands out anew only when its series change. The tuples are held, so an
identity cannot be taken over by another object (a cache keyed by `id()` alone would be wrong).
"""

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memo(Generic[T]):
    """Holds the last value and what it was derived from. Safe for several threads: one assignment replaces it."""

    __slots__ = ("_entry",)

    def __init__(self) -> None:
        self._entry: tuple[tuple[object, ...], T] | None = None

    def get(self, keys: tuple[object, ...], make: Callable[[], T]) -> T:
        """Return what `make` gave for these very objects, calling it where they are not those of the last call."""
        entry = self._entry
        if entry is not None and len(entry[0]) == len(keys):
            for held, key in zip(entry[0], keys, strict=True):
                if held is not key:
                    break
            else:
                return entry[1]
        value = make()
        self._entry = (keys, value)
        return value
