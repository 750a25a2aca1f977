"""What happens once, around a serve: the address and the log-in link for people, and the wait for a plausible clock."""

import gc
import logging
import os
import resource
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from barograph.identity.local_token import FILE as TOKEN
from barograph.identity.local_token import read_or_create_token, write_private
from barograph.identity.secrets import random_text
from barograph.identity.sessions import Sessions
from barograph.model.clock import Clock
from barograph.model.errors import StoreError
from barograph.model.secret import Secret
from barograph.tsdb.folder import is_disk_full

_log = logging.getLogger(__name__)
LINK = "login-link"
_OLDEST = 2
_LONG_S = 0.010
_TICKER_NICENESS = -10
_MOST_DESCRIPTORS = 65_536
PLAUSIBLE_MS = 1_577_836_800_000
"""2020-01-01: a clock before it was never set, and what is stored under it could never be found again."""


def wait_for_plausible_clock(clock: Clock, stop: threading.Event) -> bool:
    """Wait until the wall clock is after 2020; False where `stop` came first."""
    if clock.now_ms() >= PLAUSIBLE_MS:
        return True
    _log.error(
        "this machine's clock stands before 2020: collection waits until it is set, since samples of such a time could "
        "never be found again; set it with `timedatectl set-ntp true` or `date -s`"
    )
    while clock.now_ms() < PLAUSIBLE_MS:
        if stop.wait(1.0):
            return False
    _log.info("the clock is set: collection begins")
    return True


def allow_descriptors() -> None:
    """Raise the soft limit of open files as far as it goes: the pass over the processes keeps two for each of them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY and hard < _MOST_DESCRIPTORS else _MOST_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def go_first() -> None:
    """Have this thread, and those it starts, run before others where cores are short, if the system allows it.

    For ticks, and for the messages that follow from them. A tick takes about three milliseconds of a second; late it
    is a gap. Without the privilege all stays as it is.
    """
    with suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _TICKER_NICENESS)


class CollectionsBound:
    """Keeps collections of garbage short: what is left of one that took long is not walked again.

    A hundred thousand alerts are millions of objects, and to walk them takes most of a second in which no tick begins.
    What outlived a long collection lives on, until nothing refers to it; only cycles of it would stay, and what
    there is much of has none.

    Args:
        clock: For durations.
        freeze: Has later collections leave out what is there.
    """

    def __init__(self, clock: Clock, freeze: Callable[[], None] = gc.freeze) -> None:
        self._clock = clock
        self._freeze = freeze
        self._began_s = 0.0

    def __call__(self, phase: str, info: dict[str, int]) -> None:
        """Take note of a collection; one of `gc.callbacks`."""
        if phase == "start":
            self._began_s = self._clock.monotonic_s()
        elif info["generation"] == _OLDEST and self._clock.monotonic_s() - self._began_s > _LONG_S:
            self._freeze()


def name_thread(name: str) -> None:
    """Give this thread a name that `top -H` and the like show; where the system has no such file, it has none."""
    with suppress(OSError):
        Path(f"/proc/self/task/{threading.get_native_id()}/comm").write_text(name)


class PrivateFiles:
    """Small files of the data folder that only its owner can read; what a full disk refuses is written later."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._unwritten: dict[str, str] = {}

    def local_token(self) -> Secret:
        """Return the local administrator's token; where the disk is full, a new one that is written later.

        Raises:
            AccessError: The token file is open to others, or is none.
            StoreError: It cannot be written, and not for want of space.
        """
        try:
            return read_or_create_token(self.folder)
        except OSError as error:
            if not is_disk_full(error):
                raise StoreError(f"{self.folder / TOKEN} cannot be written: {error.strerror}") from error
        _log.error("the disk is full: %s is written when there is space", self.folder / TOKEN)
        token = random_text()
        self._unwritten[TOKEN] = token + "\n"
        return Secret(token)

    def write(self, name: str, text: str) -> bool:
        """Write a file, now or later; tells whether it is there now."""
        try:
            write_private(self.folder / name, text)
        except OSError as error:
            _log.error("%s could not be written: %s", self.folder / name, error.strerror)
            self._unwritten[name] = text
            return False
        return True

    def remove_link(self) -> None:
        """Take the file with the log-in link away; one that cannot be is worth a line, and nothing else."""
        try:
            (self.folder / LINK).unlink(missing_ok=True)
        except OSError as error:
            _log.error("%s could not be removed: %s", self.folder / LINK, error.strerror)

    def write_rest(self) -> None:
        """Try what could not be written; called when samples are stored again."""
        unwritten, self._unwritten = self._unwritten, {}
        for name, text in unwritten.items():
            self.write(name, text)


def announce(files: PrivateFiles, url: str, sessions: Sessions, external_url: str = "") -> None:
    """Write the address, and show a new log-in link: on a terminal, else in a file that only its owner can read.

    `url` is where programs of this machine find the server, `external_url` where people do, if that is elsewhere. Once
    there are users no link is shown: `barograph user link` makes one.
    """
    shown = external_url.rstrip("/") or url
    if sessions.has_users:
        files.write("url", url + "\n")
        files.remove_link()
        _log.info("listening on %s; `barograph user link` makes a log-in link", url)
        return
    link = f"{shown}/login?code={sessions.make_login_code().reveal()}"
    lifetime = sessions.config.login_link_lifetime
    files.write("url", url + "\n")
    terminal = next((stream for stream in (sys.stderr, sys.stdout) if stream.isatty()), None)
    if terminal is not None:
        files.remove_link()
        print(
            f"\nBarograph is at {shown}\nOpen this link to log in (once, within {lifetime}):\n\n  {link}\n",
            file=terminal,
        )
        return
    if files.write(LINK, link + "\n"):
        _log.info("listening on %s; the log-in link is in %s (once, within %s)", url, files.folder / LINK, lifetime)
    else:
        _log.error("listening on %s; the log-in link could not be written: start on a terminal to see one", url)
