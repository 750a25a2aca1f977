import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from barograph.identity.secrets import hash_secret
from barograph.model.acting import Actor
from barograph.model.commands import SessionFound
from barograph.model.errors import QueryError
from barograph.model.labels import Labels
from barograph.promql.value import QueryResult
from barograph.web.config import WebConfig
from unit.web.site import BEARER, HOST, START_MS, Call, Site, run

LIVE = "/api/barograph/v1/live"


class Stream:
    """One open stream of a site."""

    def __init__(self, site: Site, expressions: tuple[str, ...], headers: dict[str, str]) -> None:
        query = urlencode([("expr", expression) for expression in expressions])
        self.call: Call = site.call(f"{LIVE}?{query}", headers=headers)
        self.task = asyncio.ensure_future(site.app(self.call.scope, self.call.receive, self.call.send))

    async def events(self, count: int) -> list[tuple[str, object]]:
        """Wait for so many events; more must not have come."""
        while len(self.call.events() if self.call.sent else []) < count:
            await asyncio.sleep(0)
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(self.call.events()) == count, self.call.events()
        return self.call.events()

    async def leave(self) -> None:
        self.call.gone.set()
        await self.task


def streaming(site: Site, script: Callable[[Callable[..., Stream]], Awaitable[None]]) -> None:
    """Run a script that opens streams; those it leaves open are left."""

    async def play() -> None:
        opened: list[Stream] = []

        def open_stream(*expressions: str, headers: dict[str, str] | None = None) -> Stream:
            opened.append(Stream(site, expressions, headers or BEARER))
            return opened[-1]

        await script(open_stream)
        for stream in opened:
            if not stream.task.done():
                await stream.leave()

    run(play())


def tick(site: Site, seconds: int = 1) -> None:
    site.clock.advance(seconds)
    site.now.ticked(site.clock.now_ms())


def test_the_schema_comes_first_then_a_row_a_tick(site: Site) -> None:
    site.fill(series=2)
    site.now.ticked(START_MS)

    async def script(open_stream: Callable[..., Stream]) -> None:
        stream = open_stream("load", "sum(load)", "1/0 - 1/0", "1")
        schema, row = await stream.events(2)
        assert stream.call.answer.status == 200
        assert stream.call.answer.header("content-type") == "text/event-stream"
        loads = [{"__name__": "load", "cpu": "0"}, {"__name__": "load", "cpu": "1"}]
        assert schema == ("schema", {"exprs": [loads, [{}], [{}], [{}]]})
        assert row == ("row", [START_MS, 59.0, 1059.0, 1118.0, None, 1.0])
        tick(site)
        assert (await stream.events(3))[2] == ("row", [START_MS + 1000, 59.0, 1059.0, 1118.0, None, 1.0])

    streaming(site, script)


def test_before_the_first_tick_there_is_nothing_to_tell(site: Site) -> None:
    site.fill(series=1)

    async def script(open_stream: Callable[..., Stream]) -> None:
        stream = open_stream("load")
        await stream.events(0)
        tick(site)
        assert [name for name, _ in await stream.events(2)] == ["schema", "row"]

    streaming(site, script)


def test_the_schema_comes_again_when_series_come_and_go(site: Site) -> None:
    site.fill(series=1)
    site.now.ticked(START_MS)

    async def script(open_stream: Callable[..., Stream]) -> None:
        stream = open_stream("load")
        await stream.events(2)
        site.store.add(Labels.of("load", cpu="9"), [START_MS + 1000], [9.0])
        tick(site)
        events = await stream.events(4)
        assert events[2] == ("schema", {"exprs": [[{"__name__": "load", "cpu": c} for c in "09"]]})
        tick(site, 3600)
        assert (await stream.events(6))[4:] == [("schema", {"exprs": [[]]}), ("row", [site.clock.now_ms()])]

    streaming(site, script)


def test_an_expression_that_is_refused_at_a_tick_says_why_and_costs_no_other(site: Site) -> None:
    site.fill(series=2)
    site.now.ticked(START_MS)

    async def script(open_stream: Callable[..., Stream]) -> None:
        stream = open_stream("load + on() load", "1")
        (_, schema), row = await stream.events(2)
        assert isinstance(schema, dict)
        assert schema["exprs"] == [[], [{}]]
        assert schema["errors"][1] is None
        assert "many" in schema["errors"][0]
        assert row == ("row", [START_MS, 1.0])

    streaming(site, script)


