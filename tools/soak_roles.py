"""Asks every route with every method as everybody: `make soak S=roles`.

usage: soak_roles.py [--results DIR]

The routes are those of the router's own table, so a route that is added is in the matrix at once. Whoever is refused
must be refused, whoever is let in must not be, and the audit log must show nothing that a person's role does not allow.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from barograph.identity.principal import Role
from barograph.web.routes import Route
from proof import SECURITY, Figure, Options, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import METHODS, PLAUSIBLE, Person, Wire, administer, path_of, people, routes_in_order
from helpers.server import Server, serving

PROOF = Proof(
    row=33,
    name="roles",
    fault="Somebody asks for what their role may not do",
    promise="Every route refuses by default, and lets in whom the table of routes names, nobody else.",
    method="Every route of the router with seven methods, asked by a session of each role, a token of each scope, the "
    "local administrator and five kinds of strangers, with forms that are right. Afterwards the audit log is read: "
    "nobody below administrator has changed anything but what is their own.",
)
FORM = urlencode(PLAUSIBLE).encode()
KIND = [("content-type", "application/x-www-form-urlencoded")]
OWN = frozenset(("create_token", "revoke_token", "end_session", "change_password", "log_in", "redeem_login"))
"""What everybody may change: what is their own."""
DEAR = ("/snapshot", "/clean_tombstones", "/delete_series")
"""Routes that take a second or more when they are rightly asked: of those who may, one asks, with one method."""
OPERATORS = ("acknowledge", "silence", "comment", "assign", "expire", "ack", "unack", "unacknowledge")
EDITORS = ("rule", "receiver", "test")


def expected(person: Person, route: Route, method: str) -> str:
    """Return what must come of a request: `refused`, `no such method` or `let in`."""
    known = "GET" if method == "HEAD" else method
    if route.role is not None:
        if person.role is None or person.role < route.role:
            return "refused"
        scopes = person.scopes
        if scopes is not None and route.needed_scope not in scopes and not any(one == "admin" for one in scopes):
            return "refused"
    return "let in" if known in route.methods else "no such method"


def outcome(status: int) -> str:
    """Return what came of a request."""
    if status in (401, 403, 429):
        return "refused"
    return "no such method" if status == 405 else "let in"


def is_right(person: Person, route: Route, method: str, status: int, body: bytes) -> bool:
    """Tell whether an answer is the one that the table promises."""
    found, wanted = outcome(status), expected(person, route, method)
    if status >= 500 and status != 503:
        return False
    if found == wanted:
        return True
    # those who were let in may be told by the route itself that a password is wrong
    return wanted == "let in" and (route.template == "/login" or b"password" in body)


def ask_all(server: Server, everybody: list[Person]) -> Iterator[tuple[bool, str]]:
    """Send the whole matrix; yields for each request whether its answer was right, and which it was."""
    wire = Wire(server.url, 300)  # a snapshot goes last where cores are short
    for person in everybody:
        for route in routes_in_order():
            for method in sorted(METHODS, key="POST".__eq__):  # the log-out itself comes last
                body = FORM if method in ("POST", "PUT", "PATCH") else b""
                is_dear = route.template.endswith(DEAR) and expected(person, route, method) == "let in"
                if is_dear and (method != "POST" or "local" not in person.name):
                    continue
                path = path_of(route) + ("" if body else "?" + FORM.decode())
                reply = wire.send(method, path, [*person.headers, *KIND], body)
                right = is_right(person, route, method, reply.status, reply.body)
                wanted = expected(person, route, method)
                yield right, f"{person.name}: {method} {route.template}: {reply.status}, not {wanted}"
    wire.close()


def overstepped(server: Server) -> list[str]:
    """Return the lines of the audit log that show a change which its actor's role does not allow."""
    lines = administer(server, "GET", "/audit?limit=1000")
    wrong = []
    for line in lines:
        role = next((role for role in Role if line["actor"] == f"the-{role.word}"), None)
        if role in (None, Role.ADMIN) or line["outcome"] != "done" or line["action"] in OWN:
            continue
        words = OPERATORS + (EDITORS if role == Role.EDITOR else ())
        if role == Role.VIEWER or not any(word in line["action"] for word in words):
            wrong.append(f"{line['actor']} has done {line['action']} {line['target']}")
    return wrong


def figures(place: Path) -> list[Figure]:
    """Run the proof."""
    with serving(place / "data") as server:
        everybody = people(server)
        answers = list(ask_all(server, everybody))
        server.wait_ready()
        wrong = overstepped(server)
    misjudged = [words for right, words in answers if not right]
    for words in (*misjudged, *wrong):
        print(words, file=sys.stderr)
    return [
        Figure(name="requests", value=len(answers)),
        Figure(name="routes, all of the router's table", value=len(routes_in_order())),
        Figure(name="kinds of people and strangers", value=len(everybody)),
        Figure(name="let in or refused against the table", value=len(misjudged), must_be=0),
        Figure(name="changes beyond a role, in the audit log", value=len(wrong), must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options: Options = read_options("Ask every route as everybody.", 0, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
