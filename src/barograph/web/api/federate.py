"""`/federate`: the newest sample of the series that match, as Prometheus text with timestamps. Behind the guard."""

import numpy as np

from barograph.formats.exposition import CONTENT_TYPE, format_exposition
from barograph.model.batch import Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray, is_absent, is_stale
from barograph.model.series import SeriesGroup
from barograph.promql.cancel import Cancel
from barograph.web.api.looks import begin_look, cost_of
from barograph.web.api.selectors import selectors_of
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError, problem_of
from barograph.web.parameters import Parameters, Receive, Scope, Send, read_parameters
from barograph.web.querying import QueryThread
from barograph.web.reply import send_body, send_problem

_SERIES_POINTS = 100
"""What a series of an answer costs: as much as so many points of a query's."""


class FederateRoute:
    """The one route."""

    def __init__(self, deps: WebDeps, thread: QueryThread) -> None:
        self._deps = deps
        self._thread = thread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`match[]`, repeated: series that match any of them, each with its newest sample within the lookback."""
        try:
            parameters = await read_parameters(scope, receive, self._deps.config.max_body.bytes)
            body = await self._newest(parameters, receive)
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        await send_body(send, 200, CONTENT_TYPE.encode(), body)

    async def _newest(self, parameters: Parameters, receive: Receive) -> bytes:
        config = self._deps.engine.config
        selectors = selectors_of(parameters, config.max_query_length)
        if not selectors:
            raise RequestError("parameter 'match[]' is missing: name at least one selector, such as match[]=up")
        now_ms = self._deps.clock.now_ms()
        since_ms = now_ms - config.lookback.ms + 1

        def work(cancel: Cancel, left_s: float) -> bytes:
            run = begin_look(self._deps, cancel, left_s)
            newest: dict[Labels, tuple[int, float]] = {}
            for selector in selectors:
                for group in run.select(selector, since_ms, now_ms).groups:
                    newest.update(_newest(group))
            run.check()
            return format_exposition(_exposed(newest, self._deps.querier.metadata()))

        cost = cost_of(self._deps.querier, selectors, (since_ms, now_ms), _SERIES_POINTS)
        return await self._thread.run(cost, config.timeout.seconds, receive, work)


def _newest(group: SeriesGroup) -> dict[Labels, tuple[int, float]]:
    """Return the newest sample of each series that has not ended."""
    present = ~is_absent(group.values)
    last = present.shape[1] - 1 - np.argmax(present[:, ::-1], axis=1)
    rows = np.arange(len(last))
    values = group.values[rows, last]
    kept = np.flatnonzero(present[rows, last] & ~is_stale(values))
    return {group.labels[row]: (int(group.timestamps_ms[last[row]]), float(values[row])) for row in kept.tolist()}


def _exposed(
    newest: dict[Labels, tuple[int, float]], families: dict[str, Family]
) -> list[tuple[Schema, FloatArray, int]]:
    """Return the samples by their timestamps, each in the order of its labels."""
    parts: list[tuple[Schema, FloatArray, int]] = []
    for timestamp_ms in sorted({timestamp_ms for timestamp_ms, _ in newest.values()}):
        order = sorted(labels for labels, sample in newest.items() if sample[0] == timestamp_ms)
        numbers: dict[Family, int] = {}
        family_of = tuple(
            numbers.setdefault(families.get(labels.name) or Family(labels.name, MetricType.UNTYPED, ""), len(numbers))
            for labels in order
        )
        values = np.array([newest[labels][1] for labels in order], np.float64)
        parts.append((Schema(tuple(numbers), tuple(order), family_of), values, timestamp_ms))
    return parts
