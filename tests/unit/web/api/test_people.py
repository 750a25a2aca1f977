"""Users, sessions, tokens and the audit log over HTTP, with the keeper's real people behind."""

import asyncio
import base64
from urllib.parse import urlencode

import pytest

from barograph.identity.principal import Scope
from barograph.model.commands import AnyCommand, AnyReply, Done
from barograph.model.people import ListUsers
from barograph.web.routes import ROUTES
from unit.identity.world import PASSWORD, quick_passwords
from unit.web.site import BEARER, HOST, Answer, Site, run

API = "/api/barograph/v1"
ORIGIN = {"origin": f"http://{HOST}", "content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_passwords(monkeypatch)


def sign_in(site: Site, user: str = "ann", password: str = PASSWORD, **headers: str) -> Answer:
    form = urlencode({"user": user, "password": password}).encode()
    return site.request("/login", "POST", {**ORIGIN, **headers}, form)


def session_of(answer: Answer) -> dict[str, str]:
    assert answer.status == 303, answer.body
    return {"cookie": answer.header("set-cookie").partition(";")[0], **ORIGIN}


def add(site: Site, name: str = "ann", role: str = "operator") -> None:
    assert site.post(f"{API}/users", name=name, role=role, password=PASSWORD).status == 200


def token(site: Site, scope: str = "read", **more: str) -> str:
    made = site.post(f"{API}/tokens", name="x", scope=scope, **more).json()["data"]["token"]
    assert isinstance(made, str)
    return made


def bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def test_a_user_signs_in_by_form(site: Site) -> None:
    add(site)
    session = session_of(sign_in(site))
    me = site.request(f"{API}/me", headers=session).json()["data"]
    assert (me["name"], me["role"], me["token"]) == ("ann", "operator", "")
    assert site.request(f"{API}/users", headers=session).status == 403


def test_wrong_name_and_wrong_password_look_alike(site: Site) -> None:
    add(site)
    known, unknown = sign_in(site, "ann", "wrong"), sign_in(site, "nobody", "wrong")
    assert (known.status, known.body, known.headers) == (unknown.status, unknown.body, unknown.headers)
    assert known.status == 401


@pytest.mark.parametrize("headers", [{"origin": ""}, {"origin": "http://evil.example"}, {"origin": "null"}])
def test_no_other_page_signs_anybody_in(site: Site, headers: dict[str, str]) -> None:
    add(site)
    assert sign_in(site, **headers).status == 403


def test_tries_are_limited_for_a_source_and_for_a_user(site: Site) -> None:
    add(site)
    statuses = [sign_in(site, f"user{number}", "wrong").status for number in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert sign_in(site).status == 429, "the right one has to wait too, else guesses would go on"
    assert site.get(f"{API}/me").status == 200, "a token has not"
    site.clock.advance(61)
    assert sign_in(site).status == 303


def test_a_user_is_limited_whatever_the_source(site: Site) -> None:
    add(site)
    for number in range(10):
        form = urlencode({"user": "Ann ", "password": "wrong"}).encode()
        call = site.call("/login", "POST", {**ORIGIN, "origin": f"https://{HOST}"}, form)
        call.scope["client"], call.scope["scheme"] = (f"10.0.0.{number}", 1), "https"
        asyncio.run(site.app(call.scope, call.receive, call.send))
        assert call.answer.status == 401
    assert sign_in(site).status == 429


def test_a_form_that_is_too_long_or_none(site: Site) -> None:
    assert sign_in(site, "ann", "x" * 20_000).status == 413
    assert site.request("/login", "POST", {**ORIGIN, "content-type": "text/plain"}, b"x").status == 415
    assert site.request("/login", "POST", ORIGIN, b"").status == 401


def test_a_keeper_that_is_gone_is_no_wrong_password(site: Site) -> None:
    site.keeper.is_gone = True
    assert sign_in(site).status == 503


def test_another_role_counts_at_the_next_request(site: Site) -> None:
    add(site, role="admin")
    session = session_of(sign_in(site))
    assert site.request(f"{API}/users", headers=session).status == 200
    assert site.post(f"{API}/users/ann", role="viewer").status == 200
    assert site.request(f"{API}/users", headers=session).status == 403
    assert site.request(f"{API}/users/ann", "DELETE", BEARER).status == 200
    assert site.request(f"{API}/me", headers=session).status == 401


def test_users_are_listed_without_their_hashes(site: Site) -> None:
    add(site)
    answer = site.get(f"{API}/users")
    assert [(user["name"], user["has_password"]) for user in answer.json()["data"]] == [("ann", True)]
    assert b"hash" not in answer.body


def test_refusals_have_their_status(site: Site) -> None:
    add(site)
    assert site.post(f"{API}/users", name="ann").status == 400
    assert site.post(f"{API}/users").status == 400
    assert site.post(f"{API}/users/nobody", role="viewer").status == 404
    assert site.post(f"{API}/login-links", user="nobody").status == 404
    assert site.request(f"{API}/tokens/none", "DELETE", BEARER).status == 404


def test_a_link_is_made_and_works(site: Site) -> None:
    add(site)
    path = site.post(f"{API}/login-links", user="ann").json()["data"]["path"]
    session = session_of(site.request(path))
    assert site.request(f"{API}/me", headers=session).json()["data"]["name"] == "ann"


def test_ones_own_password_over_http(site: Site) -> None:
    add(site)
    session = session_of(sign_in(site))

    def change(old: str) -> int:
        form = urlencode({"old_password": old, "password": "another long one"}).encode()
        return site.request(f"{API}/me/password", "POST", session, form).status

    assert [change("wrong") for _ in range(11)] == [403] * 10 + [429]
    site.clock.advance(61)
    assert change(PASSWORD) == 200
    assert site.request(f"{API}/me", headers=session).status == 200
    site.clock.advance(61)
    assert sign_in(site, password="another long one").status == 303


def test_sessions_are_listed_and_ended(site: Site) -> None:
    add(site)
    first, second = session_of(sign_in(site)), session_of(sign_in(site))
    listed = site.request(f"{API}/sessions", headers=first).json()["data"]
    assert sorted(each["current"] for each in listed) == [False, True]
    other = next(each["id"] for each in listed if not each["current"])
    assert site.request(f"{API}/sessions/{other}", "DELETE", first).status == 200
    assert site.request(f"{API}/me", headers=second).status == 401
    assert site.request(f"{API}/me", headers=first).status == 200


def test_a_token_is_good_as_bearer_and_as_basic(site: Site) -> None:
    made = token(site)
    basic = {"authorization": "Basic " + base64.b64encode(f"x:{made}".encode()).decode()}
    for headers in (bearer(made), basic):
        me = site.request(f"{API}/me", headers=headers).json()["data"]
        assert (me["scopes"], me["token"]) == (["read"], made[:12])


def test_a_token_that_is_revoked_or_too_old_is_not(site: Site) -> None:
    made, short = token(site), token(site, expires="1m")
    assert site.request("/metrics", headers=bearer(made)).status == 200
    assert site.request("/metrics", headers=bearer(short)).status == 200
    for each in site.get(f"{API}/tokens").json()["data"]:
        if each["prefix"] == made[:12]:
            assert site.request(f"{API}/tokens/{each['id']}", "DELETE", BEARER).status == 200
    assert site.request("/metrics", headers=bearer(made)).status == 401
    site.clock.advance(60)
    assert site.request("/metrics", headers=bearer(short)).status == 401


def test_a_token_has_its_own_rate(site: Site) -> None:
    made = token(site, per_minute="2")
    assert [site.request("/metrics", headers=bearer(made)).status for _ in range(3)] == [200, 200, 429]
    assert site.request("/metrics", headers=bearer(token(site))).status == 200
    refused = site.request("/metrics", headers=bearer(made))
    assert int(refused.header("retry-after")) > 0


def test_a_flood_of_invented_tokens_does_not_reach_the_keeper(site: Site) -> None:
    statuses = [site.request("/metrics", headers=bearer(f"bgt_{number}")).status for number in range(20)]
    assert statuses == [401] * 10 + [429] * 10
    assert len(site.keeper.asked) == 10
    site.clock.advance(61)
    assert site.request("/metrics", headers=bearer("unlike any token of ours")).status == 401
    assert len(site.keeper.asked) == 10


def test_a_keeper_that_is_gone_is_no_wrong_token(site: Site) -> None:
    made = token(site)
    site.keeper.is_gone = True
    assert site.request("/metrics", headers=bearer(made)).status == 503


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "x", "scope": "everything"},
        {"name": "x"},
        {"scope": "read"},
        {"name": "x", "scope": "read", "expires": "soon"},
        {"name": "x", "scope": "read", "expires": "0s"},
        {"name": "x", "scope": "read", "per_minute": "many"},
        {"name": "x", "scope": "read", "per_minute": "0"},
    ],
)
def test_tokens_that_cannot_be(site: Site, wrong: dict[str, str]) -> None:
    assert site.post(f"{API}/tokens", **wrong).status == 400


