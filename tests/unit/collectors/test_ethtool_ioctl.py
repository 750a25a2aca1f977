import ctypes
import fcntl
import struct
from pathlib import Path

import pytest

from barograph.collectors.ethtool_ioctl import Driver, EthtoolSocket, Link


def test_the_running_kernel_answers_or_refuses() -> None:
    asking = EthtoolSocket()
    for device in sorted(path.name for path in Path("/sys/class/net").iterdir() if path.is_dir()):
        try:
            driver = asking.driver(device)
        except OSError:
            continue
        assert driver.driver
        if driver.counters:
            assert len(asking.names(device, driver.counters)) == driver.counters
            assert len(asking.values(device, driver.counters)) == driver.counters
    with pytest.raises(OSError, match=r"No such device|not supported"):
        asking.link("nowhere")
    asking.close()
    asking.close()


class _Kernel:
    """Writes the answers that a driver would, where the request says."""

    def ioctl(self, _: object, request: int, interface: bytes) -> int:
        assert request == 0x8946
        name, address = struct.unpack("16sP16x", interface)
        assert name == b"eth7".ljust(16, b"\0")
        (command,) = struct.unpack("=I", ctypes.string_at(address, 4))
        answer = {
            0x1: struct.pack("=IIIHBBBBBB24x", 1, 0x2A, 0x20, 1000, 1, 0, 0, 0, 1, 0),
            0x3: struct.pack(
                "=I32s32s32s32s32s12xIIIII", 3, b"igb", b"5.6", b"3.30", b"0000:02:00.0", b"rom", 0, 2, 0, 0, 0
            ),
            0x1B: struct.pack("=III32s32s32s", 0x1B, 1, 3, b"rx_packets", b" odd", b"late"),
            0x1D: struct.pack("=IIQQQ", 0x1D, 3, 7, 2**63, 9),
        }[command]
        ctypes.memmove(address, answer, len(answer))
        return 0


def test_the_structures_of_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fcntl, "ioctl", _Kernel().ioctl)
    asking = EthtoolSocket()
    assert asking.driver("eth7") == Driver(
        driver="igb",
        version="5.6",
        firmware_version="3.30",
        bus_info="0000:02:00.0",
        expansion_rom_version="rom",
        counters=2,
    )
    assert asking.link("eth7") == Link(supported=0x2A, advertised=0x20, autonegotiates=True)
    # the driver has one counter more by now: only those that were asked for are taken
    assert asking.names("eth7", 2) == ["rx_packets", "odd"]
    assert asking.values("eth7", 2) == (7, 2**63)
    asking.close()
