"""A person's walk through an alert, over a real server and a real rule.

It fires, is acknowledged on a phone, outlives a killed server, gets worse, is resolved, and its history is right. And
what names, texts and reasons cannot do.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from helpers.chromium import LONGEST_MS
from helpers.page import address, parameters
from helpers.server import Server, eventually

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

pytestmark = pytest.mark.e2e

PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}
_EVIL = "<img src=x onerror='window.hacked=1'>"
_CONFIG = """
rule_files: [rules.yml]
thresholds: {{stock: false}}
collectors:
  textfile:
    directory: [{folder}]
"""
_RULES = """
groups:
  - name: walk
    interval: 1s
    rules:
      - alert: Storm
        expr: storm > 20
        labels: {severity: warning}
        annotations: &texts
          summary: "Storm in {{ $labels.device }}"
          description: "The storm is at {{ $value }}."
          runbook: "1. Look **out** `<b>now</b>` [x](javascript:window.hacked=1) <script>window.hacked=1</script>"
      - alert: Storm
        expr: storm > 90
        labels: {severity: critical}
        annotations: *texts
"""


class Weather:
    """A server whose storm a test can raise and calm."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "barograph.yml"
        (folder / "text").mkdir()
        self.config.write_text(_CONFIG.format(folder=folder / "text"))
        (folder / "rules.yml").write_text(_RULES)
        self.blow(0)
        self.server = self._start()

    def blow(self, strength: int) -> None:
        device = _EVIL.replace("\\", "\\\\").replace('"', '\\"')
        new = self.folder / "new"
        new.write_text(f'storm{{device="{device}"}} {strength}\n')
        new.rename(self.folder / "text" / "storm.prom")

    def killed_and_started(self) -> None:
        self.server.kill()
        self.server = self._start()

    def alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.server.get("/api/barograph/v1/alerts").json()["data"]["alerts"]
        return found

    def until(self, part: str) -> dict[str, Any]:
        return eventually(
            lambda: next((a for a in self.alerts() if a["part"] == part), None), 60, f"an alert in {part}"
        )

    def until_calm(self) -> None:
        eventually(lambda: self.alerts() == [] or None, 60, "the end of all alerts")

    def _start(self) -> Server:
        return Server(self.folder / "data", "--config", str(self.config)).wait_ready()


@pytest.fixture(scope="module")
def weather(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weather]:
    del browser
    made = Weather(tmp_path_factory.mktemp("alerts"))
    yield made
    made.server.stop()


@pytest.fixture
def visit(browser: "Browser", weather: Weather, mistakes: list[str]) -> Iterator[Callable[..., "Page"]]:
    """Open a page as a user, on the server as it runs now."""
    contexts: list[BrowserContext] = []

    def open_(path: str, user: str = "", **options: object) -> "Page":
        server = weather.server
        made = server.request(
            "/api/barograph/v1/login-links",
            method="POST",
            headers={"Authorization": f"Bearer {server.token}"},
            form={"user": user} if user else {},
        ).json()
        settings = {"viewport": {"width": 1440, "height": 900}, "color_scheme": "dark", **options}
        context = browser.new_context(**settings)  # type: ignore[arg-type]  # keyword arguments, passed on
        context.set_default_timeout(LONGEST_MS)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: mistakes.append(str(error)))
        page.goto(server.url + made["data"]["path"])
        page.wait_for_selector(".host[data-state=live]")
        page.goto(server.url + path)
        page.wait_for_selector(".host[data-state=live]")
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture
def fired(weather: Weather) -> Iterator[dict[str, Any]]:
    weather.blow(52)
    yield weather.until("needs")
    weather.blow(0)
    weather.until_calm()


_SAID = """([where, words]) => [...document.querySelectorAll(where)]
    .some(element => element.innerText.replaceAll('\u00a0', ' ').includes(words))"""


def _says(page: "Page", selector: str, words: str) -> None:
    page.wait_for_function(_SAID, arg=[selector, words])


