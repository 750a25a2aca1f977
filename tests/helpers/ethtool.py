"""Drivers of network devices that no test machine has, in place of the kernel's answers to SIOCETHTOOL."""

import errno

import pytest

from barograph.collectors.ethtool_ioctl import Driver, EthtoolSocket, Link


class FakeDrivers:
    """One device, eth7, with a driver that tells everything; the others tell nothing."""

    def __init__(self) -> None:
        self.counters = {"rx_bytes": 1, "tx_queue_0_drops": 2, "  Odd.Rx-name": 3, "odd_rx_name": 4}
        self.names_asked = 0
        self.driver_name = "mlx5_core"
        self.fails = False

    def install(self, monkeypatch: pytest.MonkeyPatch) -> "FakeDrivers":
        """Take the kernel's place."""
        for name in ("driver", "link", "names", "values"):
            monkeypatch.setattr(EthtoolSocket, name, getattr(self, name))
        return self

    def driver(self, device: str) -> Driver:
        self._check(device)
        return Driver(
            driver=self.driver_name,
            version="6.1",
            firmware_version="16.35",
            bus_info="0000:01:00.0",
            expansion_rom_version="",
            counters=len(self.counters),
        )

    def link(self, device: str) -> Link:
        self._check(device)
        # TP, 1000baseT/Full, pause; offered: 1000baseT/Full and negotiation
        return Link(supported=1 << 7 | 1 << 5 | 1 << 13, advertised=1 << 5 | 1 << 6, autonegotiates=True)

    def names(self, device: str, count: int) -> list[str]:
        self._check(device)
        self.names_asked += 1
        return list(self.counters)[:count]

    def values(self, device: str, count: int) -> tuple[int, ...]:
        self._check(device)
        if self.fails:
            raise OSError(errno.EIO, "gone")
        return tuple(self.counters.values())[:count]

    def _check(self, device: str) -> None:
        if device != "eth7":
            raise OSError(errno.EOPNOTSUPP, "not supported")
