"""The guard: the first thing every request meets. Host, Origin, route table, credential, in that order; default deny.

It also sets the security headers of every answer and counts requests. Plain ASGI, so that the hot routes pay little.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from barograph.identity.principal import Principal
from barograph.model.errors import LinkError
from barograph.web.credentials import read_credential
from barograph.web.deps import WebDeps
from barograph.web.errors import problem_of
from barograph.web.parameters import Receive, Scope, Send
from barograph.web.problem import Problem
from barograph.web.reply import Headers, send_body, send_problem
from barograph.web.routes import Route, find_route
from barograph.web.signin import sign_in_page

App = Callable[[Scope, Receive, Send], Awaitable[None]]
_LOCAL_HOSTS = frozenset(("localhost", "127.0.0.1", "[::1]"))
_READING = frozenset(("GET", "HEAD", "OPTIONS"))

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
SECURITY_HEADERS: Headers = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
]


class Guard:
    """Wraps an ASGI app; the principal it lets in stands in `scope["state"]["principal"]`."""

    def __init__(self, app: App, deps: WebDeps) -> None:
        self._app = app
        self._deps = deps
        self._hosts = _LOCAL_HOSTS | frozenset(name.lower() for name in deps.config.allowed_hosts)
        self._requests = deps.telemetry.counter(
            "barograph_http_requests_total", "Requests answered, by route and status."
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI. Only `http` and `lifespan` scopes go on."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        route = find_route(scope["path"])
        send = self._finished(send, route)
        problem = self._refuse_place(headers)
        if problem is not None:
            await send_problem(send, problem)
            return
        if route is not None and route.role is None:
            await self._app(scope, receive, send)
            return
        try:
            principal = await self._principal(headers)
        except LinkError as error:
            await send_problem(send, problem_of(error))
            return
        problem = self._refuse_person(principal, route, scope)
        if problem is not None:
            await self._send_refusal(scope, send, route, problem)
            return
        problem = _refuse_change(headers, scope["method"], principal)
        if problem is not None:
            await send_problem(send, problem)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    def _refuse_place(self, headers: dict[bytes, bytes]) -> Problem | None:
        host = headers.get(b"host", b"").decode("latin-1").lower()
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        if name not in self._hosts:
            words = f"this server does not go by the name {name!r}: add it to web.allowed_hosts if it should"
            return Problem(status=421, kind="forbidden", message=words)
        origin = headers.get(b"origin")
        if origin is not None and origin.decode("latin-1").lower() not in (f"http://{host}", f"https://{host}"):
            return Problem(status=403, kind="forbidden", message="a page of another origin may not ask here")
        if headers.get(b"sec-fetch-site") == b"cross-site" and headers.get(b"sec-fetch-mode") != b"navigate":
            return Problem(status=403, kind="forbidden", message="a page of another site may not ask here")
        return None

    async def _principal(self, headers: dict[bytes, bytes]) -> Principal | None:
        credential = read_credential(headers)
        if credential.token:
            return self._deps.gatekeeper.check_token(credential.token)
        if credential.session:
            return await self._deps.gatekeeper.check_session(credential.session)
        return None

    def _refuse_person(self, principal: Principal | None, route: Route | None, scope: Scope) -> Problem | None:
        source = source_of(scope)
        if principal is None:
            brought = any(name in (b"authorization", b"cookie") for name, _ in scope["headers"])
            wait_s = self._deps.attempts.wait_s(source) if brought else 0.0
            if brought and any(name == b"authorization" for name, _ in scope["headers"]):
                self._deps.attempts.failed(source)
            if wait_s > 0:
                words = f"too many wrong tokens from {source}: try again in {wait_s:.0f} s"
                return Problem(status=429, kind="unauthorized", message=words, retry_after_s=int(wait_s) + 1)
            words = "log in first: open the link that `barograph serve` printed, or send the token of its data folder"
            return Problem(status=401, kind="unauthorized", message=words)
        if route is None:
            return Problem(status=404, kind="not_found", message=f"there is nothing at {scope['path']!r}")
        if route.role is not None and principal.role < route.role:
            words = f"your role, {principal.role.word}, may not do this; it takes {route.role.word}"
            return Problem(status=403, kind="forbidden", message=words)
        return None

    async def _send_refusal(self, scope: Scope, send: Send, route: Route | None, problem: Problem) -> None:
        if problem.status == 401 and route is not None and route.page and scope["method"] in _READING:
            await send_body(send, 401, b"text/html; charset=utf-8", sign_in_page("Sign in to see this machine."))
            return
        # Basic is offered where a program asked with it before; a browser's fetch must not open its own dialog
        offers_basic = problem.status == 401 and not any(name.startswith(b"sec-fetch") for name, _ in scope["headers"])
        await send_problem(
            send, problem, [(b"www-authenticate", b'Bearer realm="barograph"')] if offers_basic else None
        )

    def _finished(self, send: Send, route: Route | None) -> Send:
        """Return a `send` that adds the security headers and counts the answer."""
        template = route.template if route is not None else "(none)"

        async def send_finished(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = [(bytes(name), bytes(value)) for name, value in message.get("headers", [])]
                names = {name.lower() for name, _ in given}
                added = [header for header in SECURITY_HEADERS if header[0] not in names]
                if b"cache-control" not in names:
                    added.append((b"cache-control", b"no-store"))
                message["headers"] = [*given, *added]
                self._requests.labels(route=template, status=str(message["status"])).inc()
            await send(message)

        return send_finished


def source_of(scope: Scope) -> str:
    """Return the address a request came from."""
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _refuse_change(headers: dict[bytes, bytes], method: str, principal: Principal | None) -> Problem | None:
    """A change asked with a cookie must come from our own page; a token is shown by no browser by itself."""
    if method in _READING or principal is None or not principal.session_id:
        return None
    if b"origin" not in headers and headers.get(b"sec-fetch-site") != b"same-origin":
        return Problem(
            status=403, kind="forbidden", message="a change needs the Origin header of this server's own page"
        )
    return None
