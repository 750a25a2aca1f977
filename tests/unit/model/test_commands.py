import msgspec
import pytest

from barograph.model.commands import (
    AnyCommand,
    AnyReply,
    Done,
    EndSession,
    FindSession,
    RedeemLogin,
    Refused,
    Reload,
    SessionFound,
    SessionOpened,
)

COMMANDS: list[AnyCommand] = [
    RedeemLogin(code="c", remote="127.0.0.1"),
    FindSession(token_hash="h"),
    EndSession(session_id="s"),
    Reload(),
]
REPLIES: list[AnyReply] = [
    Done(),
    SessionOpened(token="t", expires_ms=5),
    SessionFound(session_id="s", user="u", role="admin", expires_ms=5),
    Refused(kind="config", message="no"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: type(one).__name__)
def test_a_command_is_told_from_others_by_its_tag(command: AnyCommand) -> None:
    data = msgspec.msgpack.encode(command)
    decoded = msgspec.msgpack.decode(data, type=AnyCommand)
    assert decoded == command
    assert type(decoded) is type(command)


@pytest.mark.parametrize("reply", REPLIES, ids=lambda one: type(one).__name__)
def test_a_reply_is_told_from_others_by_its_tag(reply: AnyReply) -> None:
    data = msgspec.msgpack.encode(reply)
    decoded = msgspec.msgpack.decode(data, type=AnyReply)
    assert decoded == reply
    assert type(decoded) is type(reply)


def test_what_opens_a_session_is_not_printed() -> None:
    assert repr(RedeemLogin(code="hunter2", remote="127.0.0.1")) == "RedeemLogin(remote='127.0.0.1')"
    assert repr(SessionOpened(token="hunter2", expires_ms=5)) == "SessionOpened(expires_ms=5)"
    assert "hunter2" not in str([RedeemLogin(code="hunter2", remote=""), SessionOpened(token="hunter2", expires_ms=5)])
