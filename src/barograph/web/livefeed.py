"""What one live client is sent: events made of results, and its bounded queue. Used by `live.py` on its event loop."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from barograph.model.errors import QueryError
from barograph.promql.value import QueryResult, StepScalar, StepVector

_MAX_QUEUED = 30
"""Ticks that may wait for a client that does not read."""
_MAX_QUEUED_BYTES = 2 << 20
"""As large they may be together, where there is more than one."""
_GAP = b"event: gap\ndata: {}\n\n"


@dataclass(frozen=True, slots=True)
class Row:
    """One expression at one tick: its series as JSON, their values, and why it was refused, if it was."""

    labels: bytes
    values: Sequence[float]
    error: str | None = None


@dataclass(frozen=True, slots=True)
class TickEvents:
    """What one tick is to everybody who asks for the same: its schema, and the event of its values."""

    schema: bytes
    row: bytes


def tick_events(timestamp_ms: int, rows: Sequence[Row]) -> TickEvents:
    """Return the events of a client's rows, in its order."""
    # orjson writes NaN and infinities as null, which is what a chart can draw of them
    values = orjson.dumps([timestamp_ms, *(value for one in rows for value in one.values)])
    return TickEvents(_schema(rows), b"event: row\ndata: " + values + b"\n\n")


def make_row(result: QueryResult | QueryError) -> Row:
    """Return what clients are sent of an expression's result at one instant."""
    if isinstance(result, QueryError):
        return Row(b"[]", (), str(result))
    value = result.value
    if isinstance(value, StepScalar):
        return Row(b"[{}]", value.values.tolist())
    assert isinstance(value, StepVector), "other types are refused when the stream is opened"
    places = range(len(value.labels)) if value.present is None else value.present[:, 0].nonzero()[0].tolist()
    labels = orjson.dumps([value.labels[i].to_dict() for i in places])
    return Row(labels, [float(value.values[i, 0]) for i in places])


class Client:
    """One open stream.

    Args:
        expressions: What it asks for, in its order.
        session_id: The session that opened it, empty for a token.
    """

    def __init__(self, expressions: tuple[str, ...], session_id: str) -> None:
        self.expressions = expressions
        self.session_id = session_id
        self.end_reason = ""
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._ready = asyncio.Event()
        self._schema = b""
        self._gap = False
        self._told = b""

    def tell(self, event: bytes) -> None:
        """Send an event before the ticks that wait; one that was told and waits still gives way to it."""
        self._told = event
        self._ready.set()

    def offer(self, tick: TickEvents) -> None:
        """Queue a tick, with its schema where that is new. One that finds no room is left out, and told of later."""
        is_full = self._queued_bytes + len(tick.row) > _MAX_QUEUED_BYTES
        if len(self._queue) >= _MAX_QUEUED or (self._queue and is_full):
            self._gap = True
            return
        event = b""
        if self._gap:
            event, self._gap, self._schema = _GAP, False, b""
        if tick.schema != self._schema:
            event += b"event: schema\ndata: " + tick.schema + b"\n\n"
            self._schema = tick.schema
        self._queue.append(event + tick.row if event else tick.row)  # which all share
        self._queued_bytes += len(self._queue[-1])
        self._ready.set()

    def end(self, reason: str) -> None:
        """End the stream now; what is queued is left out."""
        self.end_reason = self.end_reason or reason
        self._ready.set()

    async def next(self) -> bytes | None:
        """Return the next tick's events when there are some, or None once the stream is ended."""
        await self._ready.wait()
        if self.end_reason:
            return None
        event, self._told = self._told, b""
        if not event:
            event = self._queue.popleft()
            self._queued_bytes -= len(event)
        if not self._queue:
            self._ready.clear()
        return event


def _schema(rows: Sequence[Row]) -> bytes:
    schema = b'{"exprs":[' + b",".join(row.labels for row in rows) + b"]"
    if any(row.error is not None for row in rows):
        schema += b',"errors":' + orjson.dumps([row.error for row in rows])
    return schema + b"}"
