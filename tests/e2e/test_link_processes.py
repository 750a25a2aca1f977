"""The link between real processes: a front by exec, the keeper's memory mapped, what one sees when the other dies."""

import asyncio
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from barograph.link.memory import SharedSegment
from barograph.link.server import LinkServer
from barograph.model.acting import Actor
from barograph.model.commands import AnyCommand, AnyReply, Done, Reload
from helpers.at_best import at_best
from helpers.eventually_async import until
from helpers.server import UNMEASURED

pytestmark = pytest.mark.e2e

FRONT = """
import asyncio, os, socket, struct, sys
import uvloop
from barograph.link.client import LinkClient, LinkEvents
from barograph.model.commands import Reload

async def main():
    over = asyncio.get_running_loop().create_future()
    segments = []

    def say(*words):
        print(*words, flush=True)

    def on_tick(instant_ms):
        say("tick", instant_ms, struct.unpack_from("<q", segments[-1], 8)[0], len(segments[-1]))

    client = LinkClient(
        socket.socket(fileno=int(sys.argv[1])),
        LinkEvents(
            on_tick=on_tick,
            on_status=lambda status: None,
            on_segment=segments.append,
            on_lost=lambda reason: over.done() or over.set_result(reason),
        ),
    )
    say("answer", type(await client.execute(Reload())).__name__)
    say("lost", await over)

with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
    runner.run(main())
"""

KEEPER = """
import asyncio, os, subprocess, sys
from barograph.link.memory import SharedSegment
from barograph.link.server import LinkServer
from barograph.model.commands import Done

async def execute(command, actor):
    return Done()

async def main():
    server = LinkServer(execute)
    server.publish_segment(SharedSegment(4096))
    theirs = server.open()
    front = subprocess.Popen([sys.executable, "-c", sys.argv[1], str(theirs.fileno())], pass_fds=[theirs.fileno()])
    theirs.close()
    print("front", front.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


class Front:
    """The front's process; its words are read without blocking the loop."""

    def __init__(self, server: LinkServer) -> None:
        theirs = server.open()
        self.process = subprocess.Popen(
            [sys.executable, "-c", FRONT, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdout=subprocess.PIPE,
            text=True,
        )
        theirs.close()

    async def line(self) -> str:
        assert self.process.stdout is not None
        return (await asyncio.get_running_loop().run_in_executor(None, self.process.stdout.readline)).strip()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


async def done(command: AnyCommand, actor: Actor) -> AnyReply:
    assert command == Reload()
    return Done()


def write_row(segment: SharedSegment, rows: int) -> None:
    """Raise the count of rows as the head does."""
    struct.pack_into("<q", segment.buffer, 8, rows)


def test_a_front_maps_the_memory_sees_rows_raised_and_follows_to_a_new_segment() -> None:
    async def story() -> None:
        server = LinkServer(done)
        first, second = SharedSegment(4096), SharedSegment(1 << 20)
        server.publish_segment(first)
        await asyncio.sleep(0)
        front = Front(server)
        try:
            assert await front.line() == "answer Done"
            write_row(first, 41)
            server.publish_tick(1000)
            assert await front.line() == "tick 1000 41 4096"
            write_row(first, 42)
            server.publish_tick(2000)
            assert await front.line() == "tick 2000 42 4096"
            write_row(second, 43)
            server.publish_segment(second)
            server.publish_tick(3000)
            assert await front.line() == f"tick 3000 43 {1 << 20}"
            server.close()
            assert await front.line() == "lost the other end closed the link"
        finally:
            front.end()

    asyncio.run(asyncio.wait_for(story(), 120))


def test_a_front_that_is_killed_leaves_the_keeper_and_the_next_front_well() -> None:
    async def story() -> None:
        server = LinkServer(done)
        segment = SharedSegment(4096)
        server.publish_segment(segment)
        first = Front(server)
        second = None
        try:
            assert await first.line() == "answer Done"
            first.process.send_signal(signal.SIGKILL)
            await until(lambda: server.front_count == 0)
            write_row(segment, 7)
            server.publish_tick(1000)
            await asyncio.sleep(0)  # nobody is there to be told
            second = Front(server)
            assert await second.line() == "answer Done"
            server.publish_tick(2000)
            assert await second.line() == "tick 2000 7 4096"
        finally:
            first.end()
            if second is not None:
                second.end()
            server.close()

    asyncio.run(asyncio.wait_for(story(), 120))


def test_a_front_notices_within_a_second_that_its_keeper_was_killed() -> None:
    at_best(seconds_until_noticed, 1.0, "seconds until the front's end")


def seconds_until_noticed() -> float:
    """Kill a keeper and return how long its front lived on."""
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER, FRONT], stdout=subprocess.PIPE, text=True, env={**os.environ, **UNMEASURED}
    )
    assert keeper.stdout is not None
    try:
        word, pid = keeper.stdout.readline().split()
        assert word == "front"
        assert keeper.stdout.readline() == "answer Done\n"
        killed_s = time.monotonic()
        keeper.kill()
        assert keeper.stdout.readline() == "lost the other end closed the link\n"
        assert keeper.stdout.readline() == ""  # the front has ended too: nobody holds the pipe any more
        took_s = time.monotonic() - killed_s
        assert not Path(f"/proc/{pid}/exe").exists()
    finally:
        keeper.kill()
        keeper.wait()
        keeper.stdout.close()
    return took_s


def test_no_descriptor_is_left_behind_by_many_segments_and_fronts() -> None:
    async def story() -> None:
        server = LinkServer(done)
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        segment = None
        for _ in range(50):
            segment = SharedSegment(4096)
            server.publish_segment(segment)
            ends = [server.open() for _ in range(3)]
            await asyncio.sleep(0)
            for end in ends:
                end.close()
            await until(lambda: server.front_count == 0)
        server.close()
        del segment
        # the newest segment stays mapped by the server, and a mapping holds a descriptor of its own
        assert len(os.listdir("/proc/self/fd")) <= before + 1  # noqa: PTH208

    asyncio.run(asyncio.wait_for(story(), 120))
