"""Who did it, frozen: joins the flight recorder to alerts at the instant at which they fire.

The newest samples are kept in memory, since a message about an alert waits for nothing; what is older is read from the
process log.
"""

import logging
import re
import threading
from collections import deque

import msgspec

from barograph.analysis.frozen import BEFORE_MS, FrozenWho, freeze, suspects
from barograph.analysis.who import By
from barograph.model.alert_state import AlertRecord
from barograph.model.errors import BarographError
from barograph.model.processes import ProcessLog, ProcessSample
from barograph.state.frozen import FrozenTables

_log = logging.getLogger(__name__)
_KEPT = 130
_NEAR_MS = 60_000
_MOST_NAMED = 3
_IO = re.compile(r"(^|[^a-z])(io|disk|iowait|blk|storage|filesystem)", re.IGNORECASE)
_MEMORY = re.compile(r"mem|swap|oom|rss", re.IGNORECASE)


class Suspects:
    """Takes samples on the collectors' thread, freezes and answers on the notifier's.

    Args:
        frozen: Where tables are kept.
        log: The process log, for what is older.
        instance: This host's name in the label `instance`: of other hosts nothing is known here.
    """

    def __init__(self, frozen: FrozenTables, log: ProcessLog, instance: str) -> None:
        self._frozen = frozen
        self._log = log
        self._instance = instance
        self._one_at_a_time = threading.Lock()
        self._newest: deque[ProcessSample] = deque(maxlen=_KEPT)
        self._made: tuple[int, FrozenWho | None] = (0, None)

    def take(self, sample: ProcessSample) -> None:
        """Keep a sample in mind; a `ProcessSink`."""
        with self._one_at_a_time:
            self._newest.append(sample)

    def freeze(self, at_ms: int) -> bytes:
        """Return the tables of an instant at which alerts fired, to be kept; b"" where there is nothing to keep.

        Never raises: an alert is told without them too.
        """
        try:
            sample = self._at(at_ms)
            if sample is not None and not self._frozen.find(at_ms):
                made = freeze(sample, at_ms, self._at(sample.at_ms - BEFORE_MS))
                self._made = (at_ms, made)
                return msgspec.json.encode(made)
        except (BarographError, OSError) as error:
            _log.warning("the processes of the instant at which an alert fired are not kept: %s", error)
        return b""

    def of(self, record: AlertRecord) -> tuple[str, ...]:
        """Return the first three, a line each; none where nothing is known."""
        labels = dict(record.labels)
        if labels.get("instance", self._instance) != self._instance:
            return ()
        made_ms, made = self._made
        if made_ms != record.fired_ms:
            made = self._find(record.fired_ms)
        return () if made is None else suspects(made, measure_for(labels.get("alertname", "")), _MOST_NAMED)

    def _find(self, at_ms: int) -> FrozenWho | None:
        try:
            document = self._frozen.find(at_ms)
        except BarographError:
            return None
        return msgspec.json.decode(document, type=FrozenWho) if document else None

    def _at(self, at_ms: int) -> ProcessSample | None:
        with self._one_at_a_time:
            near = [sample for sample in self._newest if at_ms - _NEAR_MS <= sample.at_ms <= at_ms]
        return near[-1] if near else self._log.at(at_ms)


def measure_for(name: str) -> By:
    """Return what processes are compared by, for an alert of a name."""
    if _MEMORY.search(name):
        return By.MEMORY
    return By.IO if _IO.search(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)) else By.CPU
