"""The dead-man's switch: asks for an outside address as long as every part works, and for nothing once one does not.

Whoever listens there raises the alarm when it is quiet; nothing on a dead machine can. A part is watched from another
thread or process than its own, so that one that hangs is found as surely as one that ended.
"""

import asyncio
import logging
import math
import ssl
from collections.abc import Awaitable, Callable

from barograph.model.clock import Clock
from barograph.model.protocols import TickFollower
from barograph.notify.config import HeartbeatConfig
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient
from barograph.outbound.request import OutboundError, OutboundRequest

_log = logging.getLogger(__name__)
FRESH_S = 15.0
_STILL_S = 6.0
"""What failed and is tried again each second is still failing."""
_FRONT_TIMEOUT_S = 10.0
_OWN_WORDS = b"Barograph is not healthy"
Check = Callable[[], Awaitable[str]]
"""Returns what is wrong with a part, "" where nothing is."""


class Pulse:
    """The last sign of life of a part, which calls `beat` again and again. Any thread may."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_s = clock.monotonic_s()

    def beat(self) -> None:
        """Be alive."""
        self._last_s = self._clock.monotonic_s()

    def check(self, within_s: float) -> str:
        """Return how long it has been quiet, where that is too long."""
        quiet_s = self._clock.monotonic_s() - self._last_s
        return f"quiet for {quiet_s:.0f} s" if quiet_s > within_s else ""


class Trouble:
    """What fails again and again: wrong once it has done so for longer than a moment. Any thread may tell."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._first_s = self._last_s = -math.inf
        self._words = ""

    def again(self, words: str) -> None:
        """It failed, as `words` say."""
        now_s = self._clock.monotonic_s()
        if now_s - self._last_s > _STILL_S:
            self._first_s = now_s
        self._last_s, self._words = now_s, words

    async def check(self) -> str:
        """Return what is wrong, where it still is and has been for a while."""
        now_s = self._clock.monotonic_s()
        lasts_s = now_s - self._first_s
        if now_s - self._last_s > _STILL_S or lasts_s <= FRESH_S:
            return ""
        return f"{self._words}, for {lasts_s:.0f} s"


class Followed:
    """What follows ticks, with a pulse for as long as it does its work. Implements `TickFollower`."""

    def __init__(self, follower: TickFollower, pulse: Pulse) -> None:
        self._follower = follower
        self._pulse = pulse

    @property
    def intervals_ms(self) -> frozenset[int]:
        """See `TickFollower`."""
        return self._follower.intervals_ms

    @property
    def has_told(self) -> bool:
        """See `TickFollower`."""
        return self._follower.has_told

    def follow(self, instant_ms: int, budget_s: float) -> None:
        """See `TickFollower`. What fails at each tick is as dead as what hangs."""
        self._follower.follow(instant_ms, budget_s)
        self._pulse.beat()


async def front_failure(url: str) -> str:
    """Return why a front does not answer, "" where it does. Its certificate may have any name: it is our own."""

    def any_certificate() -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context

    client = OutboundClient(AddressRules(("0.0.0.0/0", "::/0")), any_certificate)
    request = OutboundRequest(method="GET", url=f"{url.rstrip('/')}/-/healthy", timeout_s=_FRONT_TIMEOUT_S)
    try:
        answer = await client.send(request)
    except OutboundError as error:
        return str(error)
    # 503 in its own words is about another part, and a sign of life of this one
    return "" if answer.status == 200 or answer.body.startswith(_OWN_WORDS) else f"answers {answer.status}"


class Heartbeat:
    """Run on the notifier's loop.

    Args:
        clock: For pulses.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pulses: dict[str, Callable[[], str]] = {}
        self._checks: dict[str, Check] = {}
        self._failing = ""
        self.pings = 0

    def pulse(self, part: str, within_s: Callable[[], float] = lambda: FRESH_S) -> Pulse:
        """Watch a part by its pulse, and return it for the part to beat."""
        pulse = Pulse(self._clock)
        self._pulses[part] = lambda: pulse.check(within_s())
        return pulse

    def watch(self, part: str, check: Check) -> None:
        """Watch a part by asking."""
        self._checks[part] = check

    def quiet(self) -> str:
        """Return which part has a pulse that is too old; "" where none has. Any thread may ask, which must not hang."""
        found = ((part, check()) for part, check in self._pulses.items())
        return next((f"{part}: {wrong}" for part, wrong in found if wrong), "")

    async def failure(self) -> str:
        """Return which part does not work, and why; "" where all do."""
        if quiet := self.quiet():
            return quiet
        for part, check in self._checks.items():
            wrong = await check()
            if wrong:
                return f"{part}: {wrong}"
        return ""

    async def run(self, config: HeartbeatConfig, client: OutboundClient) -> None:
        """Ping until cancelled."""
        if config.url is None:
            return
        request = OutboundRequest(method="GET", url=config.url.reveal(), headers=(("User-Agent", "barograph"),))
        while True:
            await self._ping(request, client)
            await asyncio.sleep(config.interval.seconds)

    async def _ping(self, request: OutboundRequest, client: OutboundClient) -> None:
        failing = await self.failure()
        if failing and failing.partition(":")[0] != self._failing.partition(":")[0]:
            _log.error("the dead-man's switch is let go: %s", failing)
        if self._failing and not failing:
            _log.warning("the dead-man's switch is held again")
        self._failing = failing
        if failing:
            return
        try:
            answer = await client.send(request)
        except OutboundError as error:
            _log.warning("the dead-man's switch could not be reached: %s", error)
            return
        self.pings += 1
        if answer.status >= 400:
            _log.warning("the dead-man's switch answers %d: is its address right?", answer.status)
