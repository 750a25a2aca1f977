"""What there is to ask for: `/api/v1/labels`, `label/<name>/values`, `series`, `metadata`. Behind the guard."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from barograph.model.errors import LimitError
from barograph.model.matcher import Matcher
from barograph.promql.cancel import Cancel
from barograph.web.api.looks import Selectors, begin_look, cost_of
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
from barograph.web.querying import QueryThread
from barograph.web.reply import JSON, send_body, send_problem

_SERIES_POINTS = 40
"""What a series of an answer costs: as much as so many points of a query's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What a request looks for.

    Attributes:
        selectors: Of which something is wanted.
        range_ms: From and to.
        find: What is wanted of one selector; the answer has it of all, sorted, each once.
        show: How one of them is written.
        series_points: What each series costs.
        most: How many there may be, `query.max_series`; 0 for any number.
    """

    selectors: Selectors
    range_ms: tuple[int, int]
    find: Callable[[tuple[Matcher, ...]], Iterable[Any]]
    show: Callable[[Any], Any] = str
    series_points: int = 0
    most: int = 0


class CatalogueRoutes:
    """The catalogue of one store."""

    def __init__(self, deps: WebDeps, thread: QueryThread) -> None:
        self._deps = deps
        self._querier = deps.querier
        self._thread = thread

    async def labels(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Names of the labels of matching series."""

        def ask(parameters: Parameters) -> _Asked:
            range_ms = range_of(parameters)
            return _Asked(
                selectors=self._selectors(parameters) or [()],
                range_ms=range_ms,
                find=lambda selector: self._querier.label_names(selector, *range_ms),
            )

        await self._look(ask, scope, receive, send)

    async def label_values(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Values of one label over matching series."""

        def ask(parameters: Parameters) -> _Asked:
            name, range_ms = unescape_name(scope["path"].split("/")[4]), range_of(parameters)
            return _Asked(
                selectors=self._selectors(parameters) or [()],
                range_ms=range_ms,
                find=lambda selector: self._querier.label_values(name, selector, *range_ms),
            )

        await self._look(ask, scope, receive, send)

    async def series(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Labels of the series that match one of the selectors."""

        def ask(parameters: Parameters) -> _Asked:
            selectors, range_ms = self._selectors(parameters), range_of(parameters)
            if not selectors:
                raise RequestError("parameter 'match[]' is missing: name at least one selector, such as match[]=up")
            return _Asked(
                selectors=selectors,
                range_ms=range_ms,
                find=lambda selector: self._querier.series(selector, *range_ms),
                show=lambda labels: labels.to_dict(),
                series_points=_SERIES_POINTS,
                most=self._deps.engine.config.max_series,
            )

        await self._look(ask, scope, receive, send)

    async def metadata(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Type and help of metric families."""

        async def answer(parameters: Parameters) -> bytes:
            limit = parse_limit(parameters)
            families = self._querier.metadata()
            wanted = one(parameters, "metric", "")
            names = [wanted] if wanted in families else [] if wanted else sorted(families)
            shown = {
                name: [{"type": families[name].type.value, "help": families[name].help, "unit": ""}]
                for name in names[: limit or None]
            }
            return _written(shown, is_cut=len(shown) < len(names))

        await self._answer(answer, scope, receive, send)

    def _selectors(self, parameters: Parameters) -> Selectors:
        return selectors_of(parameters, self._deps.engine.config.max_query_length)

    async def _look(self, ask: Callable[[Parameters], _Asked], scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(parameters: Parameters) -> bytes:
            limit, asked = parse_limit(parameters), ask(parameters)

            def work(cancel: Cancel, left_s: float) -> bytes:
                run = begin_look(self._deps, cancel, left_s)
                found: set[Any] = set()
                for selector in asked.selectors:
                    run.check()
                    found.update(asked.find(selector))
                run.check()
                shown = sorted(found)[: limit or None]
                if asked.most and len(shown) > asked.most:
                    raise LimitError("series", len(shown), asked.most, "query.max_series, give a limit")
                return _written([asked.show(one) for one in shown], is_cut=len(shown) < len(found))

            cost = cost_of(self._querier, asked.selectors, asked.range_ms, asked.series_points)
            return await self._thread.run(cost, self._deps.engine.config.timeout.seconds, receive, work)

        await self._answer(answer, scope, receive, send)

    async def _answer(
        self, answer: Callable[[Parameters], Awaitable[bytes]], scope: Scope, receive: Receive, send: Send
    ) -> None:
        try:
            body = await answer(await read_parameters(scope, receive, self._deps.config.max_body.bytes))
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        await send_body(send, 200, JSON, body)


def _written(shown: list[Any] | dict[str, Any], *, is_cut: bool) -> bytes:
    answer: dict[str, Any] = {"status": "success", "data": shown}
    if is_cut:
        answer["warnings"] = ["results truncated due to limit"]
    return orjson.dumps(answer)
