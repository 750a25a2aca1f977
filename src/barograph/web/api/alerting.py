"""`/api/v1/rules`, `alerts` and `alertmanagers`, in Prometheus' shapes. What they show only the keeper knows.

Alerts come from the keeper a page at a time and are written as they come, so that 100,000 of them hold up nobody.
"""

import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson

from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, matches_all
from barograph.model.rule_commands import (
    RuleAlertsShown,
    RulesShown,
    ShownAlert,
    ShownGroup,
    ShownRule,
    ShowRuleAlerts,
    ShowRules,
)
from barograph.model.units import whole_number
from barograph.web.api.answering import Data, answer, ask
from barograph.web.api.selectors import selectors_of
from barograph.web.deps import WebDeps
from barograph.web.errors import RequestError
from barograph.web.moments import rfc3339_nano
from barograph.web.numbers import scientific
from barograph.web.parameters import Parameters, Receive, Scope, Send, one, parse_flag

_TYPES = {"": (True, False), "alert": (True,), "record": (False,)}
_NO_ALERTS = orjson.Fragment(b"[]")


class AlertingRoutes:
    """What is ruled, and what fires."""

    def __init__(self, deps: WebDeps) -> None:
        self._deps = deps

    async def rules(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`type`, `rule_name[]`, `rule_group[]`, `file[]`, `match[]`, `exclude_alerts`, `group_limit`, ..."""
        await answer(self._deps, self._rules, scope, receive, send)

    async def alerts(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Alerts that are pending or fire."""
        await answer(self._deps, self._alerts, scope, receive, send)

    async def alertmanagers(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Where alerts are sent as Prometheus sends them: nowhere, since they are delivered from here."""

        def look(_: Parameters) -> Data:
            return {"activeAlertmanagers": [], "droppedAlertmanagers": []}

        await answer(self._deps, look, scope, receive, send)

    async def _alerts(self, _: Parameters) -> Data:
        pieces = [_written(page.alerts) async for page in self._pages() if page.alerts]
        return {"alerts": orjson.Fragment(b"[" + b",".join(pieces) + b"]")}

    async def _rules(self, parameters: Parameters) -> Data:
        wanted = _Wanted(parameters, self._deps.engine.config.max_query_length)
        shown = await ask(self._deps, ShowRules(), RulesShown)
        chosen, token = wanted.page(shown.groups)
        alerts: dict[int, orjson.Fragment] = {}
        if not wanted.without_alerts:
            numbers = {number for _, rules in chosen for number, rule in rules if rule.is_alert and rule.alerts}
            alerts = await self._alerts_of(numbers)
        data: dict[str, Any] = {"groups": [_group(group, rules, wanted, alerts) for group, rules in chosen]}
        if token:
            data["groupNextToken"] = token
        return data

    async def _alerts_of(self, rules: set[int]) -> dict[int, orjson.Fragment]:
        """Return the alerts of some rules, each rule's as JSON."""
        if not rules:
            return {}
        pieces: defaultdict[int, list[bytes]] = defaultdict(list)
        async for page in self._pages(min(rules)):
            of_rule: defaultdict[int, list[ShownAlert]] = defaultdict(list)
            for alert in page.alerts:
                if alert.rule in rules:
                    of_rule[alert.rule].append(alert)
            for number, some in of_rule.items():
                pieces[number].append(_written(some))
            if page.next_rule > max(rules):
                break
        return {number: orjson.Fragment(b"[" + b",".join(some) + b"]") for number, some in pieces.items()}

    async def _pages(self, rule: int = 0) -> AsyncIterator[RuleAlertsShown]:
        skip = 0
        while rule >= 0:
            page = await ask(self._deps, ShowRuleAlerts(rule=rule, skip=skip), RuleAlertsShown)
            yield page
            rule, skip = page.next_rule, page.next_skip


class _Wanted:
    """What a request for rules asks for.

    Raises:
        RequestError: A parameter cannot be used.
    """

    def __init__(self, parameters: Parameters, longest: int) -> None:
        kind = one(parameters, "type", "").lower()
        if kind not in _TYPES:
            raise RequestError(f"parameter 'type': {kind!r} is neither alert nor record")
        self._kinds = _TYPES[kind]
        self._names = frozenset(parameters.get("rule_name[]", ()))
        self._groups = frozenset(parameters.get("rule_group[]", ()))
        self._files = frozenset(parameters.get("file[]", ()))
        self._selectors: Sequence[tuple[Matcher, ...]] = selectors_of(parameters, longest)
        self.without_alerts = parse_flag(parameters, "exclude_alerts")
        self._token = one(parameters, "group_next_token", "")
        limit = one(parameters, "group_limit", "")
        if limit and not whole_number(limit):
            raise RequestError(f"parameter 'group_limit': {limit!r} is no whole number above 0")
        if self._token and not limit:
            raise RequestError("parameter 'group_limit' is missing: it goes with group_next_token")
        self._limit = int(limit or 0)

    def page(self, groups: Sequence[ShownGroup]) -> tuple[list[tuple[ShownGroup, list[tuple[int, ShownRule]]]], str]:
        """Return the groups of the page with their numbered rules, and the token of the next page or "".

        Raises:
            RequestError: There is no group of the given token.
        """
        found: list[tuple[ShownGroup, list[tuple[int, ShownRule]]]] = []
        number, began = 0, not self._token
        for group in groups:
            numbered = list(enumerate(group.rules, number))
            number += len(group.rules)
            began = began or _token_of(group) == self._token
            if not began or not self._takes(group):
                continue
            rules = [(place, rule) for place, rule in numbered if self._takes_rule(rule)]
            if rules and self._limit and len(found) == self._limit:
                return found, _token_of(group)
            if rules:
                found.append((group, rules))
        if not began:
            raise RequestError("parameter 'group_next_token': no group has it: rules may have been read again")
        return found, ""

    def _takes(self, group: ShownGroup) -> bool:
        return (not self._groups or group.name in self._groups) and (not self._files or group.file in self._files)

    def _takes_rule(self, rule: ShownRule) -> bool:
        if rule.is_alert not in self._kinds or (self._names and rule.name not in self._names):
            return False
        if not self._selectors:
            return True
        # what a template will say is not known here, so such a label is as good as absent
        labels = Labels((name, text) for name, text in rule.labels.items() if "{{" not in text)
        return any(matches_all(selector, labels) for selector in self._selectors)


def _token_of(group: ShownGroup) -> str:
    return hashlib.sha1(f"{group.file};{group.name}".encode(), usedforsecurity=False).hexdigest()


def _group(
    group: ShownGroup,
    rules: Sequence[tuple[int, ShownRule]],
    wanted: _Wanted,
    alerts: Mapping[int, orjson.Fragment],
) -> dict[str, Any]:
    return {
        "name": group.name,
        "file": group.file,
        "rules": [
            _alerting(rule, None if wanted.without_alerts else alerts.get(number, _NO_ALERTS))
            if rule.is_alert
            else _recording(rule)
            for number, rule in rules
        ],
        "interval": _seconds(group.interval_ms),
        "limit": group.limit,
        "evaluationTime": group.took_s,
        "lastEvaluation": rfc3339_nano(group.evaluated_ms),
    }


def _alerting(rule: ShownRule, alerts: orjson.Fragment | None) -> dict[str, Any]:
    return {
        "state": rule.state,
        "name": rule.name,
        "query": rule.expr,
        "duration": _seconds(rule.for_ms),
        "keepFiringFor": _seconds(rule.keep_firing_ms),
        "labels": rule.labels,
        "annotations": rule.annotations,
        "alerts": alerts,
        **_health(rule),
        "type": "alerting",
    }


def _recording(rule: ShownRule) -> dict[str, Any]:
    labels = {"labels": rule.labels} if rule.labels else {}
    return {"name": rule.name, "query": rule.expr, **labels, **_health(rule), "type": "recording"}


def _seconds(duration_ms: int) -> float:
    """Return seconds, a whole number as one: Go writes no `.0`."""
    return duration_ms / 1000 if duration_ms % 1000 else duration_ms // 1000


def _health(rule: ShownRule) -> dict[str, Any]:
    return {
        "health": rule.health,
        **({"lastError": rule.last_error} if rule.last_error else {}),
        "evaluationTime": rule.took_s,
        "lastEvaluation": rfc3339_nano(rule.evaluated_ms),
    }


def _written(alerts: Sequence[ShownAlert]) -> bytes:
    """Return alerts as JSON, without the brackets around them."""
    return orjson.dumps([_alert(alert) for alert in alerts])[1:-1]


def _alert(alert: ShownAlert) -> dict[str, Any]:
    kept = {"keepFiringSince": rfc3339_nano(alert.keep_firing_ms)} if alert.keep_firing_ms else {}
    return {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "state": alert.state,
        "activeAt": rfc3339_nano(alert.active_ms),
        **kept,
        "value": scientific(alert.value),
    }
