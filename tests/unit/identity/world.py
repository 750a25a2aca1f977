"""The keeper's people on a real state.db, with no wait for argon2 where a test does not need it."""

from pathlib import Path

import pytest

from barograph.app.people_commands import AnyPeopleCommand, PeopleCommands
from barograph.identity.config import IdentityConfig
from barograph.identity.passwords import Passwords
from barograph.identity.principal import LOCAL_ADMIN
from barograph.model.acting import Actor
from barograph.model.commands import AnyReply, Refused
from barograph.state.sqlite import open_state
from helpers.clock import FakeClock
from unit.web.site import run

ADMIN = Actor(name=LOCAL_ADMIN, role="admin", via="local token", source="127.0.0.1")
ANN = Actor(name="ann", role="operator", via="session 1", source="10.0.0.9")
PASSWORD = "correct horse battery"


class World:
    """Carries out commands as somebody."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = FakeClock()
        self.state = open_state(folder)
        self.people = PeopleCommands(self.state, IdentityConfig(), self.clock)

    def do(self, command: AnyPeopleCommand, actor: Actor = ADMIN) -> AnyReply:
        reply = run(self.people.execute(command, actor))
        self.people.audit.note(command, actor, reply)
        return reply

    def refusal(self, command: AnyPeopleCommand, actor: Actor = ADMIN) -> Refused:
        reply = self.do(command, actor)
        assert isinstance(reply, Refused), reply
        return reply


def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a hash that costs nothing in the place of argon2."""

    async def hashed(self: Passwords, password: str) -> str:
        return f"hash of {password}"

    async def verify(self: Passwords, password: str, encoded: str) -> bool:
        return encoded == f"hash of {password}"

    monkeypatch.setattr(Passwords, "hash", hashed)
    monkeypatch.setattr(Passwords, "verify", verify)
