import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from barograph.link.framing import AnyFrame, CommandFrame, Hello, SegmentFrame, TickFrame, encode_frame
from barograph.link.wire import Wire
from barograph.model.commands import EndSession
from barograph.model.errors import BarographError, LinkError
from helpers.eventually_async import until

Run = Callable[[Coroutine[Any, Any, None]], None]
LIMIT_BYTES = 1024 * 1024


class End:
    """A wire and what came through it."""

    def __init__(self, ours: socket.socket) -> None:
        self.frames: list[AnyFrame] = []
        self.lost: list[str] = []
        self.descriptors: list[int] = []
        self.error: BarographError | None = None
        self.wire = Wire(ours, self.take, self.lost.append)

    def take(self, frame: AnyFrame) -> None:
        if self.error is not None:
            raise self.error
        if isinstance(frame, SegmentFrame):
            self.descriptors.append(self.wire.take_descriptor())
        self.frames.append(frame)


def ends() -> tuple[End, End]:
    one, other = socket.socketpair()
    return End(one), End(other)


def big(number: int) -> Hello:
    """Return a frame of its own type for which there is no newer one; `number` makes it distinct."""
    return Hello(number)


def fill(end: End) -> int:
    """Send until frames wait; returns how many were sent."""
    count = 0
    while not end.wire._waiting:
        end.wire.send(big(count))
        count += 1
    return count


def test_frames_arrive_in_order_both_ways(run: Run) -> None:
    async def story() -> None:
        one, other = ends()
        for number in range(5):
            one.wire.send(TickFrame(number))
            other.wire.send(TickFrame(-number))
        await until(lambda: len(one.frames) == len(other.frames) == 5)
        assert other.frames == [TickFrame(number) for number in range(5)]
        assert one.frames == [TickFrame(-number) for number in range(5)]
        one.wire.close()
        other.wire.close()

    run(story())


def test_a_descriptor_comes_with_its_frame_and_is_not_inherited(run: Run) -> None:
    async def story() -> None:
        one, other = ends()
        reading, writing = os.pipe()
        one.wire.send(TickFrame(1))
        one.wire.send(SegmentFrame(5), writing)
        one.wire.send(TickFrame(2))
        await until(lambda: len(other.frames) == 3)
        os.close(writing)
        (received,) = other.descriptors
        assert not os.get_inheritable(received)
        os.write(received, b"through")
        assert os.read(reading, 100) == b"through"
        os.close(received)
        os.close(reading)
        one.wire.close()
        other.wire.close()

    run(story())


def test_a_frame_that_should_bring_a_descriptor_and_does_not_closes_the_wire(run: Run) -> None:
    async def story() -> None:
        one, other = ends()
        one.wire.send(SegmentFrame(5))
        await until(lambda: other.lost)
        assert other.lost == ["a frame came without its descriptor"]
        await until(lambda: one.lost)
        assert not one.wire.is_open

    run(story())


def test_a_descriptor_that_nobody_asks_for_is_closed_with_the_wire(run: Run) -> None:
    async def story() -> None:
        one, other = ends()
        reading, writing = os.pipe()
        one.wire.send(TickFrame(1), writing)
        await until(lambda: other.frames)
        os.close(writing)
        other.wire.close()
        assert os.read(reading, 1) == b""  # no copy of the writing end is left
        os.close(reading)
        one.wire.close()

    run(story())


def test_the_end_of_one_side_is_told_to_the_other_once(run: Run) -> None:
    async def story() -> None:
        one, other = ends()
        one.wire.close()
        one.wire.close()
        await until(lambda: other.lost)
        await asyncio.sleep(0)
        assert other.lost == ["the other end closed the link"]
        assert one.lost == []
        one.wire.send(TickFrame(1))  # goes nowhere, quietly
        other.wire.send_latest(TickFrame(1))

    run(story())


def test_garbage_closes_the_wire(run: Run) -> None:
    async def story() -> None:
        theirs, ours = socket.socketpair()
        end = End(ours)
        theirs.sendall(encode_frame(TickFrame(1)) + b"GET / HTTP/1.1\r\n\r\n")
        await until(lambda: end.lost)
        assert "not our protocol" in end.lost[0]
        assert not end.wire.is_open
        theirs.close()

    run(story())


def test_what_the_taker_refuses_closes_the_wire_and_the_rest_is_not_taken(run: Run) -> None:
    async def story() -> None:
        one, other = ends()
        other.error = LinkError("not this")
        one.wire.send(TickFrame(1))
        one.wire.send(TickFrame(2))
        await until(lambda: other.lost)
        assert other.lost == ["not this"]
        one.wire.close()

    run(story())


def test_frames_after_one_that_had_us_close_are_not_taken(run: Run) -> None:
    async def story() -> None:
        theirs, ours = socket.socketpair()
        taken: list[AnyFrame] = []

        def take(frame: AnyFrame) -> None:
            taken.append(frame)
            wire.close()

        wire = Wire(ours, take, lambda reason: None)
        theirs.sendall(encode_frame(TickFrame(1)) + encode_frame(TickFrame(2)))
        await until(lambda: not wire.is_open)
        assert taken == [TickFrame(1)]
        theirs.close()

    run(story())


