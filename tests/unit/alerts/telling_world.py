"""A dispatcher over a real state.db, with rules, people, receivers and time played by a test."""

from pathlib import Path
from typing import Any

import msgspec

from barograph.alerts.book import AlertBook
from barograph.alerts.config import RouteConfig
from barograph.alerts.dispatch import Dispatcher, DispatchParts
from barograph.alerts.policy import HOST_DOWN, Policy, Way, make_policy
from barograph.alerts.silence_book import SilenceBook
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.alert_state import Acknowledgment
from barograph.model.labels import Labels
from barograph.model.notice import Delivery, DeliveryState, Notice
from barograph.model.silence import StoredSilence
from barograph.state.alerts import SqliteAlerts
from barograph.state.deliveries import SqliteDeliveries
from barograph.state.silences import SqliteSilences
from barograph.state.sqlite import SqliteState, connect_memory, open_state
from helpers.clock import FakeClock

START_MS = 1_700_000_000_000
TEAM = (Way(id="team/webhook[0]", sends_resolved=True, most=1000, splits=True),)
ROUTE: dict[str, Any] = {
    "receiver": "team",
    "group_by": ["alertname"],
    "group_wait": "10s",
    "group_interval": "60s",
    "repeat_interval": "1h",
}


def policy_of(route: dict[str, Any] | None = None, **ways: tuple[Way, ...]) -> Policy:
    from barograph.app.config_convert import decode_setting

    config = msgspec.convert(ROUTE | (route or {}), RouteConfig, dec_hook=decode_setting)
    return make_policy(config, {"team": TEAM, **ways}, (HOST_DOWN,), (), "https://b.example")


class World:
    """Everything between rules and receivers."""

    def __init__(self, policy: Policy | None = None, folder: Path | None = None) -> None:
        self.folder = folder
        self.state: SqliteState = connect_memory() if folder is None else open_state(folder)
        self.clock = FakeClock(START_MS)
        self.policy = policy or policy_of()
        self.heard: list[Notice] = []
        self.fired: list[int] = []
        self.start()

    def start(self) -> None:
        """Make all anew, of what is stored."""
        self.book = AlertBook(SqliteAlerts(self.state))
        self.silences = SilenceBook(SqliteSilences(self.state))
        self.deliveries = SqliteDeliveries(self.state)
        self.parts = DispatchParts(
            book=self.book,
            alerts=SqliteAlerts(self.state),
            silences=self.silences,
            deliveries=self.deliveries,
            clock=self.clock,
            fired=self.freeze,
            suspects=lambda _: ("postgres: 2 cores",),
        )
        self.dispatcher = Dispatcher(self.parts, self.policy)

    def freeze(self, at_ms: int) -> bytes:
        self.fired.append(at_ms)
        return b"who"

    def say(self, phase: AlertPhase, host: str = "atlas", severity: str = "warning", name: str = "DiskFull") -> None:
        now_ms = self.clock.now_ms()
        ends = phase in (AlertPhase.RESOLVED, AlertPhase.DROPPED)
        change = RuleAlert(
            rule=RuleName(file="f", group="g", rule=name),
            labels=Labels([("alertname", name), ("instance", host), ("severity", severity)]),
            annotations={"summary": f"{name} on {host}"},
            phase=phase,
            value=1.0,
            active_ms=now_ms,
            fired_ms=now_ms if phase is AlertPhase.FIRING else None,
            ended_ms=now_ms if ends else None,
        )
        self.book.receive([change], now_ms)

    def fire(self, host: str = "atlas", severity: str = "warning", name: str = "DiskFull") -> None:
        self.say(AlertPhase.FIRING, host, severity, name)

    def end(self, host: str = "atlas", severity: str = "warning", name: str = "DiskFull") -> None:
        self.say(AlertPhase.RESOLVED, host, severity, name)

    def acknowledge(self, number: int = 1, **more: Any) -> None:
        self.book.acknowledge(number, Acknowledgment(by="ada", at_ms=self.clock.now_ms(), **more))

    def pass_s(self, seconds: float) -> list[str]:
        """Let time pass, with the dispatcher at work whenever it wants to be; returns what was told, in short."""
        end_ms = self.clock.now_ms() + round(seconds * 1000)
        told = self.step()
        while True:
            next_ms = self.dispatcher.step()
            if next_ms is None or next_ms > end_ms:
                break
            self.clock.advance(max(next_ms - self.clock.now_ms(), 0) / 1000)
            told += self.step()
        self.clock.advance((end_ms - self.clock.now_ms()) / 1000)
        return told + self.step()

    def step(self) -> list[str]:
        """Let the dispatcher work now; returns what was told, in short."""
        self.dispatcher.step()
        new = self.take()
        self.heard += new
        return [short(notice) for notice in new]

    def take(self) -> list[Notice]:
        """Take all that waits in the queue, in order."""
        taken: list[Delivery] = []
        while heads := [head for way in self.way_ids() for head in self.deliveries.heads(way)]:
            for head in heads:
                self.deliveries.keep(msgspec.structs.replace(head, state=DeliveryState.DELIVERED))
            taken += heads
        return [each.notice for each in sorted(taken, key=lambda each: each.number)]

    def way_ids(self) -> list[str]:
        return [way.id for ways in self.policy.ways.values() for way in ways]


def silence(world: World, host: str = "atlas", lasts_s: int = 0, id_: str = "s1", in_s: int = 0) -> None:
    """Keep what is said of a host quiet; until it is resolved where no time is given."""
    now_ms = world.clock.now_ms() + in_s * 1000
    ends_ms = now_ms + lasts_s * 1000 if lasts_s else 0
    matchers = (f'instance="{host}"',)
    stored = StoredSilence(id=id_, matchers=matchers, author="ada", reason="r", starts_ms=now_ms, ends_ms=ends_ms)
    world.silences.add(stored)


def short(notice: Notice) -> str:
    """Return a message in short: `firing atlas,borea`, those that are over with a minus."""
    hosts = ",".join(("-" if each.ended_ms else "") + each.labels["instance"] for each in notice.alerts)
    return f"{notice.kind.value} {hosts}"
