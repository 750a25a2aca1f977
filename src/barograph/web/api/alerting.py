"""`/api/v1/rules`, `alerts` and `alertmanagers`: empty as long as there are no rules, in the shape clients expect."""

from barograph.web.api.answering import Data, answer
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.parameters import Parameters, Receive, Scope, Send, one


class AlertingRoutes:
    """What is ruled, and what fires."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def rules(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Groups of rules; `type` may ask for alerts or recording rules alone."""

        def look(parameters: Parameters) -> Data:
            kind = one(parameters, "type", "")
            if kind not in ("", "alert", "record"):
                raise RequestError(f"parameter 'type': {kind!r} is neither alert nor record")
            return {"groups": []}

        await answer(self._deps, look, scope, receive, send)

    async def alerts(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Active alerts."""
        await answer(self._deps, lambda _: {"alerts": []}, scope, receive, send)

    async def alertmanagers(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Where alerts are sent as Prometheus sends them: nowhere, since they are delivered from here."""

        def look(_: Parameters) -> Data:
            return {"activeAlertmanagers": [], "droppedAlertmanagers": []}

        await answer(self._deps, look, scope, receive, send)
