"""What a page in a browser says of itself, read so that the speed of the machine makes no difference. For its tests."""

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlparse

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

_DAY_S = 86_400
_LISTEN = """() => {
  const place = document.querySelector('.place');
  window.told = [];
  const note = () => window.told.push(place.innerText.replaceAll('\\u00a0', ' '));
  new MutationObserver(note).observe(place, { childList: true, subtree: true, characterData: true });
}"""


def address(page: "Page") -> str:
    """Return the address as it stands now.

    `page.url` is of the last event that was heard, and none is heard while a test only asks for it again.
    """
    return str(page.evaluate("location.href"))


def parameters(page: "Page") -> dict[str, str]:
    """Return what stands in the address after its question mark; the page writes it after the paint."""
    return {name: values[0] for name, values in parse_qs(urlparse(address(page)).query).items()}


def go_within(page: "Page", to: str) -> None:
    """Go to an address of the page as its links do, and back and forward: nothing is loaded."""
    page.evaluate("to => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }", to)


def listen_to_bar(page: "Page") -> None:
    """Keep from now on what the bar below the top of the page says, also what it says for a moment only."""
    page.evaluate(_LISTEN)


def told_by_bar(page: "Page", words: str) -> bool:
    """Whether the bar has said something since `listen_to_bar`."""
    return any(words in each for each in page.evaluate("window.told"))


def seconds_between(first: str, then: str) -> int:
    """Return how much later one time of a clock is than another, past midnight too; each is the last of its text."""
    at = [re.findall(r"(\d\d):(\d\d):(\d\d)", text)[-1] for text in (first, then)]
    seconds = [3600 * int(hours) + 60 * int(minutes) + int(second) for hours, minutes, second in at]
    return (seconds[1] - seconds[0]) % _DAY_S


def has_figures(track: "Locator") -> bool:
    """Whether the legend's first entry has a figure: while a view is being read it has none, and no words either."""
    text = track.locator("li").nth(0).inner_text()
    return "no data" not in text and any(character.isdigit() for character in text)
