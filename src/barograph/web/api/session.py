"""Coming and going: the log-in link, the log-in by password and the log-out. Plain ASGI, behind the guard."""

from barograph.identity.principal import Principal
from barograph.identity.throttle import holder_of
from barograph.model.commands import AnyCommand, AnyReply, EndSession, RedeemLogin, Refused, SessionOpened
from barograph.model.people import LogIn
from barograph.web.api.turns import PasswordTurns
from barograph.web.credentials import session_cookie
from barograph.web.deps import WebDeps
from barograph.web.errors import problem_of, problem_of_reply
from barograph.web.identify import source_of
from barograph.web.parameters import Receive, Scope, Send, one, parse_parameters, read_parameters
from barograph.web.place import read_headers, refuse_change
from barograph.web.problem import Problem
from barograph.web.reply import JSON, Headers, send_body, send_problem
from barograph.web.signin import STYLE, sign_in_page

_HTML = b"text/html; charset=utf-8"
_MOST_FORM_BYTES = 16 * 1024
_MOST_NAME_CHARS = 100
_MOST_READING = 32
_FETCHING_AHEAD = (b"purpose", b"sec-purpose", b"x-moz")


class SessionRoutes:
    """Opens sessions by link, and ends them."""

    def __init__(self, deps: WebDeps, turns: PasswordTurns) -> None:
        self._deps = deps
        self._turns = turns
        self._reading = 0

    async def login(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redeem `code`, or take a form's `user` and `password`: a cookie, and on to the page."""
        if scope["method"] == "POST":
            await self._by_password(scope, receive, send)
        else:
            await self._by_link(scope, send)

    async def _by_link(self, scope: Scope, send: Send) -> None:
        """A HEAD or a prefetch uses nothing up."""
        headers = dict(scope["headers"])
        if scope["method"] != "GET" or any(b"prefetch" in headers.get(name, b"") for name in _FETCHING_AHEAD):
            await send_body(send, 200, _HTML, sign_in_page("Open this link yourself to sign in."))
            return
        source = source_of(scope)
        attempts = (f"link {holder_of(source)}",)
        if await self._refuse_often(send, attempts, source):
            return
        try:
            code = one(parse_parameters(scope["query_string"]), "code", "")
            if not code:
                await self._refuse(send, 401, "Sign in to see this machine.")
                return
            reply = await self._try(RedeemLogin(code=code, remote=source), attempts)
        except Exception as error:
            problem = problem_of(error)
            await self._refuse(send, problem.status, problem.message)
            return
        remedy = " Ask for a new one: `barograph user link`, or start `barograph serve` again."
        await self._finish(scope, send, reply, attempts, remedy)

    async def _by_password(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A wrong name and a wrong password get one answer, which takes as long."""
        source = source_of(scope)
        try:
            headers = read_headers(scope["headers"])
            problem = headers if isinstance(headers, Problem) else refuse_change(headers)
            if problem is not None:
                await self._refuse(send, problem.status, f"Not signed in: {problem.message}.")
                return
            if self._reading >= _MOST_READING:  # those who send a form byte by byte must not take every place
                await self._refuse(send, 503, "Too many people sign in at this moment. Try again in a few seconds.")
                return
            self._reading += 1
            try:
                form = await read_parameters(scope, receive, _MOST_FORM_BYTES)
            finally:
                self._reading -= 1
            user = one(form, "user", "").strip().casefold()[:_MOST_NAME_CHARS]
            holder = holder_of(source)
            attempts = (f"password {holder}", f"user {user}")
            if await self._refuse_often(send, attempts, source):
                return
            if await self._have_wait(send, self._turns.wait_s(user, holder), source):
                return
            command = LogIn(user=user, password=one(form, "password", ""), remote=source)
            with self._turns.taken(user, holder):
                reply = await self._try(command, attempts)
        except Exception as error:
            problem = problem_of(error)
            await self._refuse(send, problem.status, problem.message)
            return
        await self._finish(scope, send, reply, attempts, "")

    async def _refuse_often(self, send: Send, attempts: tuple[str, ...], source: str) -> bool:
        return await self._have_wait(send, max(self._deps.attempts.wait_s(attempt) for attempt in attempts), source)

    async def _have_wait(self, send: Send, wait_s: float, source: str) -> bool:
        if wait_s > 0:
            words = f"Too many tries from {source}, or for this name. Wait {wait_s:.0f} s."
            await self._refuse(send, 429, words, [(b"retry-after", b"%d" % (int(wait_s) + 1))])
        return wait_s > 0

    async def _try(self, command: AnyCommand, attempts: tuple[str, ...]) -> AnyReply:
        """Ask the keeper. The try is counted before it is made: of a hundred at once no more than the limit are."""
        for attempt in attempts:
            self._deps.attempts.failed(attempt)
        try:
            return await self._deps.commands.execute(command)
        except Exception:
            self._forgive(attempts)
            raise

    def _forgive(self, attempts: tuple[str, ...]) -> None:
        """Take back a try that was no wrong credential."""
        for attempt in attempts:
            self._deps.attempts.succeeded(attempt)

    async def _finish(self, scope: Scope, send: Send, reply: AnyReply, attempts: tuple[str, ...], remedy: str) -> None:
        if not isinstance(reply, SessionOpened):
            problem = problem_of_reply(reply)
            if problem.status != 401:
                self._forgive(attempts)
                remedy = ""
            await self._refuse(send, problem.status, f"Not signed in: {problem.message}.{remedy}")
            return
        self._forgive(attempts)
        self._deps.gatekeeper.opened(reply.token)
        max_age_s = max(0, reply.expires_ms - self._deps.clock.now_ms()) // 1000
        cookie = (b"set-cookie", session_cookie(reply.token, max_age_s, scope["scheme"]))
        await send_body(send, 303, _HTML, b"", [(b"location", b"/"), cookie])

    async def logout(self, scope: Scope, receive: Receive, send: Send) -> None:
        """End the session of the cookie; a token has none to end."""
        principal: Principal = scope["state"]["principal"]
        try:
            if principal.session_id:
                reply = await self._deps.commands.execute(EndSession(session_id=principal.session_id))
                # one that was ended elsewhere meanwhile is over too
                if isinstance(reply, Refused) and reply.kind != "not_found":
                    await send_problem(send, problem_of_reply(reply))
                    return
                self._deps.gatekeeper.forget(principal.session_id)
                self._deps.now.session_ended(principal.session_id)
        except Exception as error:
            await send_problem(send, problem_of(error))
            return
        await send_body(
            send, 200, JSON, b'{"status":"success"}', [(b"set-cookie", session_cookie("", 0, scope["scheme"]))]
        )

    async def style(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The sign-in page's style."""
        headers: Headers = [(b"cache-control", b"max-age=3600")]
        await send_body(send, 200, b"text/css; charset=utf-8", STYLE, headers)

    async def _refuse(self, send: Send, status: int, words: str, headers: Headers | None = None) -> None:
        await send_body(send, status, _HTML, sign_in_page(words), headers)
