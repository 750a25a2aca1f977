"""One connection of the server: uvicorn's, with bounds on the head of a request, which uvicorn and httptools lack.

A head must come within some seconds and be of some size, so that a client that sends a byte a minute, or headers
without end, before the body or behind it, takes neither a place nor memory for ever. Nor does one that does not read
its answer, or that asks for much at once and waits for none of it.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from barograph.web.crowd import Crowd

HEAD_TIMEOUT_S = 20.0
MAX_HEAD_BYTES = 64 * 1024
"""Of a head, and of all else that is no body: fields behind a chunked body, and what is said of a chunk."""
UNREAD_TIMEOUT_S = 30.0
MAX_PIPELINED = 32
"""Requests of one connection that may wait for the one before them; programs that send so many are not known."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """Inherits since uvicorn takes a protocol class; what it overrides only counts and times."""

    def __init__(self, crowd: Crowd, /, *arguments: Any, **named: Any) -> None:  # noqa: ANN401  uvicorn's own
        super().__init__(*arguments, **named)
        self._crowd = crowd

    _cycles: Sequence[RequestResponseCycle] = ()
    _head_timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None
    _in_head = False
    _has_moved = False
    _counted_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """See asyncio.Protocol."""
        super().connection_made(transport)
        self._crowd.enter(self)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._crowd.leave(self)
        self._forget_head()
        self._forget_unread()
        self._cut_answer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self._has_moved = False
        super().data_received(data)
        if self._in_head or not self._has_moved:
            self._counted_bytes += len(data)
            if self._counted_bytes > MAX_HEAD_BYTES:
                self._refuse_fields()
        else:
            self._counted_bytes = 0
        if self._head_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._await_head()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP, and close; an answer that is under way before it has nowhere to go any more."""
        self._cut_answer()
        super().send_400_response(msg)

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head, self._counted_bytes = True, 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field of the head. Those behind a body are left out: the guard has decided by then."""
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there, whole."""
        self._in_head, self._has_moved = False, True
        self._forget_head()
        super().on_headers_complete()
        if self.cycle is not None:
            # uvicorn keeps the newest; of requests that came together, the one that is being answered is an older one
            self._cycles = [cycle for cycle in (*self._cycles, self.cycle) if not cycle.response_complete]
        if len(self.pipeline) > MAX_PIPELINED:
            self.pipeline.clear()
            self.drop()

    def on_body(self, body: bytes) -> None:
        """Some of the body is there."""
        self._has_moved = True
        super().on_body(body)
        if not self._is_whole():
            self._crowd.idle(self)  # as idle as a moment ago, so that uploads that come on outlast those that do not

    def on_message_complete(self) -> None:
        """The request is there, whole."""
        self._has_moved = True
        super().on_message_complete()
        if self._is_whole():
            self._crowd.busy(self)

    def on_response_complete(self) -> None:
        """The answer is out."""
        super().on_response_complete()
        if not self._is_whole():  # else another request was waiting behind it
            self._crowd.idle(self)

    def pause_writing(self) -> None:
        """So much of an answer is not read that no more is made: others that need the place may have it."""
        super().pause_writing()
        self._crowd.idle(self)
        self._forget_unread()
        self._unread_timer = self.loop.call_later(UNREAD_TIMEOUT_S, self.drop)

    def resume_writing(self) -> None:
        """The client has read on."""
        super().resume_writing()
        self._forget_unread()
        if self._is_whole():
            self._crowd.busy(self)

    def drop(self) -> None:
        """Close it at once: others need its place."""
        self._cut_answer()
        self.transport.abort()

    def _is_whole(self) -> bool:
        """Whether a request is under way that is there to its end, so that it waits for us and not for its client."""
        return any(not cycle.more_body and not cycle.response_complete for cycle in self._cycles)

    def _cut_answer(self) -> None:
        """Have every answer that is under way end quietly: uvloop raises where a closed transport is written to."""
        for cycle in self._cycles:
            cycle.disconnected = True
            cycle.message_event.set()

    def _refuse_fields(self) -> None:
        """Close on who sends more fields than anybody needs; where an answer has begun, none can follow it."""
        if self.transport.is_closing():
            return
        has_begun = self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete
        self._cut_answer()
        if not has_begun:
            self.transport.write(_TOO_LARGE)
        self.transport.close()

    def _await_head(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_TIMEOUT_S, self.timeout_keep_alive_handler)

    def _forget_unread(self) -> None:
        if self._unread_timer is not None:
            self._unread_timer.cancel()
            self._unread_timer = None

    def _forget_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
