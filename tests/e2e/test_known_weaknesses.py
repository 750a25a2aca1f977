"""What has let others into monitoring systems, as requests to a real server: a test for each class of known weakness.

The names are those of the advisories that each test is made after; tools/soak_*.py go through each class at length.
"""

import base64
import gzip
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.model.clock import SystemClock
from helpers.hostile import Reply, Wire, administer, session_of
from helpers.server import Server, serving

pytestmark = pytest.mark.e2e
FORM = ("content-type", "application/x-www-form-urlencoded")
SECRET_PLACES = ("/api/v1/status/config", "/api/v1/status/flags", "/api/barograph/v1/users", "/api/barograph/v1/audit")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("known") / "data") as made:
        administer(made, "POST", "/users", name="vic", role="viewer")
        yield made


@pytest.fixture
def wire(server: Server) -> Iterator[Wire]:
    made = Wire(server.url)
    yield made
    made.close()


def admin(server: Server) -> tuple[str, str]:
    return "authorization", f"Bearer {server.token}"


@pytest.fixture(scope="module")
def viewer(server: Server) -> tuple[str, str]:
    return "cookie", session_of(server, "vic")


def test_no_header_makes_anybody_somebody(wire: Wire, viewer: tuple[str, str]) -> None:
    """CVE-2022-46169 Cacti, CVE-2022-46146 exporter-toolkit, CVE-2019-17382 and CVE-2022-23131 Zabbix."""
    for name in (
        "x-forwarded-user",
        "x-webauth-user",
        "remote-user",
        "x-remote-user",
        "x-original-url",
        "x-rewrite-url",
    ):
        assert wire.send("GET", "/api/v1/query?query=up", [(name, "admin")]).status == 401
    for name, value in (("x-forwarded-for", "127.0.0.1"), ("x-real-ip", "127.0.0.1"), ("forwarded", "for=127.0.0.1")):
        assert wire.send("GET", "/metrics", [(name, value)]).status == 401
    for value in (
        "Basic Og==",
        "Basic YWRtaW46",
        "Bearer null",
        "Bearer undefined",
        "Bearer 0",
        "Digest x",
        "Bearer " + "0" * 64,
    ):
        assert wire.send("GET", "/metrics", [("authorization", value)]).status in (401, 429)
    for path in (
        "/api/v1/status/config/..%2f..%2fquery",
        "/API/V1/STATUS/CONFIG",
        "/api/v1/status/config/",
        "//api/v1/status/config",
    ):
        assert wire.send("GET", path, [viewer]).status in (403, 404)


def test_a_request_never_gets_what_another_may_have(server: Server, wire: Wire, viewer: tuple[str, str]) -> None:
    """CVE-2022-39328 Grafana: rights that were mixed up among requests at once."""
    people = [("administrator", admin(server), 200), ("viewer", viewer, 403), ("nobody", ("x", "y"), 401)] * 30
    for name, header, status in people:
        assert wire.send("GET", "/api/v1/status/config", [header]).status == status, name


def test_there_is_no_setup_and_no_default_password(server: Server, wire: Wire) -> None:
    """CVE-2022-23134 Zabbix setup.php, and every list of default passwords."""
    for path in (
        "/setup",
        "/setup.php",
        "/install",
        "/api/setup",
        "/login?code=",
        "/login?code=setup",
        "/register",
        "/api/admin/settings",
    ):
        assert wire.send("GET", path).status in (401, 404)
    for user, word in (
        ("admin", "admin"),
        ("Admin", "zabbix"),
        ("nagiosadmin", "nagios"),
        ("root", ""),
        ("local administrator", ""),
    ):
        body = f"user={user}&password={word}".replace(" ", "+").encode()
        assert wire.send("POST", "/login", [FORM, ("origin", server.url)], body).status == 401


def test_no_path_leads_out(server: Server, wire: Wire) -> None:
    """CVE-2021-43798 Grafana, CVE-2021-37343 Nagios XI, CVE-2024-23334 and CVE-2025-69226 aiohttp."""
    for base in ("/assets/", "/h/", "/", "/api/v1/label/"):
        for walk in (
            "../../../../../../etc/passwd",
            "..%2f..%2f..%2fetc%2fpasswd",
            "%2e%2e/%2e%2e/token",
            "....//state.db",
            "..\\token",
        ):
            reply = wire.send("GET", base + walk, [admin(server)])
            assert reply.status in (400, 404, 405) or reply.header("content-type").startswith("text/html"), (base, walk)
            assert b"root:" not in reply.body
            assert server.token.encode() not in reply.body