def test_all_clients_share_one_evaluation(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.fill(series=1)
    asked: list[list[str]] = []
    evaluate = site.deps.engine.instant_many

    def noted(texts: list[str], time_ms: int) -> list[QueryResult | QueryError]:
        asked.append(texts)
        return evaluate(texts, time_ms)

    async def script(open_stream: Callable[..., Stream]) -> None:
        streams = [open_stream("load", "1"), open_stream("1", "load"), open_stream("2")]
        for stream in streams:
            await stream.events(0)
        monkeypatch.setattr(site.deps.engine, "instant_many", noted)
        tick(site)
        for stream in streams:
            await stream.events(2)

    streaming(site, script)
    assert len(asked) == 1
    assert sorted(asked[0]) == ["1", "2", "load"]


def test_an_evaluation_that_fails_ends_nothing_and_is_counted(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.fill(series=1)

    async def script(open_stream: Callable[..., Stream]) -> None:
        stream = open_stream("load")
        await stream.events(0)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(site.deps.engine, "instant_many", lambda *_: 1 / 0)
            tick(site)
            await stream.events(0)
        tick(site)
        await stream.events(2)

    streaming(site, script)
    assert "could not be evaluated" in caplog.text
    assert "barograph_live_failures_total 1" in site.get("/metrics").body.decode()


def test_silence_is_broken_by_a_ping(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.web.live._KEEP_ALIVE_S", 0.001)

    async def script(open_stream: Callable[..., Stream]) -> None:
        stream = open_stream("1")
        while not stream.call.sent or len(stream.call.events()) < 2:
            await asyncio.sleep(0.001)
        assert {name for name, _ in stream.call.events()} == {"ping"}

    streaming(site, script)


def test_a_stream_ends_with_the_log_out_of_its_session(site: Site) -> None:
    mine, other = site.log_in(), site.log_in()

    async def script(open_stream: Callable[..., Stream]) -> None:
        ended, going = open_stream("1", headers=mine), open_stream("1", headers=other)
        by_token = open_stream("1")
        for stream in (ended, going, by_token):
            await stream.events(0)
        logout = site.call("/api/barograph/v1/logout", "POST", {**mine, "origin": f"http://{HOST}"})
        await site.app(logout.scope, logout.receive, logout.send)
        assert await ended.events(1) == [("bye", {"reason": "session"})]
        await ended.task
        tick(site)
        await going.events(2)
        await by_token.events(2)

    streaming(site, script)


def test_a_stream_ends_when_its_session_is_over_elsewhere(site: Site) -> None:
    session = site.log_in()

    async def script(open_stream: Callable[..., Stream]) -> None:
        stream = open_stream("1", headers=session)
        await stream.events(0)
        tick(site)
        await stream.events(2)
        found = site.keeper.sessions.find(hash_secret(session["cookie"].partition("=")[2]))
        assert isinstance(found, SessionFound)
        site.keeper.sessions.end(found.session_id, Actor(name=found.user))
        tick(site)
        await stream.events(3)
        tick(site, 10)
        assert (await stream.events(4))[3] == ("bye", {"reason": "session"})

    streaming(site, script)


def test_a_keeper_that_cannot_say_ends_no_stream(site: Site) -> None:
    session = site.log_in()

    async def script(open_stream: Callable[..., Stream]) -> None:
        stream = open_stream("1", headers=session)
        await stream.events(0)
        site.keeper.is_gone = True
        tick(site, 30)
        await stream.events(2)

    streaming(site, script)


def test_all_streams_end_with_the_front(site: Site) -> None:
    async def script(open_stream: Callable[..., Stream]) -> None:
        streams = [open_stream("1"), open_stream("2")]
        for stream in streams:
            await stream.events(0)
        site.now.close()
        for stream in streams:
            assert await stream.events(1) == [("bye", {"reason": "stopping"})]
            await stream.task

    streaming(site, script)


def test_a_client_that_leaves_is_forgotten(site: Site) -> None:
    async def script(open_stream: Callable[..., Stream]) -> None:
        stream = open_stream("1")
        await stream.events(0)
        call = site.call("/metrics", headers=BEARER)
        await site.app(call.scope, call.receive, call.send)
        assert b"barograph_live_clients 1\n" in call.answer.body
        await stream.leave()
        assert stream.call.events() == []

    streaming(site, script)
    assert b"barograph_live_clients 0\n" in site.get("/metrics").body


def test_head_opens_no_stream(site: Site) -> None:
    answer = site.request(f"{LIVE}?expr=1", "HEAD", BEARER)
    assert answer.status == 200
    assert site.request(LIVE, "HEAD", BEARER).status == 400


def test_a_form_asks_as_an_address_does(site: Site) -> None:
    site.fill(series=2)

    async def play() -> None:
        headers = {**BEARER, "content-type": "application/x-www-form-urlencoded"}
        expressions = [f'sum(load{{cpu!="{"x" * 300}{i}"}})' for i in range(100)]
        call = site.call(LIVE, "POST", headers, urlencode([("expr", one) for one in expressions]).encode())
        stream = asyncio.ensure_future(site.app(call.scope, call.receive, call.send))
        told: dict[str, Any] = {}
        while "row" not in told:
            tick(site)
            await asyncio.sleep(0)
            told = dict(call.events()) if call.sent else {}
            assert not stream.done(), call.answer
        assert [len(found) for found in told["schema"]["exprs"]] == [1] * 100
        assert len(told["row"]) == 101
        call.gone.set()
        await stream

    run(play())


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 400, "'expr' is missing"),
        ("?expr=up[", 400, ""),
        ("?expr=up[1m]", 400, "no single value a tick"),
        ("?expr=%22text%22", 400, "no single value a tick"),
        ("?" + "&".join(["expr=1"] * 129), 400, "web.live_expressions"),
    ],
)
def test_what_is_refused(site: Site, query: str, status: int, words: str) -> None:
    answer = site.request(LIVE + query, headers=BEARER)
    assert answer.status == status
    assert words in answer.json()["error"]


