"""How a notice gets to its receiver: over HTTP, through the one client of what leaves. Made for the courier."""

from typing import Protocol

from barograph.model.clock import Clock
from barograph.model.notice import Notice
from barograph.notify.courier import Outcome, Send, judge, judge_error
from barograph.outbound.client import OutboundClient
from barograph.outbound.request import OutboundError, OutboundRequest


class HttpReceiver(Protocol):
    """Any of `notify.receivers`."""

    def request(self, notice: Notice) -> OutboundRequest:
        """Return what is sent."""
        ...


def over_http(receiver: HttpReceiver, client: OutboundClient, clock: Clock) -> Send:
    """Return what sends notices to a receiver."""

    async def send(notice: Notice) -> Outcome:
        try:
            response = await client.send(receiver.request(notice))
        except OutboundError as error:
            return judge_error(error)
        return judge(response, clock.now_ms())

    return send
