"""What one user, or one source, may have of the hashing of passwords, also where every password is right."""

import asyncio
from urllib.parse import urlencode

import pytest

from barograph.model.commands import AnyCommand, AnyReply
from barograph.model.people import ChangePassword, LogIn
from barograph.web.api.turns import A_MINUTE, MOST_OF_ONE_SOURCE, MOST_OF_ONE_USER
from unit.identity.world import PASSWORD, quick_passwords
from unit.web.site import HOST, Call, Site, run

API = "/api/barograph/v1"
FORM = {"content-type": "application/x-www-form-urlencoded"}
ORIGIN = {"origin": f"http://{HOST}", **FORM}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick_passwords(monkeypatch)


def add(site: Site, *names: str) -> None:
    for name in names:
        assert site.post(f"{API}/users", name=name, role="viewer", password=PASSWORD).status == 200


def signing_in(site: Site, user: str, password: str = PASSWORD, source: str = "") -> Call:
    call = site.call("/login", "POST", ORIGIN, urlencode({"user": user, "password": password}).encode())
    if source:
        call = site.call("/login", "POST", {**ORIGIN, "origin": f"https://{HOST}"}, call.body)
        call.scope["client"], call.scope["scheme"] = (source, 1), "https"
    return call


def status(site: Site, call: Call) -> int:
    run(site.app(call.scope, call.receive, call.send))
    return call.answer.status


def at_once(site: Site, calls: list[Call], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Send requests together; the keeper answers none before all have come as far as they can."""
    execute = site.keeper.execute

    async def main() -> None:
        done = asyncio.Event()

        async def slowly(command: AnyCommand) -> AnyReply:
            if isinstance(command, LogIn | ChangePassword):
                await done.wait()
            return await execute(command)

        monkeypatch.setattr(site.keeper, "execute", slowly)
        tasks = [asyncio.ensure_future(site.app(call.scope, call.receive, call.send)) for call in calls]
        for _ in range(100):
            await asyncio.sleep(0)
        done.set()
        await asyncio.gather(*tasks)
        monkeypatch.setattr(site.keeper, "execute", execute)

    run(main())
    return [call.answer.status for call in calls]


def test_one_user_has_few_log_ins_under_way_wherever_they_come_from(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(site, "ann", "bob")
    calls = [signing_in(site, "ann", source=f"10.0.0.{number}") for number in range(6)]
    statuses = at_once(site, [*calls, signing_in(site, "bob")], monkeypatch)
    assert statuses == [303] * MOST_OF_ONE_USER + [429] * (6 - MOST_OF_ONE_USER) + [303]
    assert ("retry-after", "2") in calls[-1].answer.headers
    assert status(site, signing_in(site, "ann")) == 303, "turns come back"


def test_one_source_has_few_log_ins_under_way_whoever_they_are_of(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"user{number}" for number in range(6)]
    add(site, *names)
    calls = [signing_in(site, name) for name in names]
    statuses = at_once(site, [*calls, signing_in(site, "user5", source="10.0.0.1")], monkeypatch)
    assert statuses == [303] * MOST_OF_ONE_SOURCE + [429] * (6 - MOST_OF_ONE_SOURCE) + [303]


def test_right_passwords_have_a_rate_too(site: Site) -> None:
    add(site, "ann", "bob")
    statuses = [status(site, signing_in(site, "ann")) for _ in range(A_MINUTE + 1)]
    assert statuses == [303] * A_MINUTE + [429]
    assert status(site, signing_in(site, "bob")) == 303
    site.clock.advance(61)
    assert status(site, signing_in(site, "ann")) == 303


def test_a_name_that_nobody_has_is_refused_as_any_other(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    add(site, "ann")
    answers = []
    for place, name in enumerate(("ann", "nobody")):
        calls = [signing_in(site, name, "wrong", f"10.0.{place}.{number}") for number in range(4)]
        assert at_once(site, calls, monkeypatch) == [401, 401, 429, 429]
        answers.append([call.answer.body.replace(b"10.0.1.", b"10.0.0.") for call in calls])
    assert answers[0] == answers[1]


def test_changes_of_ones_own_password_take_turns_as_log_ins_do(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    add(site, "ann")
    opened = signing_in(site, "ann")
    assert status(site, opened) == 303
    session = {"cookie": opened.answer.header("set-cookie").partition(";")[0], **ORIGIN}
    body = urlencode({"old_password": PASSWORD, "password": PASSWORD}).encode()
    changing = [site.call(f"{API}/me/password", "POST", session, body) for _ in range(4)]
    statuses = at_once(site, changing, monkeypatch)
    assert statuses == [200] * MOST_OF_ONE_USER + [429] * (4 - MOST_OF_ONE_USER)
    assert b"at once: try again in 1 s" in changing[-1].answer.body
