"""What there is to ask for: `/api/v1/labels`, `label/<name>/values`, `series`, `metadata`. Behind the guard."""

from collections.abc import Callable
from typing import Any

import orjson

from barograph.web.api.selectors import range_of, selectors_of
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError, problem_of
from barograph.web.parameters import (
    Parameters,
    Receive,
    Scope,
    Send,
    one,
    parse_limit,
    read_parameters,
    unescape_name,
)
from barograph.web.reply import JSON, send_body, send_problem

Look = Callable[[Parameters], list[Any] | dict[str, Any]]


class CatalogueRoutes:
    """The catalogue of one store."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps
        self._querier = deps.querier

    async def labels(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Names of the labels of matching series."""

        def look(parameters: Parameters) -> list[Any]:
            selectors = selectors_of(parameters) or [()]
            return sorted({n for s in selectors for n in self._querier.label_names(s, *range_of(parameters))})

        await self._answer(look, scope, receive, send)

    async def label_values(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Values of one label over matching series."""

        def look(parameters: Parameters) -> list[Any]:
            name = unescape_name(scope["path"].split("/")[4])
            selectors = selectors_of(parameters) or [()]
            return sorted({v for s in selectors for v in self._querier.label_values(name, s, *range_of(parameters))})

        await self._answer(look, scope, receive, send)

    async def series(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Labels of the series that match one of the selectors."""

        def look(parameters: Parameters) -> list[Any]:
            selectors = selectors_of(parameters)
            if not selectors:
                raise RequestError("parameter 'match[]' is missing: name at least one selector, such as match[]=up")
            found = {labels for s in selectors for labels in self._querier.series(s, *range_of(parameters))}
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
