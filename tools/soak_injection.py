"""Sends what elsewhere became a statement, a path, a template, a command or a header: `make soak S=injection`.

usage: soak_injection.py [--count N] [--seed N] [--results DIR]

Each payload has an effect that shows: a file that commands would make, a sum that templates would reckon, a header that
line ends would add, lines of files that paths would lead to, a table that statements would drop. All are looked for.
"""

import itertools
import random
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote, urlencode

import apsw

from barograph.web.routes import ROUTES
from proof import SECURITY, Figure, Proof, conclude, read_options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import Wire, administer
from helpers.server import Server, serving

PAYLOADS = 10_000
PROOF = Proof(
    row=38,
    name="injection",
    fault="Text that others took for a statement, a path, a template, a command, an object or a header",
    promise="It has no effect: nothing is run, reckoned, read from elsewhere, dropped or added to a head or a log line.",
    method="SQL, traversal, template, command, deserialisation and CRLF payloads in every parameter, path, header and body "
    "of every route, as an administrator; then the answers, the log, the tables and the file system are looked through.",
)
QUIET = ("/live", "/stream", "/snapshot", "/clean_tombstones", "/delete_series", "/logout", "/-/reload")
LEFT, RIGHT = 91_733, 83_491
SUM = str(LEFT * RIGHT)
TABLES = ("account", "token", "session", "audit")
_SQL = (
    "'; DROP TABLE {table};--",
    '"; DROP TABLE {table};--',
    "1; DELETE FROM {table}",
    "' OR '1'='1",
    "' UNION SELECT password_hash FROM account--",
    "\\'; DROP TABLE {table};--",
    "x') ; DROP TABLE {table};--",
    "'||(SELECT load_extension('/tmp/x'))||'",
    "'; ATTACH '{made}' AS x; CREATE TABLE x.y(z);--",
    "'; PRAGMA writable_schema=1; DELETE FROM sqlite_master;--",
    "' AND (SELECT count(*) FROM account) > 0--",
)
_PATHS = (
    "../../../../../../{file}",
    "..%2f..%2f..%2f..%2f{file}",
    "....//....//....//{file}",
    "..\\..\\..\\{file}",
    "/{file}",
    "file:///{file}",
    "%2e%2e/%2e%2e/%2e%2e/{file}",
    "..%252f..%252f{file}",
    "..%c0%af..%c0%af{file}",
    "\0/../{file}",
    "/proc/self/root/{file}",
    "/proc/self/environ",
    "php://filter/{file}",
    "~root/{file}",
    "{file}%00.html",
    "..;/..;/{file}",
)
_TEMPLATES = (
    "{{{{{a}*{b}}}}}",
    "${{{a}*{b}}}",
    "#{{{a}*{b}}}",
    "<%= {a}*{b} %>",
    "{{{{ mul {a} {b} }}}}",
    "{{{{ {a}.__mul__({b}) }}}}",
    "{{% print({a}*{b}) %}}",
    "{{{{''.__class__.__mro__[1].__subclasses__()}}}}",
    "{{{{ config.__class__.__init__.__globals__ }}}}",
    "@({a}*{b})",
    "[[${{{a}*{b}}}]]",
    "*{{{a}*{b}}}",
    '{{{{ printf "%s" .Secret }}}}',
    "%({a}*{b})s",
    "{{0.__class__.__init__.__globals__}}",
    "__import__('os').popen('touch {made}')",
)
_COMMANDS = (
    "; touch {made}",
    "| touch {made}",
    "`touch {made}`",
    "$(touch {made})",
    "& touch {made} &",
    "\ntouch {made}\n",
    "|| touch {made}",
    "{{touch,{made}}}",
    "'; touch {made} #",
    '"; touch {made} #',
    "-oProxyCommand=touch {made}",
    "() {{ :; }}; touch {made}",
    ">{made}",
    "%0atouch%20{made}",
)
_OBJECTS = (
    "!!python/object/apply:os.system ['touch {made}']",
    "!!python/object/new:subprocess.Popen [['touch','{made}']]",
    "cos\nsystem\n(S'touch {made}'\ntR.",
    '{{"py/reduce": [{{"py/type": "os.system"}}, {{"py/tuple": ["touch {made}"]}}]}}',
    "\x80\x04\x95\x20\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
    "rO0ABXNyABFqYXZhLnV0aWwuSGFzaFNldA==",
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///{file}">]><x>&e;</x>',
    'O:8:"stdClass":0:{{}}',
)
_LINES = (
    "x\r\nx-injected: 1",
    "x\nx-injected: 1",
    "x%0d%0ax-injected: 1",
    "x\r\n\r\n<html>injected",
    "\u560d\u560ax-injected: 1",
    "x\rx-injected: 1",
    "x\nlevel=error msg=injected-line",
    "x\x1b]0;injected\x07",
    "x\x85x-injected: 1",
    "x\u2028x-injected: 1",
    "x\r\nset-cookie: injected=1",
)
KINDS = {
    "statement": _SQL,
    "path": _PATHS,
    "template": _TEMPLATES,
    "command": _COMMANDS,
    "object": _OBJECTS,
    "line": _LINES,
}
FILES = ("etc/passwd", "etc/shadow", "proc/self/environ", "proc/1/cmdline", "root/.ssh/id_rsa")
NAMES = (
    "query",
    "match[]",
    "name",
    "user",
    "role",
    "scope",
    "expires",
    "password",
    "format",
    "expr",
    "comment",
    "id",
    "metric",
    "start",
    "step",
    "limit",
    "filter",
    "by",
    "group",
    "at",
    "receiver",
    "code",
    "next",
    "redirect",
    "url",
    "path",
    "file",
    "template",
    "callback",
    "sort",
    "order",
)
SEEN = (b"root:x:0:0", b"x-injected: 1\r\n", b"daemon:x:1", SUM.encode(), b"$argon2id$", b"<class '", b"BEGIN OPENSSH")
"""What an effect would show in an answer."""


