"""An alert service over a state.db in memory, with rules and people played by a test. Nothing is told by itself."""

import asyncio
from pathlib import Path

from barograph.app.alert_service import AlertService, AlertServiceParts
from barograph.app.config import Config
from barograph.model.acting import Actor
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.alert_commands import AlertCommand
from barograph.model.alert_replies import AlertsNow
from barograph.model.commands import AnyReply
from barograph.model.labels import Labels
from barograph.state.sqlite import connect_memory
from barograph.tsdb.process_reader import ProcessLogReader
from helpers.clock import FakeClock

START_MS = 1_700_000_000_000
ADA = Actor(name="ada", via="test")


class Alerting:
    """The service, its clock, and what fronts were told."""

    def __init__(self, folder: Path, config: Config | None = None) -> None:
        self.clock = FakeClock(START_MS)
        self.state = connect_memory()
        self.published: list[AlertsNow] = []
        self.living: list[str] = []
        parts = AlertServiceParts(
            state=self.state,
            clock=self.clock,
            processes=ProcessLogReader(folder),
            publish=self.published.append,
            living=self.living.append,
        )
        self.service = AlertService(parts, config or Config())

    def say(
        self,
        phase: AlertPhase,
        host: str = "atlas",
        severity: str = "warning",
        value: float = 97.5,
        *,
        name: str = "DiskFull",
    ) -> None:
        now_ms = self.clock.now_ms()
        change = RuleAlert(
            rule=RuleName(file="a.yml", group="g", rule=name),
            labels=Labels([("alertname", name), ("instance", host), ("severity", severity)]),
            annotations={"summary": f"Disk full on {host}"},
            phase=phase,
            value=value,
            active_ms=now_ms,
            fired_ms=now_ms if phase is AlertPhase.FIRING else None,
            ended_ms=now_ms if phase in (AlertPhase.RESOLVED, AlertPhase.DROPPED) else None,
        )
        self.service.book.receive([change], now_ms)

    def fire(self, host: str = "atlas", severity: str = "warning") -> None:
        self.say(AlertPhase.FIRING, host, severity)

    def do(self, command: AlertCommand, actor: Actor = ADA) -> AnyReply:
        return asyncio.run(self.service.execute(command, actor))

    def close(self) -> None:
        self.service.close()
        self.state.close()
