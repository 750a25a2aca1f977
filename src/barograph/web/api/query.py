"""`/api/v1/query` and `/api/v1/query_range`: the hot routes, plain ASGI behind the guard."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from barograph.model.errors import QueryCancelledError, QueryTimeoutError
from barograph.promql.cancel import Cancel
from barograph.promql.value import QueryResult, RawMatrix, StepVector
from barograph.web.deps import WebDeps
from barograph.web.encode import Allowance, encode_result
from barograph.web.errors import RequestError, problem_of
from barograph.web.parameters import (
    Parameters,
    Receive,
    Scope,
    Send,
    one,
    parse_duration_ms,
    parse_flag,
    parse_limit,
    parse_time_ms,
    read_parameters,
)
from barograph.web.querying import CHEAP_COST, QueryThread
from barograph.web.reply import JSON, send_body, send_problem

Answer = Callable[[Parameters, Receive], Awaitable[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What both routes take besides an expression and times."""

    limit: int
    timeout_s: float
    lookback_ms: int | None
    with_stats: bool
    explain: bool


class QueryRoutes:
    """Both routes over one engine."""

    def __init__(self, deps: WebDeps, thread: QueryThread) -> None:
        self._deps = deps
        self._engine = deps.engine
        self._thread = thread

    async def instant(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`query`, `time` (now), `timeout`, `lookback_delta`, `limit`, `stats`, `explain`."""
        await self._answer(self._instant, scope, receive, send)

    async def range(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`query`, `start`, `end`, `step`, `timeout`, `lookback_delta`, `limit`, `stats`, `explain`."""
        await self._answer(self._range, scope, receive, send)

    async def _answer(self, answer: Answer, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            parameters = await read_parameters(scope, receive, self._deps.config.max_body.bytes)
            body = await answer(parameters, receive)
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        await send_body(send, 200, JSON, body)

    async def _instant(self, parameters: Parameters, receive: Receive) -> bytes:
        text = one(parameters, "query")
        time_ms = self._time_ms(parameters, "time")
        options = self._options(parameters)

        def work(cancel: Cancel, left_s: float) -> bytes:
            result = self._engine.instant(
                text,
                time_ms,
                timeout_s=left_s,
                lookback_ms=options.lookback_ms,
                cancel=cancel,
                explain=options.explain,
            )
            return self._encode(result, options, cancel, left_s)

        cost = self._engine.cost_estimate(text, time_ms, time_ms, enough=CHEAP_COST)
        return await self._thread.run(cost, options.timeout_s, receive, work)

    async def _range(self, parameters: Parameters, receive: Receive) -> bytes:
        text = one(parameters, "query")
        start_ms = parse_time_ms(one(parameters, "start"), "start")
        end_ms = parse_time_ms(one(parameters, "end"), "end")
        step_ms = parse_duration_ms(one(parameters, "step"), "step")
        if end_ms < start_ms:
            raise RequestError("parameter 'end': the end is before the start")
        options = self._options(parameters)

        def work(cancel: Cancel, left_s: float) -> bytes:
            result = self._engine.range(
                text,
                start_ms,
                end_ms,
                step_ms,
                timeout_s=left_s,
                lookback_ms=options.lookback_ms,
                cancel=cancel,
                explain=options.explain,
            )
            return self._encode(result, options, cancel, left_s, is_range=True)

        cost = self._engine.cost_estimate(text, start_ms, end_ms, step_ms, enough=CHEAP_COST)
        return await self._thread.run(cost, options.timeout_s, receive, work)

    def _allowance(self, cancel: Cancel, left_s: float) -> Allowance:
        """Return what an answer may have, and until when it may be written."""
        clock = self._deps.clock
        deadline_s = clock.monotonic_s() + left_s

        def check() -> None:
            if cancel.cancelled:
                raise QueryCancelledError("query cancelled: whoever asked is gone")
            if clock.monotonic_s() > deadline_s:
                raise QueryTimeoutError("query timed out while its answer was written: raise query.timeout")

        return Allowance(self._engine.config.max_answer.bytes, check)

    def _time_ms(self, parameters: Parameters, name: str) -> int:
        text = one(parameters, name, "")
        return parse_time_ms(text, name) if text else self._deps.clock.now_ms()

    def _encode(
        self, result: QueryResult, options: _Options, cancel: Cancel, left_s: float, *, is_range: bool = False
    ) -> bytes:
        allowance = self._allowance(cancel, left_s - result.stats.duration_s)
        result = limited(result, options.limit)
        return encode_result(result, is_range=is_range, with_stats=options.with_stats, allowance=allowance)

    def _options(self, parameters: Parameters) -> _Options:
        timeout = one(parameters, "timeout", "")
        lookback = one(parameters, "lookback_delta", "")
        configured_s = self._engine.config.timeout.seconds
        return _Options(
            limit=parse_limit(parameters),
            timeout_s=min(parse_duration_ms(timeout, "timeout") / 1000, configured_s) if timeout else configured_s,
            lookback_ms=parse_duration_ms(lookback, "lookback_delta") if lookback else None,
            with_stats=bool(one(parameters, "stats", "")),
            explain=parse_flag(parameters, "explain"),
        )


def limited(result: QueryResult, limit: int) -> QueryResult:
    """Return a result with at most `limit` series (0: all); one that was cut carries a warning."""
    value = result.value
    if not limit:
        return result
    cut: StepVector | RawMatrix
    if isinstance(value, StepVector) and len(value.labels) > limit:
        present = None if value.present is None else value.present[:limit]
        cut = StepVector(value.labels[:limit], value.values[:limit], present)
    elif isinstance(value, RawMatrix) and len(value.series) > limit:
        cut = RawMatrix(value.series[:limit])
    else:
        return result
    warning = "results truncated due to limit"
    return QueryResult(
        value=cut,
        times_ms=result.times_ms,
        warnings=(*result.warnings, warning),
        infos=result.infos,
        stats=result.stats,
        explained=result.explained,
    )
