"""The front's end of the link: commands out; answers, ticks, statuses and head segments in. On the front's loop."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass

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
)
from barograph.link.memory import attach
from barograph.link.wire import Wire
from barograph.model.acting import ACTOR
from barograph.model.alert_replies import AlertsNow
from barograph.model.commands import AnyCommand, AnyReply, KeeperStatus
from barograph.model.errors import LinkError


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEvents:
    """Who is told what comes from the keeper. Called on the loop; must not block.

    Attributes:
        on_tick: A tick's instant in ms. Ticks may be left out where this front does not keep up.
        on_status: The newest snapshot.
        on_segment: The newest head segment, mapped read-only.
        on_lost: The keeper is gone, with the reason.
        on_alerts: Something about alerts has changed.
        on_health: The keeper lives, and which of its parts does not, "" where all do.
        on_certificate: What TLS is spoken with from now on.
    """

    on_tick: Callable[[int], None]
    on_status: Callable[[KeeperStatus], None]
    on_segment: Callable[[memoryview], None]
    on_lost: Callable[[str], None]
    on_alerts: Callable[[AlertsNow], None] = lambda _: None
    on_health: Callable[[str], None] = lambda _: None
    on_certificate: Callable[[CertificateFrame], None] = lambda _: None


class LinkClient:
    """Implements `Commands` over the link. Made on the running event loop.

    Args:
        ours: The end that the keeper passed down; taken over.
        events: Who is told what.
    """

    def __init__(self, ours: socket.socket, events: LinkEvents) -> None:
        self._events = events
        self._greeted = False
        self._number = 0
        self._pending: dict[int, asyncio.Future[AnyReply]] = {}
        self._wire = Wire(ours, self._take, self._lost)

    async def execute(self, command: AnyCommand) -> AnyReply:
        """See `Commands`. Whoever acts in this context goes along."""
        if not self._wire.is_open:
            raise LinkError("the keeper is gone; nothing was carried out")
        self._number += 1
        number = self._number
        answer: asyncio.Future[AnyReply] = asyncio.get_running_loop().create_future()
        self._pending[number] = answer
        try:
            self._wire.send(CommandFrame(number, command, ACTOR.get()))
            return await answer
        finally:
            self._pending.pop(number, None)

    def close(self) -> None:
        """Close this end; commands under way fail."""
        self._wire.close()
        for answer in self._pending.values():
            if not answer.done():
                answer.set_exception(LinkError("the keeper is gone; whether it carried this out is unknown"))

    def _lost(self, reason: str) -> None:
        self.close()
        self._events.on_lost(reason)

    def _take(self, frame: AnyFrame) -> None:
        if not self._greeted:
            self._greet(frame)
        elif isinstance(frame, TickFrame):
            self._events.on_tick(frame.timestamp_ms)
        elif isinstance(frame, ReplyFrame):
            answer = self._pending.get(frame.number)
            if answer is not None and not answer.done():
                answer.set_result(frame.reply)
        elif isinstance(frame, StatusFrame):
            self._events.on_status(frame.status)
        elif isinstance(frame, AlertsFrame):
            self._events.on_alerts(frame.alerts)
        elif isinstance(frame, HealthFrame):
            self._events.on_health(frame.failing)
        elif isinstance(frame, CertificateFrame):
            self._events.on_certificate(frame)
        elif isinstance(frame, SegmentFrame):
            self._events.on_segment(attach(self._wire.take_descriptor(), frame.size_bytes))
        else:
            raise LinkError(f"the keeper sent {type(frame).__name__} out of turn")

    def _greet(self, frame: AnyFrame) -> None:
        if not isinstance(frame, Hello):
            raise LinkError(f"the keeper began with {type(frame).__name__}: not our protocol")
        if frame.protocol != PROTOCOL:
            raise LinkError(f"the keeper speaks protocol {frame.protocol}, this front {PROTOCOL}: restart barograph")
        self._greeted = True
