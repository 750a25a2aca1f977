"""What ends meanwhile ends the streams that it opened, whatever they bring and whatever they show."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from barograph.identity.principal import LOCAL_PRINCIPAL
from barograph.identity.secrets import hash_secret
from barograph.model.acting import Actor
from barograph.model.commands import Done, SessionFound
from barograph.model.people import CreateToken, RemoveUser, RevokeToken, TokenCreated
from barograph.web.standing import Standing
from unit.identity.world import ADMIN
from unit.web.site import BEARER, Call, Site, run

API = "/api/barograph/v1"
DAY_MS = 86_400_000
ANN = Actor(name="ann", role="viewer")


@pytest.fixture(params=["/live?expr=1", "/alerts/stream"])
def stream(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    # a ping is sent again and again, so that a stream has something to say at every moment of the clock
    for module in ("live", "alert_stream"):
        monkeypatch.setattr(f"barograph.web.{module}._KEEP_ALIVE_S", 0.001)
    yield API + request.param


@pytest.fixture
def ann(site: Site) -> Site:
    assert site.post(f"{API}/users", name="ann", role="viewer").status == 200
    return site


async def do(site: Site, command: object, actor: Actor) -> object:
    return await site.keeper.people.execute(command, actor)  # type: ignore[arg-type]


async def a_token(site: Site, lifetime_ms: int = 0, per_minute: int = 100) -> TokenCreated:
    command = CreateToken(name="x", scopes=("read",), lifetime_ms=lifetime_ms, per_minute=per_minute)
    made = await do(site, command, ANN)
    assert isinstance(made, TokenCreated)
    return made


def a_session(site: Site) -> dict[str, str]:
    code = site.keeper.sessions.make_login_code("ann").reveal()
    return {"cookie": site.request(f"/login?code={code}").header("set-cookie").partition(";")[0]}


async def opened(site: Site, path: str, headers: dict[str, str]) -> tuple[Call, "asyncio.Task[None]"]:
    call = site.call(path, headers=headers)
    task = asyncio.create_task(site.app(call.scope, call.receive, call.send))
    await more(call)
    assert call.answer.status == 200
    return call, task


async def more(call: Call) -> None:
    """Wait until two more events have come: the second was asked for after the first was on its way."""
    before = len(call.sent)
    while len(call.sent) < before + 3:
        await asyncio.sleep(0.001)


async def is_ended(call: Call, task: "asyncio.Task[None]") -> None:
    await task
    assert call.events()[-1] == ("bye", {"reason": "session"})


def listening(site: Site, path: str, headers: dict[str, str], script: Callable[[Call], object]) -> None:
    async def play() -> None:
        call, task = await opened(site, path, headers)
        await script(call)  # type: ignore[misc]
        await is_ended(call, task)

    run(play())


def test_a_revoked_token_ends_its_stream(ann: Site, stream: str) -> None:
    token = run(a_token(ann))

    async def revoke(call: Call) -> None:
        assert await do(ann, RevokeToken(token_id=token.id), ANN) == Done()
        await more(call)
        ann.clock.advance(10)

    listening(ann, stream, {"authorization": f"Bearer {token.token}"}, revoke)


def test_an_expired_token_ends_its_stream(ann: Site, stream: str) -> None:
    token = run(a_token(ann, lifetime_ms=60_000))

    async def expire(call: Call) -> None:
        ann.clock.advance(59)
        await more(call)
        ann.clock.advance(10)

    listening(ann, stream, {"authorization": f"Bearer {token.token}"}, expire)


@pytest.mark.parametrize("brings", ["token", "session"])
def test_a_removed_user_hears_no_more(ann: Site, stream: str, brings: str) -> None:
    headers = {"authorization": f"Bearer {run(a_token(ann)).token}"} if brings == "token" else a_session(ann)

    async def remove(_: Call) -> None:
        assert await do(ann, RemoveUser(name="ann"), ADMIN) == Done()
        ann.clock.advance(10)

    listening(ann, stream, headers, remove)


def test_an_expired_session_ends_its_stream(ann: Site, stream: str) -> None:
    session = a_session(ann)
    found = ann.keeper.sessions.find(hash_secret(session["cookie"].partition("=")[2]))
    assert isinstance(found, SessionFound)

    async def expire(_: Call) -> None:
        ann.clock.advance((found.expires_ms - ann.clock.now_ms()) // 1000 + 1)

    listening(ann, stream, session, expire)


@pytest.mark.parametrize("brings", ["local token", "token", "session"])
def test_what_is_good_stays_and_costs_none_of_its_rate(ann: Site, stream: str, brings: str) -> None:
    token = run(a_token(ann, per_minute=1))
    headers = {"local token": BEARER, "token": {"authorization": f"Bearer {token.token}"}}.get(brings)

    async def play(headers: dict[str, str]) -> None:
        call, task = await opened(ann, stream, headers)
        for _ in range(10):
            ann.clock.advance(10)
            await more(call)
        again = ann.call(f"{API}/me", headers=headers)
        await ann.app(again.scope, again.receive, again.send)
        assert again.answer.status == 200
        call.gone.set()
        await task
        assert {name for name, _ in call.events()} <= {"ping", "alerts"}

    run(play(headers or a_session(ann)))


def test_a_keeper_that_cannot_say_ends_no_stream(ann: Site, stream: str) -> None:
    async def play(headers: dict[str, str]) -> None:
        call, task = await opened(ann, stream, headers)
        ann.keeper.is_gone = True
        ann.clock.advance(30)
        await more(call)
        call.gone.set()
        await task

    run(play({"authorization": f"Bearer {run(a_token(ann)).token}"}))


def test_what_is_sent_meanwhile_puts_the_question_off_for_nobody(site: Site) -> None:
    call = site.call(f"{API}/alerts/stream", headers=BEARER)
    call.scope["state"]["principal"] = LOCAL_PRINCIPAL
    standing = Standing(site.deps, call.scope)
    assert standing.due_s == 10
    site.clock.advance(7)
    assert run(standing.is_over()) is False
    assert standing.due_s == 3
    site.clock.advance(3)
    assert run(standing.is_over()) is False
    assert standing.due_s == 10


@pytest.mark.parametrize("path", ["/live?expr=1", "/alerts/stream"])
def test_a_stream_waits_no_longer_than_until_the_question_is_due(
    ann: Site, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("live", "alert_stream"):
        monkeypatch.setattr(f"barograph.web.{module}._KEEP_ALIVE_S", 600)
    token = run(a_token(ann))

    async def play() -> None:
        call = ann.call(API + path, headers={"authorization": f"Bearer {token.token}"})
        task = asyncio.create_task(ann.app(call.scope, call.receive, call.send))
        while not call.sent:
            await asyncio.sleep(0)
        assert await do(ann, RevokeToken(token_id=token.id), ANN) == Done()
        ann.clock.advance(9.95)
        ann.alerts.announce()  # what is sent now begins a new wait, of the rest alone: a whole pause fails
        await asyncio.sleep(0.01)
        ann.clock.advance(0.05)
        await is_ended(call, task)

    run(play())