def test_what_is_not_read_waits_and_arrives_whole_later(run: Run) -> None:
    async def story() -> None:
        theirs, ours = socket.socketpair()
        one = End(ours)
        count = fill(one) + 100
        for number in range(count - 100, count):
            one.wire.send(big(number))
        other = End(theirs)
        await until(lambda: len(other.frames) == count)
        assert other.frames == [big(number) for number in range(count)]
        assert not one.wire._waiting
        assert one.wire._waiting_bytes == 0
        # nothing is left to wake up for: a writer that stays would keep the loop spinning
        assert not asyncio.get_running_loop().remove_writer(ours)
        one.wire.close()
        other.wire.close()

    run(story())


def test_only_the_newest_of_a_type_waits_where_older_ones_are_worthless(run: Run) -> None:
    async def story() -> None:
        theirs, ours = socket.socketpair()
        one = End(ours)
        count = fill(one)
        for number in range(1000):
            one.wire.send_latest(TickFrame(number))
        other = End(theirs)
        await until(lambda: other.frames and isinstance(other.frames[-1], TickFrame))
        assert one.wire._waiting_bytes == 0
        assert other.frames == [*map(big, range(count)), TickFrame(999)]
        one.wire.close()
        other.wire.close()

    run(story())


def test_a_frame_of_which_a_part_is_sent_already_is_finished_first(run: Run) -> None:
    async def story() -> None:
        theirs, ours = socket.socketpair()
        one = End(ours)
        number = 0
        while not one.wire._waiting:
            one.wire.send_latest(TickFrame(number))
            number += 1
        one.wire._waiting[0].begun = True  # as if its first bytes had gone out
        one.wire.send_latest(TickFrame(-1))
        other = End(theirs)
        await until(lambda: other.frames and other.frames[-1] == TickFrame(-1))
        assert other.frames[-2] == TickFrame(number - 1)
        one.wire.close()
        other.wire.close()

    run(story())


def test_past_a_bound_the_wire_is_closed(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.link.wire._MAX_WAITING_BYTES", LIMIT_BYTES)

    async def story() -> None:
        theirs, ours = socket.socketpair()
        one = End(ours)
        sent_bytes, frame = 0, TickFrame(1_700_000_000_000)
        while one.wire.is_open:
            one.wire.send(frame)
            sent_bytes += len(encode_frame(frame))
            assert sent_bytes < 4 * LIMIT_BYTES
        assert one.lost == ["the other end does not read"]
        assert sent_bytes > LIMIT_BYTES
        theirs.close()

    run(story())


def test_who_waits_for_room_sends_when_the_other_end_has_read(run: Run) -> None:
    async def story() -> None:
        one, other = ends()
        large = CommandFrame(1, EndSession(session_id="x" * 3_000_000))
        for _ in range(12):
            await one.wire.room()
            one.wire.send(large)
        await until(lambda: len(other.frames) == 12)
        assert one.lost == []
        one.wire.close()
        other.wire.close()

    run(story())


def test_who_waits_for_room_gives_up_an_end_that_reads_nothing(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.link.wire._PATIENCE_S", 0.01)

    async def story() -> None:
        theirs, ours = socket.socketpair()
        one = End(ours)
        one.wire.send(CommandFrame(1, EndSession(session_id="x" * 3_000_000)))
        await one.wire.room()
        assert one.lost == ["the other end does not read"]
        theirs.close()

    run(story())


def test_a_reader_that_dies_while_frames_wait_is_noticed(run: Run) -> None:
    async def story() -> None:
        theirs, ours = socket.socketpair()
        one = End(ours)
        fill(one)
        theirs.close()
        await until(lambda: one.lost)
        assert not one.wire.is_open

    run(story())


def test_sending_to_an_end_that_is_gone_closes_ours(run: Run) -> None:
    async def story() -> None:
        theirs, ours = socket.socketpair()
        one = End(ours)
        theirs.close()
        one.wire.send(TickFrame(1))
        assert one.lost == ["the other end closed the link"]

    run(story())


def test_a_failed_send_is_told_in_words(run: Run) -> None:
    async def story() -> None:
        one, other = ends()
        one.wire.send(SegmentFrame(5), 1 << 20)  # no descriptor of ours
        assert one.lost == ["sending failed: Bad file descriptor"]
        other.wire.close()

    run(story())


def test_waking_up_for_nothing_is_harmless(run: Run) -> None:
    async def story() -> None:
        one, other = ends()
        one.wire._readable()
        assert one.wire.is_open
        one.wire.close()
        other.wire.close()

    run(story())


def test_a_failed_receive_is_told_in_words(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    async def story() -> None:
        one, other = ends()
        monkeypatch.setattr(one.wire._reader, "feed", fail)
        other.wire.send(TickFrame(1))
        await until(lambda: one.lost)
        assert one.lost == ["receiving failed: Cannot allocate memory"]
        other.wire.close()

    run(story())


def test_credentials_of_a_sender_are_not_taken_for_descriptors(run: Run) -> None:
    async def story() -> None:
        theirs, ours = socket.socketpair()
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        end = End(ours)
        theirs.sendall(encode_frame(SegmentFrame(5)))
        await until(lambda: end.lost)
        assert end.lost == ["a frame came without its descriptor"]
        theirs.close()

    run(story())
