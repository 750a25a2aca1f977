import asyncio
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from barograph.app import snapshots
from barograph.identity.passwords import Passwords
from barograph.link import children
from barograph.model.commands import Refused, SnapshotTaken
from helpers.clock import FakeClock

PIPE = asyncio.subprocess.PIPE


@dataclass(frozen=True)
class Stuck:
    """A process that stops itself at once, and one of its own that holds its pipes."""

    file: Path

    def pids(self) -> list[int]:
        """Return the ids of both once the former stands still."""
        words = self.file.read_text() if self.file.exists() else ""
        if not words.endswith("\n") or Path(f"/proc/{words.split()[0]}/stat").read_text().split()[2] != "T":
            return []
        return [int(word) for word in words.split()]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A busy machine takes longer to end what was killed; what holds a pipe does so for a minute."""
    monkeypatch.setattr(children, "_LONGEST_END_S", 30.0)


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stuck]:
    script, child = tmp_path / "stuck", Stuck(tmp_path / "pids")
    script.write_text(f"#!/bin/sh\nsleep 60 &\necho $$ $! > {child.file}\nkill -STOP $$\n")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))
    yield child
    os.kill(int(child.file.read_text().split()[1]), signal.SIGKILL)


async def cancel_stuck(work: "asyncio.Task[object]", child: Stuck) -> int:
    while not (pids := child.pids()):
        await asyncio.sleep(0.01)
    work.cancel()
    await asyncio.wait([work], timeout=60)
    assert work.cancelled()
    return pids[0]


def complain() -> None:
    """Have what outlives its event loop say so."""
    for thread in threading.enumerate():
        if "waitpid" in thread.name:  # it holds what it waits for
            thread.join(60)
    gc.collect()


def test_a_snapshot_that_is_cancelled_leaves_neither_process_nor_pipe(tmp_path: Path, stuck: Stuck) -> None:
    async def check() -> int:
        taking: asyncio.Task[SnapshotTaken | Refused] = asyncio.create_task(snapshots.take(tmp_path, FakeClock()))
        return await cancel_stuck(taking, stuck)

    pid = asyncio.run(check())
    assert not Path(f"/proc/{pid}").exists()
    complain()


def test_a_password_that_is_cancelled_leaves_neither_process_nor_pipe(stuck: Stuck) -> None:
    async def check() -> int:
        return await cancel_stuck(asyncio.create_task(Passwords().hash("correct horse battery")), stuck)

    pid = asyncio.run(check())
    assert not Path(f"/proc/{pid}").exists()
    complain()


def test_a_start_that_is_cancelled_halfway_is_ended_too(stuck: Stuck) -> None:
    async def check() -> None:
        starting = asyncio.create_task(children.start("barograph", stdin=PIPE, stdout=PIPE))
        await asyncio.sleep(0)
        await asyncio.sleep(0)  # it is started, and its pipes are not connected yet
        assert not starting.done()
        while not stuck.pids():
            time.sleep(0.01)
        starting.cancel()
        await asyncio.wait([starting], timeout=60)
        assert starting.cancelled()

    asyncio.run(check())
    complain()


@pytest.mark.parametrize("is_dead", [False, True])
def test_a_pipe_that_another_process_holds_is_not_waited_for(is_dead: bool, caplog: pytest.LogCaptureFixture) -> None:
    async def check() -> tuple[int, bytes]:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh", "-c", "sleep 60 & echo $!; kill -STOP $$", stdin=PIPE, stdout=PIPE, stderr=PIPE
        )
        assert process.stdin is not None and process.stdout is not None
        holder = int(await process.stdout.readline())
        process.stdin.write(b"x" * 1_000_000)  # nobody reads it
        if is_dead:
            process.kill()
            while process.returncode is None:
                await asyncio.sleep(0.01)
        reading = asyncio.create_task(process.stdout.readline())
        await asyncio.sleep(0)
        await children.end(process)
        return holder, await reading

    holder, read = asyncio.run(check())
    os.kill(holder, signal.SIGKILL)
    assert "is left alone" not in caplog.text
    assert read == b""
    complain()