def test_a_walk_from_fired_to_resolved(visit: Callable[..., "Page"], weather: Weather, tmp_path: Path) -> None:
    page = visit("/alerts", **PHONE)
    _says(page, "h1", "No alert needs anyone")
    weather.blow(52)
    # it comes without anything being touched: title, row, and the count on the tab bar
    _says(page, "h1", "One alert needs someone")
    _says(page, "nav .count", "1")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.screenshot(path=tmp_path / "alerts-390.png")

    # two taps: the alert, then acknowledge
    page.locator("a.title").tap()
    page.wait_for_selector("form[aria-label=Acknowledge]")
    number = address(page).rsplit("/", 1)[1]
    page.screenshot(path=tmp_path / "alert-390.png", full_page=True)
    page.get_by_role("button", name="Acknowledge until it is fixed").tap()
    _says(page, ".bar", "Acknowledged until it is fixed.")
    assert weather.until("acknowledged")["id"] == int(number)

    weather.killed_and_started()
    assert weather.until("acknowledged")["acknowledgment"]["until"] is None
    page = visit(f"/alerts/{number}")
    _says(page, ".held", "Until it is fixed")
    page.screenshot(path=tmp_path / "alert-1440.png")

    weather.blow(95)  # worse: it needs somebody again
    assert weather.until("needs")["severity"] == "critical"
    _says(page, "section[aria-label=Timeline]", "The acknowledgment ended, because it got worse")
    _says(page, "section[aria-label=Timeline]", "Got worse: it is critical now")

    weather.blow(0)
    weather.until_calm()
    _says(page, "section[aria-label=Timeline]", "Resolved")
    page.goto(weather.server.url + "/alerts")
    _says(page, "h1", "No alert needs anyone")
    _says(page, ".note", "No alert is open. The last one was resolved at ")
    page.get_by_role("link", name="History").click()
    _says(page, "ol", "Resolved")
    page.get_by_role("button", name="By people").click()
    _says(page, "ol", "Acknowledged by")
    assert parameters(page)["what"] == "people"
    assert page.evaluate("window.hacked") is None


def test_undo_takes_it_back(visit: Callable[..., "Page"], weather: Weather, fired: dict[str, Any]) -> None:
    page = visit("/alerts")
    page.get_by_role("button", name="Acknowledge", exact=True).click()
    _says(page, ".bar", "Acknowledged until it is fixed.")
    weather.until("acknowledged")
    page.get_by_role("button", name="Undo").click()
    assert weather.until("needs")["id"] == fired["id"]
    _says(page, "h1", "One alert needs someone")


def test_keys_select_and_acknowledge(visit: Callable[..., "Page"], weather: Weather, fired: dict[str, Any]) -> None:
    page = visit("/alerts")
    page.wait_for_selector("a.title")
    page.keyboard.press("j")
    page.keyboard.press("x")
    _says(page, ".bulk", "1 selected")
    page.keyboard.press("a")
    assert weather.until("acknowledged")["id"] == fired["id"]


def test_a_double_click_writes_a_comment_once(
    visit: Callable[..., "Page"], weather: Weather, fired: dict[str, Any]
) -> None:
    page = visit(f"/alerts/{fired['id']}")
    page.get_by_placeholder("Write something beside this alert").fill("the first of its kind")
    page.get_by_role("button", name="Comment").dblclick()
    _says(page, "section[aria-label=Timeline]", "the first of its kind")
    page.wait_for_timeout(500)
    told = weather.server.get(f"/api/barograph/v1/alerts/{fired['id']}").json()["data"]["timeline"]
    assert [one["text"] for one in told if one["kind"] == "commented"] == ["the first of its kind"]


def test_long_quiet_needs_a_reason_and_a_lost_server_keeps_the_form(
    visit: Callable[..., "Page"], weather: Weather, fired: dict[str, Any]
) -> None:
    page = visit(f"/alerts/{fired['id']}")
    page.locator("label", has_text="tomorrow 09:00").click()
    page.locator("form[aria-label=Acknowledge] button[type=submit]").click()
    _says(page, ".lacks", "More than 2 h need a reason.")
    page.locator("#ack-reason").fill(_EVIL)
    page.route("**/api/barograph/v1/alerts/ack", lambda route: route.abort())
    page.locator("form[aria-label=Acknowledge] button[type=submit]").click()
    _says(page, ".lacks", "Not saved: the server did not answer. Nothing was acknowledged.")
    assert page.locator("#ack-reason").input_value() == _EVIL
    assert weather.alerts()[0]["acknowledgment"] is None
    page.unroute("**/api/barograph/v1/alerts/ack")
    page.get_by_role("button", name="Try again").click()
    assert weather.until("acknowledged")["acknowledgment"]["reason"] == _EVIL
    _says(page, "blockquote", _EVIL)
    assert page.evaluate("window.hacked") is None


def test_a_silence_previews_hides_and_ends(
    visit: Callable[..., "Page"], weather: Weather, fired: dict[str, Any]
) -> None:
    page = visit("/alerts")
    page.get_by_role("link", name="Silence", exact=True).click()
    _says(page, ".preview", "matches 1 alert now")
    page.locator("form[aria-label='New silence'] button[type=submit]").click()
    _says(page, ".lacks", "A silence needs a reason.")
    page.locator("#silence-reason").fill(_EVIL)
    page.locator("form[aria-label='New silence'] button[type=submit]").click()
    _says(page, ".reason", _EVIL)
    assert weather.until("silenced")["id"] == fired["id"]
    page.get_by_role("link", name="Now").click()
    _says(page, "section h2", "Silenced")
    page.get_by_role("link", name="End silence").click()
    page.get_by_role("button", name="End silence").click()
    assert weather.until("needs")["id"] == fired["id"]
    assert page.evaluate("window.hacked") is None


