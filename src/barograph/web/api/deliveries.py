"""`/api/barograph/v1/deliveries` and `receivers`: who was told what, when, with what answer. Behind the guard."""

from urllib.parse import unquote

import msgspec

from barograph.model.alert_commands import ListReceivers, ReadDeliveries, TestReceiver
from barograph.model.alert_replies import DeliveriesRead, ReceiversListed, ReceiverTested
from barograph.web.api.answering import Data, answer, ask
from barograph.web.deps import WebDeps
from barograph.web.parameters import Parameters, Receive, Scope, Send, one, parse_whole


class DeliveryRoutes:
    """Messages on their way, each question a command to the keeper."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def log(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`alert`, `receiver`, `before`, `limit`: attempts, the newest first."""

        async def look(parameters: Parameters) -> Data:
            command = ReadDeliveries(
                alert=parse_whole(parameters, "alert", "0"),
                receiver=one(parameters, "receiver", ""),
                before=parse_whole(parameters, "before", "0"),
                limit=parse_whole(parameters, "limit", "100"),
            )
            read = await ask(self._deps, command, DeliveriesRead)
            return {"deliveries": msgspec.to_builtins(read.deliveries), "next": read.next}

        await answer(self._deps, look, scope, receive, send)

    async def receivers(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Who is told, and how that goes."""

        async def look(_: Parameters) -> Data:
            listed = await ask(self._deps, ListReceivers(), ReceiversListed)
            return {"receivers": msgspec.to_builtins(listed.receivers), "heartbeat": listed.heartbeat}

        await answer(self._deps, look, scope, receive, send)

    async def test(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a test message to the receiver of the path, each way that it has."""
        name = unquote(str(scope["path"]).split("/")[-2])

        async def look(_: Parameters) -> Data:
            tested = await ask(self._deps, TestReceiver(name=name), ReceiverTested)
            return {"outcomes": msgspec.to_builtins(tested.outcomes)}

        await answer(self._deps, look, scope, receive, send)
