"""The systemd collector: units, their states, timers and sockets, from systemd over D-Bus, with node_exporter's names.

Asking every unit takes systemd itself time, so a thread of its own asks every few seconds and the tick shows what it
heard last. On where there is a bus; a bus that hangs or goes away costs these metrics only.
"""

import threading
from pathlib import Path

from barograph.collectors.base import CollectorSection, Host
from barograph.collectors.entry import CollectorEntry
from barograph.collectors.filters import compile_pattern
from barograph.collectors.readings import PlainCollector, Reading
from barograph.collectors.systemd_families import FAMILIES, readings_of
from barograph.collectors.systemd_state import Asked
from barograph.model.errors import CollectError, ConfigError, NoDataError
from barograph.model.units import Duration

_SOCKETS = ("run/dbus/system_bus_socket", "var/run/dbus/system_bus_socket")
_FIRST_WAIT_S = 0.3
_OLDEST_REFRESHES = 4
"""What was heard is shown for so many refreshes; then systemd counts as silent."""


class SystemdConfig(CollectorSection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Section `collectors.systemd`.

    Attributes:
        unit_include: A regex (RE2) which a unit's whole name must match.
        unit_exclude: A regex (RE2) of whole names that are left out.
        enable_task_metrics: Show how many tasks services have, and may have.
        enable_restarts_metrics: Show how often services were restarted.
        enable_start_time_metrics: Show when units became active.
        refresh: How often systemd is asked.
    """

    unit_include: str = ".+"
    unit_exclude: str = r".+\.(automount|device|mount|scope|slice)"
    enable_task_metrics: bool = False
    enable_restarts_metrics: bool = False
    enable_start_time_metrics: bool = False
    refresh: Duration = Duration.parse("5s")


class SystemdCollector(PlainCollector):
    """Fills six values for each unit. See `model.protocols.Collector`.

    Raises:
        ConfigError: An option cannot be used.
    """

    name = "systemd"

    def __init__(self, host: Host, config: SystemdConfig) -> None:
        super().__init__()
        if config.refresh.ms < 1000:
            raise ConfigError(f"{config.refresh} is too short: 1s is the shortest", path="collectors.systemd.refresh")
        self._config = config
        self._clock = host.clock
        self._root = host.paths.rootfs
        include = compile_pattern("collectors.systemd.unit_include", f"^(?:{config.unit_include})$")
        exclude = compile_pattern("collectors.systemd.unit_exclude", f"^(?:{config.unit_exclude})$")
        self._asked = Asked(
            keeps=lambda name: bool(include.search(name)) and not exclude.search(name),
            tasks=config.enable_task_metrics,
            restarts=config.enable_restarts_metrics,
            start_times=config.enable_start_time_metrics,
        )
        self._heard: tuple[float, list[Reading]] | None = None
        self._error = ""
        self._asking: threading.Thread | None = None
        self._due_s = float("-inf")

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        path = next((self._root / name for name in _SOCKETS if _is_socket(self._root / name)), None)
        if path is None:
            raise NoDataError("there is no system bus: /run/dbus/system_bus_socket is no socket")
        now_s = self._clock.monotonic_s()
        if now_s >= self._due_s and (self._asking is None or not self._asking.is_alive()):
            self._due_s = now_s + self._config.refresh.ms / 1000
            self._asking = threading.Thread(target=self._ask, args=(path,), name="systemd", daemon=True)
            self._asking.start()
            if self._heard is None:
                self._asking.join(_FIRST_WAIT_S)
        if self._heard is None or now_s - self._heard[0] > _OLDEST_REFRESHES * self._config.refresh.ms / 1000:
            if self._error:
                raise CollectError(self._error)
            raise NoDataError("systemd has not answered yet")
        return self._heard[1]

    def join(self) -> None:
        """Wait for the question under way."""
        if self._asking is not None:
            self._asking.join()

    def _ask(self, path: Path) -> None:
        # two megabytes that a host without a bus need not carry
        from barograph.collectors.systemd_bus import SystemdBus  # noqa: PLC0415

        try:
            with SystemdBus(path) as bus:
                readings = readings_of(bus.state(self._asked))
        except (OSError, ValueError, TimeoutError) as error:
            self._error = f"systemd does not answer at {path}: {error}"
            return
        self._heard = (self._clock.monotonic_s(), readings)
        self._error = ""


def _is_socket(path: Path) -> bool:
    try:
        return path.is_socket()
    except OSError:  # the folder may not be looked into
        return False


ENTRY = CollectorEntry(
    factory=SystemdCollector,
    section=SystemdConfig,
    default=True,
    summary="systemd's units and their states",
    files=("/run/dbus/system_bus_socket (org.freedesktop.systemd1)",),
    families=FAMILIES,
)
