import io
import logging
import typing

import apsw
import msgspec
import pytest

from barograph.identity.audit import AuditLog, verify_chain
from barograph.model.acting import NOBODY, Actor
from barograph.model.commands import (
    AnyCommand,
    AnyReply,
    CleanTombstones,
    Done,
    EndSession,
    FindSession,
    RedeemLogin,
    Refused,
    Reload,
    SessionOpened,
)
from barograph.model.errors import StoreError
from barograph.model.people import (
    AddUser,
    AuditEntry,
    AuditRead,
    ListUsers,
    LogIn,
    LoginLinkMade,
    MakeLoginLink,
    ReadAudit,
)
from barograph.state.audit import SqliteAudit, read_audit
from barograph.telemetry.logs import RepeatLimit
from helpers.clock import FakeClock
from unit.identity.world import ADMIN, ANN, World

REFUSED = Refused(kind="access", message="no")


def entries(world: World) -> list[AuditEntry]:
    read = world.do(ReadAudit(before=0, limit=1000))
    assert isinstance(read, AuditRead)
    return list(read.entries)


def noted(world: World, count: int) -> list[AuditEntry]:
    for number in range(count):
        world.people.audit.note(AddUser(name=f"user{number}", role="viewer"), ADMIN, Done())
    return entries(world)[::-1]


def test_a_change_is_noted_with_who_what_whence_and_outcome(world: World) -> None:
    world.do(AddUser(name="ann", role="viewer"))
    world.do(AddUser(name="ann", role="viewer"))
    second, first = entries(world)
    assert (first.number, first.actor, first.via, first.source) == (
        1,
        "local administrator",
        "local token",
        "127.0.0.1",
    )
    assert (first.action, first.target, first.outcome) == ("add_user", "AddUser(name='ann', role='viewer')", "done")
    assert second.outcome.startswith("refused: there is a user 'ann' already")
    assert second.previous == first.hash


def test_what_only_asks_is_not_noted(world: World) -> None:
    world.do(ListUsers())
    world.do(FindSession(token_hash="x"))
    assert entries(world) == []


def test_every_command_but_those_that_only_ask_is_noted(world: World) -> None:
    world.people.audit.note(Reload(), ADMIN, Done())
    world.people.audit.note(CleanTombstones(), ADMIN, Refused(kind="store", message="no"))
    assert [entry.action for entry in entries(world)] == ["clean_tombstones", "reload"]


def test_the_log_goes_on_after_a_restart(world: World) -> None:
    noted(world, 2)
    again = AuditLog(SqliteAudit(world.state), world.clock)
    again.note(Reload(), ADMIN, Done())
    assert verify_chain(read_audit(world.folder))[0] == 3


def test_older_lines_are_read_page_by_page(world: World) -> None:
    noted(world, 5)
    read = world.do(ReadAudit(before=4, limit=2))
    assert isinstance(read, AuditRead)
    assert [entry.number for entry in read.entries] == [3, 2]


@pytest.mark.parametrize("field", [field for field in AuditEntry.__struct_fields__ if field != "number"])
def test_a_line_that_was_changed_shows(world: World, field: str) -> None:
    lines = noted(world, 4)
    value = 5 if field == "at_ms" else "0" * 64
    lines[1] = msgspec.structs.replace(lines[1], **{field: value})
    with pytest.raises(StoreError, match=r"audit line [23]"):
        verify_chain(lines)


def test_a_line_that_was_removed_or_put_in_shows(world: World) -> None:
    lines = noted(world, 4)
    assert verify_chain(lines) == (4, lines[-1].hash)
    with pytest.raises(StoreError, match="lines are missing"):
        verify_chain(lines[:1] + lines[2:])
    with pytest.raises(StoreError, match="lines are missing"):
        verify_chain(lines[:2] + lines[1:])
    with pytest.raises(StoreError, match="lines are missing"):
        verify_chain(lines[1:])


def test_the_file_itself_refuses_to_change_a_line(world: World) -> None:
    noted(world, 2)
    connection = apsw.Connection(str(world.folder / "state.db"))
    for statement in ("UPDATE audit SET actor = 'x'", "DELETE FROM audit"):
        with pytest.raises(apsw.ConstraintError, match="only added to"):
            connection.execute(statement)
    connection.close()


def test_strangers_cannot_fill_the_disk(world: World) -> None:
    for _ in range(100):
        world.people.audit.note(LogIn(user="x", password="y", remote="10.0.0.1"), NOBODY, REFUSED)
    lines = entries(world)
    assert len(lines) == 61
    assert lines[0].action == "left_out"
    world.clock.advance(60)
    world.people.audit.note(LogIn(user="x", password="y", remote="10.0.0.1"), NOBODY, REFUSED)
    assert len(entries(world)) == 62


