"""What drivers of network devices tell through SIOCETHTOOL: their names, their counters, the modes of the link.

Used by the ethtool collector. The structures are those of include/uapi/linux/ethtool.h.
"""

import array
import fcntl
import socket
import struct
from dataclasses import dataclass

_SIOCETHTOOL = 0x8946
_GSET = 0x1
_GDRVINFO = 0x3
_GSTRINGS = 0x1B
_GSTATS = 0x1D
_SS_STATS = 1
_REQUEST = struct.Struct("16sP16x")  # name of the device, where the structure is
_DRIVER = struct.Struct("=4x32s32s32s32s32s12xIIIII")
_LINK = struct.Struct("=4xII6xB25x")  # supported, advertised, whether it negotiates
_STRING_BYTES = 32
_HEAD = struct.Struct("=III")
_STATS_HEAD = struct.Struct("=II")
# the kernel writes as many counters as there are when it is asked, however many there were a moment before
_SPARE = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """Who drives a device, and how many counters it has."""

    driver: str
    version: str
    firmware_version: str
    bus_info: str
    expansion_rom_version: str
    counters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The modes of a link as bits (`enum ethtool_link_mode_bit_indices`, the first 32)."""

    supported: int
    advertised: int
    autonegotiates: bool


class EthtoolSocket:
    """Asks drivers. Used by one thread at a time. Its methods raise OSError where a driver does not answer."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    def driver(self, device: str) -> Driver:
        """Return who drives a device."""
        fields = _DRIVER.unpack(self._ask(device, struct.pack("=I", _GDRVINFO), _DRIVER.size))
        texts = [_text(field) for field in fields[:5]]
        return Driver(
            driver=texts[0],
            version=texts[1],
            firmware_version=texts[2],
            bus_info=texts[3],
            expansion_rom_version=texts[4],
            counters=fields[6],
        )

    def link(self, device: str) -> Link:
        """Return the modes of a device's link."""
        answer = self._ask(device, struct.pack("=I", _GSET), _LINK.size)
        supported, advertised, autonegotiates = _LINK.unpack(answer)
        return Link(supported=supported, advertised=advertised, autonegotiates=bool(autonegotiates))

    def names(self, device: str, count: int) -> list[str]:
        """Return the names of a device's counters, of which there are `count`."""
        head = _HEAD.pack(_GSTRINGS, _SS_STATS, count)
        answer = self._ask(device, head, _HEAD.size + (count + _SPARE) * _STRING_BYTES)
        found = _HEAD.unpack_from(answer)[2]
        starts = range(_HEAD.size, _HEAD.size + min(found, count) * _STRING_BYTES, _STRING_BYTES)
        return [_text(answer[start : start + _STRING_BYTES]) for start in starts]

    def values(self, device: str, count: int) -> tuple[int, ...]:
        """Return a device's counters, of which there are `count`; fewer where some went meanwhile."""
        answer = self._ask(device, _STATS_HEAD.pack(_GSTATS, count), _STATS_HEAD.size + (count + _SPARE) * 8)
        found = min(_STATS_HEAD.unpack_from(answer)[1], count)
        return struct.unpack_from(f"={found}Q", answer, _STATS_HEAD.size)

    def close(self) -> None:
        """Close the socket; the next request opens it again."""
        opened, self._socket = self._socket, None
        if opened is not None:
            opened.close()

    def _ask(self, device: str, head: bytes, size_bytes: int) -> bytes:
        if self._socket is None:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        data = array.array("B", head.ljust(size_bytes, b"\0"))
        fcntl.ioctl(self._socket, _SIOCETHTOOL, _REQUEST.pack(device.encode(), data.buffer_info()[0]))
        return data.tobytes()


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "replace").strip()
