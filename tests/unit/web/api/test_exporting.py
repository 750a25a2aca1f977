"""Exports as a stream."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from barograph.model.batch import Family, MetricType
from barograph.model.columns import SeriesRun
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.web.api import exporting
from unit.web.site import BEARER, Site


class Steps:
    """Two steps of one series."""

    def __init__(self) -> None:
        self.label_names = ["a"]
        self.taken = 0

    def __iter__(self) -> Iterator[list[SeriesRun]]:
        for second in (1, 2):
            self.taken += 1
            family = Family("m", MetricType.GAUGE, "")
            yield [SeriesRun(Labels.of("m", a="x"), family, np.array([second * 1000]), np.array([float(second)]))]


@pytest.fixture
def exports(site: Site) -> Site:
    site.deps = replace(site.deps, export=begin)
    begun.clear()
    return site


begun: list[tuple[Sequence[Sequence[Matcher]], int, int]] = []


def begin(selectors: Sequence[Sequence[Matcher]], start_ms: int, end_ms: int) -> Steps:
    begun.append((selectors, start_ms, end_ms))
    return Steps()


def test_each_format_is_streamed(exports: Site) -> None:
    answer = exports.get("/api/v1/export")
    assert answer.header("content-type") == "application/stream+json"
    assert answer.body.count(b'{"metric":{"__name__":"m","a":"x"}') == 2
    answer = exports.get("/api/v1/export", format="openmetrics", start="1", end="2.5")
    assert answer.body == b'# TYPE m gauge\nm{a="x"} 1 1\nm{a="x"} 2 2\n# EOF\n'
    assert exports.post("/api/v1/export/csv", **{"match[]": "m"}).body == (
        b"metric,a,timestamp_ms,value\nm,x,1000,1\nm,x,2000,2\n"
    )
    assert begun[0][0] == [()] and begun[1][1:] == (1000, 2500)
    assert [str(matcher) for matcher in begun[2][0][0]] == ['__name__="m"']


@pytest.mark.parametrize("query", ["format=xml", "match[]=1%2B1", "start=yesterday"])
def test_what_is_not_clear_is_refused(exports: Site, query: str) -> None:
    assert exports.request(f"/api/v1/export?{query}", headers=BEARER).status == 400


def test_a_server_that_exports_nothing_and_one_that_is_busy_say_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.get("/api/v1/export").status == 503
    monkeypatch.setattr(exporting, "_AT_ONCE", 0)
    assert "under way" in site.get("/api/v1/export").json()["error"]


def test_a_client_that_goes_ends_its_export(site: Site) -> None:
    steps = Steps()
    site.deps = replace(site.deps, export=lambda *_: steps)

    async def run() -> None:
        call = site.call("/api/v1/export", headers=BEARER)
        call._asked = True
        call.gone.set()
        await site.app(call.scope, call.receive, call.send)

    asyncio.run(run())
    assert steps.taken < 2
