"""Many requests on few connections: pipelined where the server keeps the connection, one by one where it does not."""

import socket
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress

from helpers.hostile import address_of

_MARK = b"HTTP/1.1 "


class Flood:
    """Sends whole requests and counts the statuses of what comes back. Used by one thread."""

    def __init__(self, url: str, timeout_s: float = 20.0) -> None:
        self._address = address_of(url)
        self._timeout_s = timeout_s
        self.statuses = Counter[int]()
        self.kept: list[bytes] = []
        """The first answers of 5xx, with their heads."""

    def pipelined(self, requests: Sequence[bytes]) -> None:
        """Send requests that are well framed on one connection, and wait for as many answers or its end."""
        with socket.create_connection(self._address, timeout=self._timeout_s) as connection:
            with suppress(ConnectionResetError, BrokenPipeError):  # what came before is still there to be read
                connection.sendall(b"".join(requests))
            self._count(self._read(connection, len(requests)))

    def alone(self, requests: Iterable[bytes]) -> None:
        """Send each of the requests on a connection of its own, and close our side."""
        for data in requests:
            with socket.create_connection(self._address, timeout=self._timeout_s) as connection:
                with suppress(OSError):  # refused before it was whole
                    connection.sendall(data)
                    connection.shutdown(socket.SHUT_WR)
                self._count(self._read(connection, 1 << 30))

    def _read(self, connection: socket.socket, answers: int) -> bytes:
        received = bytearray()
        with suppress(TimeoutError, ConnectionResetError):
            while received.count(_MARK) < answers and (piece := connection.recv(1 << 18)):
                received += piece
        return bytes(received)

    def _count(self, received: bytes) -> None:
        for part in received.split(_MARK)[1:]:
            if part[:3].isdigit():
                status = int(part[:3])
                self.statuses[status] += 1
                if status >= 500 and len(self.kept) < 20:
                    self.kept.append(part[:600])

    @property
    def server_errors(self) -> int:
        """Answers of 5xx but 503, which says that a limit is reached and when to come again."""
        return sum(number for status, number in self.statuses.items() if status >= 500 and status != 503)
