"""Settings: appearance, about, people, tokens, sessions, audit; with every role; forms that keep what was typed."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from helpers.chromium import LONGEST_MS
from helpers.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.e2e

PASSWORD = "a long enough password"
HOSTILE = '<img src=x onerror="window.hit=1">'

SLOWED = """() => {
    const ask = window.fetch;
    window.fetch = async (...what) => {
        await new Promise(done => setTimeout(done, 500));
        return ask(...what);
    };
}"""


def _post(server: Server, path: str, **fields: str) -> Any:
    headers = {"Authorization": f"Bearer {server.token}"}
    answer = server.request(f"/api/barograph/v1/{path}", method="POST", headers=headers, form=fields)
    assert answer.status == 200, answer.body
    return answer.json()["data"]


@pytest.fixture
def viewer(browser: "Browser", server: Server) -> Iterator["Page"]:
    """A page of somebody who may only look."""
    headers = {"Authorization": f"Bearer {server.token}"}
    form = {"name": "vera", "role": "viewer", "password": PASSWORD}
    server.request("/api/barograph/v1/users", method="POST", headers=headers, form=form)
    link = _post(server, "login-links", user="vera")
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(LONGEST_MS)
    page = context.new_page()
    page.goto(server.url + link["path"])
    page.wait_for_selector("text=Recorder")
    yield page
    context.close()


def test_a_user_is_added_changed_and_removed(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/settings/people")
    page.get_by_label("Name").fill("olga")
    page.locator("form select").select_option("operator")
    page.get_by_role("button", name="Add").click()
    page.wait_for_selector("tr:has-text('olga')")
    soon(lambda: page.get_by_label("Name").input_value() == "", 30, "an empty form")
    page.get_by_label("Role of olga").select_option("editor")
    soon(lambda: page.get_by_label("Role of olga").input_value() == "editor", 30, "the new role")
    page.get_by_role("button", name="Log-in link for olga").click()
    page.wait_for_selector("text=/Hand this to olga/")
    assert "/login?code=" in page.locator("[role=status] code").inner_text()
    page.get_by_role("button", name="Remove olga").click()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.wait_for_selector("tr:has-text('olga')", state="detached")


def test_a_role_that_is_refused_is_shown_as_it_is(open_page: Callable[..., "Page"], server: Server) -> None:
    _post(server, "users", name="petra", role="viewer")
    page = open_page("/settings/people")
    page.route(
        "**/api/barograph/v1/users/petra",
        lambda route: route.fulfill(status=409, json={"status": "error", "error": "she is the last of them"}),
    )
    page.get_by_label("Role of petra").select_option("admin")
    page.wait_for_selector("[role=alert]:has-text('The role is as it was.')")
    page.wait_for_timeout(500)
    assert page.get_by_label("Role of petra").input_value() == "viewer"


def test_a_refused_form_keeps_what_was_typed_and_says_why(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/settings/people")
    page.get_by_label("Name").fill("ivan")
    page.get_by_label("Password", exact=False).first.fill("short")
    page.get_by_role("button", name="Add").click()
    page.wait_for_selector("[role=alert]:has-text('No user was added.')")
    assert page.get_by_label("Name").input_value() == "ivan"
    page.get_by_role("button", name="Try again").wait_for()


def test_a_form_that_nobody_answers_keeps_what_was_typed(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/settings/tokens")
    page.route("**/api/barograph/v1/tokens", lambda route: route.abort("connectionrefused"))
    page.get_by_label("Name").fill("backup")
    page.get_by_role("button", name="Make").click()
    page.wait_for_selector("text=Not saved: the server did not answer. No token was made.")
    assert page.get_by_label("Name").input_value() == "backup"
    page.unroute("**/api/barograph/v1/tokens")
    page.get_by_role("button", name="Try again").click()
    first = page.locator("[role=status]:has-text('The token of backup, shown only now')")
    first.wait_for()
    # a second one that is refused hides nothing of the first, which nobody can see again
    page.route("**/api/barograph/v1/tokens", lambda route: route.abort("connectionrefused"))
    page.get_by_label("Name").fill("another")
    page.get_by_role("button", name="Make").click()
    page.wait_for_selector("text=No token was made.")
    assert first.is_visible()


def test_a_token_is_shown_once_and_revoked(open_page: Callable[..., "Page"], server: Server) -> None:
    page = open_page("/settings/tokens")
    page.get_by_label("Name").fill(HOSTILE)
    page.get_by_role("button", name="Make").click()
    token = page.locator("[role=status] code").inner_text()
    assert server.get("/api/v1/labels", token=token).status == 200
    page.reload()
    page.wait_for_selector(f"tr:has-text('{HOSTILE}')")
    assert token not in page.content()
    page.locator(f"tr:has-text('{HOSTILE}')").get_by_role("button").click()
    page.wait_for_selector(f"tr:has-text('{HOSTILE}')", state="detached")
    assert server.get("/api/v1/labels", token=token).status == 401
    assert page.evaluate("window.hit") is None


def test_sessions_are_listed_and_ended(
    open_page: Callable[..., "Page"], viewer: "Page", soon: Callable[..., Any]
) -> None:
    page = open_page("/settings/sessions")
    row = page.locator("tr:has-text('vera')")
    row.first.wait_for()
    before = row.count()
    row.first.get_by_role("button").click()
    soon(lambda: row.count() < before, 30, "the end of the session")
    viewer.get_by_role("navigation", name="Pages").get_by_role("link", name="Settings").click()
    viewer.wait_for_selector("text=You were signed out. Sign in to go on here.")


def test_who_was_signed_out_elsewhere_can_still_sign_out(viewer: "Page", server: Server) -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    listed = server.get("/api/barograph/v1/sessions").json()["data"]
    for each in listed:
        if each["user"] == "vera":
            assert (
                server.request(f"/api/barograph/v1/sessions/{each['id']}", method="DELETE", headers=headers).status
                == 200
            )
    with viewer.expect_navigation():
        viewer.get_by_role("button", name="Sign out").click()
    viewer.wait_for_selector("text=Sign in")
    assert viewer.locator("text=Not signed out").count() == 0


def test_the_audit_log_tells_who_did_what(open_page: Callable[..., "Page"], server: Server) -> None:
    _post(server, "users", name="audited", role="viewer")
    page = open_page("/settings/audit")
    page.wait_for_selector("tr:has-text('audited')")


def test_a_double_click_for_older_entries_of_the_audit_log_brings_each_once(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    headers = {"Authorization": f"Bearer {server.token}"}
    for _ in range(101 // 2 + 1):
        _post(server, "users", name="often", role="viewer")
        gone = server.request("/api/barograph/v1/users/often", method="DELETE", headers=headers)
        assert gone.status == 200, gone.body
    page = open_page("/settings/audit")
    page.wait_for_selector("tbody tr >> nth=99")
    assert page.locator("tbody tr").count() == 100
    page.evaluate(SLOWED)
    page.get_by_role("button", name="Older").dblclick()
    page.wait_for_selector("tbody tr >> nth=101")
    page.wait_for_timeout(1500)


def test_a_viewer_is_told_what_the_role_may_not(viewer: "Page", server: Server) -> None:
    viewer.goto(server.url + "/settings/people")
    viewer.wait_for_selector(
        "text=Your role, viewer, may look but not see who may log in. Ask an admin of this server."
    )
    assert viewer.get_by_role("button", name="Add").count() == 0
    assert viewer.get_by_role("link", name="Audit").count() == 0
    viewer.goto(server.url + "/settings/audit")
    viewer.wait_for_selector("text=Your role, viewer, may look but not read the audit log.")


def test_a_password_is_changed(viewer: "Page", server: Server) -> None:
    viewer.goto(server.url + "/settings/people")
    viewer.get_by_label("The one you have").fill("wrong")
    viewer.get_by_label("A new one").fill(PASSWORD + "!")
    viewer.get_by_role("button", name="Change").click()
    viewer.wait_for_selector("[role=alert]")
    assert viewer.get_by_label("A new one").input_value() == PASSWORD + "!"
    viewer.get_by_label("The one you have").fill(PASSWORD)
    viewer.get_by_role("button", name="Try again").click()
    viewer.wait_for_selector("text=Changed. Your other sessions have ended.")


def test_appearance_is_kept_in_this_browser(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/settings")
    page.get_by_role("button", name="Light").click()
    assert page.locator("html").get_attribute("data-theme") == "light"
    page.get_by_role("group", name="Keys").get_by_role("button", name="Off").click()
    page.keyboard.press("t")
    assert page.locator("html").get_attribute("data-theme") == "light"
    with page.expect_navigation():
        page.get_by_role("button", name="Bytes, MB/s").click()
    page.goto(page.url.replace("/settings", "/"))
    network = page.locator("figure[data-track=network]")
    soon(lambda: "B/s" in network.inner_text(), 30, "bytes")


def test_about_says_what_this_is(open_page: Callable[..., "Page"], server: Server) -> None:
    page = open_page("/settings/about")
    page.wait_for_selector("dt:has-text('Running since')")
    text = page.locator("main").inner_text()
    assert server.get("/api/barograph/v1/status").json()["data"]["barograph_version"] in text
    assert "collectors work" in text or "barograph doctor" in text
