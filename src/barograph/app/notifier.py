"""The notifier: a thread with an event loop of its own, on which the dispatcher decides and the courier delivers.

So neither ticks nor the keeper's loop wait for a receiver or for a message that is being made. Whatever fails in here
is logged and tried again; if it ends nevertheless, the dead-man's switch stops.
"""

import asyncio
import logging
import random
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import msgspec

from barograph.alerts.dispatch import Dispatcher, DispatchParts
from barograph.alerts.policy import Policy
from barograph.app.alert_config import Ways
from barograph.app.heartbeat import Heartbeat, Trouble
from barograph.app.lifecycle import go_first, name_thread
from barograph.model.alert_replies import TestOutcome
from barograph.model.errors import StoreError
from barograph.model.notice import DeliveryState, DeliveryStore, Notice, NoticeAlert, NoticeKind
from barograph.notify.config import HeartbeatConfig
from barograph.notify.courier import Courier, Send
from barograph.notify.way_ids import lasting_ids, marks_of, moved_ids
from barograph.notify.ways import Means
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient

_log = logging.getLogger(__name__)
_AGAIN_S = 1.0
_BEAT_S = 5.0
_LONGEST_STEP_S = 30.0
"""A storm of 100,000 alerts takes seconds to tell, on a slow machine many."""
_FORGET_MS = 3_600_000
_STOP_S = 5.0
_GONE = "not sent: this receiver is not there any more"
_GRACE_S = 2.0
"""For attempts that are under way at the end: one that is cut off is made again at the next start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What a configuration makes of the notifier.

    Attributes:
        policy: Who is told of what.
        ways: How.
        allow: What may be reached though it is not public.
        keep_ms: How long the log of deliveries is kept.
        heartbeat: The dead-man's switch.
    """

    policy: Policy
    ways: Ways
    allow: tuple[str, ...]
    keep_ms: int
    heartbeat: HeartbeatConfig


