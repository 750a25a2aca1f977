"""What systemd says -> readings with node_exporter's names. No I/O."""

from collections.abc import Iterator

from barograph.collectors.base import SeriesSpec, counter, gauge
from barograph.collectors.readings import Reading
from barograph.collectors.systemd_state import SystemdState, Unit

_STATES = ("active", "activating", "deactivating", "inactive", "failed")
_STATE = gauge("node_systemd_unit_state", "Whether a unit is in this state.")
_UNITS = gauge("node_systemd_units", "How many units are in this state.")
_RUNNING = gauge("node_systemd_system_running", "Whether the system is running, with no unit failed.")
_VERSION = gauge("node_systemd_version", "systemd's version.")
_VIRTUALIZATION = gauge("node_systemd_virtualization_info", "The virtualization that systemd found; always 1.")
_START = gauge("node_systemd_unit_start_time_seconds", "When a unit became active, since 1970; 0 where it is not.")
_TASKS = gauge("node_systemd_unit_tasks_current", "How many tasks a unit has.")
_TASKS_MAX = gauge("node_systemd_unit_tasks_max", "How many tasks a unit may have.")
_RESTARTS = counter("node_systemd_service_restart_total", "How often a service was started again.")
_TRIGGER = gauge("node_systemd_timer_last_trigger_seconds", "When a timer was due last, since 1970.")
_ACCEPTED = counter("node_systemd_socket_accepted_connections_total", "Connections that a socket accepted.")
_CONNECTIONS = gauge("node_systemd_socket_current_connections", "Connections of a socket that are open.")
_REFUSED = counter("node_systemd_socket_refused_connections_total", "Connections that a socket refused.")
FAMILIES = (
    _STATE, _UNITS, _RUNNING, _VERSION, _VIRTUALIZATION, _START, _TASKS, _TASKS_MAX, _RESTARTS, _TRIGGER, _ACCEPTED,
    _CONNECTIONS, _REFUSED,
)  # fmt: skip


def readings_of(state: SystemdState) -> list[Reading]:
    """Return the readings of what systemd said."""
    readings: list[Reading] = [
        (SeriesSpec(_RUNNING, {}), float(state.state == "running")),
        (SeriesSpec(_VERSION, {"version": state.version}), _version(state.version)),
        (SeriesSpec(_VIRTUALIZATION, {"virtualization_type": state.virtualization}), 1.0),
    ]
    readings += [(SeriesSpec(_UNITS, {"state": name}), float(state.counts.get(name, 0))) for name in _STATES]
    return readings + [reading for unit in state.units for reading in _unit(unit)]


def _unit(unit: Unit) -> Iterator[Reading]:
    labels = {"name": unit.name}
    for name in _STATES:
        yield SeriesSpec(_STATE, {**labels, "state": name, "type": unit.type}), float(unit.active == name)
    values = (
        (_START, unit.started_s),
        (_TASKS, unit.tasks),
        (_TASKS_MAX, unit.tasks_max),
        (_RESTARTS, unit.restarts),
        (_TRIGGER, unit.last_trigger_s),
        (_ACCEPTED, unit.accepted),
        (_CONNECTIONS, unit.connections),
        (_REFUSED, unit.refused),
    )
    for family, value in values:
        if value is not None:
            yield SeriesSpec(family, labels), value


def _version(text: str) -> float:
    """Return the number of a version such as `252.38-1~deb12u1`: what stands before anything that is none."""
    digits = ""
    for character in text:
        if not (character.isdigit() or (character == "." and "." not in digits)):
            break
        digits += character
    return float(digits.rstrip(".") or 0)
