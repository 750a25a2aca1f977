"""Exports as a stream."""

import asyncio
from collections.abc import Iterator, MutableMapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from barograph.model.batch import Family, MetricType
from barograph.model.columns import SeriesRun
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.web.api import exporting
from barograph.web.parameters import Send
from unit.web.site import BEARER, Call, Site, run


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


def test_a_server_that_exports_nothing_says_so(site: Site) -> None:
    assert site.get("/api/v1/export").status == 503


def test_who_does_not_read_takes_no_other_ones_export(exports: Site) -> None:
    assert exports.post("/api/barograph/v1/users", name="ann", role="viewer").status == 200
    code = exports.keeper.sessions.make_login_code("ann").reveal()
    ann = {"cookie": exports.request(f"/login?code={code}").header("set-cookie").partition(";")[0]}

    async def play() -> list[int]:
        reads = asyncio.Event()
        calls = [exports.call("/api/v1/export", headers=headers) for headers in (ann, ann, ann, BEARER, BEARER, BEARER)]

        def sending(call: Call) -> Send:
            async def send(message: MutableMapping[str, Any]) -> None:
                await call.send(message)
                await reads.wait()

            return send

        tasks = []
        for call in calls:
            tasks.append(asyncio.create_task(exports.app(call.scope, call.receive, sending(call))))
            while not call.sent:
                await asyncio.sleep(0.001)
        reads.set()
        await asyncio.gather(*tasks)
        return [call.answer.status for call in calls]

    assert run(play()) == [200, 200, 503, 200, 200, 503]


def test_a_server_that_is_busy_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "_AT_ONCE", 0)
    assert "under way" in site.get("/api/v1/export").json()["error"]


def test_a_client_that_goes_ends_its_export(site: Site) -> None:
    steps = Steps()
    site.deps = replace(site.deps, export=lambda *_: steps)

    async def leave() -> None:
        call = site.call("/api/v1/export", headers=BEARER)
        call._asked = True
        call.gone.set()
        await site.app(call.scope, call.receive, call.send)

    run(leave())
    assert steps.taken < 2
