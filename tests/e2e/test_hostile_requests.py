"""A real server under requests that were made to hurt others: each is refused, none is answered with a 5xx."""

import gzip
import os
import random
import resource
import socket
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from barograph.web.routes import ROUTES
from helpers.server import Server, serving

pytestmark = pytest.mark.e2e
CANARIES = ("correct-canary-battery", "wrong-canary-password")
SLOW = 2600
"""More than there are places for."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("hostile") / "data") as made:
        yield made


def address(server: Server) -> tuple[str, int]:
    parts = urllib.parse.urlsplit(server.url)
    assert parts.hostname
    assert parts.port
    return parts.hostname, parts.port


def raw(server: Server, data: bytes) -> bytes:
    """Send bytes as they are; return all that comes back until the server closes, or is silent for a second after it.

    The first word may be long in coming: a busy server is not one that says nothing.
    """
    with socket.create_connection(address(server), timeout=60) as connection:
        answer = b""
        try:
            connection.sendall(data)
            while piece := connection.recv(65536):
                answer += piece
                connection.settimeout(1)
        except (TimeoutError, ConnectionResetError, BrokenPipeError):
            pass
        return answer


def statuses(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def command(server: Server, *arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "barograph", *arguments, "--data", str(server.data)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../../../../etc/passwd",
        "/assets/..%2f..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/%2e%2e/state.db",
        "/assets/....//....//etc/passwd",
        "/assets/..\\..\\token",
        "/assets/%00",
        "/assets/index.js%00.css",
        "//etc/passwd",
        "/h/../../token",
        "/.git/config",
        "/api/v1/label/..%2f..%2ftoken/values",
        "http://169.254.169.254/latest/meta-data/",
        "/login?code=../../token",
        "/?redirect=//evil.example",
        "/login?next=https://evil.example",
        "*",
    ],
)
def test_no_path_leads_out_of_its_folder_or_elsewhere(server: Server, path: str) -> None:
    head = (
        f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {server.token}\r\nconnection: close\r\n\r\n"
    )
    answer = raw(server, head.encode())
    assert all(status < 500 for status in statuses(answer)), answer
    for wrong in (b"root:", b"SQLite", server.token.encode(), b"evil.example\r\n", b"ami-id"):
        assert wrong not in answer


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: 127.0.0.1.evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost@evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nhost: evil.example\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
        b"POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: -1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: 4, 4\r\n\r\nabcd",
        b"POST /login HTTP/1.1\r\nhost: localhost\r\ncontent-length: +4\r\n\r\nabcd",
        b"POST /login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding : chunked\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\n folded: x\r\n\r\n",
        b"GET / HTTP/1.1\nhost: localhost\n\n",
        b"GET /\x00 HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET / HTTP/9.9\r\nhost: localhost\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: localhost\r\n" + b"".join(b"h%d: x\r\n" % i for i in range(9000)) + b"\r\n",
        b"OPTIONS / HTTP/1.1\r\nhost: localhost\r\norigin: http://evil.example\r\n\r\n",
        b"TRACE / HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"CONNECT localhost:22 HTTP/1.1\r\nhost: localhost\r\n\r\n",
        b"GET /login?code=x%0d%0aset-cookie:%20evil=1 HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ],
    ids=lambda head: repr(head[:60]),
)
def test_a_head_that_two_readers_could_read_differently_gets_nothing(server: Server, head: bytes) -> None:
    smuggled = b"GET /-/healthy HTTP/1.1\r\nhost: smuggled.example\r\n\r\n"
    found = statuses(raw(server, head + smuggled))
    assert all(400 <= status < 500 for status in found), found
    assert server.get("/-/ready", token=None).status == 200


def test_any_bytes_at_any_route_are_no_5xx(server: Server) -> None:
    chance = random.Random(5)
    routes = [
        route
        for route in ROUTES
        if not route.template.endswith(("/live", "/stream", "/snapshot", "/reload", "delete_series"))
    ]
    for _ in range(300):
        route = chance.choice(routes)
        path = (
            route.template.replace("{", "").replace("}", "")
            + "?"
            + "&".join(
                f"{chance.choice(WORDS)}={urllib.parse.quote(any_text(chance))}" for _ in range(chance.randrange(4))
            )
        )
        headers = {"Authorization": f"Bearer {server.token}", "Content-Type": chance.choice(KINDS)}
        form = {chance.choice(WORDS): any_text(chance) for _ in range(chance.randrange(3))}
        method = chance.choice(route.methods)
        # nobody reads the body of a GET (RFC 9110, 9.3.1): behind an answer that ends the connection it is refused
        body = form if form and method != "GET" else None
        answer = server.request(path, method=method, headers=headers, form=body)
        # a part that is late on a busy machine makes the server unhealthy, which is what it says then
        is_late = answer.status == 503 and route.template.endswith("/healthy")
        assert answer.status < 500 or is_late, (path, form, answer.body)


WORDS = (
    "query",
    "match[]",
    "start",
    "end",
    "step",
    "time",
    "limit",
    "name",
    "scope",
    "user",
    "role",
    "expires",
    "code",
)
KINDS = ("application/x-www-form-urlencoded", "application/json", "text/plain", "application/x-protobuf", "")


def any_text(chance: random.Random) -> str:
    pieces = ("{", "}", "[5m]", "rate(", ")", "up", "'; DROP TABLE x;--", "\x00", "\U0001f600")
    more = ("1e999", "-1", "NaN", "../", "%", "${7*7}", "{{7*7}}", "<script>", "\r\n", "\u202e", "9" * 40, "")
    return "".join(chance.choice(pieces + more) for _ in range(chance.randrange(8)))


def test_slow_clients_push_out_each_other_and_nobody_who_asks(server: Server) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * SLOW)), hard))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        slow = [stack.enter_context(socket.create_connection(address(server))) for _ in range(SLOW)]
        for connection in slow:
            try:
                connection.sendall(b"GET / HTTP/1.1\r\nhost: localhost\r\nx: ")
            except OSError:
                continue  # pushed out already
        assert [server.get("/api/v1/query", query="up").status for _ in range(20)] == [200] * 20


def test_a_bomb_is_refused_by_what_it_becomes(server: Server) -> None:
    bomb = gzip.compress(b"\0" * (600 << 20), 1)
    head = (
        f"POST /api/v1/import/prometheus HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {server.token}\r\n"
        f"content-encoding: gzip\r\ncontent-length: {len(bomb)}\r\nconnection: close\r\n\r\n"
    )
    with socket.create_connection(address(server), timeout=60) as connection:
        connection.sendall(head.encode() + bomb)
        assert statuses(connection.recv(65536))[0] in (400, 413)


def test_no_secret_is_seen_anywhere(server: Server, tmp_path: Path) -> None:
    secret, wrong = CANARIES
    link = command(server, "user", "add", "ann", "--role", "viewer").stdout.strip()
    assert command(server, "user", "add", "bob", "--role", "admin", "--password", given=secret + "\n").returncode == 0
    made = command(server, "token", "create", "grafana").stdout.strip()
    assert made.startswith("bgt_")
    origin = {"Origin": server.url}
    session = ""
    for password in (secret, wrong):
        answer = server.request("/login", headers=origin, method="POST", form={"user": "bob", "password": password})
        session = session or answer.headers.get("set-cookie", "").partition(";")[0].partition("=")[2]
    assert session
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(link).query)["code"][0]
    assert server.request(f"/login?code={code}").status == 303
    bearer = authorization(server)
    # a snapshot goes last where cores are short
    snapshot = server.request("/api/v1/admin/tsdb/snapshot", method="POST", headers=bearer, timeout_s=150)
    assert snapshot.status == 200
    seen = [server.words(), *(command(server, *words).stdout for words in LISTINGS)]
    for route in ROUTES:
        if "GET" in route.methods and not route.template.endswith(("/live", "/stream")):
            for token in (server.token, made, "wrong"):
                path = route.template.replace("{name}", "x").replace("{host}", "x")
                seen.append(repr(server.get(path, token=token)))
    seen += [path.read_bytes().decode("latin-1") for path in (server.data / "snapshots").rglob("*") if path.is_file()]
    seen += [Path(f"/proc/{pid}/cmdline").read_text() for pid in (server.process.pid, server.front_pid)]
    text = "\n".join(seen)
    for name, canary in {
        "password": secret,
        "wrong password": wrong,
        "token": made,
        "local token": server.token,
        "session": session,
        "code": code,
    }.items():
        assert canary not in text, name
    assert "add_user" in text, "the test looks at the right places"


LISTINGS = (("user", "list"), ("user", "sessions"), ("token", "list"), ("audit", "list"), ("audit", "verify"))


def authorization(server: Server) -> dict[str, str]:
    return {"Authorization": f"Bearer {server.token}"}


def test_people_come_and_go_by_command(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        assert command(server, "user", "add", "eve", "--role", "operator").returncode == 0
        assert command(server, "user", "add", "eve").returncode == 1
        made = command(server, "token", "create", "x", "--scope", "read", "--expires", "1h").stdout.strip()
        assert server.get("/metrics", token=made).status == 200
        listed = command(server, "token", "list", "--format", "json").stdout
        assert '"scopes": ["read"]' in listed
        token_id = listed.partition('"id": "')[2].partition('"')[0]
        assert command(server, "token", "revoke", token_id).returncode == 0
        assert server.get("/metrics", token=made).status == 401
        assert command(server, "user", "change", "eve", "--role", "viewer").returncode == 0
        assert command(server, "user", "change", "eve").returncode == 2
        assert command(server, "user", "remove", "eve").returncode == 0
        assert command(server, "user", "remove", "eve").returncode == 1
        noted = command(server, "audit", "verify").stdout.strip()
        assert noted.startswith("8:") or noted.partition(":")[0].isdigit()
        assert command(server, "audit", "verify", "--expect", noted).returncode == 0
        assert command(server, "audit", "verify", "--expect", "1:" + "0" * 64).returncode == 1
        assert command(server, "audit", "verify", "--expect", "nonsense").returncode == 2


def test_a_log_that_was_written_over_shows(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        for name in ("ann", "bob", "eve"):
            assert command(server, "user", "add", name).returncode == 0
        assert command(server, "audit", "verify").returncode == 0
        data = server.data
    state = data / "state.db"
    content = state.read_bytes()
    assert content.count(b"AddUser(name='bob'") == 1
    state.write_bytes(content.replace(b"AddUser(name='bob'", b"AddUser(name='bub'"))
    answer = subprocess.run(
        [sys.executable, "-m", "barograph", "audit", "verify", "--data", str(data)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ},
    )
    assert answer.returncode == 1
    assert "was changed" in answer.stderr
