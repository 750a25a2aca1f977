"""The keeper's end of the link, one `FrontLink` a front, all on the keeper's event loop.

A front that does not read never holds the keeper up: ticks and older statuses are left out for it, and past a bound the
link is closed, so that its front is started again.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

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
from barograph.link.memory import SharedSegment
from barograph.model.commands import AnyCommand, AnyReply, KeeperStatus, Refused
from barograph.model.errors import LinkError

_log = logging.getLogger(__name__)
_READ_BYTES = 65536
_MAX_WAITING_BYTES = 1024 * 1024
Execute = Callable[[AnyCommand], Awaitable[AnyReply]]


class LinkServer:
    """All fronts of a keeper. Methods are called on the event loop; `publish_*` are also safe from other threads.

    Args:
        execute: Carries out a command and returns its answer after the commit.
    """

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self._loop = asyncio.get_running_loop()
        self._fronts: set[FrontLink] = set()
        self._segment: SharedSegment | None = None
        self._status: KeeperStatus | None = None

    def open(self) -> socket.socket:
        """Make the link for a new front; returns the end that the front inherits."""
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        front = FrontLink(ours, self._execute, self._fronts.discard)
        self._fronts.add(front)
        front.send(Hello(PROTOCOL))
        if self._status is not None:
            front.send(StatusFrame(self._status))
        if self._segment is not None:
            front.send_segment(self._segment)
        return theirs

    def publish_tick(self, timestamp_ms: int) -> None:
        """Tell every front of a tick."""
        self._on_loop(self._tick, timestamp_ms)

    def publish_status(self, status: KeeperStatus) -> None:
        """Give every front the newest snapshot."""
        self._on_loop(self._take_status, status)

    def publish_segment(self, segment: SharedSegment) -> None:
        """Give every front, now and later, a new head segment."""
        self._on_loop(self._take_segment, segment)

    def close(self) -> None:
        """Close all links; the fronts end by themselves."""
        for front in list(self._fronts):
            front.close()

    def _on_loop(self, function: Callable[..., None], argument: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, argument)

    def _tick(self, timestamp_ms: int) -> None:
        for front in list(self._fronts):
            front.send_unless_slow(TickFrame(timestamp_ms))

    def _take_status(self, status: KeeperStatus) -> None:
        self._status = status
        for front in list(self._fronts):
            front.send(StatusFrame(status))

    def _take_segment(self, segment: SharedSegment) -> None:
        if self._segment is not None:
            self._segment.close_descriptor()
        self._segment = segment
        for front in list(self._fronts):
            front.send_segment(segment)


class FrontLink:
    """The keeper's end of one front's link."""

    def __init__(self, ours: socket.socket, execute: Execute, forget: Callable[["FrontLink"], None]) -> None:
        self._socket = ours
        self._execute = execute
        self._forget = forget
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._waiting: list[tuple[bytes, SharedSegment | None]] = []
        self._waiting_bytes = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop.add_reader(ours, self._readable)

    def send(self, frame: AnyFrame) -> None:
        """Send a frame, or queue it."""
        self._queue(encode_frame(frame), None)

    def send_unless_slow(self, frame: AnyFrame) -> None:
        """Send a frame that a front which lags behind can do without."""
        if not self._waiting:
            self.send(frame)

    def send_segment(self, segment: SharedSegment) -> None:
        """Send a segment's descriptor with its frame."""
        self._queue(encode_frame(SegmentFrame(segment.size_bytes)), segment)

    def close(self) -> None:
        """Close the link."""
        if self._socket.fileno() < 0:
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._forget(self)

    def _queue(self, data: bytes, segment: SharedSegment | None) -> None:
        if self._socket.fileno() < 0:
            return
        self._waiting.append((data, segment))
        self._waiting_bytes += len(data)
        self._flush()
        if self._waiting_bytes > _MAX_WAITING_BYTES:
            _log.warning("a front does not read what the keeper tells it; its link is closed")
            self.close()

    def _flush(self) -> None:
        try:
            while self._waiting:
                data, segment = self._waiting[0]
                sent = self._send_now(data, segment)
                self._waiting_bytes -= sent
                if sent < len(data):
                    self._waiting[0] = (data[sent:], None)
                else:
                    self._waiting.pop(0)
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._flush)
        except OSError:
            self.close()
        else:
            self._loop.remove_writer(self._socket)

    def _send_now(self, data: bytes, segment: SharedSegment | None) -> int:
        if segment is None:
            return self._socket.send(data)
        if segment.descriptor < 0:
            return len(data)  # a newer segment has replaced it while it waited
        return socket.send_fds(self._socket, [data], [segment.descriptor])

    def _readable(self) -> None:
        try:
            data = self._socket.recv(_READ_BYTES)
            if not data:
                self.close()
                return
            for frame in self._reader.feed(data):
                self._take(frame)
        except BlockingIOError:
            return
        except (OSError, LinkError) as error:
            _log.warning("the link to a front is closed: %s", error)
            self.close()

    def _take(self, frame: AnyFrame) -> None:
        if not isinstance(frame, CommandFrame):
            raise LinkError(f"a front sent {type(frame).__name__}, which only a keeper sends")
        task = self._loop.create_task(self._answer(frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, frame: CommandFrame) -> None:
        try:
            reply = await self._execute(frame.command)
        except Exception as error:
            _log.exception("a command failed: %s", type(frame.command).__name__)
            reply = Refused(kind="store", message=f"the keeper could not do this: {error}")
        self.send(ReplyFrame(frame.number, reply))
