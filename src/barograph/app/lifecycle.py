"""What happens once, around a serve: the address and the log-in link for people, and the wait for a plausible clock."""

import logging
import sys
import threading
from pathlib import Path

from barograph.identity.local_token import read_or_create_token, write_private
from barograph.identity.secrets import random_text
from barograph.identity.sessions import Sessions
from barograph.model.clock import Clock
from barograph.model.errors import StoreError
from barograph.model.secret import Secret
from barograph.tsdb.folder import is_disk_full

_log = logging.getLogger(__name__)
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


def local_token(folder: Path) -> Secret:
    """Return the local administrator's token; where the disk is full, one for this process alone.

    Raises:
        AccessError: The token file is open to others, or is none.
    """
    try:
        return read_or_create_token(folder)
    except OSError as error:
        if not is_disk_full(error):
            raise StoreError(f"{folder / 'token'} cannot be written: {error.strerror}") from error
        _log.error("the disk is full, so the token could not be written: only the log-in link below opens this server")
        return Secret(random_text())


def announce(folder: Path, url: str, sessions: Sessions) -> None:
    """Write the address, and show a new log-in link: on a terminal, else in a file that only its owner can read."""
    link = f"{url}/login?code={sessions.make_login_code().reveal()}"
    lifetime = sessions.config.login_link_lifetime
    _write(folder / "url", url + "\n")
    terminal = next((stream for stream in (sys.stderr, sys.stdout) if stream.isatty()), None)
    if terminal is not None:
        (folder / "login-link").unlink(missing_ok=True)
        print(
            f"\nBarograph is at {url}\nOpen this link to log in (once, within {lifetime}):\n\n  {link}\n", file=terminal
        )
        return
    if _write(folder / "login-link", link + "\n"):
        _log.info("listening on %s; the log-in link is in %s (once, within %s)", url, folder / "login-link", lifetime)
    else:
        _log.error("listening on %s; the log-in link could not be written: start on a terminal to see one", url)


def _write(path: Path, text: str) -> bool:
    try:
        write_private(path, text)
    except OSError as error:
        _log.error("%s could not be written: %s", path, error.strerror)
        return False
    return True
