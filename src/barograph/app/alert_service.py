"""All of alerts in the keeper: the book that rules write into, silences, who is told, and the commands about them.

The keeper makes one, hands its `book` to rules as their `AlertSink`, and lets it execute commands. What is slow runs on
threads of its own: neither ticks nor the event loop wait for a disk or a receiver here.
"""

import asyncio
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from barograph.alerts.book import AlertBook
from barograph.alerts.dispatch import DispatchParts
from barograph.alerts.silence_book import SilenceBook
from barograph.app.alert_commands import AlertCommands, AlertParts
from barograph.app.alert_config import made_ways, place_of, policy_of
from barograph.app.alert_views import AlertViews
from barograph.app.config import Config
from barograph.app.heartbeat import Heartbeat
from barograph.app.notifier import Notifier, Telling
from barograph.app.suspects import Suspects
from barograph.app.yaml_source import format_path
from barograph.model.acting import Actor
from barograph.model.alert_commands import AlertCommand, ListReceivers, TestReceiver
from barograph.model.alert_replies import AlertsNow, ReceiverShown, ReceiversListed, ReceiverTested, ToldShown
from barograph.model.alert_state import Transition
from barograph.model.clock import Clock
from barograph.model.commands import AnyReply, Done, Refused
from barograph.model.errors import AlertError, ConfigError, StoreError
from barograph.model.processes import ProcessLog
from barograph.state.alerts import SqliteAlerts
from barograph.state.deliveries import SqliteDeliveries
from barograph.state.frozen import FrozenTables
from barograph.state.silences import SqliteSilences
from barograph.state.sqlite import SqliteState

