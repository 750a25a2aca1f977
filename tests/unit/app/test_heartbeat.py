import asyncio

import pytest

from barograph.app.heartbeat import Heartbeat, front_failure
from barograph.model.secret import Secret
from barograph.notify.config import HeartbeatConfig
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient
from helpers.clock import FakeClock
from helpers.hook import recording


def pinged(heartbeat: Heartbeat, url: str, seconds: float = 0.2) -> int:
    """Let it run for a moment; returns how many pings it made meanwhile."""

    async def run() -> None:
        config = HeartbeatConfig(url=Secret(url) if url else None)
        task = asyncio.create_task(heartbeat.run(config, OutboundClient(AddressRules(["127.0.0.1"]))))
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    before = heartbeat.pings
    asyncio.run(run())
    return heartbeat.pings - before


def test_it_pings_while_every_part_lives_and_not_when_one_is_quiet(caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock()
    heartbeat = Heartbeat(clock)
    pulse = heartbeat.pulse("ticks")
    with recording() as hook:
        assert pinged(heartbeat, hook.url) == 1
        clock.advance(16)
        assert pinged(heartbeat, hook.url) == 0
        assert "let go: ticks: quiet for 16 s" in caplog.text
        pulse.beat()
        assert pinged(heartbeat, hook.url) == 1
        assert "held again" in caplog.text
        assert hook.paths == ["/hook"] * 2


def test_a_part_may_be_asked() -> None:
    heartbeat = Heartbeat(FakeClock())

    async def dead() -> str:
        return "gone"

    heartbeat.watch("front", dead)
    assert asyncio.run(heartbeat.failure()) == "front: gone"


def test_without_an_address_nothing_leaves_and_a_dead_one_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    heartbeat = Heartbeat(FakeClock())
    assert pinged(heartbeat, "") == 0
    assert pinged(heartbeat, "http://127.0.0.1:1/") == 0
    assert "could not be reached" in caplog.text


def test_a_front_is_asked_whether_it_lives() -> None:
    with recording() as hook:
        url = hook.url.removesuffix("/hook")
        assert asyncio.run(front_failure(url)) == ""
        assert hook.paths == ["/-/healthy"]
    assert "could not be reached" in asyncio.run(front_failure(url))
