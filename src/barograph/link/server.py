"""The keeper's end of the link, to all of its fronts, on the keeper's event loop.

A front that does not read never holds the keeper up: only the newest tick, status and segment wait for it, answers wait
for their turn, and after half a minute its link is closed, so that it ends and another is started. An answer that is
too large for the link is a refusal in words.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable

from barograph.link.framing import (
    PROTOCOL,
    AlertsFrame,
    AnyFrame,
    CertificateFrame,
    CommandFrame,
    HealthFrame,
    Hello,
    ReplyFrame,
    SegmentFrame,
    StatusFrame,
    TickFrame,
    encode_frame,
)
from barograph.link.memory import SharedSegment
from barograph.link.wire import Wire
from barograph.model.acting import Actor
from barograph.model.alert_replies import AlertsNow
from barograph.model.commands import AnyCommand, AnyReply, KeeperStatus, Refused
from barograph.model.errors import LinkError

_log = logging.getLogger(__name__)
_MOST_ANSWER_BYTES = 8 * 1024 * 1024
Execute = Callable[[AnyCommand, Actor], Awaitable[AnyReply]]


class LinkServer:
    """All fronts of a keeper. Methods are called on the event loop; `publish_*` are also safe from other threads.

    Args:
        execute: Carries out a command that somebody asks for and returns its answer after the commit.
    """

    def __init__(self, execute: Execute) -> None:
        self._execute = execute
        self._loop = asyncio.get_running_loop()
        self._fronts: set[_FrontLink] = set()
        self._segment: SharedSegment | None = None
        self._status: KeeperStatus | None = None
        self._alerts: AlertsNow | None = None

    @property
    def front_count(self) -> int:
        """How many fronts are connected."""
        return len(self._fronts)

    def open(self) -> socket.socket:
        """Make the link for a new front; returns the end that the front inherits, to be closed here once it has."""
        ours, theirs = socket.socketpair()
        front = _FrontLink(ours, self._execute, self._fronts.discard)
        self._fronts.add(front)
        front.wire.send(Hello(PROTOCOL))
        if self._status is not None:
            front.wire.send_latest(StatusFrame(self._status))
        if self._alerts is not None:
            front.wire.send_latest(AlertsFrame(self._alerts))
        if self._segment is not None:
            self._send_segment(front, self._segment)
        return theirs

    def publish_tick(self, timestamp_ms: int) -> None:
        """Tell every front of a tick."""
        self._on_loop(self._take_tick, timestamp_ms)

    def publish_status(self, status: KeeperStatus) -> None:
        """Give every front, now and later, the newest snapshot."""
        self._on_loop(self._take_status, status)

    def publish_alerts(self, alerts: AlertsNow) -> None:
        """Tell every front, now and later, that something about alerts has changed."""
        self._on_loop(self._take_alerts, alerts)

    def publish_health(self, failing: str) -> None:
        """Tell every front that the loop lives, and which part of the keeper does not ("" where all do)."""
        self._on_loop(self._take_health, failing)

    def publish_certificate(self, certificate: CertificateFrame) -> None:
        """Give every front that there is a new certificate; a later one is started with it."""
        self._on_loop(self._take_certificate, certificate)

    def publish_segment(self, segment: SharedSegment) -> None:
        """Give every front, now and later, a new head segment; it stays with the link until the next one."""
        self._on_loop(self._take_segment, segment)

    def close(self) -> None:
        """Close all links; the fronts end by themselves."""
        for front in list(self._fronts):
            front.wire.close()
        self._fronts.clear()
        if self._segment is not None:
            self._segment.close_descriptor()

    def _on_loop(self, function: Callable[..., None], argument: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, argument)
        except RuntimeError:
            # the loop is closed: the keeper is ending, and a last tick of its thread has nobody to go to
            _log.debug("a frame came after the end of the event loop")

    def _take_tick(self, timestamp_ms: int) -> None:
        for front in list(self._fronts):
            front.wire.send_latest(TickFrame(timestamp_ms))

    def _take_status(self, status: KeeperStatus) -> None:
        self._status = status
        for front in list(self._fronts):
            front.wire.send_latest(StatusFrame(status))

    def _take_alerts(self, alerts: AlertsNow) -> None:
        self._alerts = alerts
        for front in list(self._fronts):
            front.wire.send_latest(AlertsFrame(alerts))

    def _take_health(self, failing: str) -> None:
        for front in list(self._fronts):
            front.wire.send_latest(HealthFrame(failing))

    def _take_certificate(self, certificate: CertificateFrame) -> None:
        for front in list(self._fronts):
            front.wire.send_latest(certificate)

    def _take_segment(self, segment: SharedSegment) -> None:
        before, self._segment = self._segment, segment
        for front in list(self._fronts):
            self._send_segment(front, segment)
        if before is not None:
            before.close_descriptor()  # after the sending, which drops what still waited with it

    def _send_segment(self, front: "_FrontLink", segment: SharedSegment) -> None:
        front.wire.send_latest(SegmentFrame(segment.size_bytes), segment.descriptor)


class _FrontLink:
    """One front's link: takes its commands and sends back their answers."""

    def __init__(self, ours: socket.socket, execute: Execute, forget: Callable[["_FrontLink"], None]) -> None:
        self._execute = execute
        self._forget = forget
        self._tasks: set[asyncio.Task[None]] = set()
        self.wire = Wire(ours, self._take, self._lost)

    def _take(self, frame: AnyFrame) -> None:
        if not isinstance(frame, CommandFrame):
            raise LinkError(f"a front sent {type(frame).__name__}, which only a keeper sends")
        task = asyncio.get_running_loop().create_task(self._answer(frame))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _lost(self, reason: str) -> None:
        _log.info("the link to a front is closed: %s", reason)
        self._forget(self)

    async def _answer(self, frame: CommandFrame) -> None:
        try:
            reply = await self._execute(frame.command, frame.actor)
        except Exception as error:
            _log.exception("a command failed: %s", type(frame.command).__name__)
            reply = Refused(kind="store", message=f"the keeper could not do this: {error}")
        data = encode_frame(ReplyFrame(frame.number, reply))
        if len(data) > _MOST_ANSWER_BYTES:
            words = f"the answer has {len(data):,} bytes, {_MOST_ANSWER_BYTES:,} is the most: ask for less at once"
            data = encode_frame(ReplyFrame(frame.number, Refused(kind="too_large", message=words)))
        # several large ones at once wait for each other
        await self.wire.room()
        self.wire.send_encoded(ReplyFrame, data)
