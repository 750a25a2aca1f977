"""Requests that no well-meant client sends, to a real server, and people of every role who send them."""

import http.client
import re
import socket
import urllib.parse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from barograph.identity.principal import Role, Scope
from barograph.web.routes import ROUTES, Route
from helpers.server import Server

Headers = Sequence[tuple[str, str]]
METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS")
PLAUSIBLE = {
    "name": "mallory",
    "user": "mallory",
    "role": "admin",
    "scope": "admin",
    "password": "a long password, no. 7",
    "old_password": "not the old password",
    "expires": "1h",
    "per_minute": "60",
    "match[]": 'node_load1{nobody="has this"}',
    "query": "up",
    "expr": "up",
    "start": "1700000000",
    "end": "1700000060",
    "step": "15",
    "began": "1700000000",
    "id": "x",
    "comment": "x",
    "until": "1h",
}
"""A form that has what most routes ask for, so that a refusal is one of the person and not of the form."""


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An answer, or as much of it as came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes = field(repr=False)

    def header(self, name: str) -> str:
        """All values of a header."""
        return ", ".join(value for key, value in self.headers if key.lower() == name)


def address_of(url: str) -> tuple[str, int]:
    """Return host and port of a URL."""
    parts = urllib.parse.urlsplit(url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


class Wire:
    """One connection after the other to a server; sends heads to the letter. Used by one thread."""

    def __init__(self, url: str, timeout_s: float = 60.0) -> None:
        self.host, self.port = address_of(url)
        self._timeout_s = timeout_s
        self._connection: http.client.HTTPConnection | None = None

    @property
    def authority(self) -> str:
        """What a Host header of the server's own page says."""
        return f"{self.host}:{self.port}"

    def send(self, method: str, path: str, headers: Headers = (), body: bytes = b"", *, host: bool = True) -> Reply:
        """Send one request (with our own Host, where `host`) and return its answer; of a stream the first bytes."""
        for again in (True, False):
            connection = self._connection or http.client.HTTPConnection(self.host, self.port, timeout=self._timeout_s)
            is_old, self._connection = self._connection is not None, connection
            try:
                return self._exchange(connection, method, path, headers, body, host=host)
            except (ConnectionError, http.client.HTTPException):
                self.close()
                if not (is_old and again):
                    raise
        raise AssertionError

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        headers: Headers,
        body: bytes,
        *,
        host: bool,
    ) -> Reply:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if host:
            connection.putheader("host", self.authority)
        for name, value in headers:
            connection.putheader(name, value)
        if body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body or None)
        answer = connection.getresponse()
        if "text/event-stream" in answer.getheader("content-type", ""):
            self.close()
            return Reply(status=answer.status, headers=answer.getheaders(), body=b"")
        reply = Reply(status=answer.status, headers=answer.getheaders(), body=answer.read())
        if answer.will_close:
            self.close()
        return reply


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who asks. `role` is None for a stranger; `scopes` is None where the role alone counts."""

    name: str
    headers: Headers
    role: Role | None
    scopes: frozenset[Scope] | None = None
    brings_cookie: bool = False


def own_page(server: Server) -> list[tuple[str, str]]:
    """Return the headers that a change from the server's own page has."""
    return [("origin", server.url)]


def administer(server: Server, method: str, path: str, **form: str) -> Any:
    """Ask the API as the local administrator and return `data`."""
    answer = server.request(
        "/api/barograph/v1" + path,
        method=method,
        headers={"Authorization": f"Bearer {server.token}"},
        form=form or None,
    )
    assert answer.status == 200, (path, answer.body)
    return answer.json()["data"]


def session_of(server: Server, user: str) -> str:
    """Open a session of a user by link; returns the cookie header's value."""
    made = administer(server, "POST", "/login-links", user=user)
    answer = server.request(made["path"])
    assert answer.status == 303, answer.body
    return answer.headers["set-cookie"].partition(";")[0]


def people(server: Server) -> list[Person]:
    """Have a user of each role with a session, a token of each scope, and strangers; those known come first."""
    found = []
    for role in Role:
        name = f"the-{role.word}"
        administer(server, "POST", "/users", name=name, role=role.word)
        cookie = [("cookie", session_of(server, name)), *own_page(server)]
        found.append(Person(name=f"session of {name}", headers=cookie, role=role, brings_cookie=True))
    for scope in Scope:
        made = administer(server, "POST", "/tokens", name=f"for {scope}", scope=scope, expires="1h")
        bearer = [("authorization", f"Bearer {made['token']}")]
        found.append(
            Person(name=f"token of scope {scope}", headers=bearer, role=Role.ADMIN, scopes=frozenset((scope,)))
        )
    local = [("authorization", f"Bearer {server.token}")]
    found.append(Person(name="the local administrator", headers=local, role=Role.ADMIN))
    strangers = {
        "nobody": [],
        "an invented session": [("cookie", "barograph_session=" + "x" * 43), *own_page(server)],
        "an invented token": [("authorization", "Bearer bgt_" + "x" * 43)],
        "an empty token": [("authorization", "Bearer ")],
        "another scheme": [("authorization", "Negotiate abcd")],
    }
    found += [Person(name=name, headers=headers, role=None) for name, headers in strangers.items()]
    return found


def path_of(route: Route) -> str:
    """Return a path of a route."""
    return re.sub(r"\{\w+\}", "x", route.template)


def routes_in_order() -> list[Route]:
    """Return every route, with those that end a session at the end."""
    return sorted(ROUTES, key=lambda route: "logout" in route.template)


@contextmanager
def connected(server: Server) -> Iterator[socket.socket]:
    """A bare connection."""
    with socket.create_connection(address_of(server.url), timeout=60) as connection:
        yield connection
