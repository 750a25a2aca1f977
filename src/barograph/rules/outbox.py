"""What changed of alerts on its way to the sink: in order, and again where the sink could not keep it.

What ends goes behind all that begins at the same instant: rules stand in any order, and where a critical takes the
place of a warning it is one alert that got worse.
"""

import logging
from collections import deque
from collections.abc import Callable, Collection
from itertools import islice

from barograph.model.alert import AlertPhase, AlertSink, RuleAlert, RuleName
from barograph.model.errors import StoreError
from barograph.model.labels import Labels

_log = logging.getLogger(__name__)
_CHUNK = 1000
"""Changes that are handed over at once: some ten milliseconds."""
_ENDS = (AlertPhase.RESOLVED, AlertPhase.DROPPED)


class Outbox:
    """A queue of changes. One thread uses it; its length may be asked from any.

    Attributes:
        source: Whose changes are put now.
        is_failing: The sink could not keep what it was given last.
    """

    def __init__(self, sink: AlertSink) -> None:
        self._sink = sink
        self._waiting: deque[RuleAlert] = deque()
        self._ends: dict[object, dict[tuple[RuleName, Labels], RuleAlert]] = {}
        self.source: object = None
        self.is_failing = False

    def __len__(self) -> int:
        return self.ready + sum(map(len, list(self._ends.values())))

    @property
    def ready(self) -> int:
        """How many changes may be handed over now."""
        return len(self._waiting)

    def put(self, change: RuleAlert) -> None:
        """Take a change; an end waits for `settle`, unless what has ended begins anew."""
        if change.phase in _ENDS:
            self._ends.setdefault(self.source, {})[change.rule, change.labels] = change
            return
        for ends in self._ends.values():
            if (before := ends.pop((change.rule, change.labels), None)) is not None:
                self._waiting.append(before)
        self._waiting.append(change)

    def settle(self, under_way: Collection[object] = ()) -> None:
        """Let ends be handed over, but for those of sources that may still begin something at the same instant."""
        for source in [each for each in self._ends if each not in under_way]:
            self._waiting.extend(self._ends.pop(source).values())

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
