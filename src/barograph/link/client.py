"""The front's end of the link: commands out; answers, ticks, statuses and head segments in. On the front's loop."""

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

from barograph.link.framing import (
    PROTOCOL,
    AnyFrame,
    CommandFrame,
    FrameReader,
    Hello,
    ReplyFrame,
    SegmentFrame,
    StatusFrame,
    TickFrame,
    encode_frame,
)
from barograph.link.memory import attach
from barograph.model.commands import AnyCommand, AnyReply, KeeperStatus
from barograph.model.errors import LinkError

_READ_BYTES = 65536
_MAX_DESCRIPTORS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEvents:
    """Who is told what comes from the keeper. Called on the loop; must not block.

    Attributes:
        on_tick: A tick's instant in ms.
        on_status: The newest snapshot.
        on_segment: The newest head segment, mapped read-only.
        on_lost: The keeper is gone, with the reason.
    """

    on_tick: Callable[[int], None]
    on_status: Callable[[KeeperStatus], None]
    on_segment: Callable[[memoryview], None]
    on_lost: Callable[[str], None]


class LinkClient:
    """Implements `Commands` over the link."""

    def __init__(self, ours: socket.socket, events: LinkEvents) -> None:
        ours.setblocking(False)
        self._socket = ours
        self._events = events
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._descriptors: list[int] = []
        self._pending: dict[int, asyncio.Future[AnyReply]] = {}
        self._number = 0
        self._sending = asyncio.Lock()
        self._loop.add_reader(ours, self._readable)

    async def execute(self, command: AnyCommand) -> AnyReply:
        """See `Commands`."""
        if self._socket.fileno() < 0:
            raise LinkError("the keeper is gone")
        self._number += 1
        answer: asyncio.Future[AnyReply] = self._loop.create_future()
        self._pending[self._number] = answer
        try:
            frame = encode_frame(CommandFrame(self._number, command))
            async with self._sending:  # two frames must not mix where one is sent in parts
                await self._loop.sock_sendall(self._socket, frame)
        except OSError as error:
            self._pending.pop(self._number, None)
            raise LinkError(f"the keeper is gone: {error}") from error
        return await answer

    def close(self) -> None:
        """Close this end; commands under way fail."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket)
            self._socket.close()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(LinkError("the keeper is gone; whether it carried this out is unknown"))
        self._pending.clear()

    def _readable(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, _READ_BYTES, _MAX_DESCRIPTORS)
            self._descriptors += descriptors
            if not data:
                self._lose("it closed the link")
                return
            for frame in self._reader.feed(data):
                self._take(frame)
        except BlockingIOError:
            return
        except (OSError, LinkError) as error:
            self._lose(str(error))

    def _lose(self, reason: str) -> None:
        self.close()
        self._events.on_lost(reason)

    def _take(self, frame: AnyFrame) -> None:
        if isinstance(frame, TickFrame):
            self._events.on_tick(frame.timestamp_ms)
        elif isinstance(frame, ReplyFrame):
            answer = self._pending.pop(frame.number, None)
            if answer is not None and not answer.done():
                answer.set_result(frame.reply)
        elif isinstance(frame, StatusFrame):
            self._events.on_status(frame.status)
        elif isinstance(frame, SegmentFrame):
            if not self._descriptors:
                raise LinkError("a segment came without its descriptor")
            self._events.on_segment(attach(self._descriptors.pop(0), frame.size_bytes))
        elif isinstance(frame, Hello):
            if frame.protocol != PROTOCOL:
                raise LinkError(f"the keeper speaks protocol {frame.protocol}, this front {PROTOCOL}: restart both")
        else:
            raise LinkError(f"the keeper sent {type(frame).__name__}, which only a front sends")
