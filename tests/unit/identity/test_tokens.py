import pytest

from barograph.identity.secrets import hash_secret
from barograph.model.acting import Actor
from barograph.model.commands import Done, Refused
from barograph.model.people import (
    AddUser,
    ChangeUser,
    CreateToken,
    FindToken,
    ListTokens,
    RemoveUser,
    RevokeToken,
    TokenCreated,
    TokenFound,
    TokensListed,
)
from unit.identity.world import ADMIN, ANN, World


def wish(*scopes: str, name: str = "grafana", lifetime_ms: int = 0, per_minute: int = 60) -> CreateToken:
    return CreateToken(name=name, scopes=scopes or ("read",), lifetime_ms=lifetime_ms, per_minute=per_minute)


def create(world: World, command: CreateToken, actor: Actor = ADMIN) -> TokenCreated:
    reply = world.do(command, actor)
    assert isinstance(reply, TokenCreated), reply
    return reply


def find(world: World, text: str) -> TokenFound | Refused:
    reply = world.do(FindToken(token_hash=hash_secret(text)))
    assert isinstance(reply, TokenFound | Refused)
    return reply


def listed(world: World, actor: Actor = ADMIN) -> TokensListed:
    reply = world.do(ListTokens(), actor)
    assert isinstance(reply, TokensListed)
    return reply


def test_a_token_is_found_by_its_hash_and_stored_as_nothing_else(world: World) -> None:
    made = create(world, wish("write", "read", "read"))
    token = find(world, made.token)
    assert isinstance(token, TokenFound)
    assert (token.user, token.role, token.scopes) == ("local administrator", "admin", ("read", "write"))
    assert made.token.startswith(token.prefix)
    assert len(token.prefix) < len(made.token) / 2
    stored = b"".join(path.read_bytes() for path in world.folder.iterdir())
    assert hash_secret(made.token).encode() in stored
    assert made.token.encode() not in stored
    assert made.token not in repr(made)


def test_a_token_ends_at_its_time(world: World) -> None:
    made = create(world, wish(lifetime_ms=60_000))
    world.clock.advance(59.9)
    assert isinstance(find(world, made.token), TokenFound)
    world.clock.advance(0.1)
    assert isinstance(find(world, made.token), Refused)


def test_its_last_use_is_noted_once_a_minute(world: World) -> None:
    made = create(world, wish())
    assert listed(world).tokens[0].last_used_ms == 0
    find(world, made.token)
    first = listed(world).tokens[0].last_used_ms
    assert first == world.clock.now_ms()
    world.clock.advance(59)
    find(world, made.token)
    assert listed(world).tokens[0].last_used_ms == first
    world.clock.advance(1)
    find(world, made.token)
    assert listed(world).tokens[0].last_used_ms == first + 60_000


def test_a_token_can_do_no_more_than_its_owner_now(world: World) -> None:
    world.do(AddUser(name="ann", role="operator"))
    made = create(world, wish("acknowledge"), ANN)
    world.do(ChangeUser(name="ann", role="viewer"))
    token = find(world, made.token)
    assert isinstance(token, TokenFound)
    assert token.role == "viewer"
    world.do(RemoveUser(name="ann"))
    assert isinstance(find(world, made.token), Refused)


@pytest.mark.parametrize(
    ("role", "scope", "ok"),
    [
        ("viewer", "read", True),
        ("viewer", "acknowledge", False),
        ("viewer", "write", False),
        ("viewer", "admin", True),  # of a viewer: it may do what the viewer may
        ("operator", "acknowledge", True),
        ("editor", "write", False),
        ("admin", "write", True),
        ("admin", "everything", False),
    ],
)
def test_who_may_have_which(world: World, role: str, scope: str, ok: bool) -> None:
    world.do(AddUser(name="ann", role=role))
    reply = world.do(wish(scope), Actor(name="ann", role=role))
    assert isinstance(reply, TokenCreated) is ok


@pytest.mark.parametrize(
    "command",
    [
        wish(name=""),
        wish(name="x" * 101),
        wish(name="a\nb"),
        wish(per_minute=0),
        wish(per_minute=-1),
        wish(lifetime_ms=-1),
        CreateToken(name="x", scopes=(), lifetime_ms=0, per_minute=1),
    ],
)
def test_wishes_that_are_refused(world: World, command: CreateToken) -> None:
    assert world.refusal(command).kind == "bad_request"


def test_tokens_without_end_are_refused(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.identity.tokens._MOST_OF_LOCAL", 2)
    create(world, wish())
    create(world, wish())
    assert "revoke some" in world.refusal(wish()).message


def test_one_user_takes_nobody_elses_tokens(world: World) -> None:
    for name in ("ann", "bob"):
        world.do(AddUser(name=name, role="viewer"))
    ann, bob = Actor(name="ann", role="viewer"), Actor(name="bob", role="viewer")
    made = [create(world, wish(), ann) for _ in range(50)]
    assert "revoke some" in world.refusal(wish(), ann).message
    create(world, wish(), bob)
    create(world, wish())
    world.do(RevokeToken(token_id=made[0].id), ann)
    create(world, wish(), ann)


def test_tokens_that_have_expired_do_not_count_and_go_in_time(world: World) -> None:
    for _ in range(50):
        create(world, wish(name="short", lifetime_ms=1000))
    kept = create(world, wish(name="kept"))
    world.clock.advance(1)
    assert len(listed(world).tokens) == 51, "for a while one sees what has expired"
    create(world, wish(name="next"))
    assert len(listed(world).tokens) == 52
    world.clock.advance(30 * 86_400)
    create(world, wish(name="later"))
    assert {token.name for token in listed(world).tokens} == {"kept", "next", "later"}
    assert isinstance(find(world, kept.token), TokenFound)


def test_tokens_that_expire_at_once_do_not_pile_up(world: World) -> None:
    world.do(AddUser(name="ann", role="viewer"))
    ann = Actor(name="ann", role="viewer")
    for _ in range(120):
        create(world, wish(lifetime_ms=1), ann)
        world.clock.advance(0.001)
    assert len(listed(world).tokens) == 51


def test_everybody_sees_and_revokes_ones_own_and_an_administrator_all(world: World) -> None:
    world.do(AddUser(name="ann", role="operator"))
    mine, admins = create(world, wish(name="mine"), ANN), create(world, wish(name="admins"))
    assert [token.name for token in listed(world, ANN).tokens] == ["mine"]
    assert {token.name for token in listed(world).tokens} == {"mine", "admins"}
    assert world.refusal(RevokeToken(token_id=admins.id), ANN).kind == "not_found"
    assert world.do(RevokeToken(token_id=mine.id), ANN) == Done()
    assert isinstance(find(world, mine.token), Refused)
    assert world.refusal(RevokeToken(token_id=mine.id), ANN).kind == "not_found"
    assert world.do(RevokeToken(token_id=admins.id)) == Done()
