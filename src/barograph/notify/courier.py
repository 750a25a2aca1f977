"""Delivers what waits in the queue: one task a receiver, so that a slow one delays no other; in order within a group.

At least once: an attempt's outcome is kept after it, so a process that dies in between sends the same message with the
same key again. It gives up only on what a repeat cannot help.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime

import msgspec

from barograph.model.clock import Clock
from barograph.model.notice import Delivery, DeliveryState, DeliveryStore, Notice
from barograph.outbound.request import OutboundError, OutboundResponse

_log = logging.getLogger(__name__)
_FIRST_WAIT_MS = 1_000
_LONGEST_WAIT_MS = 50_000
"""A receiver that is back is told within a minute."""
_LONGEST_RETRY_AFTER_MS = 3_600_000
_AGAIN_S = 1.0
_MOST_DOUBLINGS = 16
_PASSING = frozenset((408, 425, 429))
_ANSWER_CHARACTERS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an attempt came to. `wait_ms`: what the receiver asked for, 0 where nothing."""

    state: DeliveryState
    answer: str
    wait_ms: int = 0


Send = Callable[[Notice], Awaitable[Outcome]]
"""Sends a notice to its receiver; raises nothing but cancellation."""


class Courier:
    """Used on one event loop.

    Args:
        store: The queue.
        receivers: How each receiver is told, by its name.
        clock: Wall clock.
        random: Gives 0 <= x < 1, for jitter.
        failed: Hears why a receiver cannot be served for now, at each try.
    """

    def __init__(
        self,
        store: DeliveryStore,
        receivers: Mapping[str, Send],
        clock: Clock,
        random: Callable[[], float],
        failed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._store = store
        self._receivers = receivers
        self._clock = clock
        self._random = random
        self._failed = failed
        self._failing: set[str] = set()
        self._unkept: dict[str, Delivery] = {}
        """Of receivers what became of an attempt and could not be kept yet: no reason to send again."""
        self._wakes: dict[str, asyncio.Event] = {}
        self._serving: asyncio.TaskGroup | None = None
        self._ended = asyncio.Event()

    async def run(self) -> None:
        """Deliver until `end`."""
        self._wakes.clear()
        try:
            async with asyncio.TaskGroup() as group:
                self._serving = group
                self._serve_all()
                await self._ended.wait()
        finally:
            self._serving = None

    def replace(self, receivers: Mapping[str, Send]) -> None:
        """Tell receivers in other ways from now on; an attempt that is under way goes on, and is not made again."""
        self._receivers = receivers
        self._serve_all()
        self.wake()

    def end(self) -> None:
        """Begin nothing any more; `run` returns when what is under way has come to something."""
        self._ended.set()
        self.replace({})

    def _serve_all(self) -> None:
        for name in self._receivers:
            # one that was gone for a moment may still be served
            if self._serving is not None and name not in self._wakes:
                self._wakes[name] = asyncio.Event()
                self._serving.create_task(self._serve(name))

    def wake(self) -> None:
        """Look at the queue at once: something was put into it."""
        for wake in self._wakes.values():
            wake.set()

    async def step(self, receiver: str) -> int | None:
        """Try what is due for a receiver, group by group; returns when the next is due, None where nothing waits.

        Raises:
            StoreError: The queue could not be read, or not be written; to be tried again.
        """
        self._keep(receiver)
        while due := [each for each in self._store.heads(receiver) if _is_due(each, self._clock.now_ms())]:
            for delivery in due:
                if receiver not in self._receivers:
                    return None
                outcome = await self._tell(receiver, delivery.notice)
                self._unkept[receiver] = self._after(delivery, outcome)
                self._keep(receiver)
        return min((each.next_ms for each in self._store.heads(receiver)), default=None)

    def _keep(self, receiver: str) -> None:
        if (tried := self._unkept.get(receiver)) is not None:
            self._store.keep(tried)
            del self._unkept[receiver]

    async def _tell(self, receiver: str, notice: Notice) -> Outcome:
        try:
            return await self._receivers[receiver](notice)
        except Exception as error:
            # a mistake of ours with one receiver must not keep a message from another
            _log.exception("telling receiver %s failed", receiver)
            words = f"nobody foresaw this: {type(error).__name__}; the log says more"
            return Outcome(state=DeliveryState.WAITING, answer=words)

    async def _serve(self, receiver: str) -> None:
        wake = self._wakes[receiver]
        while receiver in self._receivers:
            wake.clear()
            try:
                async with asyncio.timeout(await self._go_on(receiver)):
                    await wake.wait()
            except TimeoutError:
                continue
        del self._wakes[receiver]

    async def _go_on(self, receiver: str) -> float | None:
        """Serve a receiver as far as can be now; returns for how many seconds it rests, None until it is woken."""
        try:
            next_ms = await self.step(receiver)
        except Exception as error:
            # attempts of others, which are under way, are not to be cut off for that
            self._failed(f"fails with {type(error).__name__}")
            if receiver not in self._failing:
                self._failing.add(receiver)
                _log.exception("delivery to %s failed, and is tried again each second", receiver)
            return _AGAIN_S
        self._failing.discard(receiver)
        return None if next_ms is None else max(next_ms - self._clock.now_ms(), 1) / 1000

    def _after(self, delivery: Delivery, outcome: Outcome) -> Delivery:
        now_ms = self._clock.now_ms()
        doubled_ms = _FIRST_WAIT_MS << min(delivery.attempts, _MOST_DOUBLINGS)
        jittered_ms = round(min(doubled_ms, _LONGEST_WAIT_MS) * (0.5 + self._random() / 2))
        return msgspec.structs.replace(
            delivery,
            state=outcome.state,
            attempts=delivery.attempts + 1,
            tried_ms=now_ms,
            next_ms=now_ms + max(jittered_ms, min(outcome.wait_ms, _LONGEST_RETRY_AFTER_MS)),
            answer=outcome.answer,
        )


def _is_due(delivery: Delivery, now_ms: int) -> bool:
    """Tell whether a message is to be sent. A clock that was set back may say that it was tried in the future."""
    return not delivery.attempts or not delivery.tried_ms <= now_ms < delivery.next_ms


def judge(response: OutboundResponse, now_ms: int) -> Outcome:
    """Return what an answer means: taken, refused for now, or refused for good."""
    words = response.body[: _ANSWER_CHARACTERS * 4].decode(errors="replace").strip()[:_ANSWER_CHARACTERS]
    state = judge_status(response.status)
    wait_ms = _retry_after(response.header("retry-after"), now_ms) if state is DeliveryState.WAITING else 0
    return Outcome(state=state, answer=f"{response.status} {words}".strip(), wait_ms=wait_ms)


def judge_status(status: int) -> DeliveryState:
    """Return what a status of HTTP means for a message."""
    if 200 <= status < 300:
        return DeliveryState.DELIVERED
    return DeliveryState.WAITING if status >= 500 or status in _PASSING else DeliveryState.FAILED


def judge_error(error: OutboundError) -> Outcome:
    """Return what it means that there was no answer."""
    return Outcome(state=DeliveryState.FAILED if error.permanent else DeliveryState.WAITING, answer=str(error))


def _retry_after(text: str, now_ms: int) -> int:
    if text.isascii() and text.isdigit():
        return int(text[:9]) * 1000
    try:
        at = parsedate_to_datetime(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return max(round(at.timestamp() * 1000) - now_ms, 0)
    except (ValueError, TypeError, OverflowError):  # no date, or one that no calendar has
        return 0