_BEAT_S = 2.0
_LARGE = 2000
_PUBLISH_EVERY_S = 1.0
"""A storm is counted anew once a second, not with each of its thousands."""
_RETURN_EVERY_S = 2.0
"""Between two tries to write alerts back to a disk that took none: each may copy all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertServiceParts:
    """What a service is built from.

    Attributes:
        state: The open state.db; stays the caller's to close.
        clock: Where time comes from.
        processes: The flight recorder's log.
        publish: Told of what fronts show of alerts, on any thread.
        living: Told again and again, on the loop, that it lives, and which part of the keeper does not.
    """

    state: SqliteState
    clock: Clock
    processes: ProcessLog
    publish: Callable[[AlertsNow], None]
    living: Callable[[str], None] = lambda _: None


class AlertService:
    """`book` is for rules, `suspects.take` for the flight recorder, `execute` for the link, `heartbeat` for all."""

    def __init__(self, parts: AlertServiceParts, config: Config) -> None:
        alerts, frozen = SqliteAlerts(parts.state), FrozenTables(parts.state)
        self._state = parts.state
        self._clock = parts.clock
        self._publish = parts.publish
        self._living = parts.living
        self._published = (-1, -1)
        self._published_s = 0.0
        self._returning_s = -math.inf
        self._deliveries = SqliteDeliveries(parts.state)
        self.heartbeat = Heartbeat(parts.clock)
        self._loop_pulse = self.heartbeat.pulse("event loop")
        self.suspects = Suspects(frozen, parts.processes, config.instance_name)
        self.book = AlertBook(alerts, self._changed)
        self._silences = SilenceBook(SqliteSilences(parts.state))
        telling = prepare(config)
        dispatching = DispatchParts(
            book=self.book,
            alerts=alerts,
            silences=self._silences,
            deliveries=self._deliveries,
            clock=parts.clock,
            fired=self.suspects.freeze,
            suspects=self.suspects.of,
        )
        self._notifier = Notifier(dispatching, telling, self._stepped, self.heartbeat)
        self.views = AlertViews(self.book, self._silences, lambda: self._notifier.telling.policy.rules, parts.clock)
        self.views.told_of = self._told_of
        self._commands = AlertCommands(
            AlertParts(
                book=self.book,
                alerts=alerts,
                silences=self._silences,
                deliveries=self._deliveries,
                frozen=frozen,
                views=self.views,
                clock=parts.clock,
            )
        )
        self._take(telling)

    async def run(self) -> None:
        """Begin to tell, and show the keeper's loop alive, until cancelled."""
        self._notifier.start()
        while True:
            self._loop_pulse.beat()
            self._living(self.heartbeat.quiet())
            await asyncio.sleep(_BEAT_S)

    def close(self) -> None:
        """End; what waits goes out after the next start."""
        self._notifier.close()

    def replace(self, telling: Telling) -> None:
        """Go by another configuration, of `prepare`, from now on."""
        self._take(telling)
        self._notifier.replace(telling)

    async def execute(self, command: AlertCommand, actor: Actor) -> AnyReply:
        """Carry out a command."""
        match command:
            case ListReceivers():
                return await asyncio.to_thread(self._receivers)
            case TestReceiver() if command.name in self._notifier.telling.ways:
                return ReceiverTested(outcomes=await self._notifier.test(command.name))
            case TestReceiver():
                known = ", ".join(self._notifier.telling.ways) or "none is configured"
                return Refused(kind="not_found", message=f"there is no receiver {command.name!r}: {known}")
            case _:
                reply = await self._commands.execute(command, actor)
                if isinstance(reply, Done):
                    # what only asked changed nothing: to look at every queue for it would cost more than the answer
                    self._notifier.wake()
                return reply

    def announce(self) -> None:
        """Tell the fronts how alerts stand, where that has changed."""
        state = (self.book.version, self._silences.version)
        now_s = self._clock.monotonic_s()
        is_soon = now_s - self._published_s < _PUBLISH_EVERY_S
        if state == self._published or (is_soon and len(self.views.newest.alerts) > _LARGE):
            return
        page = self.views.page()
        self._published, self._published_s = state, now_s
        self._publish(AlertsNow(version=sum(state), counts=page.counts))

    def _stepped(self) -> None:
        self.announce()
        now_s = self._clock.monotonic_s()
        if self._state.trouble and now_s - self._returning_s >= _RETURN_EVERY_S:
            self._returning_s = now_s
            self._state.return_to_disk()

    def _take(self, telling: Telling) -> None:
        self._commands.nobody_told = not any(telling.ways.get(name) for name in telling.policy.routed)

    def _changed(self, _: Sequence[Transition]) -> None:
        self._notifier.wake()

    def _told_of(self, number: int) -> tuple[ToldShown, ...]:
        told = self._notifier.dispatcher.told_of(number)
        return tuple(ToldShown(receiver=receiver, what="firing", at=at_ms / 1000) for receiver, at_ms in told)

    def _receivers(self) -> ReceiversListed | Refused:
        telling = self._notifier.telling
        try:
            shown = tuple(self._receiver(name, telling) for name in telling.ways)
        except StoreError as error:
            return Refused(kind="store", message=str(error))
        return ReceiversListed(receivers=shown, heartbeat=telling.heartbeat.url is not None)

    def _receiver(self, name: str, telling: Telling) -> ReceiverShown:
        ways = telling.ways[name]
        last = [attempt for way in ways for attempt in self._deliveries.log(0, 1, receiver=way.id)]
        newest = max(last, key=lambda attempt: attempt.tried_ms, default=None)
        return ReceiverShown(
            name=name,
            kinds=tuple(dict.fromkeys(way.kind for way in ways)),
            is_routed=name in telling.policy.routed,
            waiting=sum(self._deliveries.waiting(way.id) for way in ways),
            answer="" if newest is None else newest.answer,
            at=None if newest is None else newest.tried_ms / 1000,
        )


def prepare(config: Config) -> Telling:
    """Return what a configuration makes of the notifier.

    Raises:
        ConfigError: It cannot be used so.
    """
    try:
        ways = made_ways(config)
        policy = policy_of(config, ways, config.web.external_url)
    except AlertError as error:
        message, path = place_of(error)
        raise ConfigError(message, path=format_path(path)) from error
    notify = config.notify
    return Telling(policy=policy, ways=ways, allow=notify.allow, keep_ms=notify.keep.ms, heartbeat=notify.heartbeat)