def test_no_route_asks_elsewhere_for_somebody(server: Server, wire: Wire) -> None:
    """CVE-2020-13379 and CVE-2025-4123 Grafana, CVE-2017-18638 Graphite, CVE-2022-48321 Checkmk."""
    for path in (
        "/avatar/http%3A%2F%2F169.254.169.254",
        "/render?url=http://169.254.169.254/",
        "/proxy?target=http://127.0.0.1:1",
    ):
        assert wire.send("GET", path, [admin(server)]).status == 404


def test_names_and_labels_are_sent_as_data(server: Server, wire: Wire) -> None:
    """CVE-2026-40179 and CVE-2026-44903 Prometheus, CVE-2023-40577 Alertmanager, CVE-2014-2329 Check_MK."""
    text = f'weird{{a="<script>alert(1)</script>"}} 1 {SystemClock().now_ms()}\n'
    assert wire.send("POST", "/api/v1/import/prometheus", [admin(server)], text.encode()).status == 200
    for path in ("/api/v1/query?query=weird", "/federate?match[]=weird", "/api/v1/label/a/values"):
        reply = wire.send("GET", path, [admin(server)])
        assert b"script" in reply.body
        assert "html" not in reply.header("content-type")
        assert reply.header("x-content-type-options") == "nosniff"
    refusal = wire.send("GET", "/login?code=<script>alert(1)</script>")
    assert b"<script>" not in refusal.body


def test_nobody_is_led_elsewhere(server: Server, wire: Wire) -> None:
    """CVE-2021-29622 Prometheus."""
    for path in (
        "/new/newhttp://evil.example",
        "//evil.example",
        "/login?next=//evil.example",
        "/\\evil.example",
        "/?redirect_to=//evil.example",
    ):
        reply = wire.send("GET", path, [admin(server)])
        assert "evil" not in reply.header("location")


def test_a_foreign_page_and_a_foreign_name_are_refused(server: Server, wire: Wire, viewer: tuple[str, str]) -> None:
    """CVE-2022-21703 Grafana, CVE-2026-32610, -32632, -33533, -34839, -46608 and -46611 Glances."""
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        reply = wire.send("GET", "/api/v1/query?query=up", [viewer, ("origin", origin)])
        assert reply.status == 403
        assert not [name for name, _ in reply.headers if name.lower().startswith("access-control")]
    assert wire.send("POST", "/api/barograph/v1/logout", [viewer]).status == 403
    assert wire.send("GET", "/metrics", [("host", "evil.example"), admin(server)], host=False).status == 421
    preflight = wire.send(
        "OPTIONS", "/api/v1/query", [("origin", "http://evil.example"), ("access-control-request-method", "POST")]
    )
    assert preflight.status == 403


def test_text_is_never_a_statement(server: Server, wire: Wire) -> None:
    """CVE-2016-10134, CVE-2024-22120 and CVE-2024-42327 Zabbix, CVE-2023-48084 and CVE-2018-8734 Nagios XI."""
    attack = "x'%3b DROP TABLE account%3b--".replace(" ", "%20")
    for path in (
        f"/api/barograph/v1/users/{attack}",
        f"/api/barograph/v1/tokens/{attack}",
        f"/api/barograph/v1/sessions/{attack}",
    ):
        assert wire.send("DELETE", path, [admin(server)]).status in (200, 404)
    wire.send("GET", "/metrics", [admin(server), ("x-forwarded-for", "1'); DROP TABLE audit;--")])
    assert "vic" in [row["name"] for row in administer(server, "GET", "/users")]
    assert administer(server, "GET", "/audit?limit=1")


