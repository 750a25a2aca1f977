"""Names that a careless page would run, of interfaces, disks and labels, in every view that shows them, are text."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from helpers.page import parameters
from helpers.server import Server, newest_second, store_samples

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

EVIL = '"><img src=x onerror="window.hit=1">'
FOREIGN = "#page img, #page script, #page [onerror], .palette img, [role=listbox] img"


@pytest.fixture(scope="module")
def planted(server: Server) -> None:
    """An interface, a disk and a label of that name, in the host's own series of these seconds and those to come."""
    host, now_s = newest_second(server)
    escaped = EVIL.replace('"', '\\"')
    labels = f'device="{escaped}",instance="{host}",job="node"'
    families = (
        "network_receive_bytes_total",
        "network_transmit_bytes_total",
        "disk_read_bytes_total",
        "disk_written_bytes_total",
    )
    lines = [
        f"node_{family}{{{labels}}} {1_000_000 * (second + 40)} {(now_s + second) * 1000}"
        for family in families
        for second in range(-40, 1)
    ]
    lines += [f'node_load1{{place="{escaped}",instance="{host}",job="node"}} 1 {now_s * 1000}']
    store_samples(server, lines)


def _ran(page: "Page") -> bool:
    return page.evaluate("window.hit") is not None or page.locator(FOREIGN).count() > 0


@pytest.mark.usefixtures("planted")
@pytest.mark.parametrize("group", ["disk", "network"])
def test_tracks_of_devices_say_names_as_they_are(
    open_page: Callable[..., "Page"], soon: Callable[..., Any], group: str
) -> None:
    page = open_page(f"/?open={group}")
    track = page.get_by_role("figure", name=EVIL, exact=True)
    soon(lambda: track.count() == 1, 30, "its track")
    assert EVIL in track.inner_text()
    # at full height, and as a table
    track.focus()
    page.keyboard.press("Enter")
    soon(lambda: track.get_by_role("button", name="CSV").count() > 0, 30, "its statistics")
    track.get_by_text("quer", exact=False).first.click()
    page.keyboard.press("v")
    table = page.get_by_role("region", name=f"{EVIL} as a table")
    table.wait_for()
    # and the address keeps it
    soon(lambda: parameters(page).get("tables") == f"{group}/{EVIL}", 30, "the name in the address")
    page.reload()
    table.wait_for()
    assert not _ran(page)


@pytest.mark.usefixtures("planted")
def test_search_and_explore_offer_names_as_they_are(
    open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]
) -> None:
    page = open_page()
    page.keyboard.press("Control+k")
    page.keyboard.type("onerror")
    soon(lambda: page.get_by_role("option", name=EVIL).count() >= 2, 30, "the disk and the interface")
    page.keyboard.press("Escape")
    page.goto(f"{server.url}/explore")
    text = page.get_by_role("textbox", name="Query A")
    text.click()
    page.keyboard.type('node_load1{place="')
    soon(lambda: page.get_by_role("option", name="onerror").count() == 1, 30, "the value")
    page.keyboard.press("Enter")
    assert text.input_value().startswith('node_load1{place="\\"><img src=x')
    assert not _ran(page)
