"""What the proofs about messages share: a policy, a dispatcher over a folder, rules that are played."""

from pathlib import Path

from barograph.alerts.book import AlertBook
from barograph.alerts.config import RouteConfig
from barograph.alerts.dispatch import Dispatcher, DispatchParts
from barograph.alerts.policy import Policy, Way, make_policy
from barograph.alerts.silence_book import SilenceBook
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.clock import Clock
from barograph.model.labels import Labels
from barograph.model.units import Duration
from barograph.state.alerts import SqliteAlerts
from barograph.state.deliveries import SqliteDeliveries
from barograph.state.silences import SqliteSilences
from barograph.state.sqlite import open_state

RULE = RuleName(file="soak.yml", group="soak", rule="Soak")


def policy_of(*receivers: str, interval: str = "50ms", group_by: tuple[str, ...] = ("group",)) -> Policy:
    """Return a policy by which every alert is told to each of the receivers at once."""
    routes = tuple(RouteConfig(receiver=name, continue_=True) for name in receivers)
    root = RouteConfig(
        receiver=receivers[0],
        group_by=group_by,
        group_wait=Duration(0),
        group_interval=Duration.parse(interval),
        repeat_interval=Duration.parse("10d"),
        routes=routes,
    )
    ways = {name: (Way(id=f"{name}/webhook[0]", sends_resolved=True, most=1000, splits=True),) for name in receivers}
    return make_policy(root, ways, (), (), "http://soak.example")


class Played:
    """A dispatcher over a folder's state.db, and rules that a proof plays."""

    def __init__(self, folder: Path, policy: Policy, clock: Clock) -> None:
        self.clock = clock
        self.state = open_state(folder)
        self.book = AlertBook(SqliteAlerts(self.state))
        self.deliveries = SqliteDeliveries(self.state)
        self.dispatcher = Dispatcher(
            DispatchParts(
                book=self.book,
                alerts=SqliteAlerts(self.state),
                silences=SilenceBook(SqliteSilences(self.state)),
                deliveries=self.deliveries,
                clock=clock,
            ),
            policy,
        )

    def toggle(self, host: str, group: str) -> tuple[str, int]:
        """Fire an alert of a host, or end it; returns which of the two, and its number. Durable when it returns."""
        labels = Labels([("alertname", "Soak"), ("group", group), ("instance", host), ("severity", "warning")])
        firing = {dict(record.labels)["instance"]: record.number for record in self.book.live()}
        now_ms = self.clock.now_ms()
        number = firing.get(host)
        ends = number is not None
        change = RuleAlert(
            rule=RULE,
            labels=labels,
            annotations={},
            phase=AlertPhase.RESOLVED if ends else AlertPhase.FIRING,
            value=1.0,
            active_ms=now_ms,
            fired_ms=None if ends else now_ms,
            ended_ms=now_ms if ends else None,
        )
        self.book.receive([change], now_ms)
        return ("over" if ends else "firing"), number or max(record.number for record in self.book.live())
