"""What changed of alerts on its way to the sink: in order, and again where the sink could not keep it."""

import logging
from collections import deque
from collections.abc import Callable
from itertools import islice

from barograph.model.alert import AlertSink, RuleAlert
from barograph.model.errors import StoreError

_log = logging.getLogger(__name__)
_CHUNK = 1000
"""Changes that are handed over at once: some ten milliseconds."""


class Outbox:
    """A queue of changes. One thread uses it; its length may be asked from any.

    Attributes:
        is_failing: The sink could not keep what it was given last.
    """

    def __init__(self, sink: AlertSink) -> None:
        self._sink = sink
        self._waiting: deque[RuleAlert] = deque()
        self.is_failing = False

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, change: RuleAlert) -> None:
        """Take a change."""
        self._waiting.append(change)

    def hand_over(self, at_ms: int, is_over: Callable[[], bool]) -> None:
        """Hand over what waits, oldest first, until time is up; what cannot be kept now waits on.

        Args:
            at_ms: The instant.
            is_over: Whether time is up; a first chunk goes in any case.
        """
        while self._waiting:
            chunk = list(islice(self._waiting, _CHUNK))
            try:
                self._receive(chunk, at_ms)
            except StoreError as error:
                if not self.is_failing:
                    _log.error("what changed of alerts cannot be kept for now, and is handed over again: %s", error)
                self.is_failing = True
                return
            self.is_failing = False
            if is_over():
                return

    def _receive(self, chunk: list[RuleAlert], at_ms: int) -> None:
        """Hand a chunk over; a change that the sink does not understand must not stand in the way of the others."""
        try:
            self._sink.receive(chunk, at_ms)
        except StoreError:
            raise
        except Exception as error:
            if len(chunk) > 1:
                for change in chunk:
                    self._receive([change], at_ms)
                return
            _log.exception("a change of an alert cannot be taken and is lost: %s %s", error, chunk[0].labels)
        for _ in chunk:
            self._waiting.popleft()