@pytest.mark.parametrize("scope", list(Scope))
def test_every_route_by_scope(site: Site, scope: Scope) -> None:
    made = token(site, scope.value)
    for route in ROUTES:
        if route.template in (f"{API}/live", f"{API}/alerts/stream") or route.role is None:
            continue
        path = route.template.replace("{host}", "web-1").replace("{name}", "job").replace("{id}", "5f0c")
        for method in route.methods:
            status = site.request(path, method, {**bearer(made), "content-type": ORIGIN["content-type"]}).status
            refused = scope not in (route.needed_scope, Scope.ADMIN)
            assert (status == 403) is refused, (route.template, method, status)


def test_who_did_what_is_there_for_administrators(site: Site) -> None:
    add(site)
    session = session_of(sign_in(site))
    lines = site.get(f"{API}/audit", limit="10").json()["data"]
    assert [(line["actor"], line["action"]) for line in lines] == [
        ("ann", "log_in"),
        ("local administrator", "add_user"),
    ]
    assert site.get(f"{API}/audit", before="2").json()["data"][0]["number"] == 1
    assert site.get(f"{API}/audit", before="x").status == 400
    assert site.request(f"{API}/audit", headers=session).status == 403
    assert PASSWORD.encode() not in site.get(f"{API}/audit").body


