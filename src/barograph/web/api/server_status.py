"""`/api/v1/status/...`: what was configured, what runs, and what the store holds, as Prometheus says it.

Behind the guard. `features` is empty and `goVersion` absent: nothing here claims to be Prometheus.
"""

import asyncio
import os
import socket
import threading
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from barograph.web.api.answering import Data, answer
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.parameters import Parameters, Receive, Scope, Send, one, parse_limit

_HEAD_MS = 300_000
_MOST = 10_000


class StatusRoutes:
    """What the server says of itself in Prometheus' words."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def buildinfo(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Which program this is; Grafana decides by it what it may ask."""
        info = {
            "version": self._deps.version,
            "revision": "",
            "branch": "",
            "buildUser": "",
            "buildDate": "",
            "goVersion": "",
            "application": "Barograph",
            "features": {},
        }
        await answer(self._deps, lambda _: dict(info), scope, receive, send)

    async def runtimeinfo(self, scope: Scope, receive: Receive, send: Send) -> None:
        """When it started, how much it holds."""

        def look(_: Parameters) -> Data:
            status, facts = self._deps.now.status, self._deps.facts
            newest_ms = self._deps.querier.newest_ms
            return {
                "startTime": _rfc3339(status.started_ms if status else self._deps.clock.now_ms()),
                "CWD": os.getcwd(),  # noqa: PTH109  as Prometheus shows it
                "hostname": socket.gethostname(),
                "serverTime": _rfc3339(self._deps.clock.now_ms()),
                "reloadConfigSuccess": True,
                "lastConfigTime": _rfc3339(facts.configured_ms),
                "timeSeriesCount": len(self._deps.querier.series((), newest_ms - _HEAD_MS, newest_ms)),
                "corruptionCount": facts.damaged(),
                "goroutineCount": threading.active_count(),
                "GOMAXPROCS": os.cpu_count() or 1,
                "GOGC": "",
                "GODEBUG": "",
                "storageRetention": facts.retention,
            }

        await answer(self._deps, look, scope, receive, send)

    async def config(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The effective configuration as YAML, without its secrets."""
        await answer(self._deps, lambda _: {"yaml": self._deps.facts.config_yaml}, scope, receive, send)

    async def flags(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The settings by their dotted names, each as text."""
        await answer(self._deps, lambda _: dict(self._deps.facts.settings), scope, receive, send)

    async def tsdb(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`limit`: which names and labels have the most series among those of the last five minutes."""

        async def look(parameters: Parameters) -> Data:
            limit = parse_limit(parameters) if one(parameters, "limit", "") else 10
            if not 0 < limit <= _MOST:
                raise RequestError(f"parameter 'limit': {limit} is not between 1 and {_MOST}")
            # counting a million series takes a second: not on the loop
            return await asyncio.to_thread(self._count, limit)

        await answer(self._deps, look, scope, receive, send)

    async def walreplay(self, scope: Scope, receive: Receive, send: Send) -> None:
        """How far the ring was replayed: a server that answers has done it."""
        await answer(self._deps, lambda _: {"min": 0, "max": 0, "current": 0, "state": "done"}, scope, receive, send)

    def _count(self, limit: int) -> dict[str, Any]:
        newest_ms = self._deps.querier.newest_ms
        series = self._deps.querier.series((), newest_ms - _HEAD_MS, newest_ms)
        names = Counter(labels.name for labels in series)
        pairs = Counter(pair for labels in series for pair in labels)
        values: Counter[str] = Counter(name for name, _ in pairs)
        sizes: Counter[str] = Counter()
        for name, value in pairs:
            sizes[name] += len(value.encode())
        return {
            "headStats": {
                "numSeries": len(series),
                "numLabelPairs": len(pairs),
                "chunkCount": len(series),
                "minTime": newest_ms - _HEAD_MS,
                "maxTime": newest_ms,
            },
            "seriesCountByMetricName": _most(names, limit),
            "labelValueCountByLabelName": _most(values, limit),
            "memoryInBytesByLabelName": _most(sizes, limit),
            "seriesCountByLabelValuePair": _most(
                Counter({f"{name}={value}": count for (name, value), count in pairs.items()}), limit
            ),
        }


def _most(counts: "Counter[str]", limit: int) -> list[dict[str, Any]]:
    return [{"name": name, "value": count} for name, count in counts.most_common(limit)]


def _rfc3339(timestamp_ms: int) -> str:
    return datetime.fromtimestamp(timestamp_ms / 1000, tz=UTC).isoformat().replace("+00:00", "Z")
