"""Hashes or verifies one password and ends: `python -m barograph.identity.argon`, started by `passwords.py`.

A process of its own, since argon2 takes 19 MiB that the C library would keep in the keeper for ever. One JSON object on
standard input, one on standard output; nothing of it is in the arguments, which every user of the machine can read.
"""

import sys

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_MEMORY_KIB = 19_456
_ITERATIONS = 2
"""OWASP's least parameters of argon2id."""


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: to verify `password` against `encoded`, or, where that is "", to hash it."""

    password: str
    encoded: str = ""

    def __repr__(self) -> str:
        return "Work()"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the password is right, or the hash that was asked for."""

    is_right: bool = False
    encoded: str = ""

    def __repr__(self) -> str:
        return f"Outcome(is_right={self.is_right})"


def carry_out(work: Work) -> Outcome:
    """Return what was asked for."""
    hasher = PasswordHasher(time_cost=_ITERATIONS, memory_cost=_MEMORY_KIB, parallelism=1)
    if not work.encoded:
        return Outcome(encoded=hasher.hash(work.password))
    try:
        return Outcome(is_right=hasher.verify(work.encoded, work.password))
    except (VerificationError, InvalidHashError):
        return Outcome()


if __name__ == "__main__":
    sys.stdout.buffer.write(msgspec.json.encode(carry_out(msgspec.json.decode(sys.stdin.buffer.read(), type=Work))))
