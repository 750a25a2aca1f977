"""`DeliveryStore` on state.db: messages that wait, and a line for every attempt."""

from collections.abc import Sequence

import msgspec

from barograph.model.notice import Delivery, Notice
from barograph.state.sqlite import Row, SqliteState

_ENQUEUE = (
    "INSERT INTO delivery (number, receiver, group_key, notice_key, state, document) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (receiver, notice_key) DO NOTHING"
)
_HEADS = (
    "SELECT document FROM delivery WHERE number IN (SELECT MIN(number) FROM delivery"
    " WHERE receiver = ? AND state = 'waiting' GROUP BY group_key) ORDER BY number"
)
_LOG = "SELECT number, document FROM delivery_attempt WHERE number < ? ORDER BY number DESC LIMIT ?"
_NO_END = (1 << 63) - 1


class SqliteDeliveries:
    """Implements `DeliveryStore` on the connection of a `SqliteState`."""

    def __init__(self, state: SqliteState) -> None:
        self._state = state

    def enqueue(self, notices: Sequence[Notice]) -> None:
        """See `DeliveryStore`."""

        def change() -> None:
            for number, notice in enumerate(notices, self._last("delivery") + 1):
                delivery = Delivery(number=number, notice=notice, next_ms=notice.at_ms)
                document = msgspec.msgpack.encode(delivery)
                row = (number, notice.receiver, notice.group_key, notice.key, delivery.state.value, document)
                self._state.run_many(_ENQUEUE, [row])

        self._state.write(change)

    def heads(self, receiver: str) -> list[Delivery]:
        """See `DeliveryStore`."""
        return [_delivery(row[0]) for row in self._state.rows(_HEADS, receiver)]

    def keep(self, delivery: Delivery) -> None:
        """See `DeliveryStore`."""
        document = msgspec.msgpack.encode(delivery)

        def change() -> None:
            statement = "UPDATE delivery SET state = ?, document = ? WHERE number = ?"
            self._state.run_many(statement, [(delivery.state.value, document, delivery.number)])
            number = self._last("delivery_attempt") + 1
            statement = "INSERT INTO delivery_attempt (number, delivery, at_ms, document) VALUES (?, ?, ?, ?)"
            self._state.run_many(statement, [(number, delivery.number, delivery.tried_ms, document)])

        self._state.write(change)

    def log(self, before: int, limit: int) -> list[Delivery]:
        """See `DeliveryStore`."""
        return [_attempt(row) for row in self._state.rows(_LOG, before or _NO_END, limit)]

    def _last(self, table: str) -> int:
        last = self._state.rows(f"SELECT COALESCE(MAX(number), 0) FROM {table}")[0][0]  # noqa: S608  a name of ours
        assert isinstance(last, int)
        return last


def _delivery(document: object) -> Delivery:
    assert isinstance(document, bytes)
    return msgspec.msgpack.decode(document, type=Delivery)


def _attempt(row: Row) -> Delivery:
    number, document = row
    assert isinstance(number, int)
    return msgspec.structs.replace(_delivery(document), number=number)
