"""One end of the link: frames with their descriptors, both ways, over a stream socket on an asyncio loop.

Used by both ends. asyncio's streams cannot carry descriptors, so this works on the bare socket (uvloop too). It never
blocks: what the other end does not read waits here, within a bound.
"""

import array
import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from barograph.link.framing import MAX_FRAME_BYTES, AnyFrame, FrameReader, encode_frame
from barograph.model.errors import BarographError, LinkError

_READ_BYTES = 65536
_DESCRIPTOR_BYTES = array.array("i").itemsize
_ANCILLARY_BYTES = socket.CMSG_SPACE(8 * _DESCRIPTOR_BYTES)
_MAX_WAITING_BYTES = MAX_FRAME_BYTES
_ROOM_BYTES = 2 * 1024 * 1024
_PATIENCE_S = 30.0
_NOT_READ = "the other end does not read"
_CLOSED = "the other end closed the link"
# a received descriptor must not leak into programs that this process starts (socket.recv_fds of 3.11 ignores flags)
_CLOSE_ON_EXEC: int = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


@dataclass(slots=True, eq=False)
class _Outgoing:
    """A frame that waits to be sent, or what is left of it."""

    frame_type: type[AnyFrame]
    data: bytes
    descriptor: int | None
    begun: bool = False


class Wire:
    """Made, used and closed on the running event loop.

    Args:
        ours: This end; taken over.
        take: Called with each frame, in order. What it raises of Barograph's errors closes the wire.
        lost: Called once with the reason when the wire was closed by anyone but us.
    """

    def __init__(self, ours: socket.socket, take: Callable[[AnyFrame], None], lost: Callable[[str], None]) -> None:
        ours.setblocking(False)
        self._socket = ours
        self._take = take
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._received: list[int] = []
        self._waiting: deque[_Outgoing] = deque()
        self._waiting_bytes = 0
        self._room = asyncio.Event()
        self._loop.add_reader(ours, self._readable)

    @property
    def is_open(self) -> bool:
        """Whether frames can still be sent."""
        return self._socket.fileno() >= 0

    def send(self, frame: AnyFrame, descriptor: int | None = None) -> None:
        """Send a frame, or let it wait for a reader; past a bound the wire is closed.

        Args:
            frame: What to send.
            descriptor: Goes with it. Stays the caller's, who keeps it open while no newer frame of this type is sent.
        """
        self.send_encoded(type(frame), encode_frame(frame), descriptor)

    def send_encoded(self, frame_type: type[AnyFrame], data: bytes, descriptor: int | None = None) -> None:
        """Send a frame's bytes; see `send`."""
        if self.is_open:
            self._waiting.append(_Outgoing(frame_type, data, descriptor))
            self._waiting_bytes += len(data)
            self._flush()

    async def room(self) -> None:
        """Wait until little waits to be read, so that what is large can be sent; nobody who reads is closed for it.

        An end that reads nothing for half a minute is closed.
        """
        try:
            async with asyncio.timeout(_PATIENCE_S):
                while self.is_open and self._waiting_bytes > _ROOM_BYTES:
                    self._room.clear()
                    await self._room.wait()
        except TimeoutError:
            self._lose(_NOT_READ)

    def send_latest(self, frame: AnyFrame, descriptor: int | None = None) -> None:
        """Send a frame that makes older ones of its type worthless: one that still waits is left out."""
        for old in list(self._waiting):
            if old.frame_type is type(frame) and not old.begun:
                self._waiting.remove(old)
                self._waiting_bytes -= len(old.data)
        self.send(frame, descriptor)

    def take_descriptor(self) -> int:
        """Return the descriptor that came with the frame that is being taken; it is the caller's to close.

        Raises:
            LinkError: None came.
        """
        if not self._received:
            raise LinkError("a frame came without its descriptor")
        return self._received.pop(0)

    def close(self) -> None:
        """Close this end; what waits is not sent."""
        if not self.is_open:
            return
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._waiting.clear()
        self._waiting_bytes = 0
        self._room.set()
        for descriptor in self._received:
            os.close(descriptor)
        self._received.clear()

    def _lose(self, reason: str) -> None:
        if self.is_open:
            self.close()
            self._lost(reason)

    def _flush(self) -> None:
        try:
            while self._waiting:
                self._send_first(self._waiting[0])
        except BlockingIOError:
            if self._waiting_bytes > _MAX_WAITING_BYTES:
                self._lose(_NOT_READ)
            else:
                self._loop.add_writer(self._socket, self._flush)
        except OSError as error:
            self._lose(_words(error, "sending"))
        else:
            self._loop.remove_writer(self._socket)

    def _send_first(self, outgoing: _Outgoing) -> None:
        if outgoing.descriptor is None or outgoing.begun:
            sent = self._socket.send(outgoing.data)
        else:
            sent = socket.send_fds(self._socket, [outgoing.data], [outgoing.descriptor])
        outgoing.begun = True
        outgoing.data = outgoing.data[sent:]
        self._waiting_bytes -= sent
        if not outgoing.data:
            self._waiting.popleft()
        if self._waiting_bytes <= _ROOM_BYTES:
            self._room.set()

    def _readable(self) -> None:
        try:
            data, ancillary, _, _ = self._socket.recvmsg(_READ_BYTES, _ANCILLARY_BYTES, _CLOSE_ON_EXEC)
            self._received += _descriptors(ancillary)
            if not data:
                self._lose(_CLOSED)
                return
            for frame in self._reader.feed(data):
                if self.is_open:  # a frame before this one may have had us close it
                    self._take(frame)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(_words(error, "receiving"))
        except BarographError as error:
            self._lose(str(error))


def _words(error: OSError, doing: str) -> str:
    # one that ends with unread frames resets the connection
    return _CLOSED if isinstance(error, ConnectionError) else f"{doing} failed: {error.strerror}"


def _descriptors(ancillary: list[tuple[int, int, bytes]]) -> list[int]:
    found = array.array("i")
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            found.frombytes(data[: len(data) - len(data) % _DESCRIPTOR_BYTES])
    return found.tolist()
