"""Names and images of containers, from the socket of Docker or Podman where there is one. Never required.

A thread of its own asks, read-only and with a time limit, when a container is met that has no name yet; until it has
answered, and where nobody answers, the id stands for the name.
"""

import logging
import threading
from collections.abc import Iterable
from pathlib import Path

from barograph.collectors.cgroup.membership import ContainerName
from barograph.model.clock import Clock

_log = logging.getLogger(__name__)
SOCKETS = ("run/docker.sock", "var/run/docker.sock", "run/podman/podman.sock")
_PAUSE_S = 10.0
_MOST_KEPT = 10_000


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
        # an HTTP client, which a host without containers need not carry
        from barograph.collectors.cgroup.engine import containers_at  # noqa: PLC0415

        for path in self._sockets:
            try:
                if path.is_socket():
                    found = containers_at(path)
                    self._known = dict(list({**self._known, **found}.items())[-_MOST_KEPT:])
            except (OSError, ValueError) as error:
                _log.info("%s does not tell the names of containers: %s", path, error)
