"""Address rules for connections that other people's code makes: what one thread connects to while it is fenced in.

The interpreter tells of each connection before it is made (an audit hook, which lasts as long as the process), so the
address that is checked is the one that is connected to, whatever notation, redirect or change of a name led there. A
thread that the fenced code starts is outside.
"""

import ipaddress
import socket
import sys
import threading
from typing import Any

from barograph.outbound.address_rules import AddressRules

_here = threading.local()
_installing = threading.Lock()
_installed = threading.Event()


class Fence:
    """A context within which this thread connects to nothing that the rules refuse: the attempt is a `PermissionError`.

    Args:
        rules: Which addresses may be reached.

    Attributes:
        refused: Why the newest attempt that was refused was; "" where none was.
    """

    def __init__(self, rules: AddressRules) -> None:
        self.refused = ""
        self._rules = rules
        self._host = ""

    def __enter__(self) -> "Fence":
        with _installing:
            if not _installed.is_set():
                sys.addaudithook(_look)
                _installed.set()
        _here.fence = self
        return self

    def __exit__(self, *_: object) -> None:
        _here.fence = None

    def looks_up(self, host: str) -> None:
        """Note the name that the next connections are for."""
        self._host = host

    def connects(self, address: Any) -> None:  # noqa: ANN401  what a socket is given
        """Let a connection pass.

        Raises:
            PermissionError: The rules refuse it.
            OSError: Its name has no address.
        """
        if not isinstance(address, tuple):
            self._refuse("a socket", "it is of this machine itself")
            return
        name = str(address[0])
        if _is_address(name):
            found, host = [name], self._host or name
        else:
            found, host = [str(each[4][0]) for each in socket.getaddrinfo(name, None)], name
        for each in found:
            refused = self._rules.refuse(host, each)
            if refused:
                self._refuse(host, refused)

    def _refuse(self, host: str, why: str) -> None:
        self.refused = f"{host} is not connected to: {why}; allow this host in the configuration if it is meant"
        raise PermissionError(self.refused)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    """Hear of everything that the interpreter does, so be quick."""
    if not event.startswith("socket."):
        return
    fence: Fence | None = getattr(_here, "fence", None)
    if fence is None:
        return
    if event == "socket.getaddrinfo":
        host = arguments[0]
        fence.looks_up(host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or ""))
    elif event in ("socket.connect", "socket.sendto") or (event == "socket.sendmsg" and arguments[1] is not None):
        fence.connects(arguments[1])


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True
