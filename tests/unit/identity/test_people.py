import pytest

from barograph.identity.passwords import PasswordBusyError, Passwords
from barograph.identity.secrets import hash_secret
from barograph.model.acting import Actor
from barograph.model.commands import Done, EndSession, FindSession, RedeemLogin, Refused, SessionFound, SessionOpened
from barograph.model.people import (
    AddUser,
    ChangePassword,
    ChangeUser,
    ListSessions,
    ListUsers,
    LogIn,
    LoginLinkMade,
    MakeLoginLink,
    RemoveUser,
    SessionsListed,
    UsersListed,
)
from unit.identity.world import ADMIN, ANN, PASSWORD, World


def add(world: World, name: str = "ann", role: str = "operator", password: str = PASSWORD) -> None:
    assert world.do(AddUser(name=name, role=role, password=password)) == Done()


def log_in(world: World, user: str = "ann", password: str = PASSWORD) -> SessionOpened:
    reply = world.do(LogIn(user=user, password=password, remote="10.0.0.9"), Actor())
    assert isinstance(reply, SessionOpened), reply
    return reply


def found(world: World, opened: SessionOpened) -> SessionFound | Refused:
    reply = world.do(FindSession(token_hash=hash_secret(opened.token)))
    assert isinstance(reply, SessionFound | Refused)
    return reply


def test_a_user_logs_in_by_password_whatever_the_case_of_the_name(world: World) -> None:
    add(world)
    session = found(world, log_in(world, "Ann"))
    assert isinstance(session, SessionFound)
    assert (session.user, session.role) == ("ann", "operator")


def test_unknown_users_wrong_passwords_and_users_without_one_get_one_answer(world: World) -> None:
    add(world)
    add(world, "bob", password="")
    wrong = [("ann", "wrong"), ("nobody", PASSWORD), ("bob", ""), ("bob", PASSWORD), ("", "")]
    answers = {repr(world.refusal(LogIn(user=user, password=text, remote="x"))) for user, text in wrong}
    assert len(answers) == 1
    assert "access" in answers.pop()


@pytest.mark.parametrize("name", ["", "Ann", "local administrator", "a b", "-a", "a/b", "ä", "a" * 65, "a\n", "../x"])
def test_names_that_are_none(world: World, name: str) -> None:
    assert world.refusal(AddUser(name=name, role="viewer")).kind == "bad_request"


@pytest.mark.parametrize("role", ["", "root", "ADMIN", "Admin", "viewer "])
def test_roles_that_are_none(world: World, role: str) -> None:
    assert "is no role" in world.refusal(AddUser(name="ann", role=role)).message


def test_a_name_is_taken_once(world: World) -> None:
    add(world)
    assert "already" in world.refusal(AddUser(name="ann", role="admin")).message


def test_a_bad_password_adds_nobody(world: World) -> None:
    world.refusal(AddUser(name="ann", role="viewer", password="short"))
    assert world.do(ListUsers()) == UsersListed(users=())


def test_another_role_counts_at_once_and_ends_nothing(world: World) -> None:
    add(world, role="admin")
    opened = log_in(world)
    assert world.do(ChangeUser(name="ann", role="viewer")) == Done()
    session = found(world, opened)
    assert isinstance(session, SessionFound)
    assert session.role == "viewer"


def test_another_password_ends_sessions_and_links(world: World) -> None:
    add(world)
    opened = log_in(world)
    link = world.do(MakeLoginLink(user="ann"))
    assert isinstance(link, LoginLinkMade)
    assert world.do(ChangeUser(name="ann", password="another long one")) == Done()
    assert isinstance(found(world, opened), Refused)
    assert isinstance(world.do(RedeemLogin(code=link.code, remote="x")), Refused)
    log_in(world, password="another long one")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (ChangeUser(name="nobody", role="viewer"), "there is no user"),
        (ChangeUser(name="ann", role="king"), "is no role"),
        (ChangeUser(name="ann", password="short"), "characters"),
        (RemoveUser(name="nobody"), "there is no user"),
        (MakeLoginLink(user="nobody"), "there is no user"),
    ],
)
def test_changes_that_cannot_be(world: World, change: ChangeUser | RemoveUser | MakeLoginLink, words: str) -> None:
    add(world)
    assert words in world.refusal(change).message


def test_who_is_removed_is_gone_with_sessions_and_links(world: World) -> None:
    add(world)
    opened = log_in(world)
    link = world.do(MakeLoginLink(user="ann"))
    assert isinstance(link, LoginLinkMade)
    assert world.do(RemoveUser(name="ann")) == Done()
    assert isinstance(found(world, opened), Refused)
    add(world)
    assert isinstance(found(world, opened), Refused), "another of that name does not inherit the session"
    assert isinstance(world.do(RedeemLogin(code=link.code, remote="x")), Refused)


