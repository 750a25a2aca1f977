"""What the guard lets in: every route by every credential, Host and Origin, and how often one may be wrong."""

import base64
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.identity.principal import Role
from barograph.model.commands import FindSession, Refused, SessionFound
from barograph.web.config import WebConfig
from barograph.web.guard import SECURITY_HEADERS
from barograph.web.routes import ROUTES, Route, find_route
from unit.web.site import BEARER, HOST, START_MS, TOKEN, Site, run

FORM = {"content-type": "application/x-www-form-urlencoded"}
CREDENTIALS = ("none", "token", "basic", "cookie", "wrong token", "wrong cookie")
HOSTS = {"ours": HOST, "foreign": "evil.example", "absent": ""}
ORIGINS = {"none": "", "ours": f"http://{HOST}", "foreign": "http://evil.example", "null": "null"}
WELL = {200, 204, 303, 400, 404, 405, 503}
"""What a route itself may answer to a request without its parameters: it was reached."""


def path_of(route: Route) -> str:
    return route.template.replace("{host}", "web-1").replace("{name}", "job").replace("{id}", "5f0c9a3b7d21e884")


def every_request() -> Iterator[tuple[Route, str]]:
    for route in ROUTES:
        if not route.template.endswith(("/live", "/stream")):  # have no end of their own: test_live.py, test_alerts.py
            for method in route.methods:
                yield route, method


def credential(site: Site, kind: str) -> dict[str, str]:
    match kind:
        case "token":
            return BEARER
        case "basic":
            return {"authorization": "Basic " + base64.b64encode(f"anybody:{TOKEN}".encode()).decode()}
        case "cookie":
            return site.log_in()
        case "wrong token":
            return {"authorization": "Bearer wrong"}
        case "wrong cookie":
            return {"cookie": "barograph_session=wrong"}
    return {}


def expected(route: Route, method: str, credential: str, host: str, origin: str) -> set[int]:
    if host != "ours":
        return {421}
    if origin in ("foreign", "null"):
        return {403}
    if route.role is None:
        return WELL | {401, 403}  # the sign-in page of a log-in without a code, a form that no page of ours sent
    if credential in ("none", "wrong token", "wrong cookie"):
        return {401}
    if method not in ("GET", "HEAD") and credential == "cookie" and origin != "ours":
        return {403}
    return WELL


@pytest.mark.parametrize(
    ("route", "method"), list(every_request()), ids=lambda value: str(getattr(value, "template", value))
)
def test_every_route_by_credential_host_and_origin(site: Site, route: Route, method: str) -> None:
    for kind, host, origin in itertools.product(CREDENTIALS, HOSTS, ORIGINS):
        site.clock.advance(60)  # failures of one round are forgiven for the next
        headers = {**credential(site, kind), **FORM, "host": HOSTS[host], "origin": ORIGINS[origin]}
        answer = site.request(path_of(route), method, headers)
        assert answer.status in expected(route, method, kind, host, origin), (kind, host, origin, answer.body)
        names = {name for name, _ in answer.headers}
        assert not any(name.startswith("access-control") for name in names), "no CORS, ever"
        for name, value in SECURITY_HEADERS:
            assert answer.header(name.decode()) == value.decode()
        assert "cache-control" in names


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PUT", "OPTIONS", "TRACE", "GET", "POST"])
@pytest.mark.parametrize(
    "path", ["/nothing", "/api/v1/admin/tsdb/nothing_of_ours", "/assets/../login", "/-/quit", "//", ""]
)
def test_what_is_not_in_the_table_is_refused(site: Site, path: str, method: str) -> None:
    assert site.request(path, method).status == 401
    assert site.request(path, method, BEARER).status == 404


