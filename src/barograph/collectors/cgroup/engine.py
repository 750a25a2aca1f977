"""Asking Docker's or Podman's engine over its socket. Blocking, with a time limit, read-only."""

import http.client
import json
import socket
from collections.abc import Mapping
from pathlib import Path

from barograph.collectors.cgroup.membership import ContainerName

_TIMEOUT_S = 2.0
_LARGEST_BYTES = 16 << 20


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket of the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def containers_at(path: Path) -> dict[str, ContainerName]:
    """Ask for the containers that run (GET /containers/json of Docker's Engine API, which Podman has too).

    Raises:
        OSError: Nobody answers there in time.
        ValueError: It answers with something else.
    """
    connection = _UnixConnection(path)
    try:
        connection.request("GET", "/containers/json")
        answer = connection.getresponse()
        body = answer.read(_LARGEST_BYTES)
    except http.client.HTTPException as error:
        raise ValueError(f"it speaks no HTTP: {error}") from error
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise ValueError(f"it answered with status {answer.status}")
    rows = json.loads(body)
    if not isinstance(rows, list):
        raise ValueError("it answered with something other than a list")
    return {row["Id"]: _named(row) for row in rows if isinstance(row, dict) and isinstance(row.get("Id"), str)}


def _named(row: Mapping[str, object]) -> ContainerName:
    names = row.get("Names")
    first = str(names[0]).removeprefix("/") if isinstance(names, list) and names else str(row["Id"])
    return ContainerName(first, str(row.get("Image", "")))
