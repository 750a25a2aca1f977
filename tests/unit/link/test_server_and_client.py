"""Both ends of the link in one process, over real socket pairs."""

import asyncio
import logging
import os
import socket
import threading
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from barograph.link.client import LinkClient, LinkEvents
from barograph.link.framing import (
    AnyFrame,
    CommandFrame,
    FrameReader,
    Hello,
    ReplyFrame,
    SegmentFrame,
    TickFrame,
    encode_frame,
)
from barograph.link.memory import SharedSegment
from barograph.link.server import LinkServer
from barograph.model.acting import Actor
from barograph.model.commands import (
    AnyCommand,
    AnyReply,
    Done,
    EndSession,
    KeeperStatus,
    Refused,
    Reload,
    SessionOpened,
)
from barograph.model.errors import LinkError
from helpers.eventually_async import until

Run = Callable[[Coroutine[Any, Any, None]], None]


def status(version: int) -> KeeperStatus:
    return KeeperStatus(
        version=version,
        instance="here",
        started_ms=1,
        interval_ms=1000,
        store_read_only=False,
        store_reason="",
        collectors=(),
    )


async def done(command: AnyCommand, actor: Actor) -> AnyReply:
    return Done()


class Front:
    """A client and what it was told."""

    def __init__(self, ours: socket.socket) -> None:
        self.ticks: list[int] = []
        self.statuses: list[KeeperStatus] = []
        self.segments: list[memoryview] = []
        self.lost: list[str] = []
        self.health: list[str] = []
        events = LinkEvents(
            on_tick=self.ticks.append,
            on_status=self.statuses.append,
            on_segment=self.segments.append,
            on_lost=self.lost.append,
            on_health=self.health.append,
        )
        self.client = LinkClient(ours, events)


