"""Nobody below an administrator takes all places."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from barograph.identity.principal import LOCAL_PRINCIPAL, Principal, Role
from barograph.web.config import WebConfig
from barograph.web.errors import RequestError
from barograph.web.places import Places
from unit.web.site import BEARER, Call, Site, run

API = "/api/barograph/v1"
ANN, BOB = (Principal(name=name, role=Role.VIEWER) for name in ("ann", "bob"))


def test_one_has_a_share_and_an_administrator_all() -> None:
    places = Places("doors", 3, 1, "make more")
    with places.taken(ANN):
        with pytest.raises(RequestError, match="of yours are under way"):
            places.check(replace(ANN, session_id="another"))
        with places.taken(BOB), places.taken(LOCAL_PRINCIPAL), pytest.raises(RequestError, match=r"3 doors.*make more"):
            places.check(LOCAL_PRINCIPAL)
        with places.taken(LOCAL_PRINCIPAL), places.taken(LOCAL_PRINCIPAL):
            pass
    places.check(ANN)


@pytest.mark.parametrize("path", [f"{API}/live?expr=1", f"{API}/alerts/stream"])
def test_one_viewer_does_not_hold_all_streams(tmp_path: Path, path: str) -> None:
    site = Site(tmp_path, WebConfig(live_clients=8))
    for name in ("ann", "bob"):
        assert site.post(f"{API}/users", name=name, role="viewer").status == 200
    ann, bob = (session_of(site, name) for name in ("ann", "bob"))

    async def play() -> list[int]:
        calls: list[Call] = []
        tasks = []
        for headers in (ann, ann, ann, bob, BEARER):
            calls.append(site.call(path, headers=headers))
            tasks.append(asyncio.create_task(site.app(calls[-1].scope, calls[-1].receive, calls[-1].send)))
        while not all(call.sent for call in calls):
            await asyncio.sleep(0)
        for call in calls:
            call.gone.set()
        await asyncio.gather(*tasks)
        return [call.answer.status for call in calls]

    assert run(play()) == [200, 200, 503, 200, 200]
    assert run(play()) == [200, 200, 503, 200, 200], "places come back"
    site.close()


def session_of(site: Site, name: str) -> dict[str, str]:
    code = site.keeper.sessions.make_login_code(name).reveal()
    return {"cookie": site.request(f"/login?code={code}").header("set-cookie").partition(";")[0]}
