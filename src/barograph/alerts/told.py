"""What receivers were told, and what is to be kept with it: messages, frozen processes, how far the history was read.

All of it goes into the store in one transaction, so that a receiver is told once whatever dies. The dispatcher's own.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from barograph.alerts.groups import TellingGroup
from barograph.alerts.policy import Way
from barograph.model.errors import StoreError
from barograph.model.notice import DeliveryStore, GroupTold, Notice

_log = logging.getLogger(__name__)
_NOTE_AFTER_MS = 10_000


class Told:
    """Used by one thread, but for `knowers_of`.

    Args:
        deliveries: The queue.
        now_ms: Now.
    """

    def __init__(self, deliveries: DeliveryStore, now_ms: int) -> None:
        self._deliveries = deliveries
        self._noted_up_to = deliveries.up_to()
        self._noted_ms = now_ms
        # the clock may have been set back while no process was there to notice
        told = (_moved(each, min(each.at_ms, now_ms)) for each in deliveries.told())
        self._told = {(each.receiver, each.group_key): each for each in told}
        self._changed: set[tuple[str, str]] = set()
        self._messages: list[Notice] = []
        self._frozen: dict[int, bytes] = {}
        self._knowers: dict[int, list[tuple[str, int]]] | None = None

    def __iter__(self) -> Iterator[GroupTold]:
        return iter(list(self._told.values()))

    def knowers_of(self, number: int) -> list[tuple[str, int]]:
        """Return who believes an alert to fire, and when they were told last. Any thread may ask."""
        knowers = self._knowers
        if knowers is None:
            knowers = {}
            for each in self:
                for known in list(each.firing):
                    knowers.setdefault(known, []).append((each.receiver, each.at_ms))
            self._knowers = knowers
        return knowers.get(number, [])

    def get(self, way: Way, group: TellingGroup) -> GroupTold | None:
        """Return what a way was told of a group."""
        return self._told.get((way.id, group.key))

    def put(self, told: GroupTold) -> None:
        """Note what a receiver believes from now on."""
        key = (told.receiver, told.group_key)
        self._told[key] = told
        self._changed.add(key)

    def send(self, messages: Iterable[Notice]) -> None:
        """Let messages go with the next commit."""
        self._messages += messages

    def freeze(self, at_ms: int, document: bytes) -> None:
        """Keep what was of an instant of firing; b"" is nothing."""
        if document:
            self._frozen[at_ms] = document

    def rename(self, moved: Mapping[str, str]) -> None:
        """Take over what ways are called from now on, by what they were called; the store has it so already."""
        self._messages = [
            msgspec.structs.replace(each, receiver=moved.get(each.receiver, each.receiver)) for each in self._messages
        ]
        self._changed = {(moved.get(receiver, receiver), key) for receiver, key in self._changed}
        told = (msgspec.structs.replace(each, receiver=moved.get(each.receiver, each.receiver)) for each in self)
        self._told = {(each.receiver, each.group_key): each for each in told}
        self._knowers = None

    def shift(self, back_ms: int) -> None:
        """Let what was told be as old as before: the clock was set back."""
        self._noted_ms -= back_ms
        for told in self:
            self.put(_moved(told, told.at_ms - back_ms))

    def commit(self, up_to: int, now_ms: int) -> bool:
        """Keep all of it together; false where that cannot be now.

        Args:
            up_to: How far the history was read.
            now_ms: Now.
        """
        is_noted = up_to == self._noted_up_to or now_ms - self._noted_ms < _NOTE_AFTER_MS
        if is_noted and not self._messages and not self._changed and not self._frozen:
            return True
        try:
            told = [self._told[key] for key in self._changed]
            self._deliveries.enqueue(self._messages, told, up_to, self._frozen)
        except StoreError as error:
            _log.error("messages could not be kept, and are tried again: %s", error)
            return False
        for key in self._changed:
            if self._told[key].is_over:
                del self._told[key]
        self._messages, self._frozen, self._changed, self._knowers = [], {}, set(), None
        self._noted_up_to, self._noted_ms = up_to, now_ms
        return True


def _moved(told: GroupTold, at_ms: int) -> GroupTold:
    return msgspec.structs.replace(told, at_ms=at_ms)
