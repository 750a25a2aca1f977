"""Ways of being known beside those of the house, and what somebody with a label scope may see over HTTP."""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from barograph.identity.principal import Principal, Role
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.web.app import Router
from barograph.web.guard import Guard
from barograph.web.identify import Identifier, identifiers
from barograph.web.parameters import Scope
from barograph.web.problem import Problem
from barograph.web.routes import ROUTES
from unit.web.site import BEARER, START_MS, Site
from unit.web.test_guard import path_of

TEAM = (Matcher("team", MatchOp.EQUAL, "red"),)
RED = {"x-client-certificate": "red"}


class CertificateIdentifier:
    """Knows people by a header, as a proxy in front might name them: the seam's second implementation."""

    async def identify(self, scope: Scope, headers: dict[bytes, bytes]) -> Principal | Problem | None:
        name = headers.get(b"x-client-certificate", b"").decode()
        if name == "revoked":
            return Problem(status=401, kind="unauthorized", message="this certificate was revoked")
        return Principal(name=name, role=Role.ADMIN, label_scope=TEAM) if name else None


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    certificate: Identifier = CertificateIdentifier()
    ways = (certificate, *identifiers(made.deps.gatekeeper, made.deps.attempts))
    made._app = Guard(Router(made.deps), made.deps, ways)
    for team, value in (("red", 1.0), ("blue", 2.0)):
        made.store.add(Labels.of("up", team=team), [START_MS - 1000, START_MS], [value, value])
        made.store.add(Labels.of(f"only_{team}", team=team, **{team: "1"}), [START_MS], [value])
    yield made
    made.close()


def test_the_first_way_that_finds_its_kind_of_credential_counts(site: Site) -> None:
    assert (
        site.request("/api/v1/query?query=up", headers={**RED, **BEARER}).json()["data"]["result"][0]["metric"]["team"]
        == "red"
    )
    assert site.request("/api/v1/query?query=up", headers={"x-client-certificate": "revoked", **BEARER}).status == 401
    assert len(site.request("/api/v1/query?query=up", headers=BEARER).json()["data"]["result"]) == 2
    assert site.request("/api/v1/query?query=up", headers={"authorization": ""}).status == 401


DEAR = quote("count_over_time(up[1h:1s]) + 0 * count_over_time(up[50m:1s])")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/query?query=" + quote('{__name__=~".+"}'),
        "/api/v1/query?query=" + quote('up{team=~".*"} or up{team!="red"} or {team="blue"}'),
        f"/api/v1/query_range?query={DEAR}&start={START_MS // 1000 - 30_000}&end={START_MS // 1000}&step=3",
        "/api/v1/series?match[]=" + quote('{__name__=~".+"}'),
        "/api/v1/series?match[]=" + quote('{team="blue"}'),
        "/api/v1/labels",
        "/api/v1/label/team/values",
        "/api/v1/label/__name__/values",
        "/federate?match[]=" + quote('{__name__=~".+"}'),
    ],
)
def test_somebody_with_a_label_scope_sees_their_series_alone(site: Site, path: str) -> None:
    everything, scoped = site.request(path, headers=BEARER), site.request(path, headers=RED)
    assert (everything.status, scoped.status) == (200, 200)
    assert b"blue" in everything.body
    assert b"blue" not in scoped.body
    if "blue%22%7D" not in path:
        assert b"red" in scoped.body


def test_the_scope_of_one_request_is_none_of_the_next(site: Site) -> None:
    site.request("/api/v1/label/team/values", headers=RED)
    assert json.loads(site.request("/api/v1/label/team/values", headers=BEARER).body)["data"] == ["blue", "red"]


def test_what_shows_more_than_the_querier_gives_is_refused(site: Site) -> None:
    for route in ROUTES:
        if route.role is None or route.scoped:
            continue
        for method in route.methods:
            answer = site.request(path_of(route), method, RED)
            assert (answer.status, "you may see some series only" in answer.body.decode()) == (403, True), route
