"""`/api/v1/targets`, `targets/metadata` and `scrape_pools`: where samples come from. Behind the guard.

This host is a target as a scraped one would be: pool `node`, read by the collectors; and Barograph itself is another.
"""

from datetime import UTC, datetime
from typing import Any

import numpy as np

from barograph.model.commands import KeeperStatus
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp, matches_all
from barograph.model.units import Duration
from barograph.web.api.answering import Data, answer
from barograph.web.api.selectors import parse_selector
from barograph.web.deps import WebDeps
from barograph.web.parameters import Parameters, Receive, Scope, Send, one, parse_limit

POOLS = ("node", "barograph")
_FAILING = ("failing", "hung")


class TargetRoutes:
    """What is collected from where."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def targets(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`state`, `scrapePool`: active targets; none is ever dropped."""

        def look(parameters: Parameters) -> Data:
            pool = one(parameters, "scrapePool", "")
            pools = [] if one(parameters, "state", "any") == "dropped" else [p for p in POOLS if pool in ("", p)]
            status = self._deps.now.status
            active = [] if status is None else [self._target(each, status) for each in pools]
            return {"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": {}}

        await answer(self._deps, look, scope, receive, send)

    async def metadata(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`match_target`, `metric`, `limit`: type and help of the metrics of each target."""

        def look(parameters: Parameters) -> Data:
            chosen, metric = one(parameters, "match_target", ""), one(parameters, "metric", "")
            longest = self._deps.engine.config.max_query_length
            matchers = parse_selector(chosen, "match_target", longest) if chosen else ()
            limit = parse_limit(parameters)
            status = self._deps.now.status
            targets = [_labels(pool, status) for pool in POOLS] if status is not None else []
            found: list[dict[str, Any]] = []
            for target in [each for each in targets if matches_all(matchers, Labels.from_mapping(each))]:
                found += self._metadata_of(target, metric)
            return found[:limit] if limit else found

        await answer(self._deps, look, scope, receive, send)

    async def pools(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Names of the pools."""
        await answer(self._deps, lambda _: {"scrapePools": list(POOLS)}, scope, receive, send)

    def _target(self, pool: str, status: KeeperStatus) -> dict[str, Any]:
        labels = _labels(pool, status)
        reasons = [f"{each.name}: {each.reason}" for each in status.collectors if each.state in _FAILING]
        interval = str(Duration(status.interval_ms))
        return {
            "discoveredLabels": {"__address__": status.instance, "__metrics_path__": "/metrics", "job": pool},
            "labels": labels,
            "scrapePool": pool,
            "scrapeUrl": f"http://{status.instance}/metrics",
            "globalUrl": f"http://{status.instance}/metrics",
            "lastError": "; ".join(reasons) if pool == "node" else "",
            "lastScrape": _rfc3339(self._deps.now.tick_ms),
            "lastScrapeDuration": self._duration_s(pool),
            "health": "up" if self._deps.now.tick_ms else "unknown",
            "scrapeInterval": interval,
            "scrapeTimeout": interval,
        }

    def _duration_s(self, pool: str) -> float:
        """Return how long the newest sample of all collectors took; our own metrics take no reading."""
        if pool != "node":
            return 0.0
        newest_ms = self._deps.querier.newest_ms
        matchers = [Matcher("__name__", MatchOp.EQUAL, "barograph_collector_duration_seconds")]
        groups = self._deps.querier.select(matchers, newest_ms - 5000, newest_ms).groups
        return float(sum(np.nansum(group.values[:, -1]) for group in groups))

    def _metadata_of(self, target: dict[str, str], metric: str) -> list[dict[str, Any]]:
        ours = target["job"] == "barograph"
        return [
            {"target": target, "metric": name, "type": family.type.value, "help": family.help, "unit": ""}
            for name, family in sorted(self._deps.querier.metadata().items())
            if metric in ("", name) and name.startswith("barograph_") == ours
        ]


def _labels(pool: str, status: KeeperStatus) -> dict[str, str]:
    return {"instance": status.instance, "job": pool}


def _rfc3339(timestamp_ms: int) -> str:
    return datetime.fromtimestamp(timestamp_ms / 1000, tz=UTC).isoformat().replace("+00:00", "Z")
