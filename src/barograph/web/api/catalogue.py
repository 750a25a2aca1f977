"""What there is to ask for: `/api/v1/labels`, `label/<name>/values`, `series`, `metadata`. Behind the guard."""

from collections.abc import Callable
from typing import Any

import orjson

from barograph.model.errors import QueryError
from barograph.model.matcher import Matcher
from barograph.promql.ast import VectorSelector
from barograph.promql.parser.parse import parse
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError, problem_of
from barograph.web.parameters import (
    Parameters,
    Receive,
    Scope,
    Send,
    one,
    parse_limit,
    parse_time_ms,
    read_parameters,
    unescape_name,
)
from barograph.web.reply import JSON, send_body, send_problem

Look = Callable[[Parameters], list[Any] | dict[str, Any]]
_LATEST_MS = 1 << 52


class CatalogueRoutes:
    """The catalogue of one store."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._querier = deps.querier

    async def labels(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Names of the labels of matching series."""

        def look(parameters: Parameters) -> list[Any]:
            selectors = _selectors(parameters) or [()]
            return sorted({n for s in selectors for n in self._querier.label_names(s, *_range(parameters))})

        await self._answer(look, scope, receive, send)

    async def label_values(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Values of one label over matching series."""

        def look(parameters: Parameters) -> list[Any]:
            name = unescape_name(scope["path"].split("/")[4])
            selectors = _selectors(parameters) or [()]
            return sorted({v for s in selectors for v in self._querier.label_values(name, s, *_range(parameters))})

        await self._answer(look, scope, receive, send)

    async def series(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Labels of the series that match one of the selectors."""

        def look(parameters: Parameters) -> list[Any]:
            selectors = _selectors(parameters)
            if not selectors:
                raise RequestError("parameter 'match[]' is missing: name at least one selector, such as match[]=up")
            found = {labels for s in selectors for labels in self._querier.series(s, *_range(parameters))}
            return [labels.to_dict() for labels in sorted(found)]

        await self._answer(look, scope, receive, send)

    async def metadata(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Type and help of metric families."""

        def look(parameters: Parameters) -> dict[str, Any]:
            families = self._querier.metadata()
            wanted = one(parameters, "metric", "")
            names = [wanted] if wanted in families else [] if wanted else sorted(families)
            return {
                name: [{"type": families[name].type.value, "help": families[name].help, "unit": ""}] for name in names
            }

        await self._answer(look, scope, receive, send)

    async def _answer(self, look: Look, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            parameters = await read_parameters(scope, receive, self._deps.config.max_body.bytes)
            limit = parse_limit(parameters)
            found = look(parameters)
            answer: dict[str, Any] = {"status": "success", "data": found}
            if limit and len(found) > limit:
                cut = found[:limit] if isinstance(found, list) else dict(list(found.items())[:limit])
                answer = {"status": "success", "data": cut, "warnings": ["results truncated due to limit"]}
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        await send_body(send, 200, JSON, orjson.dumps(answer))


def _range(parameters: Parameters) -> tuple[int, int]:
    start, end = one(parameters, "start", ""), one(parameters, "end", "")
    return (
        parse_time_ms(start, "start") if start else 0,
        parse_time_ms(end, "end") if end else _LATEST_MS,
    )


def _selectors(parameters: Parameters) -> list[tuple[Matcher, ...]]:
    """Parse every `match[]`."""
    found = []
    for text in parameters.get("match[]", []):
        expression = parse(text, {})
        if not isinstance(expression, VectorSelector) or expression.offset is not None or expression.at is not None:
            raise QueryError(f"parameter 'match[]': {text!r} is no series selector")
        found.append(expression.matchers)
    return found
