"""`AlertStore` on state.db: alerts, and the history that the file itself refuses to change.

Where the disk takes nothing, alerts go on in memory, with what was stored before: better than none.
"""

from collections.abc import Sequence
from itertools import count

import msgspec

from barograph.model.alert_state import (
    AlertRecord,
    NumberedTransition,
    Transition,
    TransitionCount,
    TransitionKind,
)
from barograph.state.sqlite import Row, SqliteState

_KEEP = (
    "INSERT INTO alert (number, ended_ms, record) VALUES (?, ?, ?)"
    " ON CONFLICT (number) DO UPDATE SET ended_ms = excluded.ended_ms, record = excluded.record"
)
_NOTE = "INSERT INTO alert_transition (number, alert, at_ms, kind, severity, actor, words) VALUES (?, ?, ?, ?, ?, ?, ?)"
_HISTORY = "SELECT number, alert, at_ms, kind, severity, actor, words FROM alert_transition"
_COUNT = "SELECT COUNT(*) FROM alert_transition WHERE kind = ? AND at_ms >= ? AND at_ms < ?"
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

    def keep(self, records: Sequence[AlertRecord], transitions: Sequence[Transition]) -> None:
        """See `AlertStore`."""
        kept = [(record.number, record.ended_ms, msgspec.msgpack.encode(record)) for record in records]

        def change() -> None:
            self._state.run_many(_KEEP, kept)
            last = self._state.rows("SELECT COALESCE(MAX(number), 0) FROM alert_transition")[0][0]
            numbers = count(_whole(last) + 1)
            self._state.run_many(
                _NOTE,
                [
                    (number, noted.alert, noted.at_ms, noted.kind.value, noted.severity, noted.actor, noted.text)
                    for number, noted in zip(numbers, transitions, strict=False)
                ],
            )

        self._state.write(change)

    def find(self, number: int) -> AlertRecord | None:
        """See `AlertStore`."""
        rows = self._state.rows("SELECT record FROM alert WHERE number = ?", number)
        return _record(rows[0]) if rows else None

    def ended(self, before: int, limit: int) -> list[AlertRecord]:
        """See `AlertStore`."""
        statement = "SELECT record FROM alert WHERE ended_ms > 0 AND number < ? ORDER BY number DESC LIMIT ?"
        return [_record(row) for row in self._state.rows(statement, before or _NO_END, limit)]

    def history(self, alert: int, before: int, limit: int) -> list[NumberedTransition]:
        """See `AlertStore`."""
        which = " WHERE number < ?" + (" AND alert = ?" if alert else "")
        values = (before or _NO_END, alert) if alert else (before or _NO_END,)
        rows = self._state.rows(_HISTORY + which + " ORDER BY number DESC LIMIT ?", *values, limit)
        return [_transition(row) for row in rows]

    def counts(self, start_ms: int, end_ms: int) -> list[TransitionCount]:
        """See `AlertStore`."""
        counts = [
            TransitionCount(kind=kind, count=_whole(self._state.rows(_COUNT, kind.value, start_ms, end_ms)[0][0]))
            for kind in TransitionKind
        ]
        return [each for each in counts if each.count]


def _record(row: Row) -> AlertRecord:
    encoded = row[0]
    assert isinstance(encoded, bytes)
    return msgspec.msgpack.decode(encoded, type=AlertRecord)


def _transition(row: Row) -> NumberedTransition:
    number, alert, at_ms, kind, severity, actor, words = row
    transition = Transition(
        alert=_whole(alert),
        at_ms=_whole(at_ms),
        kind=TransitionKind(str(kind)),
        severity=str(severity),
        actor=str(actor),
        text=str(words),
    )
    return NumberedTransition(number=_whole(number), transition=transition)


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
