"""Where the data folder is when nobody says, and where a running server is found."""

import os
from collections.abc import Mapping
from pathlib import Path

from barograph.cli.failure import CommandError


def default_data_folder(environment: Mapping[str, str], user_id: int) -> Path:
    """Return `/var/lib/barograph` for root, else `$XDG_STATE_HOME/barograph`."""
    if user_id == 0:
        return Path("/var/lib/barograph")
    state = environment.get("XDG_STATE_HOME") or str(
        Path(environment.get("HOME", "~")).expanduser() / ".local" / "state"
    )
    return Path(state) / "barograph"


def find_server(url: str | None, data: Path | None, environment: Mapping[str, str]) -> tuple[str, str]:
    """Return the URL and token of a server: `--url`, BAROGRAPH_URL, or what is in a data folder.

    Raises:
        CommandError: No server is named anywhere, or its token cannot be read.
    """
    folder = data or default_data_folder(environment, os.geteuid())
    url = url or environment.get("BAROGRAPH_URL") or _read(folder / "url")
    if not url:
        raise CommandError(
            f"no server is known: start `barograph serve`, or name one with --url (looked in {folder})", 2
        )
    return url.rstrip("/"), _read(folder / "token")


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
