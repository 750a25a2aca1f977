"""Alerts, limits and failing collectors on the recorder's tracks, over a server that has rules and a spoilt kernel."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from helpers.chromium import LONGEST_MS
from helpers.page import address
from helpers.server import Server, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]


def _track(page: "Page", name: str) -> "Locator":
    return page.locator(f"figure[data-track='{name}']")


RULES = """groups:
  - name: now
    interval: 1s
    rules:
      - alert: SomethingRuns
        expr: rate(node_pressure_cpu_waiting_seconds_total[5s]) >= 0
        labels: {severity: warning}
        annotations: {summary: "CPU pressure high"}
"""


THRESHOLD = """thresholds:
  MemoryLow: {warning: {above: 0.1, clear: 0.1}, for: 0s, interval: 1s}
"""


@pytest.fixture(scope="module")
def other_server(browser: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Path]]:
    """A server over a proc file system of which a part can be spoiled, with a rule that fires; and that part."""
    del browser
    if not Path("/proc/pressure/cpu").exists():
        pytest.skip("this kernel has no pressure")
    folder = tmp_path_factory.mktemp("other")
    proc = folder / "proc"
    (proc / "pressure").mkdir(parents=True)
    for entry in Path("/proc").iterdir():
        if entry.name != "pressure" and not entry.name.isdigit():
            (proc / entry.name).symlink_to(entry)
    for name in ("cpu", "io", "memory"):
        (proc / "pressure" / name).write_text(Path(f"/proc/pressure/{name}").read_text())
    (folder / "rules.yml").write_text(RULES)
    config = folder / "barograph.yml"
    config.write_text(f"rule_files: [{folder / 'rules.yml'}]\npaths: {{procfs: {proc}}}\n" + THRESHOLD)
    with serving(folder / "data", "--config", str(config)) as started:
        yield started, proc / "pressure"


@pytest.fixture
def other_page(browser: "Browser", other_server: tuple[Server, Path]) -> Iterator["Page"]:
    server, _ = other_server
    state = server.data.parent / "state.json"
    options: dict[str, Any] = {"viewport": {"width": 1440, "height": 1100}}
    context = browser.new_context(**options, storage_state=str(state) if state.exists() else None)
    context.set_default_timeout(LONGEST_MS)
    page = context.new_page()
    page.goto(server.url + "/" if state.exists() else server.login_link)
    page.wait_for_selector(".host[data-state=live]")
    context.storage_state(path=str(state))
    yield page
    context.close()


def test_an_alert_is_drawn_where_it_happened_with_its_limit(
    other_page: "Page", other_server: tuple[Server, Path], soon: Callable[..., Any]
) -> None:
    server, _ = other_server
    soon(lambda: server.get("/api/barograph/v1/alerts").json()["data"]["total"] > 0 or None, 30, "an alert")
    page = other_page
    page.goto(server.url + "/?range=5m")
    pressure = _track(page, "pressure")
    soon(lambda: "CPU pressure high" in pressure.inner_text(), 30, "the alert on its track")
    soon(lambda: "limit 0 %" in pressure.inner_text().replace("\u00a0", " "), 30, "the limit")
    assert "CPU pressure high" not in _track(page, "cpu").inner_text()
    # whatever is drawn below them, words have a ground of their own
    for words in (".region", ".limit"):
        ground = pressure.locator(words).first.evaluate("words => getComputedStyle(words).backgroundColor")
        assert float(ground.rstrip(")").split("/")[1]) > 0.8, ground
    # one of the stock alerts, which compare what another rule records
    memory = _track(page, "memory")
    soon(lambda: "Memory nearly full" in memory.inner_text(), 60, "the stock alert on its track")
    assert f" on {address(page).split('/h/')[1].split('?')[0]}" not in memory.inner_text()
    assert page.locator(".frame .legend", has_text="alert").count() == 1


def test_a_collector_that_fails_is_told_in_its_track(
    other_page: "Page", other_server: tuple[Server, Path], soon: Callable[..., Any]
) -> None:
    _, spoilt = other_server
    for name in ("cpu", "io", "memory"):
        # in place: the collector holds the file open, as it does the kernel's
        (spoilt / name).write_text("some nonsense\n")
    pressure = _track(other_page, "pressure")
    soon(lambda: "This part failed: " in pressure.inner_text(), 60, "the words of a collector that fails")
    assert "The rest goes on." in pressure.inner_text()
    assert "This part failed" not in _track(other_page, "cpu").inner_text()
