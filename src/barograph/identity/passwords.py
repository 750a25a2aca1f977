"""Passwords: argon2id, one at a time, in a short process of its own. Used by the keeper.

A wrong name costs what a wrong password costs: both are verified, the former against a hash that nothing matches.
"""

import asyncio
import unicodedata

import msgspec

from barograph.link import children
from barograph.model.errors import BarographError

LEAST_CHARS = 10
MOST_BYTES = 1024
_MOST_WAITING = 8
_TIMEOUT_S = 20.0
NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$Qqhl+GrvAgT8svvsFImVDw$CZ2tZQRzIgVqYwiDpBRdIJwLakKnOhXr0TjlhffB3C8"
"""A hash that nobody's password has, with the parameters of all others."""


class PasswordBusyError(BarographError):
    """Too many passwords wait to be verified, or the process that does it could not."""


class Passwords:
    """Hashes and verifies. Used on one event loop."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return argon2's encoded hash.

        Raises:
            PasswordBusyError: Too many wait already.
        """
        return str((await self._one_at_a_time(password, ""))["encoded"])

    async def verify(self, password: str, encoded: str) -> bool:
        """Tell whether a password is the one of a hash; "" is nobody's hash, and takes as long as anybody's.

        Raises:
            PasswordBusyError: Too many wait already.
        """
        outcome = await self._one_at_a_time(password, encoded or NOBODYS)
        return outcome["is_right"] is True and bool(encoded)

    async def _one_at_a_time(self, password: str, encoded: str) -> dict[str, bool | str]:
        if self._waiting >= _MOST_WAITING:
            raise PasswordBusyError("too many people log in at this moment: try again in a few seconds")
        self._waiting += 1
        try:
            async with self._turn:
                return await _in_a_process(password, encoded)
        finally:
            self._waiting -= 1


async def _in_a_process(password: str, encoded: str) -> dict[str, bool | str]:
    work = msgspec.json.encode({"password": _prepared(password), "encoded": encoded})
    pipe = asyncio.subprocess.PIPE
    process = await children.start("barograph.identity.argon", stdin=pipe, stdout=pipe)
    try:
        async with asyncio.timeout(_TIMEOUT_S):
            out, _ = await process.communicate(work)
        return msgspec.json.decode(out, type=dict[str, bool | str])
    except (TimeoutError, msgspec.DecodeError) as error:
        raise PasswordBusyError("the password could not be verified at this moment: try again") from error
    finally:
        await children.end(process)


def refuse_password(password: str, name: str) -> str:
    """Return why a password is not taken, or ""."""
    if len(password) < LEAST_CHARS:
        return f"the password has {len(password)} characters: {LEAST_CHARS} or more are expected"
    if len(password.encode()) > MOST_BYTES:
        return f"the password is longer than {MOST_BYTES} bytes"
    if name.casefold() in password.casefold() and len(password) < len(name) + LEAST_CHARS:
        return "the password is hardly more than the user's name: choose another"
    if len(set(password)) < 5:
        return "the password has fewer than five different characters: choose another"
    return ""


def _prepared(password: str) -> str:
    # the same password from another keyboard (RFC 8265)
    return unicodedata.normalize("NFC", password)[:MOST_BYTES]
