"""The ASGI app: each route of the table with what answers it, behind the guard.

Plain ASGI instead of a framework: the routes are few, the hot ones must be bare anyway, and the table with its
roles has to be ours (docs/decisions/0008-plain-asgi.md).
"""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from barograph.web.alert_stream import AlertStream
from barograph.web.api.access import AccessRoutes
from barograph.web.api.admin import AdminRoutes
from barograph.web.api.alerting import AlertingRoutes
from barograph.web.api.alerts import AlertRoutes
from barograph.web.api.catalogue import CatalogueRoutes
from barograph.web.api.deliveries import DeliveryRoutes
from barograph.web.api.events import EventRoutes
from barograph.web.api.exemplars import ExemplarRoutes
from barograph.web.api.exporting import ExportRoutes
from barograph.web.api.expressions import ExpressionRoutes
from barograph.web.api.federate import FederateRoute
from barograph.web.api.importing import ImportRoutes
from barograph.web.api.people import PeopleRoutes
from barograph.web.api.processes import ProcessRoutes
from barograph.web.api.query import QueryRoutes
from barograph.web.api.server_status import StatusRoutes
from barograph.web.api.service import ServiceRoutes
from barograph.web.api.session import SessionRoutes
from barograph.web.api.silences import SilenceRoutes
from barograph.web.api.targets import TargetRoutes
from barograph.web.api.turns import PasswordTurns
from barograph.web.deps import WebDeps
from barograph.web.errors import problem_of
from barograph.web.guard import App, Guard
from barograph.web.identify import identifiers
from barograph.web.live import LiveStream
from barograph.web.page import Page
from barograph.web.parameters import Receive, Scope, Send
from barograph.web.problem import Problem
from barograph.web.querying import QueryThread
from barograph.web.reply import send_problem
from barograph.web.routes import find_route

_BACK_S = 5
"""After which a server that stops is likely to be there again."""
_READING = (
    "/api/v1/query",
    "/api/v1/series",
    "/api/v1/label",
    "/api/v1/metadata",
    "/api/v1/export",
    "/api/v1/targets",
    "/api/v1/status/",
    "/api/v1/admin/",
    "/federate",
    "/api/barograph/v1/live",
    "/api/barograph/v1/events",
)
"""What routes begin with that read the store: they wait for what has just come to it."""


def create_app(deps: WebDeps) -> App:
    """Build the whole app."""
    return Guard(Router(deps), deps, identifiers(deps.gatekeeper, deps.attempts))


