"""The dead-man's switch: asks for an outside address as long as every part works, and for nothing once one does not.

Whoever listens there raises the alarm when it is quiet; nothing on a dead machine can. A part is watched from another
thread or process than its own, so that one that hangs is found as surely as one that ended.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable

from barograph.model.clock import Clock
from barograph.notify.config import HeartbeatConfig
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient
from barograph.outbound.request import OutboundError, OutboundRequest

_log = logging.getLogger(__name__)
FRESH_S = 15.0
_FRONT_TIMEOUT_S = 10.0
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
    return "" if answer.status == 200 else f"answers {answer.status}"


class Heartbeat:
    """Run on the notifier's loop.

    Args:
        clock: For pulses.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._checks: dict[str, Check] = {}
        self._failing = ""
        self.pings = 0

    def pulse(self, part: str, within_s: Callable[[], float] = lambda: FRESH_S) -> Pulse:
        """Watch a part by its pulse, and return it for the part to beat."""
        pulse = Pulse(self._clock)

        async def check() -> str:
            return pulse.check(within_s())

        self._checks[part] = check
        return pulse

    def watch(self, part: str, check: Check) -> None:
        """Watch a part by asking."""
        self._checks[part] = check

    async def failure(self) -> str:
        """Return which part does not work, and why; "" where all do."""
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
