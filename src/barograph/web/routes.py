"""Every route and who may take it, in one literal table. What is not here is refused: the guard asks this table first.

A test walks the router and this table and finds them equal.
"""

import re
from dataclasses import dataclass

from barograph.identity.principal import Role, Scope

Template = str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route. `role` is None where nobody has to log in.

    Attributes:
        template: The path; `{name}` stands for one segment.
        methods: The methods it takes (HEAD goes with GET).
        role: The least role that may take it.
        summary: One line for people.
        page: A browser's address: refused with the sign-in page instead of JSON.
        scope: What a token must be good for; None: what goes with the role.
        scoped: It shows of series only what the `Querier` gives, so that somebody with a label scope may take it.
    """

    template: Template
    methods: tuple[str, ...]
    role: Role | None
    summary: str
    page: bool = False
    scope: Scope | None = None
    scoped: bool = False

    @property
    def needed_scope(self) -> Scope:
        """What a token must be good for."""
        return self.scope or _SCOPES[self.role or Role.VIEWER]


_SCOPES = {
    Role.VIEWER: Scope.READ,
    Role.OPERATOR: Scope.ACKNOWLEDGE,
    Role.EDITOR: Scope.ADMIN,
    Role.ADMIN: Scope.ADMIN,
}
_OWN = "/api/barograph/v1"
_BOTH = ("GET", "POST")
ROUTES: tuple[Route, ...] = (
    Route(template="/", methods=("GET",), role=Role.VIEWER, summary="The page", page=True, scoped=True),
    Route(
        template="/h/{host}",
        methods=("GET",),
        role=Role.VIEWER,
        summary="The page, at one host",
        page=True,
        scoped=True,
    ),
    Route(
        template="/h/{host}/processes",
        methods=("GET",),
        role=Role.VIEWER,
        summary="The page, at the processes of one host",
        page=True,
        scoped=True,
    ),
    Route(
        template="/alerts",
        methods=("GET",),
        role=Role.VIEWER,
        summary="The page, at the alerts",
        page=True,
        scoped=True,
    ),
    Route(
        template="/alerts/{id}",
        methods=("GET",),
        role=Role.VIEWER,
        summary="The page, at one alert or one list of alerts",
        page=True,
        scoped=True,
    ),
    Route(
        template="/explore", methods=("GET",), role=Role.VIEWER, summary="The page, at a query", page=True, scoped=True
    ),
    Route(
        template="/settings",
        methods=("GET",),
        role=Role.VIEWER,
        summary="The page, at the settings",
        page=True,
        scoped=True,
    ),
    Route(
        template="/settings/{part}",
        methods=("GET",),
        role=Role.VIEWER,
        summary="The page, at one part of the settings",
        page=True,
        scoped=True,
    ),
    Route(
        template="/assets/{name}",
        methods=("GET",),
        role=Role.VIEWER,
        summary="The page's files",
        page=True,
        scoped=True,
    ),
    Route(template="/login", methods=_BOTH, role=None, summary="Log in by link, or by name and password", page=True),
    Route(template="/login.css", methods=("GET",), role=None, summary="Style of the sign-in page", page=True),
    Route(template="/-/healthy", methods=("GET",), role=None, summary="Every part lives; else 503 names it"),
    Route(template="/-/ready", methods=("GET",), role=None, summary="Samples are there to be asked for"),
    Route(template="/-/reload", methods=("POST", "PUT"), role=Role.ADMIN, summary="Read the configuration again"),
    Route(template="/metrics", methods=("GET",), role=Role.VIEWER, summary="Newest samples as Prometheus text"),
    Route(template="/api/v1/query", methods=_BOTH, role=Role.VIEWER, summary="Instant query", scoped=True),
    Route(template="/api/v1/query_range", methods=_BOTH, role=Role.VIEWER, summary="Range query", scoped=True),
    Route(
        template="/api/v1/import",
        methods=("POST",),
        role=Role.ADMIN,
        summary="Import JSON lines",
        scope=Scope.WRITE,
    ),
    Route(template="/api/v1/import/csv", methods=("POST",), role=Role.ADMIN, summary="Import CSV", scope=Scope.WRITE),
    Route(
        template="/api/v1/import/prometheus",
        methods=("POST",),
        role=Role.ADMIN,
        summary="Import Prometheus text or OpenMetrics",
        scope=Scope.WRITE,
    ),
    Route(template="/api/v1/export", methods=_BOTH, role=Role.VIEWER, summary="Export samples"),
    Route(template="/api/v1/export/csv", methods=_BOTH, role=Role.VIEWER, summary="Export samples as CSV"),
    Route(template="/api/v1/labels", methods=_BOTH, role=Role.VIEWER, summary="Names of labels", scoped=True),
    Route(
        template="/api/v1/label/{name}/values",
        methods=("GET",),
        role=Role.VIEWER,
        summary="Values of a label",
        scoped=True,
    ),
    Route(template="/api/v1/series", methods=_BOTH, role=Role.VIEWER, summary="Series that match", scoped=True),
    Route(
        template="/api/v1/metadata", methods=("GET",), role=Role.VIEWER, summary="Type and help of metrics", scoped=True
    ),
    Route(
        template="/api/v1/format_query", methods=_BOTH, role=Role.VIEWER, summary="An expression, laid out", scoped=True
    ),
    Route(template="/api/v1/parse_query", methods=_BOTH, role=Role.VIEWER, summary="An expression's tree", scoped=True),
    Route(
        template=f"{_OWN}/functions",
        methods=("GET",),
        role=Role.VIEWER,
        summary="The functions of PromQL, with help",
        scoped=True,
    ),
    Route(
        template="/api/v1/query_exemplars",
        methods=_BOTH,
        role=Role.VIEWER,
        summary="Exemplars: none are stored",
        scoped=True,
    ),
    Route(template="/api/v1/targets", methods=("GET",), role=Role.VIEWER, summary="Where samples come from"),
    Route(
        template="/api/v1/targets/metadata",
        methods=("GET",),
        role=Role.VIEWER,
        summary="Type and help of metrics, by target",
    ),
    Route(template="/api/v1/scrape_pools", methods=("GET",), role=Role.VIEWER, summary="Names of groups of targets"),
    Route(template="/api/v1/rules", methods=("GET",), role=Role.VIEWER, summary="Groups of rules and their alerts"),
    Route(template="/api/v1/alerts", methods=("GET",), role=Role.VIEWER, summary="Alerts that are pending or fire"),
    Route(template="/api/v1/alertmanagers", methods=("GET",), role=Role.VIEWER, summary="Alertmanagers: none"),
    Route(template="/api/v1/status/config", methods=("GET",), role=Role.ADMIN, summary="The effective configuration"),
    Route(template="/api/v1/status/flags", methods=("GET",), role=Role.ADMIN, summary="The settings, each as text"),
    Route(
        template="/api/v1/status/runtimeinfo",
        methods=("GET",),
        role=Role.VIEWER,
        summary="When it started, what it holds",
    ),
    Route(
        template="/api/v1/status/buildinfo",
        methods=("GET",),
        role=Role.VIEWER,
        summary="Which program this is",
        scoped=True,
    ),
    Route(template="/api/v1/status/tsdb", methods=("GET",), role=Role.VIEWER, summary="What has the most series"),
    Route(
        template="/api/v1/status/walreplay", methods=("GET",), role=Role.VIEWER, summary="How far the ring was replayed"
    ),
    Route(
        template="/api/v1/admin/tsdb/snapshot",
        methods=("POST", "PUT"),
        role=Role.ADMIN,
        summary="Copy the data folder",
    ),
    Route(
        template="/api/v1/admin/tsdb/delete_series",
        methods=("POST", "PUT"),
        role=Role.ADMIN,
        summary="Delete samples of matching series",
    ),
    Route(
        template="/api/v1/admin/tsdb/clean_tombstones",
        methods=("POST", "PUT"),
        role=Role.ADMIN,
        summary="Rewrite what deletions left in files",
    ),
    Route(
        template="/federate",
        methods=("GET",),
        role=Role.VIEWER,
        summary="Newest samples of matching series, as text",
        scoped=True,
    ),
    Route(
        template="/api/barograph/v1/status",
        methods=("GET",),
        role=Role.VIEWER,
        summary="What the keeper says of itself",
    ),
    Route(
        template="/api/barograph/v1/live",
        methods=("GET", "POST"),
        role=Role.VIEWER,
        summary="Live points, as server-sent events",
    ),
    Route(
        template="/api/barograph/v1/processes",
        methods=("GET",),
        role=Role.VIEWER,
        summary="Who did it: the processes of an instant",
    ),
    Route(
        template="/api/barograph/v1/processes/{pid}",
        methods=("GET",),
        role=Role.VIEWER,
        summary="One process over time",
    ),
    Route(
        template=f"{_OWN}/events",
        methods=("GET",),
        role=Role.VIEWER,
        summary="What happened to a host: boots, starts, gaps, units",
        scoped=True,
    ),
    Route(
        template="/api/barograph/v1/logout",
        methods=("POST",),
        role=Role.VIEWER,
        summary="End this session",
        scoped=True,
    ),
    Route(
        template=f"{_OWN}/me", methods=("GET",), role=Role.VIEWER, summary="Who asks, and what they may do", scoped=True
    ),
    Route(
        template=f"{_OWN}/me/password",
        methods=("POST",),
        role=Role.VIEWER,
        summary="Change one's own password",
        scope=Scope.ADMIN,
    ),
    Route(template=f"{_OWN}/users", methods=_BOTH, role=Role.ADMIN, summary="List users, or add one"),
    Route(
        template=f"{_OWN}/users/{{name}}",
        methods=("POST", "DELETE"),
        role=Role.ADMIN,
        summary="Change a user's role or password, or remove the user",
    ),
    Route(template=f"{_OWN}/login-links", methods=("POST",), role=Role.ADMIN, summary="Make a log-in link"),
    Route(
        template=f"{_OWN}/sessions",
        methods=("GET",),
        role=Role.VIEWER,
        summary="One's own sessions; for administrators everybody's",
        scope=Scope.ADMIN,
    ),
    Route(
        template=f"{_OWN}/sessions/{{id}}",
        methods=("DELETE",),
        role=Role.VIEWER,
        summary="End a session",
        scope=Scope.ADMIN,
    ),
    Route(
        template=f"{_OWN}/tokens",
        methods=_BOTH,
        role=Role.VIEWER,
        summary="One's own tokens (for administrators everybody's), or make one",
        scope=Scope.ADMIN,
    ),
    Route(
        template=f"{_OWN}/tokens/{{id}}",
        methods=("DELETE",),
        role=Role.VIEWER,
        summary="Revoke a token",
        scope=Scope.ADMIN,
    ),
    Route(template=f"{_OWN}/alerts", methods=("GET",), role=Role.VIEWER, summary="Live alerts, the most urgent first"),
    Route(
        template=f"{_OWN}/alerts/stream",
        methods=("GET",),
        role=Role.VIEWER,
        summary="How alerts stand, as server-sent events",
    ),
    Route(
        template=f"{_OWN}/alerts/history",
        methods=("GET",),
        role=Role.VIEWER,
        summary="What happened to alerts, newest first, with counts and times",
    ),
    Route(template=f"{_OWN}/alerts/ack", methods=("POST",), role=Role.OPERATOR, summary="Acknowledge alerts"),
    Route(template=f"{_OWN}/alerts/unack", methods=("POST",), role=Role.OPERATOR, summary="Take acknowledgments back"),
    Route(
        template=f"{_OWN}/alerts/{{id}}",
        methods=("GET",),
        role=Role.VIEWER,
        summary="One alert: timeline, deliveries, who did it, earlier firings",
    ),
    Route(template=f"{_OWN}/alerts/{{id}}/ack", methods=("POST",), role=Role.OPERATOR, summary="Acknowledge an alert"),
    Route(
        template=f"{_OWN}/alerts/{{id}}/unack",
        methods=("POST",),
        role=Role.OPERATOR,
        summary="Take an acknowledgment back",
    ),
    Route(
        template=f"{_OWN}/alerts/{{id}}/assign",
        methods=("POST",),
        role=Role.OPERATOR,
        summary="Give an alert to somebody",
    ),
    Route(
        template=f"{_OWN}/alerts/{{id}}/comment",
        methods=("POST",),
        role=Role.OPERATOR,
        summary="Write something beside an alert",
    ),
    Route(
        template=f"{_OWN}/silences",
        methods=("GET",),
        role=Role.VIEWER,
        summary="Silences, newest first",
    ),
    Route(
        template=f"{_OWN}/silences/preview",
        methods=("GET",),
        role=Role.VIEWER,
        summary="Which live alerts matchers match",
    ),
    Route(template=f"{_OWN}/silences/add", methods=("POST",), role=Role.OPERATOR, summary="Keep alerts quiet"),
    Route(template=f"{_OWN}/silences/{{id}}", methods=("DELETE",), role=Role.OPERATOR, summary="End a silence"),
    Route(
        template=f"{_OWN}/deliveries",
        methods=("GET",),
        role=Role.VIEWER,
        summary="Attempts to tell somebody, newest first",
    ),
    Route(template=f"{_OWN}/receivers", methods=("GET",), role=Role.VIEWER, summary="Who is told, and how that goes"),
    Route(
        template=f"{_OWN}/receivers/{{name}}/test",
        methods=("POST",),
        role=Role.EDITOR,
        summary="Send a test message to a receiver",
    ),
    Route(template=f"{_OWN}/audit", methods=("GET",), role=Role.ADMIN, summary="Who did what, newest first"),
    Route(template="/api/openapi.json", methods=("GET",), role=Role.VIEWER, summary="This API, described", scoped=True),
)


def _compile(template: Template) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    return re.compile("".join(re.escape(part) if i % 2 == 0 else "[^/]+" for i, part in enumerate(parts)))


_EXACT = {route.template: route for route in ROUTES if "{" not in route.template}
_PATTERNS = [(_compile(route.template), route) for route in ROUTES if "{" in route.template]


def find_route(path: str) -> Route | None:
    """Return the route that a path belongs to, whatever the method, or None."""
    exact = _EXACT.get(path)
    if exact is not None:
        return exact
    return next((route for pattern, route in _PATTERNS if pattern.fullmatch(path)), None)