def test_text_is_never_a_program(server: Server, wire: Wire, tmp_path: Path) -> None:
    """CVE-2024-29895 Cacti, CVE-2024-22116 Zabbix, CVE-2021-25296 Nagios XI, CVE-2024-32651, CVE-2023-22496."""
    made = tmp_path / "made"
    for text in (
        f"$(touch {made})",
        f"`touch {made}`",
        f"__import__('os').system('touch {made}')",
        f"{{{{ self.__init__.__globals__['os'].popen('touch {made}') }}}}",
    ):
        for name in ("query", "match[]", "name", "format"):
            wire.send("POST", "/api/v1/query", [admin(server), FORM], f"{name}={text}".encode())
        wire.send("POST", "/api/barograph/v1/tokens", [admin(server), FORM], f"name={text}&scope=read".encode())
    assert not made.exists()


def test_bytes_are_never_an_object(server: Server, wire: Wire) -> None:
    """CVE-2025-24016 and CVE-2026-25769 Wazuh, CVE-2026-83603 Netdata."""
    for body in (
        b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix",
        b"!!python/object/apply:os.system ['true']",
        b'{"py/object": "os.system"}',
    ):
        for path in ("/api/v1/import", "/api/v1/import/csv", "/api/v1/query"):
            assert wire.send(
                "POST", path, [admin(server), ("content-type", "application/octet-stream")], body
            ).status in (400, 415)


def test_no_helper_has_a_privilege() -> None:
    """CVE-2024-32019 Netdata: nothing that is installed has a set-user-id bit or a capability."""
    import barograph  # its place is what is asked for

    for path in Path(barograph.__file__).parent.rglob("*"):
        assert not path.stat().st_mode & 0o6000
        assert "security.capability" not in os.listxattr(path)


def test_the_configuration_is_shown_without_secrets_and_to_administrators(
    server: Server, wire: Wire, viewer: tuple[str, str]
) -> None:
    """CVE-2026-42151 Prometheus, CVE-2026-30928 and CVE-2026-32633 Glances, CVE-2026-92882 Checkmk."""
    for path in SECRET_PLACES:
        assert wire.send("GET", path, [viewer]).status == 403
        assert server.token.encode() not in wire.send("GET", path, [admin(server)]).body


def test_small_bodies_do_not_become_large(server: Server, wire: Wire) -> None:
    """CVE-2026-42154 Prometheus, GHSA-66jq-2c23-2xh5, CVE-2024-36129 OpenTelemetry, CVE-2025-69223."""
    forged = b"\xff\xff\xff\xff\x0f" + b"\x00" * 32
    for encoding, body in (
        ("snappy", forged),
        ("gzip", gzip.compress(b"\0" * (600 << 20), 1)),
        ("zstd", b"\x28\xb5\x2f\xfd\xc0\xff" + b"\xff" * 16),
    ):
        assert wire.send("POST", "/api/v1/import", [admin(server), ("content-encoding", encoding)], body).status in (
            400,
            413,
        )


def test_what_is_dear_ends(server: Server, wire: Wire) -> None:
    """CVE-2022-21698 client_golang, CVE-2019-15043 Grafana, CVE-2025-62727 Starlette."""
    assert wire.send("BREW", "/metrics", [admin(server)]).status in (400, 405)
    wire.close()
    assert wire.send("GET", "/assets/x", [admin(server), ("range", "bytes=" + ",".join(["0-1"] * 2000))]).status == 404
    evil = '{__name__=~"((((a+)+)+)+)b", x=~"' + "(.*)" * 200 + '"}'
    reply = wire.send("POST", "/api/v1/query", [admin(server), FORM], b"query=" + evil.replace("+", "%2B").encode())
    assert reply.status in (200, 400, 422)
    methods = [
        line for line in wire.send("GET", "/metrics", [admin(server)]).body.decode().splitlines() if "BREW" in line
    ]
    assert methods == [], "no label's value is a client's to choose"


def test_lines_do_not_end_early(server: Server, wire: Wire) -> None:
    """CVE-2025-43859 h11, CVE-2024-1135 gunicorn, CVE-2020-7695 uvicorn, CVE-2026-44256 Wazuh."""
    reply: Reply = wire.send("GET", "/login?code=x%0d%0aset-cookie:%20evil=1%0d%0a%0d%0a<html>", [])
    assert "evil" not in json.dumps(reply.headers)
    basic = "Basic " + base64.b64encode(b"user\r\nts=2026 level=error msg=injected:pw").decode()
    wire.send("GET", "/metrics", [("authorization", basic)])
    assert all(line.startswith("ts=20") for line in server.words().splitlines() if line.strip())