def test_a_link_logs_its_user_in(world: World) -> None:
    add(world, password="")
    link = world.do(MakeLoginLink(user="ann"))
    assert isinstance(link, LoginLinkMade)
    opened = world.do(RedeemLogin(code=link.code, remote="10.0.0.9"), Actor())
    assert isinstance(opened, SessionOpened)
    listed = world.do(ListSessions(), ANN)
    assert isinstance(listed, SessionsListed)
    assert [(each.user, each.remote) for each in listed.sessions] == [("ann", "10.0.0.9")]


def test_ones_own_password(world: World) -> None:
    add(world)
    kept, other = log_in(world), log_in(world)
    session = found(world, kept)
    assert isinstance(session, SessionFound)
    wrong = ChangePassword(old_password="wrong", password="another long one", keep_session=session.session_id)
    assert world.refusal(wrong, ANN).kind == "wrong_password"
    bad = ChangePassword(old_password=PASSWORD, password="short", keep_session=session.session_id)
    assert world.refusal(bad, ANN).kind == "bad_request"
    right = ChangePassword(old_password=PASSWORD, password="another long one", keep_session=session.session_id)
    assert world.do(right, ANN) == Done()
    assert isinstance(found(world, kept), SessionFound)
    assert isinstance(found(world, other), Refused)
    assert "has no password" in world.refusal(right, ADMIN).message


def test_who_came_by_link_sets_a_first_password(world: World) -> None:
    add(world, password="")
    assert world.do(ChangePassword(old_password="", password=PASSWORD, keep_session=""), ANN) == Done()
    log_in(world)


def test_a_viewer_sees_and_ends_ones_own_sessions_alone(world: World) -> None:
    add(world)
    add(world, "bob", "admin")
    anns, bobs = found(world, log_in(world)), found(world, log_in(world, "bob"))
    assert isinstance(anns, SessionFound)
    assert isinstance(bobs, SessionFound)
    listed = world.do(ListSessions(), ANN)
    assert isinstance(listed, SessionsListed)
    assert [each.id for each in listed.sessions] == [anns.session_id]
    assert world.refusal(EndSession(session_id=bobs.session_id), ANN).kind == "not_found"
    assert world.do(EndSession(session_id=anns.session_id), ANN) == Done()
    everybodys = world.do(ListSessions(), ADMIN)
    assert isinstance(everybodys, SessionsListed)
    assert [each.user for each in everybodys.sessions] == ["bob"]


def test_who_is_removed_while_the_password_is_verified_stays_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add(world)

    async def verify(self: Passwords, password: str, encoded: str) -> bool:
        world.people._people.remove("ann")
        return True

    monkeypatch.setattr(Passwords, "verify", verify)
    assert world.refusal(LogIn(user="ann", password=PASSWORD, remote="x")).kind == "access"


def test_too_many_at_once_is_no_wrong_password(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def verify(self: Passwords, password: str, encoded: str) -> bool:
        raise PasswordBusyError("later")

    monkeypatch.setattr(Passwords, "verify", verify)
    assert world.refusal(LogIn(user="ann", password=PASSWORD, remote="x")) == Refused(kind="busy", message="later")


def test_no_password_and_no_token_is_stored_or_noted(world: World) -> None:
    add(world)
    opened = log_in(world)
    stored = b"".join(path.read_bytes() for path in world.folder.iterdir())
    assert b"LogIn(user='ann')" in stored, "the test looks at the right bytes"
    assert stored.count(PASSWORD.encode()) == stored.count(b"hash of " + PASSWORD.encode())
    assert opened.token.encode() not in stored


def meanwhile(world: World, monkeypatch: pytest.MonkeyPatch, step: str, command: ChangeUser | EndSession) -> None:
    """Have the administrator do something while the next password is verified, or hashed."""
    work = getattr(Passwords, step)

    async def late(self: Passwords, *given: str) -> object:
        monkeypatch.setattr(Passwords, step, work)
        done = await work(self, *given)
        assert await world.people.execute(command, ADMIN) == Done()
        return done

    monkeypatch.setattr(Passwords, step, late)


def test_a_password_that_is_changed_while_it_is_verified_opens_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(world)
    meanwhile(world, monkeypatch, "verify", ChangeUser(name="ann", password="another long one"))
    assert world.refusal(LogIn(user="ann", password=PASSWORD, remote="x"), Actor()).kind == "access"
    log_in(world, password="another long one")


@pytest.mark.parametrize("step", ["verify", "hash"])
@pytest.mark.parametrize("resets", [True, False])
def test_what_an_administrator_did_meanwhile_stands(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str, resets: bool
) -> None:
    add(world)
    session = found(world, log_in(world))
    assert isinstance(session, SessionFound)
    reset = ChangeUser(name="ann", password="of the administrator")
    meanwhile(world, monkeypatch, step, reset if resets else EndSession(session_id=session.session_id))
    theirs = ChangePassword(old_password=PASSWORD, password="of the thief's own", keep_session=session.session_id)
    assert "meanwhile" in world.refusal(theirs, ANN).message
    log_in(world, password="of the administrator" if resets else PASSWORD)