class TestCommands:
    def test_a_command_is_answered(self, run: Run) -> None:
        taken: list[AnyCommand] = []

        async def execute(command: AnyCommand, actor: Actor) -> AnyReply:
            taken.append(command)
            return SessionOpened(token="t", expires_ms=7)

        async def story() -> None:
            server = LinkServer(execute)
            front = Front(server.open())
            assert await front.client.execute(Reload()) == SessionOpened(token="t", expires_ms=7)
            assert taken == [Reload()]
            front.client.close()
            server.close()

        run(story())

    def test_answers_find_their_commands_in_any_order(self, run: Run) -> None:
        gates = {f"{number}": asyncio.Event() for number in range(3)}

        async def execute(command: AnyCommand, actor: Actor) -> AnyReply:
            assert isinstance(command, EndSession)
            name = command.session_id
            await gates[name].wait()
            return Refused(kind="access", message=name)

        async def story() -> None:
            server = LinkServer(execute)
            front = Front(server.open())
            tasks = [asyncio.ensure_future(front.client.execute(EndSession(session_id=name))) for name in gates]
            for name in ("2", "0", "1"):
                gates[name].set()
                assert await tasks[int(name)] == Refused(kind="access", message=name)
            front.client.close()
            server.close()

        run(story())

    def test_a_command_that_fails_is_refused_in_words(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        async def execute(command: AnyCommand, actor: Actor) -> AnyReply:
            raise OSError("no space left")

        async def story() -> None:
            server = LinkServer(execute)
            front = Front(server.open())
            reply = await front.client.execute(Reload())
            assert reply == Refused(kind="store", message="the keeper could not do this: no space left")
            assert "a command failed: Reload" in caplog.text
            front.client.close()
            server.close()

        run(story())

    def test_large_answers_all_arrive_and_too_large_ones_are_refused_in_words(self, run: Run) -> None:
        async def execute(command: AnyCommand, actor: Actor) -> AnyReply:
            assert isinstance(command, EndSession)
            return Refused(kind="access", message="x" * int(command.session_id))

        async def story() -> None:
            server = LinkServer(execute)
            front = Front(server.open())
            sizes = [7_000_000, 9_000_000, *[5_000_000] * 6]
            asked = [front.client.execute(EndSession(session_id=f"{size}")) for size in sizes]
            replies = await asyncio.gather(*asked)
            kinds = [each.kind for each in replies if isinstance(each, Refused)]
            assert kinds == ["access", "too_large", *["access"] * 6]
            assert "the answer has 9,000,0" in str(replies[1])
            assert server.front_count == 1
            front.client.close()
            server.close()

        run(story())

    def test_commands_under_way_fail_when_the_keeper_goes(self, run: Run) -> None:
        servers: list[LinkServer] = []

        async def execute(command: AnyCommand, actor: Actor) -> AnyReply:
            servers[0].close()
            return Done()

        async def story() -> None:
            server = LinkServer(execute)
            servers.append(server)
            front = Front(server.open())
            with pytest.raises(LinkError, match="whether it carried this out is unknown"):
                await front.client.execute(Reload())
            assert front.lost == ["the other end closed the link"]
            with pytest.raises(LinkError, match="nothing was carried out"):
                await front.client.execute(Reload())

        run(story())

    def test_closing_our_own_end_fails_them_too_and_is_no_loss(self, run: Run) -> None:
        fronts: list[Front] = []

        async def execute(command: AnyCommand, actor: Actor) -> AnyReply:
            fronts[0].client.close()
            return Done()

        async def story() -> None:
            server = LinkServer(execute)
            front = Front(server.open())
            fronts.append(front)
            with pytest.raises(LinkError, match="the keeper is gone"):
                await front.client.execute(Reload())
            assert front.lost == []
            await until(lambda: server.front_count == 0)
            server.close()

        run(story())

    def test_an_answer_to_a_command_that_was_given_up_is_dropped(self, run: Run) -> None:
        asked, gate = asyncio.Event(), asyncio.Event()

        async def execute(command: AnyCommand, actor: Actor) -> AnyReply:
            asked.set()
            await gate.wait()
            return Done()

        async def story() -> None:
            server = LinkServer(execute)
            front = Front(server.open())
            task = asyncio.ensure_future(front.client.execute(Reload()))
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            gate.set()
            assert await front.client.execute(Reload()) == Done()
            assert front.client._pending == {}
            front.client.close()
            server.close()

        run(story())


class TestPublishing:
    def test_signs_of_life_reach_every_front(self, run: Run) -> None:
        async def story() -> None:
            server = LinkServer(done)
            fronts = [Front(server.open()) for _ in range(2)]
            server.publish_health("")
            await until(lambda: all(front.health == [""] for front in fronts))
            server.publish_health("ticks: quiet for 20 s")
            await until(lambda: all(front.health[-1].startswith("ticks") for front in fronts))
            for front in fronts:
                front.client.close()
            server.close()

        run(story())

    def test_ticks_reach_every_front_from_another_thread(self, run: Run) -> None:
        async def story() -> None:
            server = LinkServer(done)
            fronts = [Front(server.open()) for _ in range(3)]
            assert server.front_count == 3
            thread = threading.Thread(target=server.publish_tick, args=(5000,))
            thread.start()
            await until(lambda: all(front.ticks for front in fronts))
            thread.join()
            assert [front.ticks for front in fronts] == [[5000]] * 3
            for front in fronts:
                front.client.close()
            server.close()

        run(story())

    def test_a_front_gets_the_newest_status_and_segment_when_it_comes_and_later_ones(self, run: Run) -> None:
        async def story() -> None:
            server = LinkServer(done)
            segments = [SharedSegment(4096), SharedSegment(8192)]
            server.publish_status(status(1))
            server.publish_segment(segments[0])
            await asyncio.sleep(0)
            front = Front(server.open())
            await until(lambda: front.segments and front.statuses)
            server.publish_status(status(2))
            server.publish_segment(segments[1])
            await until(lambda: len(front.segments) == len(front.statuses) == 2)
            assert [one.version for one in front.statuses] == [1, 2]
            assert [len(one) for one in front.segments] == [4096, 8192]
            segments[0].buffer[0], segments[1].buffer[0] = 1, 2
            assert [one[0] for one in front.segments] == [1, 2]
            front.client.close()
            server.close()

        run(story())

    def test_the_descriptor_of_a_segment_is_kept_until_a_newer_one_comes(self, run: Run) -> None:
        async def story() -> None:
            server = LinkServer(done)
            first, second = SharedSegment(4096), SharedSegment(4096)
            server.publish_segment(first)
            server.publish_segment(second)
            await asyncio.sleep(0)
            assert first.descriptor == -1
            os.fstat(second.descriptor)
            server.close()
            assert second.descriptor == -1

        run(story())

    def test_a_front_that_does_not_read_keeps_nobody_waiting_and_gets_the_newest_later(self, run: Run) -> None:
        async def story() -> None:
            server = LinkServer(done)
            slow, front = server.open(), Front(server.open())
            for instant_ms in range(20_000):
                server.publish_tick(instant_ms)
                if instant_ms % 1000 == 0:
                    server.publish_segment(SharedSegment(4096))
                    await asyncio.sleep(0)
            server.publish_tick(20_000)
            await until(lambda: front.ticks[-1:] == [20_000])
            assert server.front_count == 2
            late = Front(slow)
            await until(lambda: late.ticks[-1:] == [20_000])
            assert len(late.ticks) < 20_000
            assert late.segments
            late.client.close()
            front.client.close()
            server.close()

        run(story())

    def test_a_front_that_dies_is_forgotten(self, run: Run, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)

        async def story() -> None:
            server = LinkServer(done)
            gone, front = server.open(), Front(server.open())
            gone.close()
            await until(lambda: server.front_count == 1)
            assert "the link to a front is closed: the other end closed the link" in caplog.text
            server.publish_tick(1)
            await until(lambda: front.ticks)
            front.client.close()
            server.close()

        run(story())

    def test_a_tick_after_the_end_of_the_loop_goes_nowhere(self) -> None:
        async def start() -> LinkServer:
            return LinkServer(done)

        with asyncio.Runner() as runner:
            server = runner.run(start())
        server.publish_tick(1)


class TestProtocol:
    """What the other end may not do."""

    def refusal_of_client(self, run: Run, *frames: AnyFrame) -> str:
        reasons: list[str] = []

        async def story() -> None:
            theirs, ours = socket.socketpair()
            front = Front(ours)
            theirs.sendall(b"".join(map(encode_frame, frames)))
            await until(lambda: front.lost)
            assert theirs.recv(100) == b""
            reasons.extend(front.lost)
            theirs.close()

        run(story())
        (reason,) = reasons
        return reason

    def test_a_keeper_of_another_protocol(self, run: Run) -> None:
        reason = self.refusal_of_client(run, Hello(2), TickFrame(1))
        assert reason == "the keeper speaks protocol 2, this front 1: restart barograph"

    def test_a_keeper_that_does_not_greet(self, run: Run) -> None:
        assert self.refusal_of_client(run, TickFrame(1)) == "the keeper began with TickFrame: not our protocol"

    def test_a_keeper_that_greets_twice_or_commands(self, run: Run) -> None:
        assert self.refusal_of_client(run, Hello(1), Hello(1)) == "the keeper sent Hello out of turn"
        command = CommandFrame(1, Reload())
        assert self.refusal_of_client(run, Hello(1), command) == "the keeper sent CommandFrame out of turn"

    def test_a_segment_without_its_memory(self, run: Run) -> None:
        assert self.refusal_of_client(run, Hello(1), SegmentFrame(4096)) == "a frame came without its descriptor"

    def test_an_answer_that_nobody_asked_for_is_nothing(self, run: Run) -> None:
        async def story() -> None:
            theirs, ours = socket.socketpair()
            front = Front(ours)
            theirs.sendall(encode_frame(Hello(1)) + encode_frame(ReplyFrame(9, Done())) + encode_frame(TickFrame(1)))
            await until(lambda: front.ticks)
            front.client.close()
            theirs.close()

        run(story())

    @pytest.mark.parametrize("data", [encode_frame(TickFrame(1)), b"GET / HTTP/1.1\r\n\r\n"], ids=["frame", "bytes"])
    def test_a_front_that_says_what_it_may_not_loses_its_link(self, run: Run, data: bytes) -> None:
        async def story() -> None:
            server = LinkServer(done)
            theirs = server.open()
            front = Front(server.open())
            theirs.sendall(data)
            await until(lambda: server.front_count == 1)
            assert FrameReader().feed(theirs.recv(100)) == [Hello(1)]
            assert theirs.recv(100) == b""
            theirs.close()
            front.client.close()
            server.close()

        run(story())
