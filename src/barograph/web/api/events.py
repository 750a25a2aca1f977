"""`/api/barograph/v1/events`: what happened to a host, for the page's "Today". Behind the guard."""

import asyncio
from typing import Any

import msgspec

from barograph.analysis.events import MOST_SAMPLES, MOST_SERIES, events_of
from barograph.model.errors import BudgetError, QueryTimeoutError
from barograph.model.series import ReadBudget
from barograph.web.api.answering import Data, answer
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.parameters import Parameters, Receive, Scope, Send, one, parse_limit, parse_time_ms

_LONGEST_MS = 2 * 86_400_000
_DAY_MS = 86_400_000
_MOST = 200


class EventRoutes:
    """What happened."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def events(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`start` (a day before the end), `end` (now), `host` (this one), `limit`: newest first."""

        async def look(parameters: Parameters) -> Data:
            end = one(parameters, "end", "")
            end_ms = parse_time_ms(end, "end") if end else self._deps.clock.now_ms()
            start = one(parameters, "start", "")
            start_ms = parse_time_ms(start, "start") if start else end_ms - _DAY_MS
            if not 0 < end_ms - start_ms <= _LONGEST_MS:
                raise RequestError("parameter 'end' must lie after 'start', at most two days")
            status = self._deps.now.status
            host = one(parameters, "host", "" if status is None else status.instance)
            limit = parse_limit(parameters) or _MOST
            # a day of seconds takes some tens of milliseconds: not on the loop
            return await asyncio.to_thread(self._look, host, start_ms, end_ms, limit)

        await answer(self._deps, look, scope, receive, send)

    def _look(self, host: str, start_ms: int, end_ms: int, limit: int) -> dict[str, Any]:
        clock = self._deps.clock
        deadline_s = clock.monotonic_s() + self._deps.engine.config.timeout.seconds

        def check() -> None:
            if clock.monotonic_s() > deadline_s:
                raise QueryTimeoutError("reading the events took too long: ask for a shorter span")

        budget = ReadBudget(max_samples=MOST_SAMPLES, max_series=MOST_SERIES, check=check)
        try:
            found = events_of(self._deps.querier, host, start_ms, end_ms, budget)
        except BudgetError as error:
            raise RequestError(f"{error}: ask for a shorter span", 422) from error
        return {
            "host": host,
            "events": msgspec.to_builtins(found[:limit]),
            "left_out": max(0, len(found) - limit),
        }