class Router:
    """Hands a request that the guard let in to what answers its route."""

    def __init__(self, deps: WebDeps) -> None:
        thread = QueryThread(deps.config.waiting_queries, deps.clock)
        deps.now.on_close.append(thread.close)
        turns = PasswordTurns(deps.clock)
        queries, catalogue = QueryRoutes(deps, thread), CatalogueRoutes(deps, thread)
        service, session, page = ServiceRoutes(deps), SessionRoutes(deps, turns), Page(deps.static)
        expressions, alerting, targets = ExpressionRoutes(deps), AlertingRoutes(deps), TargetRoutes(deps)
        status, admin = StatusRoutes(deps), AdminRoutes(deps)
        processes, events = ProcessRoutes(deps), EventRoutes(deps)
        imports, exports = ImportRoutes(deps), ExportRoutes(deps)
        people, access = PeopleRoutes(deps, turns), AccessRoutes(deps)
        alerts, silences, deliveries = AlertRoutes(deps), SilenceRoutes(deps), DeliveryRoutes(deps)
        self._fresh = deps.fresh
        self.answers: dict[str, App] = {
            "/": page.index,
            "/h/{host}": page.index,
            "/h/{host}/processes": page.index,
            "/alerts": page.index,
            "/alerts/{id}": page.index,
            "/explore": page.index,
            "/settings": page.index,
            "/settings/{part}": page.index,
            "/assets/{name}": page.asset,
            "/login": session.login,
            "/login.css": session.style,
            "/-/healthy": service.healthy,
            "/-/ready": service.ready,
            "/-/reload": service.reload,
            "/metrics": service.metrics,
            "/api/v1/query": queries.instant,
            "/api/v1/query_range": queries.range,
            "/api/v1/labels": catalogue.labels,
            "/api/v1/import": imports.json_lines,
            "/api/v1/import/csv": imports.csv,
            "/api/v1/import/prometheus": imports.prometheus,
            "/api/v1/export": exports.json_lines,
            "/api/v1/export/csv": exports.csv,
            "/api/v1/label/{name}/values": catalogue.label_values,
            "/api/v1/series": catalogue.series,
            "/api/v1/metadata": catalogue.metadata,
            "/api/v1/format_query": expressions.format,
            "/api/v1/parse_query": expressions.parse,
            "/api/barograph/v1/functions": expressions.functions,
            "/api/v1/query_exemplars": ExemplarRoutes(deps).query,
            "/api/v1/targets": targets.targets,
            "/api/v1/targets/metadata": targets.metadata,
            "/api/v1/scrape_pools": targets.pools,
            "/api/v1/rules": alerting.rules,
            "/api/v1/alerts": alerting.alerts,
            "/api/v1/alertmanagers": alerting.alertmanagers,
            "/api/v1/status/config": status.config,
            "/api/v1/status/flags": status.flags,
            "/api/v1/status/runtimeinfo": status.runtimeinfo,
            "/api/v1/status/buildinfo": status.buildinfo,
            "/api/v1/status/tsdb": status.tsdb,
            "/api/v1/status/walreplay": status.walreplay,
            "/api/v1/admin/tsdb/snapshot": admin.snapshot,
            "/api/v1/admin/tsdb/delete_series": admin.delete_series,
            "/api/v1/admin/tsdb/clean_tombstones": admin.clean_tombstones,
            "/federate": FederateRoute(deps, thread),
            "/api/barograph/v1/status": service.status,
            "/api/barograph/v1/live": LiveStream(deps),
            "/api/barograph/v1/processes": processes.table,
            "/api/barograph/v1/events": events.events,
            "/api/barograph/v1/processes/{pid}": processes.history,
            "/api/barograph/v1/logout": session.logout,
            "/api/barograph/v1/me": people.me,
            "/api/barograph/v1/me/password": people.password,
            "/api/barograph/v1/users": people.users,
            "/api/barograph/v1/users/{name}": people.user,
            "/api/barograph/v1/login-links": people.login_link,
            "/api/barograph/v1/sessions": access.sessions,
            "/api/barograph/v1/sessions/{id}": access.session,
            "/api/barograph/v1/tokens": access.tokens,
            "/api/barograph/v1/tokens/{id}": access.token,
            "/api/barograph/v1/audit": access.audit,
            "/api/barograph/v1/alerts": alerts.live,
            "/api/barograph/v1/alerts/stream": AlertStream(deps),
            "/api/barograph/v1/alerts/history": alerts.history,
            "/api/barograph/v1/alerts/ack": alerts.acknowledge,
            "/api/barograph/v1/alerts/unack": alerts.withdraw,
            "/api/barograph/v1/alerts/{id}": alerts.detail,
            "/api/barograph/v1/alerts/{id}/ack": alerts.acknowledge,
            "/api/barograph/v1/alerts/{id}/unack": alerts.withdraw,
            "/api/barograph/v1/alerts/{id}/assign": alerts.assign,
            "/api/barograph/v1/alerts/{id}/comment": alerts.comment,
            "/api/barograph/v1/silences": silences.silences,
            "/api/barograph/v1/silences/preview": silences.preview,
            "/api/barograph/v1/silences/add": silences.silences,
            "/api/barograph/v1/silences/{id}": silences.silence,
            "/api/barograph/v1/deliveries": deliveries.log,
            "/api/barograph/v1/receivers": deliveries.receivers,
            "/api/barograph/v1/receivers/{name}/test": deliveries.test,
            "/api/openapi.json": service.description,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        route = find_route(scope["path"])
        if route is None:
            await send_problem(send, Problem(status=404, kind="not_found", message=f"nothing at {scope['path']!r}"))
            return
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method not in route.methods:
            words = f"{scope['method']} is not for {route.template}; it takes {', '.join(route.methods)}"
            problem = Problem(status=405, kind="bad_data", message=words)
            await send_problem(send, problem, [(b"allow", ", ".join(route.methods).encode())])
            return
        started = False

        async def send_noting(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            if route.template.startswith(_READING):
                await self._fresh()
            await self.answers[route.template](scope, receive, send_noting)
        except asyncio.CancelledError:
            if started:
                raise
            words = "the server stops; whether this was carried out is unknown: ask again in a moment"
            await send_problem(send, Problem(status=503, kind="unavailable", message=words, retry_after_s=_BACK_S))
        except Exception as error:
            if started:
                raise  # half an answer is out: the server cuts the connection, so that nobody takes it for whole
            await send_problem(send, problem_of(error))
