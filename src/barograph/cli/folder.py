"""Where the data folder is when nobody says, and where a running server is found."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from barograph.cli.failure import CommandError

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A server's URL, and the token it is asked with ("" for none)."""

    url: str
    token: str


def default_data_folder(environment: Mapping[str, str], user_id: int) -> Path:
    """Return `/var/lib/barograph` for root, else `$XDG_STATE_HOME/barograph`."""
    if user_id == 0:
        return Path("/var/lib/barograph")
    state = environment.get("XDG_STATE_HOME", "")
    if not state.startswith("/"):  # a relative one is to be ignored, says the XDG specification
        state = f"{environment.get('HOME') or Path.home()}/.local/state"
    return Path(state) / "barograph"


def find_server(url: str | None, data: Path | None, environment: Mapping[str, str]) -> ServerAddress:
    """Return a server's address: `--url`, the one of `--data`, BAROGRAPH_URL, or the one of the default data folder.

    The token is BAROGRAPH_TOKEN where that is set, else that of the data folder. The latter is an administrator's: it
    goes to no other server than the folder's own.

    Raises:
        CommandError: No server is named anywhere, or its URL is none.
    """
    folder = data or default_data_folder(environment, os.geteuid())
    own = _read(folder / "url")
    named = url or (None if data is not None else environment.get("BAROGRAPH_URL"))
    if not named and not own:
        raise CommandError(
            f"no server is known: start `barograph serve`, or name one with --url (there is no {folder / 'url'})", 2
        )
    address = (named or own).rstrip("/")
    place = _place(address)
    token = environment.get("BAROGRAPH_TOKEN", "")
    if not token and own and place == _place(own):
        token = _read(folder / "token")
    return ServerAddress(address, token)


def _place(url: str) -> tuple[str, str, int | None]:
    """Return what two URLs of one server have in common: scheme, host (any name of loopback is one) and port."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname or "", parts.port
    except ValueError:  # brackets without an end, a port that is none
        scheme, host, port = "", "", None
    if not host or scheme not in ("http", "https"):
        raise CommandError(f"{url!r} is no URL of a server: write it like http://127.0.0.1:10132", 2)
    return scheme, "loopback" if host in _LOOPBACK else host, port


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}; run this as the user that serves") from error
