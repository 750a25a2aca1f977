"""All of alerts in the keeper: the book that rules write into, silences, who is told, and the commands about them.

The keeper makes one, hands its `book` to rules as their `AlertSink`, and lets it execute commands. What is slow runs on
threads of its own: neither ticks nor the event loop wait for a disk or a receiver here.
"""

from collections.abc import Callable, Sequence

from barograph.alerts.book import AlertBook
from barograph.alerts.inhibition import InhibitRule
from barograph.alerts.silence_book import SilenceBook
from barograph.app.alert_commands import AlertCommands, AlertParts
from barograph.app.alert_views import AlertViews
from barograph.model.acting import Actor
from barograph.model.alert_commands import AlertCommand, AlertsNow, ListReceivers, ReceiversListed, TestReceiver
from barograph.model.alert_state import Transition
from barograph.model.clock import Clock
from barograph.model.commands import AnyReply, Refused
from barograph.state.alerts import SqliteAlerts
from barograph.state.deliveries import SqliteDeliveries
from barograph.state.frozen import FrozenTables
from barograph.state.silences import SqliteSilences
from barograph.state.sqlite import SqliteState


class AlertService:
    """Made once; `book` is for rules, `execute` for the link.

    Args:
        state: The open state.db; stays the caller's to close.
        clock: Where time comes from.
        publish: Told of what fronts show of alerts, on any thread.
    """

    def __init__(self, state: SqliteState, clock: Clock, publish: Callable[[AlertsNow], None]) -> None:
        alerts = SqliteAlerts(state)
        self._publish = publish
        self._inhibit_rules: Sequence[InhibitRule] = ()
        self.book = AlertBook(alerts, self._changed)
        self._silences = SilenceBook(SqliteSilences(state))
        self.views = AlertViews(self.book, self._silences, lambda: self._inhibit_rules, clock)
        parts = AlertParts(
            book=self.book,
            alerts=alerts,
            silences=self._silences,
            deliveries=SqliteDeliveries(state),
            frozen=FrozenTables(state),
            views=self.views,
            clock=clock,
        )
        self._commands = AlertCommands(parts)

    async def execute(self, command: AlertCommand, actor: Actor) -> AnyReply:
        """Carry out a command."""
        match command:
            case ListReceivers():
                return ReceiversListed(receivers=(), heartbeat=False)
            case TestReceiver():
                return Refused(kind="not_found", message=f"there is no receiver {command.name!r}")
            case _:
                return await self._commands.execute(command, actor)

    def announce(self) -> None:
        """Tell the fronts how alerts stand, as at the start."""
        page = self.views.page()
        self._publish(AlertsNow(version=page.version, counts=page.counts))

    def _changed(self, _: Sequence[Transition]) -> None:
        self.announce()
