"""Names and images of containers, from the socket of Docker or Podman where there is one. Never required.

A thread of its own asks, read-only and with a time limit, when a container is met that has no name yet; until it has
answered, and where nobody answers, the id stands for the name.
"""

import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from barograph.model.clock import Clock

_log = logging.getLogger(__name__)
SOCKETS = ("run/docker.sock", "var/run/docker.sock", "run/podman/podman.sock")
_TIMEOUT_S = 2.0
_PAUSE_S = 10.0
_LARGEST_BYTES = 16 << 20
_MOST_KEPT = 10_000


class ContainerName(NamedTuple):
    """What people call a container, and what it was made of."""

    name: str
    image: str


class ContainerNames:
    """Knows containers by id.

    Args:
        rootfs: The host's root, below which the sockets are.
        clock: Measures the pause between two questions.
    """

    def __init__(self, rootfs: Path, clock: Clock) -> None:
        self._sockets = [rootfs / path for path in SOCKETS]
        self._clock = clock
        self._known: dict[str, ContainerName] = {}
        self._asking: threading.Thread | None = None
        self._asked_s = float("-inf")

    def name(self, container: str) -> ContainerName:
        """Return what is known of a container; its id where nothing is."""
        return self._known.get(container) or ContainerName(container, "")

    def look_for(self, containers: Iterable[str]) -> None:
        """Have the sockets asked for those that have no name yet; returns at once."""
        if all(container in self._known for container in containers):
            return
        now_s = self._clock.monotonic_s()
        if now_s - self._asked_s < _PAUSE_S or (self._asking is not None and self._asking.is_alive()):
            return
        self._asked_s = now_s
        self._asking = threading.Thread(target=self._ask, name="container-names", daemon=True)
        self._asking.start()

    def join(self) -> None:
        """Wait for the question under way."""
        if self._asking is not None:
            self._asking.join()

    def _ask(self) -> None:
        for path in self._sockets:
            try:
                if path.is_socket():
                    found = _containers(path)
                    self._known = dict(list({**self._known, **found}.items())[-_MOST_KEPT:])
            except (OSError, ValueError, http.client.HTTPException) as error:
                _log.info("%s does not tell the names of containers: %s", path, error)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket of the file system."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _containers(path: Path) -> dict[str, ContainerName]:
    """Ask for the containers that run (GET /containers/json of Docker's Engine API, which Podman has too)."""
    connection = _UnixConnection(path)
    try:
        connection.request("GET", "/containers/json")
        answer = connection.getresponse()
        body = answer.read(_LARGEST_BYTES)
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
