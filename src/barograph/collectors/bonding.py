"""The bonding collector: how many devices of each bond are up, from /sys/class/net."""

from pathlib import Path

from barograph.collectors.base import CollectorSection, Host, SeriesSpec, gauge, text_of
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.procfs import KeptFile
from barograph.collectors.readings import Reading, ReadingFrame
from barograph.model.batch import Batch
from barograph.model.errors import NoDataError

_SLAVES = gauge("node_bonding_slaves", "Number of configured slaves per bonding interface.")
_ACTIVE = gauge("node_bonding_active", "Number of active slaves per bonding interface.")


class BondingConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the bonding collector: only those of every collector."""


class BondingCollector:
    """Counts the devices of bonds. See `model.protocols.Collector`."""

    name = "bonding"

    def __init__(self, host: Host, config: BondingConfig) -> None:
        del config  # nothing of its own
        self._folder = host.paths.sysfs / "class/net"
        self._masters = KeptFile(self._folder / "bonding_masters")
        self._files: dict[Path, KeptFile] = {}
        self._specs: dict[str, tuple[SeriesSpec, SeriesSpec]] = {}
        self._frame = ReadingFrame(self.name)

    def collect(self, timestamp_ms: int) -> Batch:
        """See `model.protocols.Collector`."""
        readings: list[Reading] = []
        for master in self._masters.read().split():
            name = text_of(master)
            slaves = [text_of(slave) for slave in self._read(self._folder / name / "bonding/slaves").split()]
            active = sum(self._is_up(name, slave) for slave in slaves)
            specs = self._specs.setdefault(name, _specs_of(name))
            readings += [(specs[0], float(len(slaves))), (specs[1], float(active))]
        return self._frame.batch(readings, timestamp_ms)

    def close(self) -> None:
        """Close what is open."""
        self._masters.close()
        for file in self._files.values():
            file.close()
        self._files.clear()

    def _is_up(self, master: str, slave: str) -> bool:
        """Tell whether the bond sends over this device; kernels before 3.13 link it under another name."""
        try:
            state = self._read(self._folder / master / f"lower_{slave}/bonding_slave/mii_status")
        except NoDataError:
            state = self._read(self._folder / master / f"slave_{slave}/bonding_slave/mii_status")
        return state.strip() == b"up"

    def _read(self, path: Path) -> bytes:
        file = self._files.setdefault(path, KeptFile(path))
        try:
            return file.read()
        except NoDataError:
            del self._files[path]
            raise


def _specs_of(master: str) -> tuple[SeriesSpec, SeriesSpec]:
    return SeriesSpec(_SLAVES, {"master": master}), SeriesSpec(_ACTIVE, {"master": master})


ENTRY = CollectorEntry(
    factory=BondingCollector,
    section=BondingConfig,
    default=True,
    summary="Devices of bonds, and how many are up",
    files=(
        "/sys/class/net/bonding_masters",
        "/sys/class/net/*/bonding/slaves",
        "/sys/class/net/*/lower_*/bonding_slave/mii_status",
    ),
    families=(_SLAVES, _ACTIVE),
)
