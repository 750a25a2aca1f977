"""`DeliveryStore` on state.db: messages that wait, what receivers have been told, and a line for every attempt."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import msgspec

from barograph.model.notice import Delivery, DeliveryState, GroupTold, Notice
from barograph.state.frozen import KEEP
from barograph.state.sqlite import Row, SqliteState

_ENQUEUE = (
    "INSERT INTO delivery (number, receiver, group_key, notice_key, state, document, summary)"
    " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (receiver, notice_key) DO NOTHING"
)
_ABOUT = "INSERT INTO delivery_alert (alert, delivery) VALUES (?, ?) ON CONFLICT (alert, delivery) DO NOTHING"
_TELL = (
    "INSERT INTO told (receiver, group_key, document) VALUES (?, ?, ?)"
    " ON CONFLICT (receiver, group_key) DO UPDATE SET document = excluded.document"
)
_UP_TO = (
    "INSERT INTO told_up_to (id, number) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET number = excluded.number"
    " WHERE told_up_to.number < excluded.number"
)
_HEADS = (
    "SELECT document FROM delivery WHERE number IN (SELECT MIN(number) FROM delivery"
    " WHERE receiver = ? AND state = 'waiting' GROUP BY group_key) ORDER BY number"
)
_KEEP = "UPDATE delivery SET state = ?, document = ? WHERE number = ? AND (state = 'waiting' OR ? <> 'waiting')"
"""What is delivered or given up waits no more, whatever becomes of an attempt that was under way."""
_ATTEMPT = "INSERT INTO delivery_attempt (number, delivery, at_ms, receiver, document) VALUES (?, ?, ?, ?, ?)"
_LOG = (
    "SELECT a.number, a.document, d.summary FROM delivery_attempt a JOIN delivery d ON d.number = a.delivery"
    " WHERE a.number < ?"
)
OLD = (
    "SELECT d.number FROM delivery d WHERE d.number IN (SELECT a.delivery FROM delivery_attempt a WHERE a.at_ms < ?)"
    " AND d.state <> 'waiting' AND d.number <> (SELECT MAX(m.number) FROM delivery m)"
    " AND d.number <> (SELECT l.delivery FROM delivery_attempt l ORDER BY l.number DESC LIMIT 1)"
    " AND NOT EXISTS (SELECT 1 FROM delivery_attempt n WHERE n.delivery = d.number AND n.at_ms >= ?)"
)
"""Messages that wait no more and were last tried before an instant, given twice. Numbers go on from the newest message
and from the newest attempt, so these two stay."""
FORGET = (
    "DELETE FROM delivery_alert WHERE delivery = ?",
    "DELETE FROM delivery_attempt WHERE delivery = ?",
    "DELETE FROM delivery WHERE number = ?",
)
_SHOWN = 20
_NO_END = (1 << 63) - 1
_S = TypeVar("_S", bound=msgspec.Struct)


class _Attempt(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """What became of an attempt, at rest; its message stands elsewhere."""

    state: DeliveryState
    attempts: int
    next_ms: int
    tried_ms: int
    answer: str


class SqliteDeliveries:
    """Implements `DeliveryStore` on the connection of a `SqliteState`."""

    def __init__(self, state: SqliteState) -> None:
        self._state = state

    def enqueue(
        self,
        notices: Sequence[Notice],
        told: Sequence[GroupTold] = (),
        up_to: int = 0,
        frozen: Mapping[int, bytes] | None = None,
    ) -> None:
        """See `DeliveryStore`."""

        def change() -> None:
            if frozen:
                self._state.run_many(KEEP, list(frozen.items()))
            for number, notice in enumerate(notices, self._last("delivery") + 1):
                if not self._state.run(_ENQUEUE, *_row_of(number, notice)):
                    continue
                about = [(alert.number, number) for alert in notice.alerts if alert.number]
                self._state.run_many(_ABOUT, about)
            for each in told:
                if each.is_over:
                    statement = "DELETE FROM told WHERE receiver = ? AND group_key = ?"
                    self._state.run(statement, each.receiver, each.group_key)
                else:
                    row = (each.receiver, each.group_key, msgspec.msgpack.encode(each))
                    self._state.run_many(_TELL, [row])
            if up_to:
                self._state.run(_UP_TO, up_to)

        self._state.write(change)

    def told(self) -> list[GroupTold]:
        """See `DeliveryStore`."""
        rows = self._state.rows("SELECT document FROM told ORDER BY receiver, group_key")
        return [_decoded(row[0], GroupTold) for row in rows]

    def up_to(self) -> int:
        """See `DeliveryStore`."""
        return _whole(self._state.rows("SELECT COALESCE(MAX(number), 0) FROM told_up_to")[0][0])

    def heads(self, receiver: str) -> list[Delivery]:
        """See `DeliveryStore`."""
        return [_decoded(row[0], Delivery) for row in self._state.rows(_HEADS, receiver)]

    def keep(self, delivery: Delivery) -> None:
        """See `DeliveryStore`."""
        document = msgspec.msgpack.encode(delivery)
        attempt = _Attempt(
            state=delivery.state,
            attempts=delivery.attempts,
            next_ms=delivery.next_ms,
            tried_ms=delivery.tried_ms,
            answer=delivery.answer,
        )

        def change() -> None:
            self._state.run(_KEEP, delivery.state.value, document, delivery.number, delivery.state.value)
            place = (self._last("delivery_attempt") + 1, delivery.number, delivery.tried_ms, delivery.notice.receiver)
            self._state.run_many(_ATTEMPT, [(*place, msgspec.msgpack.encode(attempt))])

        self._state.write(change)

    def log(self, before: int, limit: int, *, alert: int = 0, receiver: str = "") -> list[Delivery]:
        """See `DeliveryStore`."""
        statement, values = _LOG, list[str | int]([before or _NO_END])
        if alert:
            statement += " AND a.delivery IN (SELECT delivery FROM delivery_alert WHERE alert = ?)"
            values.append(alert)
        if receiver:
            statement += " AND a.receiver = ?"
            values.append(receiver)
        return [_logged(row) for row in self._state.rows(statement + " ORDER BY a.number DESC LIMIT ?", *values, limit)]

    def waiting(self, receiver: str) -> int:
        """See `DeliveryStore`."""
        statement = "SELECT COUNT(*) FROM delivery WHERE receiver = ? AND state = 'waiting'"
        return _whole(self._state.rows(statement, receiver)[0][0])

    def waited_for(self) -> list[str]:
        """See `DeliveryStore`."""
        rows = self._state.rows("SELECT DISTINCT receiver FROM delivery WHERE state = 'waiting' ORDER BY receiver")
        return [str(row[0]) for row in rows]

    def ways(self) -> dict[str, str]:
        """See `DeliveryStore`."""
        return {str(way_id): str(mark) for way_id, mark in self._state.rows("SELECT id, mark FROM way ORDER BY id")}

    def keep_ways(self, marks: Mapping[str, str], moved: Mapping[str, str]) -> None:
        """See `DeliveryStore`."""

        def change() -> None:
            self._state.run("DELETE FROM way")
            self._state.run_many("INSERT INTO way (id, mark) VALUES (?, ?)", list(marks.items()))
            for before, after in moved.items():
                self._move(before, after)

        self._state.write(change)

    def _move(self, before: str, after: str) -> None:
        statement = "SELECT number, document, summary FROM delivery WHERE receiver = ? AND state = 'waiting'"
        for number, document, summary in self._state.rows(statement, before):
            delivery, shown = _decoded(document, Delivery), _decoded(summary, Notice)
            moved = msgspec.structs.replace(delivery, notice=msgspec.structs.replace(delivery.notice, receiver=after))
            shown = msgspec.structs.replace(shown, receiver=after)
            row = (after, msgspec.msgpack.encode(moved), msgspec.msgpack.encode(shown), _whole(number))
            self._state.run("UPDATE delivery SET receiver = ?, document = ?, summary = ? WHERE number = ?", *row)
        for (document,) in self._state.rows("SELECT document FROM told WHERE receiver = ?", before):
            told = msgspec.structs.replace(_decoded(document, GroupTold), receiver=after)
            self._state.run(_TELL, after, told.group_key, msgspec.msgpack.encode(told))
        self._state.run("DELETE FROM told WHERE receiver = ?", before)

    def forget(self, before_ms: int) -> int:
        """See `DeliveryStore`."""

        def change() -> int:
            old = [(_whole(row[0]),) for row in self._state.rows(OLD, before_ms, before_ms)]
            for statement in FORGET:
                self._state.run_many(statement, old)
            return len(old)

        return self._state.write(change)

    def _last(self, table: str) -> int:
        return _whole(self._state.rows(f"SELECT COALESCE(MAX(number), 0) FROM {table}")[0][0])  # noqa: S608  ours


def _row_of(number: int, notice: Notice) -> tuple[str | int | bytes, ...]:
    delivery = Delivery(number=number, notice=notice, next_ms=notice.at_ms)
    summary = msgspec.structs.replace(
        notice, alerts=notice.alerts[:_SHOWN], total=notice.alert_count, ended=notice.ended_count
    )
    documents = (msgspec.msgpack.encode(delivery), msgspec.msgpack.encode(summary))
    return (number, notice.receiver, notice.group_key, notice.key, delivery.state.value, *documents)


def _logged(row: Row) -> Delivery:
    number, document, summary = row
    attempt = _decoded(document, _Attempt)
    return Delivery(
        number=_whole(number),
        notice=_decoded(summary, Notice),
        state=attempt.state,
        attempts=attempt.attempts,
        next_ms=attempt.next_ms,
        tried_ms=attempt.tried_ms,
        answer=attempt.answer,
    )


def _decoded(document: object, kind: type[_S]) -> _S:
    assert isinstance(document, bytes)
    return msgspec.msgpack.decode(document, type=kind)


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value