def test_an_alert_that_is_read_late_takes_nothing_away_that_is_typed_meanwhile(
    visit: Callable[..., "Page"], weather: Weather, fired: dict[str, Any]
) -> None:
    page = visit("/alerts/silences")
    page.evaluate(
        """id => {
        const ask = window.fetch;
        window.fetch = async (path, ...more) => {
            if (String(path).endsWith(`/alerts/${id}`)) await new Promise(done => setTimeout(done, 1500));
            return ask(path, ...more);
        };
        const link = Object.assign(document.createElement('a'), {href: `/alerts/silences?alert=${id}`});
        document.querySelector('main').append(link);
        link.click();
        link.remove();
    }""",
        fired["id"],
    )
    page.get_by_role("link", name="New silence").click()
    page.locator("#silence-matchers").fill('device="mine"')
    page.wait_for_timeout(2500)
    assert page.locator("#silence-matchers").input_value() == 'device="mine"'


def test_hostile_texts_are_texts(visit: Callable[..., "Page"], weather: Weather, fired: dict[str, Any]) -> None:
    page = visit(f"/alerts/{fired['id']}")
    _says(page, "h1", f"Storm in {_EVIL}")
    _says(page, "section[aria-label=Labels]", _EVIL)
    _says(page, "section[aria-label=Runbook]", "<script>window.hacked=1</script>")
    assert page.locator("section[aria-label=Runbook] a").count() == 0
    page.locator("#alert-comment").fill(_EVIL)
    page.get_by_role("button", name="Comment").click()
    _says(page, "section[aria-label=Timeline]", f"wrote: “{_EVIL}”")
    for path in ("/alerts", "/alerts/history?what=all", "/alerts/silences", "/alerts/delivery", "/"):
        page.goto(weather.server.url + path)
        page.wait_for_selector(".host[data-state=live]")
        page.wait_for_timeout(300)
        assert page.evaluate("window.hacked") is None
        assert page.locator("main img").count() == 0


def test_a_viewer_may_look_and_not_acknowledge(
    visit: Callable[..., "Page"], weather: Weather, fired: dict[str, Any]
) -> None:
    server = weather.server
    server.request(
        "/api/barograph/v1/users",
        method="POST",
        headers={"Authorization": f"Bearer {server.token}"},
        form={"name": "vera", "role": "viewer"},
    )
    page = visit("/alerts", user="vera")
    _says(page, ".note", "Your role, viewer, may look but not acknowledge. Ask an admin of this server.")
    assert page.get_by_role("button", name="Acknowledge").count() == 0
    page = visit(f"/alerts/{fired['id']}", user="vera")
    _says(page, ".refused", "Your role, viewer, may look but not acknowledge.")
    assert page.locator("form").count() == 0


def test_new_alerts_are_announced(visit: Callable[..., "Page"], weather: Weather) -> None:
    page = visit("/")
    # what a page before it asked is no answer to this one, which tells of what is new since its own first answer
    page.goto("about:blank")
    with page.expect_response("**/api/barograph/v1/alerts?limit=20") as first:
        page.goto(f"{weather.server.url}/")
    first.value.finished()
    weather.blow(99)
    _says(page, "p[role=alert]", f"Critical: Storm in {_EVIL} on ")
    weather.blow(0)
    weather.until_calm()


def test_the_search_field_knows_open_alerts_and_what_can_be_done(
    visit: Callable[..., "Page"], fired: dict[str, Any]
) -> None:
    page = visit("/")
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="Find a metric")
    field.fill("silence storm")
    page.locator("[role=option]", has_text="Silence Storm in").click()
    page.wait_for_selector("form[aria-label='New silence']")
    assert 'alertname="Storm"' in page.locator("#silence-matchers").input_value()
    assert page.locator("input[name=ending][value='2h']").is_checked()
    page.keyboard.press("Escape")
    # of its group: until the alerts have come, what was typed is offered as a query
    for text, group in (("acknowledge storm", "Actions"), ("storm in", "Alerts")):
        page.goto(address(page).partition("/alerts")[0] + "/explore")
        page.get_by_role("button", name="Find a metric, host or action").click()
        field.fill(text)
        page.locator(f"[role=group][aria-label={group}] [role=option]", has_text="Storm in").click()
        page.wait_for_url(f"**/alerts/{fired['id']}")
