import asyncio
import threading
from contextlib import nullcontext
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import ClassVar

import pytest

from barograph.app.heartbeat import Followed, Heartbeat, Trouble, front_failure
from barograph.model.secret import Secret
from barograph.notify.config import HeartbeatConfig
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient
from helpers.clock import FakeClock
from helpers.hook import recording


class RestsError(Exception):
    """It waits for its next ping."""


def pinged(heartbeat: Heartbeat, url: str) -> int:
    """Let it run until it waits for the first time; returns how many pings it made until then."""
    config = HeartbeatConfig(url=Secret(url) if url else None)

    async def rest(seconds: float) -> None:
        assert seconds == config.interval.seconds
        raise RestsError

    before = heartbeat.pings
    with pytest.MonkeyPatch.context() as patch, pytest.raises(RestsError) if url else nullcontext():
        patch.setattr(asyncio, "sleep", rest)
        asyncio.run(heartbeat.run(config, OutboundClient(AddressRules(["127.0.0.1"]))))
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


def test_quiet_parts_are_known_without_asking_anybody() -> None:
    clock = FakeClock()
    heartbeat = Heartbeat(clock)
    heartbeat.pulse("ticks", lambda: 40.0)
    pulse = heartbeat.pulse("rules")
    assert heartbeat.quiet() == ""
    clock.advance(16)
    assert heartbeat.quiet() == "rules: quiet for 16 s"
    pulse.beat()
    assert heartbeat.quiet() == ""


def test_what_follows_ticks_beats_only_where_it_did_its_work() -> None:
    class Rules:
        intervals_ms = frozenset((1000,))
        has_told = True
        followed: ClassVar[list[tuple[int, float]]] = []

        def follow(self, instant_ms: int, budget_s: float) -> None:
            self.followed.append((instant_ms, budget_s))
            if instant_ms == 2000:
                raise RuntimeError("broken")

    clock = FakeClock()
    heartbeat = Heartbeat(clock)
    followed = Followed(Rules(), heartbeat.pulse("rules"))
    assert followed.intervals_ms == frozenset((1000,))
    assert followed.has_told
    clock.advance(16)
    with pytest.raises(RuntimeError):
        followed.follow(2000, 0.5)
    assert heartbeat.quiet() == "rules: quiet for 16 s"
    followed.follow(3000, 0.5)
    assert heartbeat.quiet() == ""
    assert Rules.followed == [(2000, 0.5), (3000, 0.5)]


def test_what_fails_again_and_again_is_wrong_after_a_while_and_right_again_once_it_has_stopped() -> None:
    clock = FakeClock()
    trouble = Trouble(clock)
    assert asyncio.run(trouble.check()) == ""
    for _ in range(16):
        trouble.again("fails")
        assert asyncio.run(trouble.check()) == "", "not yet"
        clock.advance(1)
    trouble.again("fails")
    assert asyncio.run(trouble.check()) == "fails, for 16 s"
    clock.advance(7)
    assert asyncio.run(trouble.check()) == ""
    trouble.again("fails")
    assert asyncio.run(trouble.check()) == "", "it begins anew"


def test_a_front_that_speaks_of_others_lives() -> None:
    words = iter([b"Barograph is not healthy: notifier: quiet for 31 s\n", b"too many requests\n"])

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = next(words)
            self.send_response(503)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        assert asyncio.run(front_failure(url)) == ""
        assert asyncio.run(front_failure(url)) == "answers 503"
    finally:
        server.shutdown()
        server.server_close()


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