@pytest.mark.parametrize("role", list(Role))
def test_every_route_by_role(site: Site, role: Role) -> None:
    site.keeper.reply = SessionFound(session_id="id", user="ann", role=role.word, expires_ms=START_MS)
    for route, method in every_request():
        if route.template in ("/api/barograph/v1/logout", "/login"):
            continue
        headers = {"cookie": "barograph_session=anns", **FORM, "origin": f"http://{HOST}"}
        answer = site.request(path_of(route), method, headers)
        if route.role is not None and role < route.role:
            assert answer.status == 403, route
            assert role.word in answer.json()["error"]
        else:
            assert answer.status in WELL, route


def test_a_reload_is_for_admins_alone() -> None:
    found = find_route("/-/reload")
    assert found is not None
    assert found.role is Role.ADMIN


def test_a_pages_address_is_refused_with_the_sign_in_page(site: Site) -> None:
    answer = site.request("/h/web-1")
    assert answer.status == 401
    assert answer.header("content-type").startswith("text/html")
    assert b"log-in link" in answer.body
    assert b"<script" not in answer.body
    assert b"style=" not in answer.body


def test_an_api_route_is_refused_in_prometheus_envelope(site: Site) -> None:
    answer = site.request("/api/v1/labels")
    assert answer.status == 401
    assert answer.json()["status"] == "error"
    assert answer.json()["errorType"] == "unauthorized"


def test_only_programs_are_offered_basic(site: Site) -> None:
    assert "Basic" in site.request("/metrics", headers={"user-agent": "curl/8"}).header("www-authenticate")
    browser = site.request("/metrics", headers={"user-agent": "Mozilla/5.0 (X11; Linux)"})
    assert browser.status == 401
    assert browser.header("www-authenticate") == 'Bearer realm="barograph"'


def test_wrong_tokens_are_slowed_down_and_the_right_one_is_not(site: Site) -> None:
    wrong = {"authorization": "Bearer wrong"}
    assert [site.request("/metrics", headers=wrong).status for _ in range(11)] == [401] * 10 + [429]
    refused = site.request("/metrics", headers=wrong)
    assert 0 < int(refused.header("retry-after")) <= 61
    assert "127.0.0.1" in refused.json()["error"]
    assert site.request("/metrics", headers=BEARER).status == 200
    session = site.log_in()
    assert site.request("/metrics", headers=session).status == 200
    site.clock.advance(61)
    assert site.request("/metrics", headers=wrong).status == 401


def test_a_flood_of_invented_cookies_does_not_reach_the_keeper(site: Site) -> None:
    known = site.log_in()
    assert site.request("/metrics", headers=known).status == 200
    statuses = [
        site.request("/metrics", headers={"cookie": f"barograph_session=invented-{i}"}).status for i in range(50)
    ]
    assert statuses == [401] * 10 + [429] * 40
    asked = [command for command in site.keeper.asked if isinstance(command, FindSession)]
    assert len(asked) == 11
    site.clock.advance(10)
    assert site.request("/metrics", headers=known).status == 200, "who was known before stays known"
    assert site.request("/metrics", headers=site.log_in()).status == 200, "and a new log-in works"


def test_a_page_whose_session_is_over_is_told_so_again_and_again(site: Site) -> None:
    over = {"cookie": "barograph_session=over"}
    assert [site.request("/metrics", headers=over).status for _ in range(30)] == [401] * 30
    assert "this session is over" in site.request("/metrics", headers=over).json()["error"]
    assert len(site.keeper.asked) == 1


def test_a_keeper_that_is_gone_signs_nobody_out(site: Site) -> None:
    session = site.log_in()
    site.keeper.is_gone = True
    answer = site.request("/metrics", headers=session)
    assert answer.status == 503
    assert "the keeper is gone" in answer.json()["error"]
    assert site.request("/metrics", headers=BEARER).status == 200, "a token needs no keeper"


def test_a_keeper_that_cannot_look_signs_nobody_out(site: Site) -> None:
    session = site.log_in()
    site.keeper.reply = Refused(kind="store", message="state.db could not be read")
    assert site.request("/metrics", headers=session).status == 503


