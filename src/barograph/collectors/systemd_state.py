"""What is asked of systemd, and what it says. No I/O, and no D-Bus."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for."""

    keeps: Callable[[str], bool]
    tasks: bool
    restarts: bool
    start_times: bool


@dataclass(slots=True, kw_only=True)
class Unit:
    """One unit as systemd has it."""

    name: str
    active: str
    type: str = ""
    """Of a service: simple, forking, notify, ..."""
    tasks: float | None = None
    tasks_max: float | None = None
    restarts: float | None = None
    started_s: float | None = None
    last_trigger_s: float | None = None
    """Of a timer."""
    accepted: float | None = None
    """Of a socket: connections that were accepted; the next two, those that are open and those that were refused."""
    connections: float | None = None
    refused: float | None = None


@dataclass(slots=True, kw_only=True)
class SystemdState:
    """What systemd said."""

    version: str = ""
    state: str = ""
    virtualization: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    """Units by their active state, those included that are not asked for."""
    units: list[Unit] = field(default_factory=list)
