"""The Overview while alerts fire: what it says, and acknowledging in place."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from helpers.chromium import LONGEST_MS
from helpers.server import Server, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
RULES = {
    "groups": [
        {
            "name": "own",
            "interval": "1s",
            "rules": [
                {
                    "alert": "MemoryThere",
                    "expr": "node_memory_MemTotal_bytes > 0",
                    "labels": {"severity": "critical"},
                    "annotations": {
                        "summary": "{{ $labels.instance }}: <b onclick=hit>memory",
                        "description": "There is memory.",
                    },
                }
            ],
        }
    ]
}


@pytest.fixture(scope="module")
def server(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a rule that always holds; YAML is a superset of JSON."""
    del browser
    folder = tmp_path_factory.mktemp("alerting")
    (folder / "rules.yml").write_text(json.dumps(RULES))
    (folder / "barograph.yml").write_text(json.dumps({"rule_files": ["rules.yml"]}))
    with serving(folder / "data", "--config", str(folder / "barograph.yml")) as started:
        yield started


def _text(page: "Page", selector: str) -> str:
    return page.locator(selector).inner_text().replace("\u00a0", " ")


def test_on_a_phone_open_alerts_come_before_the_figures(open_page: Callable[..., "Page"]) -> None:
    page = open_page(**PHONE)
    page.wait_for_selector(".alerts .do")
    order = page.evaluate("""() => ['.sentence', '.alerts', '.tiles']
        .map(s => document.querySelector(s).getBoundingClientRect().top)""")
    assert order == sorted(order)
    card = page.locator(".alerts .card").bounding_box()
    button = page.get_by_role("button", name="Acknowledge").bounding_box()
    assert card is not None
    assert button is not None
    assert button["height"] >= 44
    assert button["width"] > card["width"] / 3
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_viewer_sees_alerts_and_programs_and_changes_nothing(
    browser: "Browser", server: Server, soon: Callable[..., Any]
) -> None:
    administrator = {"Authorization": f"Bearer {server.token}"}
    users = "/api/barograph/v1/users"
    form = {"name": "ann", "role": "viewer", "password": "a long enough password"}
    assert server.request(users, method="POST", headers=administrator, form=form).status == 200
    link = server.request(
        "/api/barograph/v1/login-links", method="POST", headers=administrator, form={"user": "ann"}
    ).json()["data"]["path"]
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(LONGEST_MS)
    try:
        page = context.new_page()
        page.goto(server.url + link)
        page.wait_for_selector("[data-alert]")
        soon(lambda: page.get_by_role("button", name="Acknowledge").count() == 0, 30, "no button")
        # the server's own process is among the busiest; its arguments name the data folder
        page.wait_for_selector(".who tbody td[title]")
        titles = page.locator(".who td[title]").evaluate_all("cells => cells.map(cell => cell.title.split('\\n')[0])")
        assert titles
        assert not any(" " in title and title.startswith("/") for title in titles), titles
    finally:
        context.close()


def test_an_alert_is_told_everywhere_and_acknowledged_in_place(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page()
    page.wait_for_selector("[data-alert]")
    soon(lambda: _text(page, ".sentence").startswith("In trouble."), 30, "the verdict")
    assert page.locator(".sentence a[data-severity=critical]", has_text="<b onclick=hit>memory").count() == 1
    soon(lambda: page.locator(".strip .alert[data-severity=critical]").count() == 1, 30, "its bar of the day")
    soon(lambda: "<b onclick=hit>memory: fired" in _text(page, "[aria-label=Today]"), 30, "the event")
    assert page.locator("#page b[onclick]").count() == 0
    page.get_by_role("button", name="Acknowledge", exact=True).click()
    page.wait_for_selector("text=Acknowledged until it is fixed.")
    assert "Until it is fixed" in _text(page, ".alerts .held")
    assert "1 acknowledged" in _text(page, ".alerts header")
    soon(lambda: not _text(page, ".sentence").startswith("In trouble."), 30, "the verdict without it")
