import asyncio

import pytest

from barograph.identity.gatekeeper import Gatekeeper
from barograph.identity.principal import Principal, Role
from barograph.identity.secrets import hash_secret
from barograph.model.commands import AnyCommand, AnyReply, FindSession, Refused, SessionFound
from barograph.model.errors import StoreError
from barograph.model.people import FindToken
from helpers.clock import FakeClock

TOKEN = "token"


class Keeper:
    """Knows sessions by the hash of their token."""

    def __init__(self) -> None:
        self.known: dict[str, AnyReply] = {}
        self.asked = 0

    async def execute(self, command: AnyCommand) -> AnyReply:
        assert isinstance(command, FindSession | FindToken)
        self.asked += 1
        return self.known.get(command.token_hash, Refused(kind="access", message="no such session"))

    def add(self, cookie: str, role: str = "viewer") -> None:
        self.known[hash_secret(cookie)] = SessionFound(session_id=f"id-{cookie}", user="ann", role=role, expires_ms=1)


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def gatekeeper(keeper: Keeper, clock: FakeClock) -> Gatekeeper:
    return Gatekeeper(hash_secret(TOKEN), keeper, clock)


def test_the_token_is_the_local_administrators(gatekeeper: Gatekeeper) -> None:
    principal = asyncio.run(gatekeeper.check_token(TOKEN))
    assert isinstance(principal, Principal)
    assert principal.role is Role.ADMIN
    assert principal.session_id == ""


@pytest.mark.parametrize("wrong", ["", "toke", "tokenn", "TOKEN", "tökèn"])
def test_no_other_token_is_anybodys(gatekeeper: Gatekeeper, wrong: str) -> None:
    assert asyncio.run(gatekeeper.check_token(wrong)) is None


@pytest.mark.parametrize("role", list(Role))
def test_a_session_has_its_own_role(gatekeeper: Gatekeeper, keeper: Keeper, role: Role) -> None:
    keeper.add("cookie", role.word)
    principal = asyncio.run(gatekeeper.check_session("cookie"))
    assert principal is not None
    assert (principal.name, principal.role, principal.session_id) == ("ann", role, "id-cookie")


def test_a_found_session_is_remembered_for_five_seconds(
    gatekeeper: Gatekeeper, keeper: Keeper, clock: FakeClock
) -> None:
    async def check() -> None:
        keeper.add("cookie")
        await gatekeeper.check_session("cookie")
        clock.advance(4.9)
        await gatekeeper.check_session("cookie")
        assert keeper.asked == 1
        clock.advance(0.1)
        await gatekeeper.check_session("cookie")
        assert keeper.asked == 2

    asyncio.run(check())


def test_a_session_that_ended_elsewhere_is_noticed(gatekeeper: Gatekeeper, keeper: Keeper, clock: FakeClock) -> None:
    async def check() -> None:
        keeper.add("cookie")
        assert await gatekeeper.check_session("cookie") is not None
        keeper.known.clear()
        clock.advance(5.0)
        assert await gatekeeper.check_session("cookie") is None

    asyncio.run(check())


def test_the_keeper_is_asked_once_for_an_unknown_session(
    gatekeeper: Gatekeeper, keeper: Keeper, clock: FakeClock
) -> None:
    async def check() -> None:
        assert not gatekeeper.knows("invented")
        for _ in range(3):
            assert await gatekeeper.check_session("invented") is None
            clock.advance(60)
        assert gatekeeper.knows("invented")
        assert keeper.asked == 1

    asyncio.run(check())


def test_an_ended_session_is_forgotten_at_once(gatekeeper: Gatekeeper, keeper: Keeper) -> None:
    async def check() -> None:
        keeper.add("one")
        keeper.add("two")
        await gatekeeper.check_session("one")
        await gatekeeper.check_session("two")
        gatekeeper.forget("id-one")
        assert await gatekeeper.check_session("one") is None
        assert await gatekeeper.check_session("two") is not None
        assert keeper.asked == 2

    asyncio.run(check())


def test_a_session_opened_here_is_known_and_asked_for(gatekeeper: Gatekeeper, keeper: Keeper) -> None:
    async def check() -> None:
        gatekeeper.opened("fresh")
        assert gatekeeper.knows("fresh")
        keeper.add("fresh")
        assert await gatekeeper.check_session("fresh") is not None

    asyncio.run(check())


def test_a_keeper_that_cannot_look_signs_nobody_out(gatekeeper: Gatekeeper, keeper: Keeper) -> None:
    keeper.known[hash_secret("cookie")] = Refused(kind="store", message="state.db could not be read")
    with pytest.raises(StoreError, match="could not be read"):
        asyncio.run(gatekeeper.check_session("cookie"))
    assert not gatekeeper.knows("cookie")


def test_what_is_remembered_is_bounded_and_the_busy_stay(
    gatekeeper: Gatekeeper, keeper: Keeper, clock: FakeClock
) -> None:
    async def check() -> None:
        keeper.add("busy")
        await gatekeeper.check_session("busy")
        for number in range(500):
            await gatekeeper.check_session(f"invented-{number}")
        clock.advance(5)
        await gatekeeper.check_session("busy")
        for number in range(700):
            await gatekeeper.check_session(f"another-{number}")
        assert gatekeeper.knows("busy")
        assert not gatekeeper.knows("invented-0")
        assert gatekeeper.knows("another-699")

    asyncio.run(check())
