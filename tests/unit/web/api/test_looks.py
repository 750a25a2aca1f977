"""The catalogue and `/federate` under many and large selectors: what is dear leaves the event loop, and has an end."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from barograph.promql.config import QueryConfig
from unit.web.site import BEARER, Answer, Site

LOOKS = ("/api/v1/series", "/api/v1/labels", "/api/v1/label/cpu/values", "/federate")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Site]:
    """A site whose queries may touch three series."""
    site = Site(tmp_path, query=QueryConfig(max_series=3))
    site.fill(series=5)
    yield site
    site.close()


@pytest.fixture
def threads(site: Site, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where the store was asked, as names of threads."""
    noted: list[str] = []
    for name in ("select", "series", "label_names", "label_values"):
        asked = getattr(site.store, name)

        def note(*arguments: object, _asked: object = asked) -> object:
            noted.append(threading.current_thread().name.partition("_")[0])
            return _asked(*arguments)  # type: ignore[operator]  # a method of the store

        monkeypatch.setattr(site.store, name, note)
    return noted


def ask(site: Site, path: str, *selectors: str) -> Answer:
    return site.request(f"{path}?{urlencode([('match[]', each) for each in selectors])}", headers=BEARER)


@pytest.mark.parametrize("path", LOOKS)
def test_one_selector_is_looked_for_here_and_many_on_the_thread(site: Site, threads: list[str], path: str) -> None:
    site.fill()
    here = ask(site, path, "load")
    assert here.status == 200
    assert set(threads) == {"MainThread"}
    threads.clear()
    there = ask(site, path, *(f'load{{cpu!="x{n}"}}' for n in range(9)))
    assert set(threads) == {"query"}
    assert (there.status, there.body) == (200, here.body)


@pytest.mark.parametrize("path", ["/api/v1/series", "/federate"])
def test_a_large_selector_is_looked_for_on_the_thread(
    site: Site, threads: list[str], path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.store, "count", lambda *_: 2_000)
    assert ask(site, path, "load").status == 200
    assert set(threads) == {"query"}


@pytest.mark.parametrize("path", LOOKS)
def test_equal_selectors_are_looked_for_once(site: Site, threads: list[str], path: str) -> None:
    site.fill()
    assert ask(site, path, "load").status == 200
    once = threads.copy()
    threads.clear()
    assert ask(site, path, *["load"] * 500, *["{__name__='load'}", " load "]).status == 200
    assert threads == once


@pytest.mark.parametrize("path", [*LOOKS, "/api/v1/rules"])
def test_selectors_have_a_number_and_a_length(site: Site, path: str) -> None:
    many = ask(site, path, *(f"m{n}" for n in range(101)))
    assert many.status == 400
    assert "'match[]': 101 different selectors, more than 100; ask several times" in many.json()["error"]
    long = ask(site, path, 'm{a="' + "x" * 9_000 + '"}', 'm{a="' + "y" * 9_000 + '"}')
    assert long.status == 400
    assert "'match[]' has 18,014 characters, more than 16,384; raise query.max_query_length" in long.json()["error"]


@pytest.mark.parametrize(
    ("path", "name"), [("/api/v1/query_exemplars", "query"), ("/api/v1/targets/metadata", "match_target")]
)
def test_other_expressions_have_a_length_too(site: Site, path: str, name: str) -> None:
    answer = site.get(path, **{name: "m" * 16_385})
    assert answer.status == 400
    assert f"{name!r} has 16,385 characters" in answer.json()["error"]


@pytest.mark.parametrize("path", ["/api/v1/series", "/federate"])
def test_what_is_found_has_a_limit(small: Site, path: str) -> None:
    assert ask(small, path, 'load{cpu=~"[12]"}').status == 200
    for selectors in (["load"], [f'load{{cpu="{n}"}}' for n in range(5)]):
        answer = ask(small, path, *selectors)
        assert answer.status == 422
        # of several selectors it is told by the first that is too many
        assert re.search(r"[45] series, more than 3; raise query.max_series", answer.json()["error"])


def test_of_more_series_than_may_be_the_first_few_can_be_asked_for(small: Site) -> None:
    answer = small.get("/api/v1/series", **{"match[]": "load", "limit": "2"}).json()
    assert [each["cpu"] for each in answer["data"]] == ["0", "1"]
    assert answer["warnings"] == ["results truncated due to limit"]


@pytest.mark.parametrize("path", LOOKS)
def test_a_look_ends_with_its_time(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(tmp_path)
    site.fill()
    for name in ("select", "series", "label_names", "label_values"):
        asked = getattr(site.store, name)

        def slow(*arguments: object, _asked: object = asked) -> object:
            site.clock.advance(20)
            return _asked(*arguments)  # type: ignore[operator]  # a method of the store

        monkeypatch.setattr(site.store, name, slow)
    answer = ask(site, path, "load", "up", "other")
    assert answer.status == 503
    assert answer.json()["errorType"] == "timeout"
    site.close()
