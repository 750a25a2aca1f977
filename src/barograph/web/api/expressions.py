"""`/api/v1/format_query` and `/api/v1/parse_query`: an expression laid out, and as a tree. Behind the guard."""

from barograph.promql.ast import Expr
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.describe import describe_expr
from barograph.promql.parser.parse import parse
from barograph.promql.parser.pretty import pretty_expr
from barograph.web.api.answering import Data, answer
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.parameters import Parameters, Receive, Scope, Send, one


class ExpressionRoutes:
    """Both routes; nothing is evaluated."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._longest = deps.engine.config.max_query_length

    async def format(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`query`: the same expression as it would be written over several lines."""
        await answer(self._deps, lambda parameters: pretty_expr(self._parse(parameters)), scope, receive, send)

    async def parse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`query`: its tree."""

        def look(parameters: Parameters) -> Data:
            return describe_expr(self._parse(parameters), SIGNATURES)

        await answer(self._deps, look, scope, receive, send)

    def _parse(self, parameters: Parameters) -> Expr:
        text = one(parameters, "query")
        if len(text) > self._longest:
            words = f"parameter 'query' has {len(text):,} characters, more than {self._longest:,}"
            raise RequestError(f"{words}; raise query.max_query_length or ask for less")
        return parse(text, SIGNATURES)
