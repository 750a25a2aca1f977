import asyncio
from dataclasses import replace

import pytest

from barograph.web.app import Router, create_app
from barograph.web.routes import ROUTES, find_route
from unit.web.site import BEARER, Site, run


def test_the_router_answers_the_table_and_nothing_else(site: Site) -> None:
    assert set(Router(site.deps).answers) == {route.template for route in ROUTES}


def test_templates_are_unique() -> None:
    assert len({route.template for route in ROUTES}) == len(ROUTES)


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/", "/"),
        ("/h/web-1", "/h/{host}"),
        ("/api/v1/label/job/values", "/api/v1/label/{name}/values"),
        ("/api/v1/label//values", None),
        ("/api/v1/label/a/b/values", None),
        ("/h/", None),
        ("/h/a/b", None),
        ("/h/a\nb", "/h/{host}"),
        ("/api/v1/query/", None),
        ("/API/v1/query", None),
        ("", None),
    ],
)
def test_a_path_has_one_route_or_none(path: str, template: str | None) -> None:
    found = find_route(path)
    assert (found.template if found else None) == template


@pytest.mark.parametrize(("path", "method", "allow"), [("/metrics", "POST", "GET"), ("/-/reload", "GET", "POST, PUT")])
def test_a_wrong_method_is_named_with_the_right_ones(site: Site, path: str, method: str, allow: str) -> None:
    answer = site.request(path, method, BEARER)
    assert answer.status == 405
    assert answer.header("allow") == allow
    assert method in answer.json()["error"]


def test_who_reads_the_store_waits_for_what_has_just_come(site: Site) -> None:
    waited: list[str] = []

    async def fresh() -> None:
        waited.append(path)

    site._app = create_app(replace(site.deps, fresh=fresh))
    asked = (
        "/api/v1/query?query=up",
        "/api/v1/labels",
        "/api/v1/series?match[]=up",
        "/api/v1/status/tsdb",
        "/federate",
        "/api/barograph/v1/events",
    )
    others = ("/-/healthy", "/-/ready", "/metrics", "/login", "/api/barograph/v1/me")
    for path in (*asked, *others):
        site.get(path)
    assert tuple(waited) == asked


def test_head_goes_where_get_does(site: Site) -> None:
    assert site.request("/metrics", "HEAD", BEARER).status == 200


def test_an_error_that_nobody_foresaw_is_told_without_its_insides(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("the secret inside")

    monkeypatch.setattr("barograph.web.api.service.format_exposition", fail)
    answer = site.get("/metrics")
    assert answer.status == 500
    assert answer.json()["errorType"] == "internal"
    assert "secret" not in answer.body.decode()
    assert "ZeroDivisionError: the secret inside" in caplog.text


def test_half_an_answer_is_never_finished_as_an_error(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    router = Router(site.deps)

    async def half(scope: object, receive: object, send: object) -> None:
        assert callable(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise ZeroDivisionError

    router.answers["/metrics"] = half
    call = site.call("/metrics", headers=BEARER)
    with pytest.raises(ZeroDivisionError):
        run(router(call.scope, call.receive, call.send))
    assert len(call.sent) == 1


def test_who_is_cut_off_by_a_stop_is_told_so(site: Site) -> None:
    router = Router(site.deps)

    async def cut(scope: object, receive: object, send: object) -> None:
        raise asyncio.CancelledError

    router.answers["/metrics"] = cut
    call = site.call("/metrics", headers=BEARER)
    run(router(call.scope, call.receive, call.send))
    assert call.sent[0]["status"] == 503
    assert (b"retry-after", b"5") in call.sent[0]["headers"]
    assert b"the server stops" in call.sent[1]["body"]


def test_a_stream_that_a_stop_cuts_off_stays_cut(site: Site) -> None:
    router = Router(site.deps)

    async def half(scope: object, receive: object, send: object) -> None:
        assert callable(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise asyncio.CancelledError

    router.answers["/metrics"] = half
    call = site.call("/metrics", headers=BEARER)
    with pytest.raises(asyncio.CancelledError):
        run(router(call.scope, call.receive, call.send))
    assert len(call.sent) == 1


def test_the_routers_own_404(site: Site) -> None:
    call = site.call("/nothing")
    run(Router(site.deps)(call.scope, call.receive, call.send))
    assert call.answer.status == 404
