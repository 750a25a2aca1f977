"""What the web room is built from. `app/front.py` fills it in; nothing in web builds any of it."""

import math
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from barograph.identity.gatekeeper import Gatekeeper
from barograph.identity.throttle import AttemptLimit
from barograph.model.alert_replies import AlertsNow
from barograph.model.batch import Schema
from barograph.model.clock import Clock
from barograph.model.columns import SeriesRun
from barograph.model.commands import Commands, KeeperStatus
from barograph.model.matcher import Matcher
from barograph.model.processes import ProcessLog
from barograph.model.protocols import Querier
from barograph.model.sample import FloatArray
from barograph.promql.engine import Engine
from barograph.telemetry.metrics import Telemetry
from barograph.web.config import WebConfig

_KEEPER_FRESH_S = 15.0
"""The keeper's loop speaks every two seconds: a machine under load may be late, a loop that hangs is later."""


async def _is_fresh() -> None:
    """Stand for a store that is always up to date."""


Exposition = Callable[[], list[tuple[Schema, FloatArray]]]


@dataclass(slots=True)
class Now:
    """What changes while the front runs: the keeper's newest snapshot and tick, and who waits for what.

    Attributes:
        status: The keeper's newest snapshot.
        tick_ms: The newest tick, 0 before the first.
        alerts: How alerts stand; None before the keeper has said.
        failing: Which part of the keeper does not live, and why; "" where all do.
        heard_s: When the keeper last said that it lives, by the monotonic clock.
        on_tick: Called with each tick's instant.
        on_alerts: Called when something about alerts has changed.
        on_session_end: Called with the id of a session that was ended here.
        on_close: Called once, when the front ends.
    """

    status: KeeperStatus | None = None
    tick_ms: int = 0
    alerts: AlertsNow | None = None
    failing: str = ""
    heard_s: float = math.inf
    on_alerts: list[Callable[[AlertsNow], None]] = field(default_factory=list)
    on_tick: list[Callable[[int], None]] = field(default_factory=list)
    on_session_end: list[Callable[[str], None]] = field(default_factory=list)
    on_close: list[Callable[[], None]] = field(default_factory=list)

    def ticked(self, timestamp_ms: int) -> None:
        """Note a tick and tell those who wait."""
        self.tick_ms = timestamp_ms
        for listener in list(self.on_tick):
            listener(timestamp_ms)

    def alerts_changed(self, alerts: AlertsNow) -> None:
        """Note how alerts stand and tell those who show it."""
        self.alerts = alerts
        for listener in list(self.on_alerts):
            listener(alerts)

    def keeper_lives(self, failing: str, now_s: float) -> None:
        """Note that the keeper lives, and which of its parts does not."""
        self.failing, self.heard_s = failing, now_s

    def not_living(self, now_s: float) -> str:
        """Return which part of the service has died without a word, and since when; "" where all live."""
        quiet_s = now_s - self.heard_s
        return f"keeper: quiet for {quiet_s:.0f} s" if quiet_s > _KEEPER_FRESH_S else self.failing

    def session_ended(self, session_id: str) -> None:
        """Tell those who serve a session that it is over."""
        for listener in list(self.on_session_end):
            listener(session_id)

    def close(self) -> None:
        """Tell those who would wait for ever that nothing more comes."""
        for listener in list(self.on_close):
            listener()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the server says of itself where asked, ready to be shown: no secret is in it.

    Attributes:
        config_yaml: The effective configuration.
        settings: Its settings by dotted name, as text.
        retention: How long samples are kept, in words.
        configured_ms: When this configuration took effect.
        damaged: How often something damaged was met in the store.
    """

    config_yaml: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    retention: str = ""
    configured_ms: int = 0
    damaged: Callable[[], int] = lambda: 0


class ExportSteps(Protocol):
    """An export under way. Used by one thread at a time."""

    label_names: list[str]
    """Every label name that is exported but the metric name."""

    def __iter__(self) -> Iterator[list[SeriesRun]]:
        """Yield samples, a bounded number at a time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebDeps:
    """The parts of a front.

    Attributes:
        config: The `web` section.
        engine: Evaluates queries.
        querier: The store, for the catalogue.
        commands: The way to the keeper.
        gatekeeper: Knows who comes in.
        attempts: Failed log-ins by source.
        exposition: The newest head sample of each host series, and our own metrics.
        telemetry: This process's own metrics.
        clock: Where time comes from.
        static: The folder of the built page.
        version: Of Barograph.
        now: What changes.
        facts: What is said of the server itself.
        incoming: The folder that bodies of imports are put into, for the keeper.
        processes: What the flight recorder keeps.
        fresh: Waits until everything that was stored can be found, off the event loop.
        export: Begins an export of series that satisfy one of the selectors, from and to in ms; None where none can be.
    """

    config: WebConfig
    engine: Engine
    querier: Querier
    commands: Commands
    gatekeeper: Gatekeeper
    attempts: AttemptLimit
    exposition: Exposition
    telemetry: Telemetry
    clock: Clock
    static: Path
    version: str
    now: Now
    processes: ProcessLog
    facts: Facts = field(default_factory=Facts)
    incoming: Path = Path()
    fresh: Callable[[], Awaitable[None]] = _is_fresh
    export: Callable[[Sequence[Sequence[Matcher]], int, int], ExportSteps] | None = None
