"""`AlertStore` on state.db: alerts, and the history that the file itself refuses to change.

Where the disk takes nothing, alerts go on in memory until it does; what people do with them is refused meanwhile.
"""

import hashlib
from collections.abc import Sequence
from heapq import merge
from itertools import count, islice

import msgspec

from barograph.model.alert_state import (
    AlertRecord,
    AlertTimes,
    Durations,
    HistoryQuestion,
    NumberedTransition,
    Transition,
    TransitionCount,
    TransitionKind,
)
from barograph.state.sqlite import Row, SqliteState

_KEEP = (
    "INSERT INTO alert (number, subject, fired_ms, acknowledged_ms, ended_ms, record) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (number) DO UPDATE SET fired_ms = excluded.fired_ms, acknowledged_ms = excluded.acknowledged_ms,"
    " ended_ms = excluded.ended_ms, record = excluded.record"
)
_NOTE = (
    "INSERT INTO alert_transition (number, alert, at_ms, kind, severity, actor, words, title)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)
_TITLE = (
    "COALESCE((SELECT t.title FROM alert_transition t WHERE t.alert = alert_transition.alert"
    " AND t.number <= alert_transition.number AND t.title <> '' ORDER BY t.number DESC LIMIT 1), '')"
)
"""A title is kept where it becomes another: most alerts have one title as long as they live."""
_COLUMNS = "SELECT number, alert, at_ms, kind, severity, actor, words, "
_HISTORY = _COLUMNS + _TITLE + " FROM alert_transition"
_AFTER = _COLUMNS + "title FROM alert_transition WHERE number > ? ORDER BY number LIMIT ?"
_COUNT = "SELECT COUNT(*) FROM alert_transition WHERE kind = ? AND at_ms >= ? AND at_ms < ?"
_EARLIER = "SELECT record FROM alert WHERE subject = ? AND number < ? AND ended_ms >= ? ORDER BY number DESC LIMIT ?"
_TIMES = (
    "SELECT COUNT(*), AVG(ended_ms - fired_ms), MAX(ended_ms - fired_ms) FROM alert"
    " WHERE ended_ms >= ? AND ended_ms < ? AND fired_ms > 0"
)
_HELD = (
    "SELECT COUNT(*), AVG(acknowledged_ms - fired_ms), MAX(acknowledged_ms - fired_ms) FROM alert"
    " WHERE ended_ms >= ? AND ended_ms < ? AND fired_ms > 0 AND acknowledged_ms > 0"
)
_NO_END = (1 << 63) - 1


class SqliteAlerts:
    """Implements `AlertStore` on the connection of a `SqliteState`."""

    def __init__(self, state: SqliteState) -> None:
        self._state = state

    def live(self) -> list[AlertRecord]:
        """See `AlertStore`."""
        return [_record(row) for row in self._state.rows("SELECT record FROM alert WHERE ended_ms = 0 ORDER BY number")]

    def last_number(self) -> int:
        """See `AlertStore`."""
        return _whole(self._state.rows("SELECT COALESCE(MAX(number), 0) FROM alert")[0][0])

    def keep(self, records: Sequence[AlertRecord], transitions: Sequence[Transition], *, lasting: bool = False) -> None:
        """See `AlertStore`."""
        kept = [_row_of(record) for record in records]

        def change() -> None:
            self._state.run_many(_KEEP, kept)
            last = self._state.rows("SELECT COALESCE(MAX(number), 0) FROM alert_transition")[0][0]
            numbers = count(_whole(last) + 1)
            self._state.run_many(
                _NOTE,
                [
                    (number, each.alert, each.at_ms, each.kind.value, each.severity, each.actor, each.text, each.title)
                    for number, each in zip(numbers, transitions, strict=False)
                ],
            )

        self._state.write(change, lasting=lasting)

    def find(self, number: int) -> AlertRecord | None:
        """See `AlertStore`."""
        rows = self._state.rows("SELECT record FROM alert WHERE number = ?", number)
        return _record(rows[0]) if rows else None

    def ended(self, before: int, limit: int) -> list[AlertRecord]:
        """See `AlertStore`."""
        statement = "SELECT record FROM alert WHERE ended_ms > 0 AND number < ? ORDER BY number DESC LIMIT ?"
        return [_record(row) for row in self._state.rows(statement, before or _NO_END, limit)]

    def earlier(self, record: AlertRecord, since_ms: int, limit: int) -> list[AlertRecord]:
        """See `AlertStore`."""
        rows = self._state.rows(_EARLIER, _subject(record), record.number, max(since_ms, 1), limit)
        # two subjects may share a hash, though hardly ever
        return [found for found in map(_record, rows) if found.labels == record.labels]

    def history(self, question: HistoryQuestion) -> list[NumberedTransition]:
        """See `AlertStore`."""
        if question.alert:
            return self._history_of_alert(question)
        # each kind by itself, since an index gives each in order: a rare one is found among many others at once
        parts = [self._history_of_kind(question, kind) for kind in question.kinds or (None,)]
        newest_first = merge(*parts, key=lambda each: (-each.transition.at_ms, -each.number))
        return list(islice(newest_first, question.limit))

    def after(self, number: int, limit: int) -> list[NumberedTransition]:
        """See `AlertStore`."""
        rows = self._state.rows(_AFTER, number, limit)
        return [_transition(row) for row in rows]

    def times(self, start_ms: int, end_ms: int) -> AlertTimes:
        """See `AlertStore`."""
        resolve, acknowledge = (self._state.rows(which, max(start_ms, 1), end_ms)[0] for which in (_TIMES, _HELD))
        return AlertTimes(acknowledge=_durations(acknowledge), resolve=_durations(resolve))

    def _history_of_alert(self, question: HistoryQuestion) -> list[NumberedTransition]:
        which, values = _span(question)
        if question.kinds:
            which += f" AND kind IN ({', '.join('?' * len(question.kinds))})"
            values += [kind.value for kind in question.kinds]
        statement = f"{_HISTORY} WHERE alert = ? AND number < ?{which} ORDER BY number DESC LIMIT ?"
        before = question.before or _NO_END
        return [
            _transition(row) for row in self._state.rows(statement, question.alert, before, *values, question.limit)
        ]

    def _history_of_kind(self, question: HistoryQuestion, kind: TransitionKind | None) -> list[NumberedTransition]:
        which, values = _span(question)
        if kind is not None:
            which += " AND kind = ?"
            values.append(kind.value)
        if question.before:
            which += " AND (at_ms, number) < (SELECT at_ms, number FROM alert_transition WHERE number = ?)"
            values.append(question.before)
        statement = f"{_HISTORY} WHERE 1 = 1{which} ORDER BY at_ms DESC, number DESC LIMIT ?"
        return [_transition(row) for row in self._state.rows(statement, *values, question.limit)]

    def counts(self, start_ms: int, end_ms: int) -> list[TransitionCount]:
        """See `AlertStore`."""
        counts = [
            TransitionCount(kind=kind, count=_whole(self._state.rows(_COUNT, kind.value, start_ms, end_ms)[0][0]))
            for kind in TransitionKind
        ]
        return [each for each in counts if each.count]


def _span(question: HistoryQuestion) -> tuple[str, list[str | int]]:
    which, values = "", list[str | int]()
    for bound, condition in ((question.start_ms, " AND at_ms >= ?"), (question.end_ms, " AND at_ms < ?")):
        if bound:
            which += condition
            values.append(bound)
    return which, values


def _durations(row: Row) -> Durations:
    found, mean, longest = row
    if not found:
        return Durations()
    return Durations(count=_whole(found), mean_ms=float(mean or 0), longest_ms=_whole(longest))


def _row_of(record: AlertRecord) -> tuple[int, int, int, int, int, bytes]:
    times = (record.fired_ms, record.acknowledged_ms, record.ended_ms)
    return (record.number, _subject(record), *times, msgspec.msgpack.encode(record))


def _subject(record: AlertRecord) -> int:
    digest = hashlib.blake2b(msgspec.msgpack.encode(record.labels), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _record(row: Row) -> AlertRecord:
    encoded = row[0]
    assert isinstance(encoded, bytes)
    return msgspec.msgpack.decode(encoded, type=AlertRecord)


def _transition(row: Row) -> NumberedTransition:
    number, alert, at_ms, kind, severity, actor, words, title = row
    transition = Transition(
        alert=_whole(alert),
        at_ms=_whole(at_ms),
        kind=TransitionKind(str(kind)),
        severity=str(severity),
        actor=str(actor),
        text=str(words),
        title=str(title),
    )
    return NumberedTransition(number=_whole(number), transition=transition)


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
