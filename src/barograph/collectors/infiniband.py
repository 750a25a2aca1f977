"""The infiniband collector: ports of InfiniBand and RoCE adapters, from /sys/class/infiniband."""

import struct
from pathlib import Path

from barograph.collectors.attributes import Attributes, counter_of, listed, names_in
from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.infiniband_counters import COUNTERS, HARDWARE_COUNTERS, LIFESPAN, PortCounter
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch
from barograph.model.errors import CollectError

_INFO = gauge("node_infiniband_info", "Non-numeric data from /sys/class/infiniband/<device>, value is always 1.")
_STATE = gauge(
    "node_infiniband_state_id",
    "State of the InfiniBand port (0: no change, 1: down, 2: init, 3: armed, 4: active, 5: act defer)",
)
_PHYSICAL_STATE = gauge(
    "node_infiniband_physical_state_id",
    "Physical state of the InfiniBand port (0: no change, 1: sleep, 2: polling, 3: disable, 4: shift, 5: link up, "
    "6: link error recover, 7: phytest)",
)
_RATE = gauge("node_infiniband_rate_bytes_per_second", "Maximum signal transfer rate")
_PORT_FAMILIES = (_STATE, _PHYSICAL_STATE, _RATE)
_BYTES_IN_GIGABIT = 125_000_000
_MILLISECONDS = 1000
_NOT_COUNTED = b"N/A"  # drivers without a performance management agent write "N/A (no PMA)"
_WITH_HARDWARE_COUNTERS = ("irdma", "mlx5_")


class InfinibandConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the infiniband collector: only those of every collector."""


class InfinibandCollector:
    """Fills the values of each port that its driver has. See `model.protocols.Collector`."""

    name = "infiniband"

    def __init__(self, host: Host, config: InfinibandConfig) -> None:
        del config  # nothing of its own
        self._folder = host.paths.sysfs / "class/infiniband"
        self._names: list[tuple[str, list[str]]] = []
        self._devices: list[_Device] = []
        self._ports: list[_Port] = []
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        names = [(name, names_in(self._folder / name / "ports")) for name in listed(self._folder)]
        if names != self._names:
            self.close()
            self._devices = [_Device(self._folder / name) for name, _ in names]
            self._ports = [_Port(self._folder / name, port) for name, ports in names for port in ports]
            self._names = names
        readings = [(device.read(), 1.0) for device in self._devices]
        for port in self._ports:
            readings += port.read()
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        for device in self._devices:
            device.close()
        for port in self._ports:
            port.close()


class _Device:
    """What describes an adapter."""

    def __init__(self, folder: Path) -> None:
        self._texts = Attributes(folder, ("board_id", "fw_ver", "hca_type"))
        self._spec = SeriesSpec(_INFO, {})

    def read(self) -> SeriesSpec:
        board, firmware, kind = (text_of(text or b"") for text in self._texts.read())
        device = self._texts.folder.name
        labels = {"device": device, "board_id": board, "firmware_version": firmware, "hca_type": kind}
        if labels != self._spec.labels:
            self._spec = SeriesSpec(_INFO, labels)
        return self._spec

    def close(self) -> None:
        self._texts.close()


class _Port:
    """One port of an adapter."""

    def __init__(self, device: Path, port: str) -> None:
        folder = device / "ports" / port
        labels = {"device": device.name, "port": port}
        self._state = Attributes(folder, ("state", "phys_state", "rate"))
        self._state_specs = [SeriesSpec(family, labels) for family in _PORT_FAMILIES]
        counters = [*COUNTERS, *(HARDWARE_COUNTERS if device.name.startswith(_WITH_HARDWARE_COUNTERS) else ())]
        self._wanted = [(one, SeriesSpec(one.family, labels)) for one in counters]
        self._counters = Attributes(folder, [one.file for one in counters])
        self._lifespan = Attributes(folder, ("hw_counters/lifespan",) if len(counters) > len(COUNTERS) else ())
        self._lifespan_spec = SeriesSpec(LIFESPAN, labels)

    def read(self) -> list[Reading]:
        try:
            state, physical, rate = (content or b"" for content in self._state.read())
            values = (_identifier(state), _identifier(physical), _bytes_per_second(rate))
            readings: list[Reading] = list(zip(self._state_specs, values, strict=True))
            for (one, spec), content in zip(self._wanted, self._counters.read(), strict=True):
                if content is not None and not content.startswith(_NOT_COUNTED):
                    readings.append((spec, _count(one, content)))
            lifespans = [counter_of(content) // _MILLISECONDS for content in self._lifespan.read() if content]
            readings += [(self._lifespan_spec, float(seconds)) for seconds in lifespans]
        except ValueError as error:
            raise CollectError(f"{self._state.folder}: {error}") from error
        return readings

    def close(self) -> None:
        for part in (self._state, self._counters, self._lifespan):
            part.close()


def _identifier(content: bytes) -> float:
    """Return the number that a state opens with (`4: ACTIVE`)."""
    number, colon, _ = content.partition(b":")
    if not colon:
        raise ValueError(f"not a state with its number: {content[:40]!r}")
    return float(counter_of(number))


def _bytes_per_second(content: bytes) -> float:
    """Return a rate (`40 Gb/sec (4X QDR)`), whole bytes; node_exporter reads the number in single precision."""
    number = content.split(b" ", 1)[0]
    (gigabits,) = struct.unpack("f", struct.pack("f", float(number)))
    return float(int(gigabits * _BYTES_IN_GIGABIT))


def _count(one: PortCounter, content: bytes) -> float:
    return float(counter_of(content) * one.factor)


ENTRY = CollectorEntry(
    factory=InfinibandCollector,
    section=InfinibandConfig,
    default=True,
    summary="Ports of InfiniBand and RoCE adapters",
    files=(
        "/sys/class/infiniband/*",
        "/sys/class/infiniband/*/ports/*",
        "/sys/class/infiniband/*/ports/*/counters/*",
        "/sys/class/infiniband/*/ports/*/counters_ext/*",
        "/sys/class/infiniband/*/ports/*/hw_counters/*",
    ),
    families=(
        _INFO,
        *_PORT_FAMILIES,
        *(one.family for one in COUNTERS),
        *(one.family for one in HARDWARE_COUNTERS),
        LIFESPAN,
    ),
)