def test_an_answer_of_another_kind_is_told_as_ours(site: Site) -> None:
    site.keeper.reply = Done()
    assert site.get(f"{API}/users").status == 503
    assert isinstance(site.keeper.asked[-1], ListUsers)


def test_many_tries_at_once_are_no_more_than_the_limit(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password is verified for a while: each try counts from its beginning."""
    add(site)
    tried: list[AnyCommand] = []
    execute = site.keeper.execute

    async def main() -> list[int]:
        done = asyncio.Event()

        async def slowly(command: AnyCommand) -> AnyReply:
            tried.append(command)
            await done.wait()
            return await execute(command)

        monkeypatch.setattr(site.keeper, "execute", slowly)
        body = urlencode({"user": "ann", "password": "a wrong password"}).encode()
        calls = [site.call("/login", "POST", ORIGIN, body) for _ in range(30)]
        tasks = [asyncio.ensure_future(site.app(call.scope, call.receive, call.send)) for call in calls]
        for _ in range(100):
            await asyncio.sleep(0)  # lets each go as far as it can
        done.set()
        await asyncio.gather(*tasks)
        return [call.answer.status for call in calls]

    statuses = run(main())
    assert len(tried) == 2
    assert statuses.count(429) == 28
    assert [sign_in(site, password="wrong").status for _ in range(9)] == [401] * 8 + [429]


def test_changes_without_end_are_refused(site: Site) -> None:
    add(site, role="viewer")
    session = session_of(sign_in(site))
    answers = [site.request(f"{API}/sessions/none", "DELETE", session) for _ in range(601)]
    assert {each.status for each in answers[:600]} == {404}
    assert answers[600].status == 429
    assert "changes a minute" in answers[600].json()["error"]
    assert site.request(f"{API}/sessions", headers=session).status == 200