def test_somebody_who_is_known_cannot_fill_the_disk_with_refusals(world: World) -> None:
    for _ in range(1000):
        world.do(EndSession(session_id="\U0001f600" * 480), ANN)
    lines = entries(world)
    assert len(lines) == 21
    assert (lines[0].actor, lines[0].action) == ("ann", "left_out")
    assert "minute" in lines[0].outcome
    world.do(EndSession(session_id="x"), msgspec.structs.replace(ANN, name="bob"))
    world.people.audit.note(LogIn(user="x", password="y", remote="10.0.0.1"), NOBODY, REFUSED)
    assert len(entries(world)) == 23, "one fills nobody else's share"
    world.clock.advance(60)
    world.do(EndSession(session_id="x"), ANN)
    assert len(entries(world)) == 24


def test_what_is_done_is_noted_however_much_was_refused(world: World) -> None:
    for _ in range(100):
        world.people.audit.note(Reload(), ANN, REFUSED)
    world.people.audit.note(Reload(), ANN, Done())
    assert entries(world)[0].outcome == "done"


def test_nobody_below_an_administrator_changes_things_without_end(world: World) -> None:
    audit = world.people.audit
    change = AddUser(name="x", role="viewer")
    assert [audit.admit(change, ANN) for _ in range(600)] == [None] * 600
    refused = audit.admit(change, ANN)
    assert refused is not None
    assert refused.kind == "too_often"
    assert audit.admit(change, msgspec.structs.replace(ANN, name="bob")) is None
    assert audit.admit(ListUsers(), ANN) is None, "what only asks fills nothing"
    assert {audit.admit(change, ADMIN) for _ in range(1000)} == {None}
    world.clock.advance(0.1)
    assert audit.admit(change, ANN) is None


def test_a_line_can_neither_end_early_nor_go_on_for_ever(world: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    who = Actor(name="x\r\nlevel=error msg=forged", source="\x1b[2J" + "y" * 1000)
    world.people.audit.append(who, "reload", "t" * 10_000, "done")
    (entry,) = entries(world)
    assert "\n" not in entry.actor
    assert "\x1b" not in entry.source
    assert len(entry.target) == len(entry.source) == 500
    assert "\n" not in caplog.messages[-1]


def test_a_store_that_fails_costs_no_command(world: World, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(SqliteAudit):
        def append(self, entry: AuditEntry) -> None:
            raise StoreError("on fire")

        def read(self, before: int, limit: int) -> list[AuditEntry]:
            if limit > 1:
                raise StoreError("on fire")
            return []

    log = AuditLog(Broken(world.state), world.clock)
    log.note(Reload(), ADMIN, Done())
    assert "on fire" in caplog.text
    assert log.read(0, 10) == Refused(kind="store", message="on fire")


def test_every_line_is_in_the_log_too(world: World) -> None:
    output = io.StringIO()
    clock = FakeClock()
    log = logging.getLogger("barograph.identity.audit")
    handler = logging.StreamHandler(output)
    handler.addFilter(RepeatLimit(clock))
    log.addHandler(handler)
    log.setLevel("INFO")
    try:
        noted(world, 50)
        world.state.close()
        for _ in range(50):
            world.people.audit.note(Reload(), ADMIN, Done())
    finally:
        log.removeHandler(handler)
        log.setLevel(logging.NOTSET)
    lines = output.getvalue().splitlines()
    assert len(lines) == 100
    assert sum("is not stored" in line for line in lines) == 50


def test_there_is_a_file_to_read(world: World) -> None:
    with pytest.raises(StoreError, match="cannot be read"):
        list(read_audit(world.folder / "nowhere"))


def secret_fields(kind: type[msgspec.Struct]) -> set[str]:
    return {"code", "token", "password", "old_password"} & set(kind.__struct_fields__)


@pytest.mark.parametrize(
    "kind",
    [kind for kind in (*typing.get_args(AnyCommand), *typing.get_args(AnyReply)) if secret_fields(kind)],
    ids=lambda kind: kind.__name__,
)
def test_no_command_and_no_answer_shows_a_secret(kind: type[msgspec.Struct]) -> None:
    given = {field.name: _sample(field.type) for field in msgspec.structs.fields(kind)}
    made = kind(**given | dict.fromkeys(secret_fields(kind), "CANARY"))
    assert "CANARY" not in repr(made)
    assert "CANARY" not in str(made)


def _sample(kind: object) -> object:
    return 1 if kind is int else () if typing.get_origin(kind) is tuple else "x"


def test_a_log_in_by_link_is_told_as_its_users_and_as_the_session_of_later_lines(world: World) -> None:
    world.do(AddUser(name="ann", role="viewer"))
    link = world.do(MakeLoginLink(user="ann"))
    assert isinstance(link, LoginLinkMade)
    opened = world.do(RedeemLogin(code=link.code, remote="10.0.0.9"), Actor())
    assert isinstance(opened, SessionOpened)
    line = entries(world)[0]
    assert (line.actor, line.via, line.source) == ("ann", f"session {opened.session_id}", "10.0.0.9")
    assert opened.token not in str(line)