class Sender:
    """Sends payloads and looks at what comes back."""

    def __init__(self, server: Server, seed: int, made: Path) -> None:
        self._server, self._wire, self._made = server, Wire(server.url), made
        self._chance = random.Random(seed)
        self._routes = [route for route in ROUTES if not route.template.endswith(QUIET)]
        self.effects: list[str] = []
        self.errors: list[str] = []

    def payload(self, kind: str) -> str:
        """Return a payload of a kind."""
        chance = self._chance
        text = chance.choice(KINDS[kind])
        text = text.format(table=chance.choice(TABLES), file=chance.choice(FILES), made=self._made, a=LEFT, b=RIGHT)
        return (
            chance.choice(("", "x", "1", "'", '"', 'up{a="'))
            + text
            + chance.choice(("", "x", "--", "'", '"', '"}', "#", ")"))
        )

    def send(self, kind: str) -> None:
        """Send one payload somewhere."""
        chance, text = self._chance, self.payload(kind)
        route = chance.choice(self._routes)
        method = chance.choice(route.methods)
        path = route.template
        while "{" in path:
            head, _, rest = path.partition("{")
            path = head + quote(self.payload(kind), safe=chance.choice(("", "/%"))) + rest.partition("}")[2]
        form = {chance.choice(NAMES): text for _ in range(3)}
        headers = [("authorization", f"Bearer {self._server.token}")]
        place = chance.randrange(4)
        body = b""
        if method in ("POST", "PUT") and place == 0:
            body = text.encode("utf-8", "replace")
            headers.append(
                ("content-type", chance.choice(("application/json", "text/plain", "text/csv", "application/x-yaml")))
            )
        elif method in ("POST", "PUT"):
            body = urlencode(form).encode()
            headers.append(("content-type", "application/x-www-form-urlencoded"))
        if place == 1:
            plain = "".join(char for char in text if " " <= char < "\x7f")
            headers.append(
                (
                    chance.choice(
                        ("user-agent", "x-forwarded-for", "referer", "accept-language", "x-forwarded-host", "cookie")
                    ),
                    plain,
                )
            )
        reply = self._wire.send(method, quote(path, safe="/%") + ("" if body else "?" + urlencode(form)), headers, body)
        if reply.status >= 500 and reply.status != 503:
            self.errors.append(f"{reply.status} {method} {path} {text!r}")
        whole = repr(reply.headers).encode() + reply.body
        echoed = text.encode("utf-8", "replace")
        for mark in SEEN:
            # an answer may repeat what it was sent, and not what that would have led to
            if mark in whole.replace(echoed, b"") and mark not in echoed:
                self.effects.append(f"{method} {path} {text!r}: {mark!r}")
        if any(name.lower() in ("x-injected",) for name, _ in reply.headers) or "injected" in reply.header(
            "set-cookie"
        ):
            self.effects.append(f"{method} {path} {text!r}: a header")


def injected_lines(words: str) -> int:
    """Return how many lines of a log are none of its own."""
    return sum(not line.startswith("ts=") for line in words.splitlines() if line.strip())


def broken_tables(server: Server) -> int:
    """Return how many tables are gone, or damaged."""
    connection = apsw.Connection(str(server.data / "state.db"), flags=apsw.SQLITE_OPEN_READONLY)
    names = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    sound = connection.pragma("integrity_check") == "ok"
    connection.close()
    return sum(table not in names for table in TABLES) + (not sound)


def figures(count: int, seed: int, place: Path) -> list[Figure]:
    """Run the proof."""
    made = place / "made-by-a-command"
    with serving(place / "data") as server:
        administer(server, "POST", "/users", name="witness", role="viewer")
        before = injected_lines(server.words())
        sender = Sender(server, seed, made)
        kinds = itertools.cycle(KINDS)
        for _ in range(count):
            sender.send(next(kinds))
        users = [row["name"] for row in administer(server, "GET", "/users")]
        lines = injected_lines(server.words()) - before
        tables = broken_tables(server)
    effects = [*sender.effects, *(["a command made a file"] if made.exists() else [])]
    effects += [] if "witness" in users else ["a user is gone"]
    for words in (*effects, *sender.errors):
        print(words[:500], file=sys.stderr)
    return [
        Figure(name="payloads", value=count),
        Figure(name="kinds", value=len(KINDS)),
        Figure(name="effects", value=len(effects), must_be=0),
        Figure(name="answers of 5xx", value=len(sender.errors), must_be=0),
        Figure(name="lines of the log that are none of its own", value=lines, must_be=0),
        Figure(name="tables gone or damaged", value=tables, must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Send what elsewhere had an effect.", PAYLOADS, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, options.seed, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
