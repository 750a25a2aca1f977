import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from barograph.app import supervise
from barograph.app.supervise import FrontSupervisor, next_wait_s
from barograph.model.clock import SystemClock


@pytest.mark.parametrize(
    ("last_wait_s", "lived_s", "expected_s"),
    [(0.0, 0.1, 0.1), (0.1, 0.1, 0.2), (8.0, 1.0, 10.0), (10.0, 1.0, 10.0), (10.0, 60.0, 0.1)],
)
def test_waits_double_until_a_front_lives(last_wait_s: float, lived_s: float, expected_s: float) -> None:
    assert next_wait_s(last_wait_s, lived_s) == expected_s


class Fronts:
    """Stands in for the composition root: counts starts; the program started is a real, tiny Python process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path, code: str) -> None:
        program = folder / "python"
        program.write_text(f"#!{sys.executable}\nimport os, signal, sys, time\n{code}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))
        self.starts = 0
        self.restarts = 0
        self.released: list[int] = []
        self.started = asyncio.Event()
        self.supervisor = FrontSupervisor(self.prepare, self.released.extend, self.count, SystemClock())

    def prepare(self) -> tuple[list[str], list[int]]:
        self.starts += 1
        self.started.set()
        return [], [0]

    def count(self) -> None:
        self.restarts += 1


async def until(condition: asyncio.Event, fronts: Fronts) -> int:
    async with asyncio.timeout(60):
        await condition.wait()
        while fronts.supervisor.pid is None:
            await asyncio.sleep(0.005)
    return fronts.supervisor.pid


async def next_start(fronts: Fronts) -> int:
    fronts.started.clear()
    return await until(fronts.started, fronts)


def test_a_front_that_dies_is_started_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def story() -> None:
        fronts = Fronts(monkeypatch, tmp_path, "time.sleep(60)")
        running = asyncio.create_task(fronts.supervisor.run())
        first = await until(fronts.started, fronts)
        fronts.started.clear()
        os.kill(first, signal.SIGKILL)
        second = await until(fronts.started, fronts)
        assert second != first
        assert fronts.restarts == 1
        assert fronts.released == [0, 0]
        await fronts.supervisor.stop(5)
        await running
        assert fronts.supervisor.pid is None

    asyncio.run(story())


def test_replacing_starts_the_next_front_without_a_wait(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def story() -> None:
        fronts = Fronts(monkeypatch, tmp_path, "time.sleep(60)")
        running = asyncio.create_task(fronts.supervisor.run())
        await until(fronts.started, fronts)
        fronts.supervisor.replace()
        await next_start(fronts)
        await fronts.supervisor.stop(5)
        await running

    asyncio.run(story())
    assert "starting another" not in caplog.text


def test_a_front_that_will_not_end_is_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def story() -> None:
        ready = tmp_path / "ready"
        code = f"signal.signal(signal.SIGTERM, signal.SIG_IGN); open({str(ready)!r}, 'w').close(); time.sleep(60)"
        fronts = Fronts(monkeypatch, tmp_path, code)
        running = asyncio.create_task(fronts.supervisor.run())
        await until(fronts.started, fronts)
        while not ready.exists():
            await asyncio.sleep(0.005)
        await fronts.supervisor.stop(0.05)
        await running
        assert fronts.supervisor.pid is None

    asyncio.run(story())


def test_stopping_and_replacing_before_a_start_is_fine() -> None:
    async def story() -> None:
        supervisor = FrontSupervisor(lambda: ([], []), lambda _: None, lambda: None, SystemClock())
        supervisor.replace()
        await supervisor.stop(0.1)
        await supervisor.run()
        assert supervisor.pid is None

    asyncio.run(story())


def test_a_stop_while_a_front_is_being_started_ends_that_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def story() -> None:
        fronts = Fronts(monkeypatch, tmp_path, "time.sleep(60)")
        running = asyncio.create_task(fronts.supervisor.run())
        await fronts.started.wait()
        assert fronts.supervisor.pid is None
        await fronts.supervisor.stop(10)
        await asyncio.wait_for(running, 30)

    asyncio.run(story())


def test_a_front_that_is_being_started_is_replaced_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def story() -> None:
        fronts = Fronts(monkeypatch, tmp_path, "time.sleep(60)")
        running = asyncio.create_task(fronts.supervisor.run())
        await fronts.started.wait()
        assert fronts.supervisor.pid is None
        fronts.started.clear()
        # it was given the configuration of before
        fronts.supervisor.replace()
        await until(fronts.started, fronts)
        assert fronts.starts == 2
        await asyncio.sleep(0.2)
        assert fronts.starts == 2
        await fronts.supervisor.stop(5)
        await running

    asyncio.run(story())


def test_a_stop_while_waiting_ends_the_wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def story() -> None:
        monkeypatch.setattr(supervise, "_FIRST_WAIT_S", 60.0)
        fronts = Fronts(monkeypatch, tmp_path, "sys.exit(3)")
        running = asyncio.create_task(fronts.supervisor.run())
        while fronts.restarts == 0:
            await asyncio.sleep(0.005)
        await fronts.supervisor.stop(0.1)
        await asyncio.wait_for(running, 30)

    asyncio.run(story())