class Notifier:
    """Methods are called from the keeper's threads; all work is done on its own.

    Args:
        parts: What the dispatcher works on.
        telling: The configuration.
        changed: Called after each step of the dispatcher, on a thread.
        heartbeat: The dead-man's switch.
    """

    def __init__(
        self, parts: DispatchParts, telling: Telling, changed: Callable[[], None], heartbeat: Heartbeat
    ) -> None:
        self._parts = parts
        self._telling, _ = _settled(telling, parts.deliveries)
        self._changed = changed
        self._heartbeat = heartbeat
        self._pulse = heartbeat.pulse("notifier", lambda: _LONGEST_STEP_S)
        self._delivery = Trouble(parts.clock)
        self._dispatching = Trouble(parts.clock)
        # not signs of death, so they are no pulses: but as long as nobody can be told, the switch must not be held
        heartbeat.watch("delivery", self._delivery.check)
        heartbeat.watch("messages", self._dispatching.check)
        self._loop = asyncio.new_event_loop()
        self._wake = asyncio.Event()
        self._forgot_ms = 0
        self._next: Telling | None = None
        self._stopping = False
        self._courier: Courier | None = None
        self._delivering: asyncio.Task[None] | None = None
        self._beating: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, name="notifier", daemon=True)
        self.dispatcher = Dispatcher(parts, self._telling.policy)

    @property
    def telling(self) -> Telling:
        """The configuration that counts."""
        return self._next or self._telling

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Something happened. Any thread may call it, also before the start and after the end."""
        self._on_loop(self._wake.set)

    def replace(self, telling: Telling) -> None:
        """Go by another configuration from now on."""
        self._next = telling
        self.wake()

    async def test(self, name: str) -> tuple[TestOutcome, ...]:
        """Send a test message each way of a receiver and return what came of it; called on any loop."""
        ways = self.telling.ways[name]
        means = self._means(self.telling)

        async def send_all() -> tuple[TestOutcome, ...]:
            return tuple([await _test(way.send(means), way.id, way.kind, self._parts.clock.now_ms()) for way in ways])

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(send_all(), self._loop))

    def close(self) -> None:
        """End; what waits goes out after the next start."""
        self._stopping = True
        self.wake()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)
        elif not self._loop.is_closed():
            self._loop.close()

    def _on_loop(self, function: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(function)
        except RuntimeError:
            _log.debug("the notifier has ended")

    def _run(self) -> None:
        go_first()
        name_thread("notifier")
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        except Exception:
            _log.exception("the notifier ended: nobody is told any more")
        finally:
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()

    async def _serve(self) -> None:
        await self._take_configuration()
        while not self._stopping:
            self._wake.clear()
            if self._next is not None:
                # before the step: what fires after a change is told by the new configuration alone
                await self._take_configuration()
            wait_s = await asyncio.to_thread(self._step)
            try:
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()
            except TimeoutError:
                continue
        await self._end()

    async def _take_configuration(self) -> None:
        """Go by the configuration that counts now; an attempt to tell somebody that is under way goes on."""
        while (following := self._next) is not None and not self._stopping:
            settled, moved = await asyncio.to_thread(_settled, following, self._parts.deliveries)
            try:
                await asyncio.to_thread(self.dispatcher.replace, settled.policy, moved)
            except StoreError as error:
                self._pulse.beat()
                self._dispatching.again("the store cannot be read")
                _log.error("the configuration of receivers could not be taken over, and is tried again: %s", error)
                await asyncio.sleep(_AGAIN_S)
                continue
            self._telling = settled
            if self._next is following:
                self._next = None
        telling, means = self._telling, self._means(self._telling)
        sends = {way.id: way.send(means) for ways in telling.ways.values() for way in ways}
        await asyncio.to_thread(self._give_up, frozenset(sends))
        if self._courier is None:
            clock = self._parts.clock
            self._courier = Courier(self._parts.deliveries, sends, clock, random.random, self._delivery.again)
            self._delivering = asyncio.create_task(self._keep_running(self._courier.run))
        else:
            self._courier.replace(sends)
        await _cancel(self._beating)
        self._beating = asyncio.create_task(self._heartbeat.run(telling.heartbeat, means.client))

    async def _keep_running(self, deliver: Callable[[], Awaitable[None]]) -> None:
        """Deliver; where that fails, as on a disk that takes nothing, again in a moment."""
        while True:
            try:
                await deliver()
                return
            except Exception as error:
                self._delivery.again(f"fails with {type(error).__name__}")
                _log.exception("delivery failed, and begins again")
            await asyncio.sleep(_AGAIN_S)

    async def _end(self) -> None:
        if self._courier is not None and self._delivering is not None:
            self._courier.end()
            await asyncio.wait([self._delivering], timeout=_GRACE_S)
        await _cancel(self._delivering)
        await _cancel(self._beating)

    def _step(self) -> float:
        """Let the dispatcher work; returns after how many seconds it is to do so again."""
        try:
            next_ms = self.dispatcher.step()
            # a dispatcher that fails at each step is as dead as one that hangs
            self._pulse.beat()
            if self.dispatcher.holds_back:
                self._dispatching.again("messages cannot be stored")
            # messages leave before pages are told, which takes a while in a storm
            if self._courier is not None:
                self._on_loop(self._courier.wake)
            self._changed()
            self._forget()
        except StoreError as error:
            self._pulse.beat()
            self._dispatching.again("the store cannot be read")
            _log.error("alerts could not be dispatched, and are tried again: %s", error)
            return _AGAIN_S
        except Exception:
            _log.exception("the dispatcher failed, and is tried again")
            return _AGAIN_S
        if next_ms is None:
            return _BEAT_S
        return min(max(next_ms - self._parts.clock.now_ms(), 0) / 1000, _BEAT_S)

    def _forget(self) -> None:
        now_ms = self._parts.clock.now_ms()
        if not 0 <= now_ms - self._forgot_ms < _FORGET_MS:  # below 0 where the clock was set back
            self._forgot_ms = now_ms
            self._parts.deliveries.forget(now_ms - self._telling.keep_ms)

    def _give_up(self, known: frozenset[str]) -> None:
        """Let no message wait for who is not there: whoever came back would hear of alerts that are long over."""
        deliveries, now_ms = self._parts.deliveries, self._parts.clock.now_ms()
        try:
            for receiver in deliveries.waited_for():
                while receiver not in known and (heads := deliveries.heads(receiver)):
                    for waiting in heads:
                        gone = {"state": DeliveryState.FAILED, "tried_ms": now_ms, "answer": _GONE}
                        deliveries.keep(msgspec.structs.replace(waiting, **gone))
        except StoreError as error:
            _log.error("messages to receivers that are not there any more still wait: %s", error)

    def _means(self, telling: Telling) -> Means:
        rules = AddressRules(telling.allow)
        return Means(client=OutboundClient(rules), rules=rules, clock=self._parts.clock)


def _settled(telling: Telling, deliveries: DeliveryStore) -> tuple[Telling, dict[str, str]]:
    """Return a configuration in which each way has the id that it had in the one before.

    Also returns new ids by old ones of ways whose receiver has another name, to which the queue knows them already.
    """
    ways = telling.ways.values()
    try:
        kept = deliveries.ways()
    except StoreError as error:
        _log.error("ways of receivers go by their places, since it could not be read which is which: %s", error)
        return telling, {}
    ids = lasting_ids(ways, kept)
    moved = moved_ids(telling.ways, ids, kept)
    try:
        if (marks := marks_of(ways, ids, kept)) != kept:
            deliveries.keep_ways(marks, moved)
    except StoreError as error:
        _log.error("which way of a receiver is which could not be kept, so leave their order as it is: %s", error)
        moved = {}
    named = {name: tuple(replace(way, id=ids[way.id]) for way in of_one) for name, of_one in telling.ways.items()}
    deciding = {
        name: tuple(replace(way, id=ids[way.id]) for way in of_one) for name, of_one in telling.policy.ways.items()
    }
    return replace(telling, ways=named, policy=replace(telling.policy, ways=deciding)), moved


async def _cancel(task: "asyncio.Task[None] | None") -> None:
    if task is not None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _test(send: Send, way_id: str, kind: str, now_ms: int) -> TestOutcome:
    alert = NoticeAlert(
        labels={"alertname": "Test", "severity": "info"},
        annotations={"summary": "a test message of Barograph", "description": "Nothing is wrong; somebody asked."},
        fired_ms=now_ms,
    )
    notice = Notice(
        key=f"test-{now_ms}",
        kind=NoticeKind.FIRING,
        receiver=way_id,
        group_key=f"test-{now_ms}",
        group_labels={},
        alerts=(alert,),
        at_ms=now_ms,
    )
    outcome = await send(notice)
    return TestOutcome(kind=kind, delivered=outcome.state is DeliveryState.DELIVERED, answer=outcome.answer)
