"""`/api/v1/query_exemplars`: none are stored, which clients take from an empty list. Behind the guard."""

from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.web.api.answering import Data, answer
from barograph.web.api.selectors import refuse_long
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.parameters import Parameters, Receive, Scope, Send, one, parse_time_ms


class ExemplarRoutes:
    """The route of exemplars."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def query(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`query`, `start`, `end`. How far away these times are does not matter: Grafana's probe sends milliseconds."""

        def look(parameters: Parameters) -> Data:
            text = one(parameters, "query")
            refuse_long(len(text), "query", self._deps.engine.config.max_query_length)
            parse(text, SIGNATURES)
            start, end = (one(parameters, name, "") for name in ("start", "end"))
            if start and end and parse_time_ms(end, "end") < parse_time_ms(start, "start"):
                raise RequestError("parameter 'end': the end is before the start")
            return []

        await answer(self._deps, look, scope, receive, send)
