"""`/api/v1/query_exemplars`: none are stored, which clients take from an empty list. Behind the guard."""

from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.web.api.answering import Data, answer
from barograph.web.deps import WebDeps
from barograph.web.parameters import Parameters, Receive, Scope, Send, one


class ExemplarRoutes:
    """The route of exemplars."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def query(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`query`, `start`, `end`. Times are not looked at: Grafana's probe sends milliseconds."""

        def look(parameters: Parameters) -> Data:
            parse(one(parameters, "query"), SIGNATURES)
            return []

        await answer(self._deps, look, scope, receive, send)
