"""Netlink: what the kernel says of its network over a socket rather than a file.

A small reader for requests that list things (dumps). Used by arp, qdisc, wifi and others that no file tells; it knows
messages and attributes, never what they mean.
"""

import errno
import os
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

from barograph.model.errors import CollectError, NoDataError

NETLINK_ROUTE = 0
NETLINK_SOCK_DIAG = 4
NETLINK_GENERIC = 16

_REQUEST = 0x1
_DUMP = 0x300
_ERROR = 2
_DONE = 3
_MESSAGE = struct.Struct("=IHHII")  # length, kind, flags, sequence, port
_ATTRIBUTE = struct.Struct("=HH")  # length, kind
_CODE = struct.Struct("=i")
_KIND_MASK = 0x3FFF  # above it: nested, byte order
_RECEIVE_BYTES = 32 * 1024  # the kernel puts no more into a datagram of a dump
_TIMEOUT_SECONDS = 2.0
_NOT_SUPPORTED = frozenset({errno.EAFNOSUPPORT, errno.EPROTONOSUPPORT, errno.ENOENT, errno.EOPNOTSUPP})


class Message(NamedTuple):
    """A message of an answer, without its header."""

    kind: int
    body: bytes


class NetlinkSocket:
    """A socket that stays open between samples. Used by one thread at a time.

    Args:
        protocol: Which part of the kernel answers (`NETLINK_ROUTE`, ...).
    """

    def __init__(self, protocol: int) -> None:
        self._protocol = protocol
        self._socket: socket.socket | None = None
        self._sequence = 0

    def dump(self, kind: int, body: bytes) -> list[Message]:
        """Ask for everything of a kind and return the messages of the answer.

        Raises:
            NoDataError: This kernel has no such protocol or no such thing.
            CollectError: The kernel refuses, or does not answer within two seconds.
        """
        return self._ask(kind, body, _DUMP)

    def ask(self, kind: int, body: bytes) -> list[Message]:
        """Ask for one thing and return the messages of the answer. Raises as `dump`."""
        return self._ask(kind, body, 0)

    def close(self) -> None:
        """Close the socket; the next request opens it again."""
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()

    def _ask(self, kind: int, body: bytes, flags: int) -> list[Message]:
        try:
            link = self._open()
            self._sequence += 1
            header = _MESSAGE.pack(_MESSAGE.size + len(body), kind, _REQUEST | flags, self._sequence, 0)
            link.send(header + body)
            return self._receive(link, is_dump=flags == _DUMP)
        except OSError as error:
            self.close()
            reason = os.strerror(error.errno) if error.errno else str(error)
            if error.errno in _NOT_SUPPORTED:
                raise NoDataError(f"netlink protocol {self._protocol} has no such thing here ({reason})") from error
            raise CollectError(f"netlink protocol {self._protocol}, request {kind}: {reason}") from error

    def _open(self) -> socket.socket:
        if self._socket is None:
            link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, self._protocol)
            link.settimeout(_TIMEOUT_SECONDS)
            link.bind((0, 0))
            self._socket = link
        return self._socket

    def _receive(self, link: socket.socket, *, is_dump: bool) -> list[Message]:
        """Read datagrams until the answer is complete. Messages of an earlier request that was given up are dropped."""
        found: list[Message] = []
        while True:
            data = link.recv(_RECEIVE_BYTES)
            offset = 0
            while offset + _MESSAGE.size <= len(data):
                length, kind, _, sequence, _ = _MESSAGE.unpack_from(data, offset)
                body = data[offset + _MESSAGE.size : offset + length]
                offset += max(_aligned(length), _MESSAGE.size)
                if sequence != self._sequence:
                    continue
                if kind in (_ERROR, _DONE):
                    code = _CODE.unpack_from(body)[0] if len(body) >= _CODE.size else 0
                    if code < 0:
                        raise OSError(-code, os.strerror(-code))
                    return found
                found.append(Message(kind, body))
                if not is_dump:
                    return found


def attributes(body: bytes, offset: int = 0) -> dict[int, bytes]:
    """Return the attributes that stand behind `offset`, by kind; of a kind that comes again the last."""
    return dict(each_attribute(body, offset))


def each_attribute(body: bytes, offset: int = 0) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of each attribute that stands behind `offset`; what is cut short ends them."""
    while offset + _ATTRIBUTE.size <= len(body):
        length, kind = _ATTRIBUTE.unpack_from(body, offset)
        if length < _ATTRIBUTE.size or offset + length > len(body):
            return
        yield kind & _KIND_MASK, body[offset + _ATTRIBUTE.size : offset + length]
        offset += _aligned(length)


def attribute(kind: int, content: bytes) -> bytes:
    """Return an attribute as a request has it."""
    length = _ATTRIBUTE.size + len(content)
    return _ATTRIBUTE.pack(length, kind) + content + b"\0" * (_aligned(length) - length)


def name_of_device(index: int) -> str | None:
    """Return the name of a network device, or None where it is gone."""
    try:
        return socket.if_indextoname(index)
    except OSError:
        return None


def _aligned(length: int) -> int:
    return (length + 3) & ~3
