"""Running a program within limits of time and output, as another user where that may be changed. Used by `exec`."""

import os
import pwd
import selectors
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from barograph.link.capabilities import bequeath_none
from barograph.model.clock import Clock
from barograph.model.errors import ConfigError

_CHUNK_BYTES = 65536
_GRACE_S = 1.0
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Account(NamedTuple):
    """Who a program runs as."""

    uid: int
    gid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How a program is run."""

    command: tuple[str, ...]
    timeout_s: float
    max_output_bytes: int
    account: Account | None
    """None: as this process."""


class Outcome(NamedTuple):
    """What a run came to: what was written, or why it counts for nothing."""

    output: bytes
    failure: str
    """`timeout`, `output`, `status` or `start`; empty where it ended well."""


def account_of(user: str, place: str) -> Account | None:
    """Return the account of a user; None where this process may not change its own.

    Raises:
        ConfigError: There is no such user.
    """
    if os.geteuid():
        return None
    try:
        entry = pwd.getpwnam(user)
    except KeyError as error:
        raise ConfigError(f"there is no user {user!r} on this machine", path=place) from error
    return Account(entry.pw_uid, entry.pw_gid)


def run_program(limits: Limits, clock: Clock) -> Outcome:
    """Run a program to its end, or to a limit; then it and its process group are killed. Never raises."""
    account = limits.account
    # where the keeper was given some without being root, its user's programs would have them as well
    bequeath_none()
    try:
        process = subprocess.Popen(  # noqa: S603  the configuration names it, and no shell looks at it
            limits.command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": _PATH, "LANG": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=() if account else None,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return Outcome(b"", "start")
    try:
        output, failure = _read(process, limits, clock)
    finally:
        # whatever it left behind in its group ends with it
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_S)
        if process.stdout is not None:
            process.stdout.close()
    return Outcome(b"" if failure else output, failure)


def _read(process: "subprocess.Popen[bytes]", limits: Limits, clock: Clock) -> tuple[bytes, str]:
    assert process.stdout is not None
    until_s = clock.monotonic_s() + limits.timeout_s
    output = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left_s = until_s - clock.monotonic_s()
            if left_s <= 0 or not selector.select(left_s):
                return b"", "timeout"
            chunk = os.read(process.stdout.fileno(), _CHUNK_BYTES)
            if not chunk:
                break
            output += chunk
            if len(output) > limits.max_output_bytes:
                return b"", "output"
    try:
        status = process.wait(max(0.0, until_s - clock.monotonic_s()))
    except subprocess.TimeoutExpired:
        return b"", "timeout"
    return bytes(output), "status" if status else ""
