"""What the data make alike stands side by side: alerts of one title in one second, limits of one value."""

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from helpers.page import parameters
from helpers.server import Server, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("calm")]

_SERIES = 'label_replace(node_memory_MemTotal_bytes, "part", "{}", "", "")'


def _pressed(name: str, resource: str) -> dict[str, Any]:
    expr = f"100 * rate(node_pressure_{resource}_waiting_seconds_total[10s]) + 60 > 5"
    return {"alert": name, "expr": expr, "annotations": {"summary": f"{name} waits"}}


RULES = {
    "groups": [
        {
            "name": "own",
            "interval": "1s",
            "rules": [
                {
                    "alert": "Alike",
                    "expr": f"({_SERIES.format('a')} or {_SERIES.format('b')}) > 0",
                    "annotations": {"summary": "All the same"},
                },
                _pressed("One", "io"),
                _pressed("Two", "memory"),
            ],
        }
    ]
}


@pytest.fixture(scope="module")
def server(browser: "Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a rule whose two series fire in the same second under the same words."""
    del browser
    folder = tmp_path_factory.mktemp("alike")
    (folder / "rules.yml").write_text(json.dumps(RULES))
    (folder / "barograph.yml").write_text(json.dumps({"rule_files": ["rules.yml"]}))
    with serving(folder / "data", "--config", str(folder / "barograph.yml")) as started:
        yield started


def test_the_overview_shows_alike_alerts_and_limits(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/?range=5m")
    today = page.locator("aside li", has_text="All the same: fired")
    soon(lambda: today.count() == 2, 30, "two events of the day")
    bars = page.locator(".strip .alert[title='All the same']")
    soon(lambda: bars.count() == 2, 30, "two bars of the day strip")
    limits = page.locator("figure[data-track=pressure] .limit", has_text="limit 5")
    soon(lambda: limits.count() == 2, 30, "a limit in each band")


def test_brackets_go_to_the_alerts_before_and_after(open_page: Callable[..., "Page"], soon: Callable[..., Any]) -> None:
    page = open_page("/?range=5m")
    page.wait_for_selector(".strip .alert")
    page.keyboard.press("[")
    page.wait_for_selector("text=Back to live")
    soon(lambda: "at" in parameters(page), 30, "the second when it fired")
