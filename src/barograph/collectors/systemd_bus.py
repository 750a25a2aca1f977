"""Asking systemd over D-Bus: the manager's state, units, properties of some. Blocking, in limits, read-only.

The interfaces are those of org.freedesktop.systemd1(5).
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from jeepney import DBusAddress, MessageType, Properties, new_method_call
from jeepney.io.blocking import open_dbus_connection
from jeepney.wrappers import unwrap_msg

from barograph.collectors.systemd_state import Asked, SystemdState, Unit

_TIMEOUT_S = 5.0
_BUS = "org.freedesktop.systemd1"
_MANAGER = DBusAddress("/org/freedesktop/systemd1", bus_name=_BUS, interface=f"{_BUS}.Manager")
_MICRO = 1e6


class SystemdBus:
    """One connection, for one question.

    Args:
        path: The system bus's socket.

    Raises:
        OSError: Nobody answers there.
    """

    def __init__(self, path: Path) -> None:
        self._connection = open_dbus_connection(f"unix:path={path}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def state(self, asked: Asked) -> SystemdState:
        """Return the manager's state and the units that are asked for.

        Raises:
            OSError, TimeoutError: The bus is gone, or does not answer in time.
            ValueError: It answers with an error, or with something else than systemd does.
        """
        manager = self._properties(_MANAGER.object_path, f"{_BUS}.Manager")
        found = SystemdState(
            version=str(manager.get("Version", "")),
            state=str(manager.get("SystemState", "")),
            virtualization=str(manager.get("Virtualization", "")) or "none",
        )
        (units,) = self._call(new_method_call(_MANAGER, "ListUnits"))
        for name, _, _, active, _, _, path, *_ in units:
            found.counts[active] = found.counts.get(active, 0) + 1
            if asked.keeps(name):
                found.units.append(self._unit(Unit(name=name, active=active), path, asked))
        return found

    def _unit(self, unit: Unit, path: str, asked: Asked) -> Unit:
        kind = unit.name.rpartition(".")[2]
        if kind == "service":
            service = self._properties(path, f"{_BUS}.Service")
            unit.type = str(service.get("Type", ""))
            if asked.restarts:
                unit.restarts = _number(service, "NRestarts")
            if asked.tasks:
                unit.tasks, unit.tasks_max = _number(service, "TasksCurrent"), _number(service, "TasksMax")
        elif kind == "timer":
            last_us = _number(self._properties(path, f"{_BUS}.Timer"), "LastTriggerUSec")
            unit.last_trigger_s = None if last_us is None else last_us / _MICRO
        elif kind == "socket":
            listening = self._properties(path, f"{_BUS}.Socket")
            unit.accepted, unit.connections = _number(listening, "NAccepted"), _number(listening, "NConnections")
            unit.refused = _number(listening, "NRefused")
        if asked.start_times:
            since_us = _number(self._properties(path, f"{_BUS}.Unit"), "ActiveEnterTimestamp")
            unit.started_s = (since_us or 0.0) / _MICRO if unit.active == "active" else 0.0
        return unit

    def _properties(self, path: str, interface: str) -> Mapping[str, Any]:
        address = DBusAddress(path, bus_name=_BUS, interface=interface)
        (values,) = self._call(Properties(address).get_all())
        return {key: value for key, (_, value) in values.items()}

    def _call(self, message: Any) -> tuple[Any, ...]:  # noqa: ANN401  the library has no types
        answer = self._connection.send_and_get_reply(message, timeout=_TIMEOUT_S)
        if answer.header.message_type is MessageType.error:
            raise ValueError(f"it refused: {answer.body[0] if answer.body else 'without a word'}")
        body: tuple[Any, ...] = unwrap_msg(answer)
        return body


def _number(values: Mapping[str, Any], key: str) -> float | None:
    """Return a property that is a number; None where it is absent, or infinity (the greatest of 64 bits)."""
    value = values.get(key)
    return None if not isinstance(value, int) or value >= 2**64 - 1 else float(value)
