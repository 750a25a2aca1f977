import pytest

from barograph.identity.secrets import hash_secret
from barograph.model.acting import Actor
from barograph.model.commands import EndSession, RedeemLogin, Refused, SessionFound
from unit.web.site import BEARER, HOST, Site, run

OURS = {"origin": f"http://{HOST}"}
LOGOUT = "/api/barograph/v1/logout"


def code(site: Site) -> str:
    return site.keeper.sessions.make_login_code().reveal()


def test_a_link_opens_a_session_and_leads_to_the_page(site: Site) -> None:
    answer = site.request(f"/login?code={code(site)}")
    assert answer.status == 303
    assert answer.header("location") == "/"
    cookie = answer.header("set-cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=2592000" in cookie
    assert answer.header("cache-control") == "no-store"
    assert answer.header("referrer-policy") == "same-origin", "else a form of our own would come with the origin null"
    assert site.request("/metrics", headers={"cookie": cookie.partition(";")[0]}).status == 200


def test_a_link_works_once(site: Site) -> None:
    link = f"/login?code={code(site)}"
    assert site.request(link).status == 303
    again = site.request(link)
    assert again.status == 401
    assert again.header("set-cookie") == ""
    assert b"used already, or is too old. Ask for a new one: `barograph user link`" in again.body


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"purpose": "prefetch"}),
        ("GET", {"sec-purpose": "prefetch;prerender"}),
        ("GET", {"x-moz": "prefetch"}),
    ],
)
def test_looking_ahead_uses_no_link_up(site: Site, method: str, headers: dict[str, str]) -> None:
    link = f"/login?code={code(site)}"
    assert site.request(link, method, headers).status == 200
    assert site.keeper.asked == []
    assert site.request(link).status == 303


def test_no_code_is_no_try(site: Site) -> None:
    for _ in range(20):
        assert site.request("/login").status == 401
    assert site.keeper.asked == []
    assert site.request(f"/login?code={code(site)}").status == 303


def test_wrong_codes_are_slowed_down(site: Site) -> None:
    statuses = [site.request("/login?code=invented").status for _ in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    assert len(site.keeper.asked) == 10
    slow = site.request(f"/login?code={code(site)}")
    assert slow.status == 429
    assert int(slow.header("retry-after")) <= 61
    site.clock.advance(61)
    assert site.request(f"/login?code={code(site)}").status == 303


def test_wrong_tokens_keep_no_link_out(site: Site) -> None:
    for _ in range(20):
        site.request("/metrics", headers={"authorization": "Bearer wrong"})
    assert site.request(f"/login?code={code(site)}").status == 303


def test_the_keeper_learns_where_a_log_in_came_from(site: Site) -> None:
    site.request("/login?code=abc")
    assert site.keeper.asked == [RedeemLogin(code="abc", remote="127.0.0.1")]


@pytest.mark.parametrize("trouble", ["gone", "store"])
def test_trouble_of_the_keeper_is_no_wrong_link(site: Site, trouble: str) -> None:
    link = f"/login?code={code(site)}"
    if trouble == "gone":
        site.keeper.is_gone = True
    else:
        site.keeper.reply = Refused(kind="store", message="state.db could not be written")
    answers = [site.request(link) for _ in range(12)]
    assert {answer.status for answer in answers} == {503}
    assert answers[0].header("content-type").startswith("text/html")
    site.keeper.is_gone, site.keeper.reply = False, None
    assert site.request(link).status == 303, "it was neither used up nor counted as wrong"


def test_words_on_the_page_are_text(site: Site) -> None:
    site.keeper.reply = Refused(kind="access", message="<script>alert(1)</script>")
    assert b"<script" not in site.request("/login?code=x").body


def test_a_log_out_ends_the_session_at_once(site: Site) -> None:
    session = site.log_in()
    ended: list[str] = []
    site.now.on_session_end.append(ended.append)
    assert site.request("/metrics", headers=session).status == 200
    answer = site.request(LOGOUT, "POST", {**session, **OURS})
    assert answer.status == 200
    assert answer.header("set-cookie").startswith("barograph_session=; ")
    assert "Max-Age=0" in answer.header("set-cookie")
    assert site.request("/metrics", headers=session).status == 401
    assert len(ended) == 1


def test_a_log_out_that_cannot_be_stored_is_no_log_out(site: Site) -> None:
    session = site.log_in()
    site.request("/metrics", headers=session)
    site.keeper.reply = Refused(kind="store", message="state.db could not be written")
    answer = site.request(LOGOUT, "POST", {**session, **OURS})
    assert answer.status == 503
    assert answer.header("set-cookie") == ""
    site.keeper.reply = None
    assert site.request("/metrics", headers=session).status == 200


def test_a_log_out_of_a_session_that_was_ended_elsewhere_is_one(site: Site) -> None:
    session = site.log_in()
    # the front remembers for some seconds whose it is: its log-out comes as far as the keeper
    assert site.request("/metrics", headers=session).status == 200
    found = site.keeper.sessions.find(hash_secret(session["cookie"].partition("=")[2]))
    assert isinstance(found, SessionFound)
    site.keeper.sessions.end(found.session_id, Actor(name=found.user))
    answer = site.request(LOGOUT, "POST", {**session, **OURS})
    assert answer.status == 200
    assert "Max-Age=0" in answer.header("set-cookie")
    assert EndSession(session_id=found.session_id) in site.keeper.asked
    assert site.request("/metrics", headers=session).status == 401


def test_a_log_out_without_a_keeper_is_unavailable(site: Site) -> None:
    session = site.log_in()
    site.request("/metrics", headers=session)
    site.keeper.is_gone = True
    assert site.request(LOGOUT, "POST", {**session, **OURS}).status == 503


def test_a_token_has_no_session_to_end(site: Site) -> None:
    assert site.request(LOGOUT, "POST", BEARER).status == 200
    assert not any(isinstance(command, EndSession) for command in site.keeper.asked)


def test_the_sign_in_page_has_its_style_from_a_file(site: Site) -> None:
    answer = site.request("/login.css")
    assert answer.header("content-type") == "text/css; charset=utf-8"
    assert b"color-scheme" in answer.body
    assert b'href="/login.css"' in site.request("/").body


def test_another_address_of_this_machine_is_no_other_source(site: Site) -> None:
    def try_code(number: int) -> int:
        call = site.call("/login?code=wrong")
        call.scope["client"] = (f"127.0.0.{number + 1}", 50_000)
        run(site.app(call.scope, call.receive, call.send))
        return call.answer.status

    assert [try_code(number) for number in range(12)] == [401] * 10 + [429] * 2


def test_tokens_and_cookies_from_another_address_of_this_machine_neither(site: Site) -> None:
    def show(number: int, headers: dict[str, str]) -> int:
        call = site.call("/metrics", headers=headers)
        call.scope["client"] = (f"127.0.0.{number + 1}", 50_000)
        run(site.app(call.scope, call.receive, call.send))
        return call.answer.status

    wrong = [{"authorization": f"Bearer bgt_{number}"} for number in range(12)]
    assert [show(number, each) for number, each in enumerate(wrong)] == [401] * 10 + [429] * 2
    cookies = [{"cookie": f"barograph_session=wrong{number}"} for number in range(12)]
    assert [show(number, each) for number, each in enumerate(cookies)] == [401] * 10 + [429] * 2
