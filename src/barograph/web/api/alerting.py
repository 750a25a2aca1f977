"""`/api/v1/rules`, `alerts` and `alertmanagers`: empty as long as there are no rules, in the shape clients expect."""

from barograph.web.api.answering import Data, answer
from barograph.web.deps import WebDeps
from barograph.web.parameters import Parameters, Receive, Scope, Send


class AlertingRoutes:
    """What is ruled, and what fires."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def rules(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Groups of rules."""
        await answer(self._deps, lambda _: {"groups": []}, scope, receive, send)

    async def alerts(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Active alerts."""
        await answer(self._deps, lambda _: {"alerts": []}, scope, receive, send)

    async def alertmanagers(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Where alerts are sent as Prometheus sends them: nowhere, since they are delivered from here."""

        def look(_: Parameters) -> Data:
            return {"activeAlertmanagers": [], "droppedAlertmanagers": []}

        await answer(self._deps, look, scope, receive, send)
