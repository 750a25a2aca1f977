"""Receivers that are down for a day, flapping or slow, in simulated time. `make soak S=receiver`.

usage: soak_receiver.py [--count N] [--seed N] [--results DIR]

Each case is a day of alerts that fire and end, a receiver that fails by one of twenty patterns, and one beside it that
works. The clock is played, the decisions, the queue and the waits are the real ones.
"""

import asyncio
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from barograph.model.notice import DeliveryState, Notice
from barograph.notify.courier import Courier, Outcome
from proof import Figure, Options, Proof, conclude, read_options
from telling import Played, policy_of

CASES = 60
DAY_S = 86_400
PATTERNS = 20
PROOF = Proof(
    row=30,
    name="receiver",
    fault="A receiver that is down for a day, flapping or slow",
    promise="All is delivered within a minute of its return, each firing before its end; other receivers wait for none.",
    method="A day of alerts in four groups is played against a receiver that fails by one of 20 patterns (down for all "
    "of the day, for hours, for seconds, by chance, with Retry-After, answering late) and one beside it that works.",
)


class PlayedClock:
    """A clock that a proof moves."""

    def __init__(self) -> None:
        self.at_ms = 1_700_000_000_000

    def now_ms(self) -> int:
        """See `Clock`."""
        return self.at_ms

    def now_s(self) -> float:
        """See `Clock`."""
        return self.at_ms / 1000

    def monotonic_s(self) -> float:
        """See `Clock`."""
        return self.at_ms / 1000

    def sleep(self, duration_s: float) -> None:
        """See `Clock`."""
        self.at_ms += round(duration_s * 1000)


class Receiver:
    """Takes messages, or fails by a pattern; `back_s` is when it works for good."""

    def __init__(self, clock: PlayedClock, pattern: int, chance: random.Random) -> None:
        self._clock, self._pattern, self._chance = clock, pattern, chance
        self._start_ms = clock.now_ms()
        self.heard: list[tuple[int, Notice]] = []
        self.tries = 0

    async def __call__(self, notice: Notice) -> Outcome:
        """Hear a message."""
        self.tries += 1
        second = (self._clock.now_ms() - self._start_ms) / 1000
        if self._pattern >= 0 and second < DAY_S and self._fails(second):
            wait_ms = 30_000 if self._pattern % 5 == 4 else 0
            return Outcome(state=DeliveryState.WAITING, answer="503", wait_ms=wait_ms)
        self.heard.append((self._clock.now_ms(), notice))
        return Outcome(state=DeliveryState.DELIVERED, answer="200")

    def _fails(self, second: float) -> bool:
        if self._pattern == 0:
            return True
        if self._pattern < 10:
            return int(second / (7 * 5**self._pattern % 40_000 + 3)) % 2 == 0
        return self._chance.random() < self._pattern / PATTERNS


def play(folder: Path, pattern: int, seed: int) -> Counter[str]:
    """Play a day; returns what was found."""
    chance, clock = random.Random(seed), PlayedClock()
    played = Played(folder, policy_of("broken", "sound", interval="60s"), clock)
    ways = {"broken/webhook[0]": Receiver(clock, pattern, chance), "sound/webhook[0]": Receiver(clock, -1, chance)}
    courier = Courier(played.deliveries, dict(ways), clock, chance.random)
    day_ms = clock.now_ms() + DAY_S * 1000
    last_ms = 0
    while clock.now_ms() < day_ms + 120_000:
        if clock.now_ms() < day_ms - 200_000 and clock.now_ms() >= last_ms:
            host = chance.randrange(12)
            played.toggle(f"h{host}", f"g{host % 4}")
            last_ms = clock.now_ms() + round(chance.expovariate(1 / 900) * 1000)
        following = [played.dispatcher.step()] + [asyncio.run(courier.step(way)) for way in ways]
        waiting = [at for at in (*following, last_ms, day_ms) if at is not None and at > clock.now_ms()]
        clock.at_ms = min([*waiting, clock.now_ms() + 60_000])
    found = Counter(waiting=sum(played.deliveries.waiting(way) for way in ways))
    played.state.close()
    for name, way in (("broken", ways["broken/webhook[0]"]), ("sound", ways["sound/webhook[0]"])):
        found += _examined(name, way, day_ms)
    broken, sound = (way.heard for way in ways.values())
    found["missing"] = abs(len({n.key for _, n in broken}) - len(broken)) + (
        len(
            {(a.number, a.ended_ms > 0) for _, n in sound for a in n.alerts}
            - {(a.number, a.ended_ms > 0) for _, n in broken for a in n.alerts}
        )
    )
    found["tries"] = ways["broken/webhook[0]"].tries
    return found


def _examined(name: str, way: Receiver, day_ms: int) -> Counter[str]:
    found: Counter[str] = Counter({f"{name} messages": len(way.heard)})
    ended: set[int] = set()
    for at_ms, notice in way.heard:
        for alert in notice.alerts:
            if alert.ended_ms:
                ended.add(alert.number)
            elif alert.number in ended:
                found["misordered"] += 1
        if name == "sound" and at_ms - notice.at_ms > 5000:
            found["sound late"] += 1
        if name == "broken" and at_ms - max(notice.at_ms, day_ms) > 60_000:
            found["broken late"] += 1
    return found


def figures(options: Options, place: Path) -> list[Figure]:
    """Run the proof."""
    total: Counter[str] = Counter()
    for case in range(options.count):
        folder = place / str(case)
        folder.mkdir()
        total += play(folder, case % PATTERNS, options.seed + case)
    return [
        Figure(name="days", value=options.count),
        Figure(name="messages to the receiver that fails", value=total["broken messages"]),
        Figure(name="attempts", value=total["tries"]),
        Figure(name="not delivered two minutes after its return", value=total["waiting"], must_be=0),
        Figure(name="later than a minute after its return", value=total["broken late"], must_be=0),
        Figure(name="missing or heard twice", value=total["missing"], must_be=0),
        Figure(name="an end before its firing", value=total["misordered"], must_be=0),
        Figure(name="messages to the other one", value=total["sound messages"]),
        Figure(name="of them later than 5 s", value=total["sound late"], must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Fail receivers, a day at a time.", CASES)
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="barograph-", dir=memory if memory.is_dir() else None) as temporary:
        return conclude(PROOF, figures(options, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
