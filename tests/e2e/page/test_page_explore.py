"""Explore: completion, errors at their place, several queries, range and instant, explain, CSV, history, address."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from helpers.page import address
from helpers.server import Server

if TYPE_CHECKING:
    from playwright.sync_api import Page, Response

pytestmark = pytest.mark.e2e

CPU = "sum by (mode) (rate(node_cpu_seconds_total[10s]))"


def _ask(page: "Page", text: str, letter: str = "A") -> None:
    page.get_by_role("textbox", name=f"Query {letter}").fill(text)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")


def _queries(page: "Page") -> list[str]:
    return parse_qs(urlsplit(address(page)).query).get("q", [])


def test_a_query_is_chart_table_and_address(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore")
    page.wait_for_selector("text=Write a query above")
    _ask(page, CPU)
    page.wait_for_selector("tbody tr:has-text('user')")
    assert page.locator("figure canvas").count() == 1
    assert _queries(page) == [CPU]
    shown = address(page)
    page.goto("about:blank")
    page.goto(shown)
    page.wait_for_selector("tbody tr:has-text('user')")


def test_names_labels_and_values_are_completed_by_keyboard(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/explore")
    area = page.get_by_role("textbox", name="Query A")
    area.focus()
    page.keyboard.type("node_cpu_seconds")
    page.wait_for_selector("[role=option]:has-text('node_cpu_seconds_total')")
    assert "counter, seconds" in page.locator("[role=option][aria-selected=true]").inner_text()
    page.keyboard.press("Enter")
    page.keyboard.type("{mod")
    page.wait_for_selector("[role=option]:has-text('mode')")
    page.keyboard.press("Enter")
    page.keyboard.type("id")
    page.wait_for_selector("[role=option]:has-text('idle')")
    page.keyboard.press("Tab")
    page.keyboard.type("}")
    soon(lambda: area.input_value() == 'node_cpu_seconds_total{mode="idle"}', 30, "the completed query")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("tbody tr:has-text('idle')")


def test_a_list_that_is_late_leaves_nothing_of_another_place_to_take(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore")
    area = page.get_by_role("textbox", name="Query A")
    area.focus()
    page.keyboard.type("node_cpu_seconds")
    page.wait_for_selector("[role=option]:has-text('node_cpu_seconds_total')")
    with page.expect_request("**/api/v1/labels?*"):
        page.route("**/api/v1/labels?*", lambda route: None)
        page.keyboard.type("_total{")
    assert page.locator("[role=option]").count() == 0
    page.keyboard.type("x")
    page.keyboard.press("Enter")
    assert area.input_value() == "node_cpu_seconds_total{x"


def test_without_the_files_of_its_list_a_query_is_written_and_run(
    open_page: Callable[..., "Page"],
) -> None:
    page = open_page("/explore")
    page.route("**/assets/complete*.js", lambda route: route.abort("connectionrefused"))
    page.get_by_role("textbox", name="Query A").focus()
    # the greatest number of all has a place on the axis, and so have its labels
    page.keyboard.type("1.7e308")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("figure .label:has-text('1.70e308')")


def test_functions_come_with_their_help(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore")
    page.get_by_role("textbox", name="Query A").focus()
    page.keyboard.type("histogram_quant")
    row = page.locator("[role=option][aria-selected=true]")
    row.wait_for()
    assert "histogram_quantile(quantile, v)" in row.inner_text()


def test_an_error_stands_under_the_text_with_its_place_marked(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore")
    _ask(page, "sum(up) buy (x)")
    page.wait_for_selector("text=/At character \\d+: /")
    assert page.locator("mark").inner_text() == "buy"
    area = page.get_by_role("textbox", name="Query A")
    assert area.get_attribute("aria-invalid") == "true"
    described = page.locator(f"#{area.get_attribute('aria-describedby')}").inner_text()
    assert described.startswith("At character 9")
    _ask(page, "up")
    page.wait_for_selector("mark", state="detached")


def test_a_limit_is_told_as_a_refusal(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore")
    page.route(
        "**/api/v1/query_range",
        lambda route: route.fulfill(status=422, json={"status": "error", "error": "more than 5,000,000 samples"}),
    )
    _ask(page, "up")
    page.wait_for_selector("text=Query refused: more than 5,000,000 samples.")


def test_a_failure_of_the_server_is_told_where_it_is_and_can_be_tried_again(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore")
    # held, so that it is not asked again by itself
    page.get_by_role("button", name="Hold the view").click()
    page.wait_for_selector("text=Back to live")
    page.route(
        "**/api/v1/query_range",
        lambda route: route.fulfill(status=500, json={"status": "error", "error": "the disk is gone"}),
    )
    _ask(page, "up")
    page.wait_for_selector("text=This part failed: the disk is gone. The rest goes on.")
    assert page.get_by_role("button", name="Copy details").count() == 1
    page.unroute("**/api/v1/query_range")
    page.get_by_role("button", name="Retry").click()
    page.wait_for_selector("tbody tr:has-text('up')")


def test_several_queries_at_one_instant_with_history(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/explore")
    _ask(page, "node_load1")
    page.get_by_role("button", name="Query", exact=True).click()
    _ask(page, "1 + 1", "B")
    page.wait_for_selector("tbody tr:has-text('{}')")
    page.get_by_role("button", name="Instant").click()
    page.wait_for_selector("th:has-text('Value')")
    soon(lambda: _queries(page) == ["node_load1", "1 + 1"], 30, "both queries in the address")
    page.get_by_role("button", name="Remove query A").click()
    soon(lambda: _queries(page) == ["1 + 1"], 30, "one query in the address")
    page.get_by_role("button", name="History").click()
    page.get_by_role("button", name="node_load1").click()
    page.wait_for_selector("tbody tr:has-text('node_load1')")


def test_explain_says_what_was_read(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore?q=" + "sum(rate(node_cpu_seconds_total[10s]))" + "&explain=1")
    page.wait_for_selector("h2:has-text('What query A did')")
    text = page.get_by_role("region", name="What query A did").inner_text()
    assert "read " in text
    assert "series" in text


def test_what_is_seen_can_be_saved(open_page: Callable[..., "Page"], server: Server, soon: Callable[..., Any]) -> None:
    soon(lambda: (server.value("count_over_time(node_load1[5m])") or 0) >= 3, 30, "some samples")
    page = open_page("/explore?q=node_load1")
    page.wait_for_selector("tbody tr")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0].startswith("time,")
    assert "node_load1" in lines[0]
    assert len(lines) > 2


def test_arrow_keys_read_the_table_at_an_instant(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore?q=node_load1")
    page.wait_for_selector("tbody tr")
    before = page.locator("thead th").count()
    page.locator("main").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"document.querySelectorAll('thead th').length === {before + 1}")


def test_markup_in_a_query_stays_text(open_page: Callable[..., "Page"]) -> None:
    page = open_page("/explore")
    _ask(page, 'label_replace(vector(1), "x", "<img src=x onerror=window.hit=1>", "", "")')
    page.wait_for_selector("tbody tr:has-text('<img')")
    _ask(page, "<script>window.hit=1</script>")
    page.wait_for_selector(".wrong")
    assert page.evaluate("window.hit") is None


def test_a_wrong_query_says_so_once_while_it_is_asked_again(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/explore?q=nonsense(")
    page.wait_for_selector(".wrong")
    page.evaluate("""() => {
        window.left = 0;
        const look = changes => { for (const change of changes) window.left += change.removedNodes.length; };
        new MutationObserver(look).observe(document.querySelector("section[aria-label=Queries]"), { childList: true });
    }""")
    answers: list[int] = []

    def hear(answer: "Response") -> None:
        # the strip of the day asks for ranges too
        if "query_range" in answer.url and "nonsense" in (answer.request.post_data or ""):
            answers.append(answer.status)

    page.on("response", hear)
    # playwright hears of answers while it is asked for something
    soon(lambda: page.evaluate("0") == 0 and len(answers) >= 2, 30, "the query, asked twice again")
    assert answers[:2] == [400, 400]
    assert page.evaluate("window.left") == 0


def test_the_series_that_is_alone_stands_in_the_address(
    open_page: Callable[..., "Page"], soon: Callable[..., Any]
) -> None:
    page = open_page("/explore?q={__name__=~%22node_load[15]%22}")
    page.wait_for_selector("tbody tr:has-text('node_load5')")
    page.locator("tbody tr", has_text="node_load5").locator("button").first.click()
    soon(lambda: "series=" in page.evaluate("location.href"), 30, "the series in the address")
    page.reload()
    alone = page.locator("tbody tr", has_text="node_load5").locator("button").first
    soon(lambda: alone.get_attribute("aria-pressed") == "true", 30, "the series, still alone")
