"""Listening sockets: bound by the keeper, inherited by each front, so that a front's death closes no door.

Called by `app/keeper.py`. Addresses are `HOST:PORT`, with IPv6 in brackets; port 0 lets the kernel choose.
"""

import errno
import ipaddress
import os
import re
import socket
import stat
from pathlib import Path

from barograph.model.errors import ConfigError

_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<four>[^:\[\]]*)):(?P<port>\d{1,5})")
_UNIX = "unix:"
_SOCKET_MODE = 0o660
"""A proxy of the same group may connect."""


def parse_address(text: str) -> tuple[str, int]:
    """Split `HOST:PORT` or `[::1]:PORT`; of `unix:/PATH` the host is the path, and the port 0.

    Raises:
        ConfigError: The text is no address, or the port is out of range.
    """
    if text.startswith(_UNIX + "/"):
        return text.removeprefix(_UNIX), 0
    found = _ADDRESS.fullmatch(text)
    if found is None or int(found["port"]) > 65535:
        raise ConfigError(
            f"{text!r} is not an address to listen on: write it like 127.0.0.1:10132 or [::1]:10132", path="web.listen"
        )
    return found["six"] or found["four"] or "0.0.0.0", int(found["port"])  # noqa: S104  what an empty host means


def is_loopback(address: str) -> bool:
    """Tell whether an address reaches this machine only."""
    host = parse_address(address)[0]
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def bind(addresses: tuple[str, ...]) -> list[socket.socket]:
    """Bind and listen on every address; all or none.

    Raises:
        ConfigError: An address is taken, not this machine's, or needs a privilege; it says which and what to do.
    """
    sockets: list[socket.socket] = []
    try:
        sockets.extend(_bind_one(address) for address in addresses)
    except ConfigError:
        for listening in sockets:
            listening.close()
        raise
    return sockets


def remove_sockets(addresses: tuple[str, ...]) -> None:
    """Remove the files of unix sockets, at the end."""
    for address in addresses:
        host, _ = parse_address(address)
        if host.startswith("/"):
            Path(host).unlink(missing_ok=True)


def url_of(listening: socket.socket, *, is_tls: bool = False) -> str:
    """Return the URL of a listening socket; a wildcard address is named by loopback."""
    host, port = listening.getsockname()[:2]
    scheme = "https" if is_tls else "http"
    if host in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        host = "127.0.0.1" if listening.family == socket.AF_INET else "::1"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def _bind_one(address: str) -> socket.socket:
    host, port = parse_address(address)
    if host.startswith("/"):
        return _bind_unix(Path(host))
    try:
        family, _, _, _, target = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {address}: {host!r} names no address ({error})", path="web.listen"
        ) from error
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listening.bind(target)
        listening.listen(512)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise ConfigError(_explain(error, address, port), path="web.listen") from error
    return listening


def _bind_unix(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        # bound under a name that nobody knows, so that nobody connects before its mode is right
        hidden = path.with_name(f".{path.name}.{os.getpid()}")
        listening.bind(str(hidden))
        hidden.chmod(_SOCKET_MODE)
        listening.listen(512)
        listening.setblocking(False)
        hidden.rename(path)
    except OSError as error:
        listening.close()
        words = f"cannot listen on {_UNIX}{path}: {error.strerror or error}"
        raise ConfigError(words, path="web.listen") from error
    return listening


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens on any more; anything else stays, and is an error."""
    if not path.exists():
        return
    if not stat.S_ISSOCK(path.stat().st_mode):
        raise OSError(errno.EEXIST, "there is a file of this name that is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "another program listens there")


def _explain(error: OSError, address: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        holder = port_holder(port)
        by = f"by {holder}" if holder else "by another program"
        return (
            f"{address} is taken {by}; stop it, or choose another port: barograph serve --listen 127.0.0.1:{port + 1}"
        )
    if error.errno == errno.EACCES:
        return f"{address} needs root, as every port below 1024 does; choose one above, such as 127.0.0.1:10132"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address} is no address of this machine; choose one that `ip address` shows, or 127.0.0.1:{port}"
    return f"cannot listen on {address}: {error.strerror}"


def port_holder(port: int, procfs: Path = Path("/proc")) -> str:
    """Return `name (pid N)` of the process that listens on a TCP port, or "" where it cannot be told."""
    inodes = set()
    for table in ("net/tcp", "net/tcp6"):
        try:
            lines = (procfs / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    if not inodes:
        return ""
    for folder in procfs.glob("[0-9]*"):
        try:
            if any(str(link.readlink()) in inodes for link in (folder / "fd").iterdir()):
                return f"{(folder / 'comm').read_text().strip()} (pid {folder.name})"
        except OSError:
            continue  # ended meanwhile, or not ours to look at
    return ""
