"""The guard: the first thing every request meets. Place, route table, credential, role, in that order; default deny.

It also sets the security headers of every answer and counts requests. Plain ASGI, so that the hot routes pay little.
"""

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from barograph.identity.principal import Principal
from barograph.model.acting import ACTOR, Actor
from barograph.model.label_scope import LABEL_SCOPE
from barograph.web.config import UNIX
from barograph.web.deps import WebDeps
from barograph.web.identify import Identifier, source_of
from barograph.web.parameters import Receive, Scope, Send
from barograph.web.place import own_names, read_headers, refuse_change, refuse_place
from barograph.web.problem import Problem
from barograph.web.proxies import Proxies
from barograph.web.reply import Headers, send_body, send_problem
from barograph.web.routes import Route, find_route
from barograph.web.signin import sign_in_page

App = Callable[[Scope, Receive, Send], Awaitable[None]]
_READING = frozenset(("GET", "HEAD", "OPTIONS"))

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Headers = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]


class Guard:
    """Wraps an ASGI app; the principal it lets in stands in `scope["state"]["principal"]`.

    Args:
        app: What answers those who are let in.
        deps: The parts of the front.
        identifiers: The ways in which somebody is known, the first that finds its kind of credential counts.
    """

    def __init__(self, app: App, deps: WebDeps, identifiers: Sequence[Identifier]) -> None:
        self._app = app
        self._identifiers = tuple(identifiers)
        self._names = own_names(deps.config)
        self._proxies = Proxies(deps.config)
        self._requests = deps.telemetry.counter(
            "barograph_http_requests_total", "Requests answered, by route and status."
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Only `http` scopes go on."""
        if scope["type"] != "http":
            return
        route = find_route(scope["path"])
        send = self._finished(send, route, scope)
        headers = read_headers(scope["headers"])
        if isinstance(headers, Problem):
            await send_problem(send, headers)
            return
        problem = self._resolve_origin(scope, headers) or refuse_place(headers, scope["scheme"], self._names)
        if problem is not None:
            await send_problem(send, problem)
            return
        source = source_of(scope)
        ACTOR.set(Actor(source=source))
        if route is not None and route.role is None:
            await self._app(scope, receive, send)
            return
        found = await self._identify(scope, headers)
        refusal = found if isinstance(found, Problem) else _refuse_person(found, route, scope, headers)
        if isinstance(found, Problem) or refusal is not None:
            assert refusal is not None
            await _send_refusal(scope, send, route, refusal, headers)
            return
        scope.setdefault("state", {})["principal"] = found
        ACTOR.set(Actor(name=found.name, role=found.effective_role.word, via=found.via, source=source))
        LABEL_SCOPE.set(found.label_scope)
        await self._app(scope, receive, send)

    def _resolve_origin(self, scope: Scope, headers: dict[bytes, bytes]) -> Problem | None:
        """Put the true source and scheme into the scope; returns why the request may not come that way, or None."""
        peer = scope["client"][0] if scope.get("client") else UNIX
        found = self._proxies.origin(peer, scope["scheme"], headers)
        if scope["scheme"] == "http" and not self._proxies.may_be_plain(peer):
            words = "this server takes plain HTTP from its own machine and its proxies only: use https"
            return Problem(status=403, kind="forbidden", message=words)
        scope["client"], scope["scheme"] = (found.source, 0), found.scheme
        return None

    async def _identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Principal | Problem:
        """Return who asks, or why nobody is let in: what the first says that knows this kind of credential."""
        for identifier in self._identifiers:
            found = await identifier.identify(scope, headers)
            if found is not None:
                return found
        words = "log in first: open the link that `barograph serve` printed, or send the token of its data folder"
        return Problem(status=401, kind="unauthorized", message=words)

    def _finished(self, send: Send, route: Route | None, scope: Scope) -> Send:
        """Return a `send` that adds the security headers and counts the answer."""
        template = route.template if route is not None else "(none)"

        async def send_finished(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given: Headers = list(message.get("headers", ()))
                names = {name for name, _ in given}
                message["headers"] = [*given, *SECURITY_HEADERS]
                if scope["scheme"] == "https":
                    message["headers"].append((b"strict-transport-security", b"max-age=31536000"))
                if b"cache-control" not in names:
                    message["headers"].append((b"cache-control", b"no-store"))
                self._requests.labels(route=template, status=str(message["status"])).inc()
            await send(message)

        return send_finished


def _refuse_person(
    principal: Principal, route: Route | None, scope: Scope, headers: dict[bytes, bytes]
) -> Problem | None:
    """Return why somebody who is known may not do this, or None."""
    if route is None:
        return Problem(status=404, kind="not_found", message=f"there is nothing at {scope['path']!r}")
    if route.role is not None and principal.role < route.role:
        words = f"your role, {principal.role.word}, may not do this; it takes {route.role.word}"
        return Problem(status=403, kind="forbidden", message=words)
    if principal.label_scope and not route.scoped:
        words = "you may see some series only, and this shows more than those; ask an administrator of this server"
        return Problem(status=403, kind="forbidden", message=words)
    if not principal.has_scope(route.needed_scope):
        words = f"this token is not good for this; it takes the scope {route.needed_scope}"
        return Problem(status=403, kind="forbidden", message=words)
    if principal.session_id and scope["method"] not in _READING:
        return refuse_change(headers)
    return None


async def _send_refusal(
    scope: Scope, send: Send, route: Route | None, problem: Problem, headers: dict[bytes, bytes]
) -> None:
    if problem.status == 401 and route is not None and route.page and scope["method"] in _READING:
        await send_body(send, 401, b"text/html; charset=utf-8", sign_in_page("Sign in to see this machine."))
        return
    challenges: Headers = []
    if problem.status == 401:
        challenges.append((b"www-authenticate", b'Bearer realm="barograph"'))
        # a browser would open its own dialog over the page's words; every browser calls itself Mozilla
        if not headers.get(b"user-agent", b"").startswith(b"Mozilla/"):
            challenges.append((b"www-authenticate", b'Basic realm="barograph", charset="UTF-8"'))
    await send_problem(send, problem, challenges)
