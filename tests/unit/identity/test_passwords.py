import asyncio
import io
import json
import runpy
import sys

import pytest

from barograph.identity import passwords
from barograph.identity.argon import Outcome, Work, carry_out
from barograph.identity.passwords import NOBODYS, PasswordBusyError, Passwords, refuse_password
from barograph.link import children

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes longer to begin a process, and to end one."""
    monkeypatch.setattr(passwords, "_TIMEOUT_S", 120.0)
    monkeypatch.setattr(children, "_LONGEST_END_S", 60.0)


def test_a_password_is_known_again_and_no_other() -> None:
    async def check() -> None:
        hashing = Passwords()
        encoded = await hashing.hash(PASSWORD)
        assert encoded.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert await hashing.verify(PASSWORD, encoded)
        assert not await hashing.verify(PASSWORD + "x", encoded)
        assert not await hashing.verify(PASSWORD, "")
        assert not await hashing.verify(PASSWORD, "no hash")

    asyncio.run(check())


def test_the_same_letters_from_another_keyboard() -> None:
    async def check() -> bool:
        hashing = Passwords()
        return await hashing.verify("caf\u0065\u0301 au lait", await hashing.hash("caf\u00e9 au lait"))

    assert asyncio.run(check())


def test_nobodys_hash_costs_what_anybodys_does() -> None:
    assert NOBODYS.split("$")[:4] == carry_out(Work(password="x")).encoded.split("$")[:4]


def test_who_comes_when_too_many_wait_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> list[bool | BaseException]:
        release = asyncio.Event()

        async def slow(password: str, encoded: str) -> dict[str, bool | str]:
            await release.wait()
            return {"is_right": True}

        monkeypatch.setattr(passwords, "_in_a_process", slow)
        hashing = Passwords()
        tasks = [asyncio.create_task(hashing.verify("x", "y")) for _ in range(9)]
        await asyncio.sleep(0)
        release.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    *served, refused = asyncio.run(check())
    assert served == [True] * 8
    assert isinstance(refused, PasswordBusyError)


def test_a_process_that_fails_is_no_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(PasswordBusyError):
        asyncio.run(Passwords().verify("x", "y"))


def test_a_process_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_TIMEOUT_S", 0.05)
    monkeypatch.setattr(sys, "executable", "/usr/bin/yes")
    with pytest.raises(PasswordBusyError):
        asyncio.run(Passwords().verify("x", "y"))


@pytest.mark.parametrize(
    ("password", "ok"),
    [
        (PASSWORD, True),
        ("tenletters", True),
        ("ninechars", False),
        ("", False),
        ("aaaaaaaaaaaaaaaa", False),
        ("Anneliese12", False),
        ("x" + "abcdefghij" * 110, False),
    ],
)
def test_what_a_password_must_be(password: str, ok: bool) -> None:
    assert (refuse_password(password, "anneliese") == "") is ok


def test_the_process_shows_nothing_of_what_it_is_given(
    monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    given = io.TextIOWrapper(io.BytesIO(json.dumps({"password": PASSWORD, "encoded": NOBODYS}).encode()))
    monkeypatch.setattr(sys, "stdin", given)
    monkeypatch.delitem(sys.modules, "barograph.identity.argon")
    runpy.run_module("barograph.identity.argon", run_name="__main__")
    assert json.loads(capsysbinary.readouterr().out) == {"is_right": False, "encoded": ""}
    assert PASSWORD not in repr(Work(password=PASSWORD))
    assert "secret" not in repr(Outcome(encoded="secret"))