def test_a_doubled_header_is_refused_before_anything_else(site: Site) -> None:
    call = site.call("/metrics", headers=BEARER)
    call.scope["headers"].append((b"host", b"localhost"))
    run(site.app(call.scope, call.receive, call.send))
    assert call.answer.status == 400


def test_answers_are_counted_by_route_and_status(site: Site) -> None:
    site.request("/metrics")
    site.get("/api/v1/label/one/values")
    site.get("/api/v1/label/two/values")
    site.get("/nothing/secret")
    text = site.get("/metrics").body.decode()
    assert 'barograph_http_requests_total{route="/metrics", status="401"} 1' in text.replace('",', '", ')
    assert 'route="/api/v1/label/{name}/values"' in text
    assert 'route="(none)"' in text
    assert "secret" not in text


def test_other_scopes_are_left_alone(site: Site) -> None:
    call = site.call("/")
    call.scope["type"] = "websocket"
    run(site.app(call.scope, call.receive, call.send))
    assert call.sent == []


def test_plain_http_from_elsewhere_is_refused_and_a_proxys_is_not(tmp_path: Path) -> None:
    config = WebConfig(trusted_proxies=("10.0.0.2",), external_url="https://metrics.example")
    behind = Site(tmp_path, config)

    def ask(peer: str, scheme: str = "http", **headers: str) -> tuple[int, str]:
        call = behind.call("/metrics", headers={"host": "metrics.example", **BEARER, **headers})
        call.scope["client"], call.scope["scheme"] = (peer, 1), scheme
        run(behind.app(call.scope, call.receive, call.send))
        return call.answer.status, call.answer.header("strict-transport-security")

    try:
        assert ask("10.0.0.3") == (403, "")
        assert ask("10.0.0.3", "https")[0] == 200
        forwarded = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
        assert ask("10.0.0.3", **forwarded) == (403, ""), "whoever is no proxy is not believed"
        assert ask("10.0.0.2", origin="https://metrics.example", **forwarded) == (200, "max-age=31536000")
    finally:
        behind.close()


def test_failures_behind_a_proxy_are_its_clients(tmp_path: Path) -> None:
    behind = Site(tmp_path, WebConfig(trusted_proxies=("127.0.0.1",)))

    def ask(client: str) -> int:
        headers = {"authorization": "Bearer wrong", "x-forwarded-for": client}
        return behind.request("/metrics", headers=headers).status

    try:
        assert [ask("203.0.113.9") for _ in range(11)] == [401] * 10 + [429]
        assert ask("203.0.113.10") == 401
    finally:
        behind.close()


HUGE = "9" * 5000


@pytest.mark.parametrize(
    "path",
    [
        f"/api/barograph/v1/audit?limit={HUGE}&before=11",
        f"/api/barograph/v1/audit?before={HUGE}",
        f"/api/v1/rules?group_limit={HUGE}",
        f"/api/v1/series?match[]=up&limit={HUGE}",
        f"/api/barograph/v1/alerts?limit={HUGE}",
        f"/api/barograph/v1/alerts/history?limit={HUGE}&before={HUGE}",
        f"/api/barograph/v1/alerts/{HUGE}",
        f"/api/barograph/v1/deliveries?limit={HUGE}",
        f"/api/barograph/v1/silences?limit={HUGE}",
        f"/api/barograph/v1/events?limit={HUGE}",
        f"/api/barograph/v1/processes?limit={HUGE}",
        f"/api/barograph/v1/processes/{HUGE}",
        f"/api/v1/status/tsdb?limit={HUGE}",
        f"/api/v1/metadata?limit={HUGE}&limit_per_metric={HUGE}",
        f"/api/v1/query?query=up&limit={HUGE}&timeout={HUGE}&time={HUGE}",
    ],
)
def test_a_number_that_nothing_can_hold_is_no_failure_of_ours(site: Site, path: str) -> None:
    assert site.get(path).status < 500
    assert site.request(path, "POST", BEARER).status < 500
