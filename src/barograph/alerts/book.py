"""The book of alerts: takes what rules decide and what people do, keeps it, and hands out what is so.

Implements `AlertSink` for rules; commands call the rest. What it says is in the store first, so that neither
a restart nor a failing disk makes it forget or say twice. It never changes what rules decide, and sends nothing.
"""

import threading
from collections.abc import Callable, Iterable, Sequence

from barograph.alerts.life import (
    Step,
    acknowledge,
    assign,
    begin,
    comment,
    expire,
    said_by,
    subject_of,
    take,
    titled,
    withdraw,
)
from barograph.model.alert import AlertPhase, RuleAlert
from barograph.model.alert_state import Acknowledgment, AlertRecord, AlertStore, Transition
from barograph.model.errors import AlertError

_Subject = tuple[tuple[str, str], ...]


class AlertBook:
    """Any thread may use it: one at a time is let in.

    Args:
        store: Where alerts are kept.
        changed: Told of each set of transitions once they are kept, on the thread that made them; must return at once.
    """

    def __init__(self, store: AlertStore, changed: Callable[[Sequence[Transition]], None] = lambda _: None) -> None:
        self._store = store
        self._changed = changed
        self._one_at_a_time = threading.Lock()
        self._live: dict[_Subject, AlertRecord] = {record.labels: record for record in store.live()}
        self._subjects: dict[int, _Subject] = {record.number: record.labels for record in self._live.values()}
        self._last_number = store.last_number()
        self._version = 0

    @property
    def version(self) -> int:
        """Rises with everything that changes."""
        return self._version

    def receive(self, changes: Sequence[RuleAlert], at_ms: int) -> None:
        """See `AlertSink`."""
        with self._one_at_a_time:
            round_ = _Round(self._live, self._last_number)
            for change in changes:
                round_.take(change, at_ms)
            self._commit(round_.touched.values(), round_.transitions)
            self._last_number = round_.last_number
        self._tell(round_.transitions)

    def active(self) -> Sequence[RuleAlert]:
        """See `AlertSink`."""
        return [said_by(part) for record in self.live() for part in record.parts]

    def live(self) -> list[AlertRecord]:
        """Return all alerts that have not ended, by number."""
        with self._one_at_a_time:
            return sorted(self._live.values(), key=lambda record: record.number)

    def find(self, number: int) -> AlertRecord | None:
        """Return an alert, ended or not; None where there is none.

        Raises:
            StoreError: An ended one could not be read.
        """
        with self._one_at_a_time:
            subject = self._subjects.get(number)
            return self._store.find(number) if subject is None else self._live[subject]

    def records(self, numbers: Iterable[int]) -> dict[int, AlertRecord]:
        """Return those of some alerts that have not ended, by number."""
        with self._one_at_a_time:
            subjects = ((number, self._subjects.get(number)) for number in numbers)
            return {number: self._live[subject] for number, subject in subjects if subject is not None}

    def acknowledge_all(self, numbers: Sequence[int], acknowledgment: Acknowledgment) -> None:
        """Let somebody have several alerts, all or none. Raises: see `acknowledge`."""
        self._step_all(numbers, lambda record: acknowledge(record, acknowledgment))

    def withdraw_all(self, numbers: Sequence[int], actor: str, at_ms: int) -> None:
        """Take several acknowledgments back, all or none; what nobody has stays so. Raises: see `acknowledge`."""

        def step(record: AlertRecord) -> Step:
            is_held = record.acknowledgment is not None or record.ended_ms
            return withdraw(record, actor, at_ms) if is_held else Step(record=record)

        self._step_all(numbers, step)

    def acknowledge(self, number: int, acknowledgment: Acknowledgment) -> AlertRecord:
        """Let somebody have an alert.

        Raises:
            AlertError: There is no such alert, or it cannot be acknowledged so.
            StoreError: It could not be kept; nothing changed. So for all that follow.
        """
        return self._step(number, lambda record: acknowledge(record, acknowledgment))

    def withdraw(self, number: int, actor: str, at_ms: int) -> AlertRecord:
        """Take an acknowledgment back. Raises: see `acknowledge`."""
        return self._step(number, lambda record: withdraw(record, actor, at_ms))

    def assign(self, number: int, assignee: str, actor: str, at_ms: int) -> AlertRecord:
        """Give an alert to somebody, or to nobody (""). Raises: see `acknowledge`."""
        return self._step(number, lambda record: assign(record, assignee, actor, at_ms))

    def comment(self, number: int, text: str, actor: str, at_ms: int) -> AlertRecord:
        """Write something beside an alert, also an ended one. Raises: see `acknowledge`."""
        return self._step(number, lambda record: comment(record, text, actor, at_ms))

    def expire(self, now_ms: int) -> int | None:
        """End the acknowledgments whose time is over; returns when the next one ends, None where none will."""
        with self._one_at_a_time:
            steps = [
                titled(expire(record, now_ms)) for record in self._live.values() if record.acknowledgment is not None
            ]
            over = [step for step in steps if step.transitions]
            transitions = [transition for step in over for transition in step.transitions]
            if over:
                self._commit([step.record for step in over], transitions)
            held = [step.record.acknowledgment for step in steps]
            ends = [each.until_ms for each in held if each is not None and each.until_ms]
        self._tell(transitions)
        return min(ends, default=None)

    def _step(self, number: int, make: Callable[[AlertRecord], Step]) -> AlertRecord:
        return self._step_all([number], make)[0]

    def _step_all(self, numbers: Sequence[int], make: Callable[[AlertRecord], Step]) -> list[AlertRecord]:
        with self._one_at_a_time:
            steps = [titled(make(self._known(number))) for number in dict.fromkeys(numbers)]
            transitions = [transition for step in steps for transition in step.transitions]
            # nothing happened where somebody asks again for what is so
            if transitions:
                self._commit([step.record for step in steps], transitions, lasting=True)
        self._tell(transitions)
        return [step.record for step in steps]

    def _known(self, number: int) -> AlertRecord:
        subject = self._subjects.get(number)
        record = self._store.find(number) if subject is None else self._live[subject]
        if record is None:
            raise AlertError(f"there is no alert {number}; `barograph alerts list` shows all")
        return record

    def _commit(
        self, records: Iterable[AlertRecord], transitions: Sequence[Transition], *, lasting: bool = False
    ) -> None:
        kept = list(records)
        if not kept:
            return
        self._store.keep(kept, transitions, lasting=lasting)
        self._version += 1
        for record in kept:
            if record.ended_ms:
                self._subjects.pop(record.number, None)
                current = self._live.get(record.labels)
                if current is not None and current.number == record.number:
                    del self._live[record.labels]
            else:
                self._live[record.labels] = record
                self._subjects[record.number] = record.labels

    def _tell(self, transitions: Sequence[Transition]) -> None:
        if transitions:
            self._changed(transitions)


class _Round:
    """The changes of one evaluation, laid beside the book until they are kept."""

    def __init__(self, live: dict[_Subject, AlertRecord], last_number: int) -> None:
        self._before = live
        self._now: dict[_Subject, AlertRecord | None] = {}
        self.last_number = last_number
        self.touched: dict[int, AlertRecord] = {}
        self.transitions: list[Transition] = []

    def take(self, change: RuleAlert, at_ms: int) -> None:
        """Lay one more change over it; what ends without having been known is left out."""
        subject = subject_of(change.labels)
        record = self._now[subject] if subject in self._now else self._before.get(subject)
        if record is not None:
            self._lay(take(record, change, at_ms), at_ms)
        elif change.phase in (AlertPhase.PENDING, AlertPhase.FIRING):
            self.last_number += 1
            self._lay(begin(self.last_number, change, at_ms), at_ms)

    def _lay(self, step: Step, at_ms: int) -> None:
        step = titled(step)
        record = step.record
        self.touched[record.number] = record
        self.transitions.extend(step.transitions)
        self._now[record.labels] = None if record.ended_ms else record
        for part in step.left:
            self.take(said_by(part), at_ms)
