"""`/api/v1/format_query`, `parse_query` and `/api/barograph/v1/functions`: the language itself. Behind the guard."""

import msgspec

from barograph.promql.ast import Expr
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.describe import describe_expr
from barograph.promql.parser.parse import parse
from barograph.promql.parser.pretty import pretty_expr
from barograph.promql.reference import words
from barograph.web.api.answering import Data, answer
from barograph.web.api.selectors import refuse_long
from barograph.web.deps import WebDeps
from barograph.web.parameters import Parameters, Receive, Scope, Send, one


class ExpressionRoutes:
    """What can be said of expressions without evaluating any."""

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

    async def functions(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Every function and aggregation: how it is called, and what it gives."""
        found: Data = [msgspec.to_builtins(word) for word in words()]
        await answer(self._deps, lambda _: found, scope, receive, send)

    def _parse(self, parameters: Parameters) -> Expr:
        text = one(parameters, "query")
        refuse_long(len(text), "query", self._longest)
        return parse(text, SIGNATURES)
