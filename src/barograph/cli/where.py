"""Who answers a command's question: the server that is named, the data folder's own, or the folder itself."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from barograph.cli.failure import CommandError
from barograph.cli.folder import ServerAddress, find_server
from barograph.client.client import Client
from barograph.model.errors import LinkError

T = TypeVar("T")


def asked(ask: Callable[[Client], T], url: str | None, data: Path | None) -> T:
    """Return what `ask` makes of a client.

    Args:
        ask: Puts the question.
        url: `--url`.
        data: `--data`: its server, or while none runs the folder itself.

    Raises:
        CommandError: The folder is none, or cannot be read.
        BarographError: What the client raises.
    """
    if url is not None or data is None:
        return _ask_server(ask, find_server(url, data, os.environ))
    try:
        if not data.is_dir():
            raise CommandError(f"{data} is no folder", 2)
        if (data / "url").exists():
            return _ask_server(ask, find_server(None, data, os.environ))
    except LinkError:
        pass  # its server has ended
    except PermissionError as error:
        raise CommandError(f"{data} cannot be read: {error.strerror}; run this as the user that serves") from error
    print(f"barograph: no server answers for {data}: reading the folder itself", file=sys.stderr)
    with Client(data) as client:
        return ask(client)


def _ask_server(ask: Callable[[Client], T], server: ServerAddress) -> T:
    with Client(server.url, server.token) as client:
        return ask(client)