def test_dear_expressions_are_refused_by_the_name_of_the_setting(tmp_path: Path) -> None:
    site = Site(tmp_path, WebConfig(live_samples=300))
    site.fill(series=2)
    assert site.request(f"{LIVE}?expr=load", "HEAD", BEARER).status == 200
    answer = site.request(f"{LIVE}?expr=load&expr=avg_over_time(load[10m])", headers=BEARER)
    assert answer.status == 422
    assert "web.live_samples" in answer.json()["error"]
    site.close()


def test_what_selects_nothing_may_be_dear_too(site: Site) -> None:
    answer = site.request(f"{LIVE}?expr=quantile_over_time(0.5,vector(time())[70d:1s])", headers=BEARER)
    assert answer.status == 422
    assert "where 200,000 may be; shorten their ranges or raise web.live_samples" in answer.json()["error"]


def session_of_a_viewer(site: Site) -> dict[str, str]:
    assert site.post("/api/barograph/v1/users", name="ann", role="viewer").status == 200
    code = site.keeper.sessions.make_login_code("ann").reveal()
    return {"cookie": site.request(f"/login?code={code}").header("set-cookie").partition(";")[0]}


def read_token_of_an_administrator(site: Site) -> dict[str, str]:
    made = site.post("/api/barograph/v1/tokens", name="dashboards", scope="read")
    return {"authorization": f"Bearer {made.json()['data']['token']}"}


@pytest.mark.parametrize("who", [session_of_a_viewer, read_token_of_an_administrator])
def test_the_streams_of_one_who_only_reads_cost_no_more_than_two(
    tmp_path: Path, who: Callable[[Site], dict[str, str]]
) -> None:
    site = Site(tmp_path, WebConfig(live_samples=300))
    site.fill(series=2)
    ann = who(site)

    async def script(open_stream: Callable[..., Stream]) -> None:
        tick(site)
        for expression in ("load", "load", "load + 1"):
            await open_stream(expression, headers=ann).events(2)
        refused = open_stream("load + 2", headers=ann)
        await refused.task
        assert refused.call.answer.status == 503
        assert "where 600 may be; close others" in refused.call.answer.json()["error"]
        await open_stream("load + 2").events(2)

    streaming(site, script)
    site.close()


def test_all_streams_together_cost_no_more_than_five_and_the_last_is_an_administrators(tmp_path: Path) -> None:
    site = Site(tmp_path, WebConfig(live_samples=300))
    site.fill(series=2)
    ann = session_of_a_viewer(site)

    async def refusal(stream: Stream) -> str:
        await stream.task
        assert stream.call.answer.status == 503
        return str(stream.call.answer.json()["error"])

    async def script(open_stream: Callable[..., Stream]) -> None:
        tick(site)
        for number in range(5):
            await open_stream(f"load + {number}").events(2)
        words = await refusal(open_stream("load + 5", headers=ann))
        assert "all live streams together touch" in words and "where 1,200 may be; come again when others" in words
        await open_stream("load + 4", headers=ann).events(2)  # it is evaluated already
        await open_stream("load + 5").events(2)
        assert "where 1,500 may be" in await refusal(open_stream("load + 6"))

    streaming(site, script)
    site.close()


def test_an_expression_that_touches_nothing_has_its_price(tmp_path: Path) -> None:
    site = Site(tmp_path, WebConfig(live_samples=300))
    answer = site.request(f"{LIVE}?expr=1&expr=2&expr=3&expr=4", headers=BEARER)
    assert answer.status == 422
    assert "these expressions touch 400 samples and points a tick" in answer.json()["error"]
    assert site.request(f"{LIVE}?expr=1&expr=2&expr=3&expr=3", "HEAD", headers=BEARER).status == 200
    site.close()


def test_too_many_streams_are_refused_by_the_name_of_the_setting(tmp_path: Path) -> None:
    site = Site(tmp_path, WebConfig(live_clients=1))

    async def script(open_stream: Callable[..., Stream]) -> None:
        first = open_stream("1")
        await first.events(0)
        second = open_stream("1")
        await second.task
        assert second.call.answer.status == 503
        assert "web.live_clients" in second.call.answer.json()["error"]
        await first.leave()
        third = open_stream("1")
        await third.events(0)
        assert third.call.answer.status == 200

    streaming(site, script)
    site.close()
