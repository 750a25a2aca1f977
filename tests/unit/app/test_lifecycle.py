"""The start as people meet it: a clock that was never set, files that cannot be written yet, the log-in link."""

import errno
import io
import logging
import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from barograph.app import lifecycle
from barograph.app.lifecycle import LINK, PLAUSIBLE_MS, PrivateFiles, announce, wait_for_plausible_clock
from barograph.identity.config import IdentityConfig
from barograph.identity.sessions import Sessions
from barograph.model.commands import SessionOpened
from barograph.model.errors import AccessError, StoreError
from barograph.state.people import SqlitePeople
from barograph.state.sqlite import open_state
from helpers.clock import FakeClock

URL = "http://127.0.0.1:10132"


class SetWhileWaiting(threading.Event):
    """A stop that never comes; each wait is recorded, and at the third someone sets the clock."""

    def __init__(self, clock: FakeClock, waits: int = 3) -> None:
        super().__init__()
        self.waited: list[float | None] = []
        self._clock, self._waits = clock, waits

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        if len(self.waited) == self._waits:
            self._clock.step_wall(PLAUSIBLE_MS)
        return False


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def files(tmp_path: Path) -> PrivateFiles:
    return PrivateFiles(tmp_path)


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    state = open_state(folder)
    yield Sessions(state, SqlitePeople(state), IdentityConfig(), FakeClock())
    state.close()


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The disk under these files is full until the fixture is undone."""
    with monkeypatch.context() as patch:
        patch.setattr("barograph.app.lifecycle.write_private", refuse(errno.ENOSPC))
        patch.setattr("barograph.app.lifecycle.read_or_create_token", refuse(errno.ENOSPC))
        yield patch


def refuse(number: int) -> object:
    def refusal(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return refusal


@pytest.mark.parametrize("now_ms", [PLAUSIBLE_MS, PLAUSIBLE_MS + 1, 1_795_403_520_000])
def test_a_clock_that_is_set_is_not_waited_for(now_ms: int, caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock(now_ms)
    stop = SetWhileWaiting(clock)
    assert wait_for_plausible_clock(clock, stop) is True
    assert stop.waited == []
    assert caplog.messages == []


@pytest.mark.parametrize("now_ms", [0, 1, PLAUSIBLE_MS - 1])
def test_a_clock_that_was_never_set_is_waited_for(now_ms: int, caplog: pytest.LogCaptureFixture) -> None:
    clock = FakeClock(now_ms)
    stop = SetWhileWaiting(clock)
    with caplog.at_level(logging.INFO):
        assert wait_for_plausible_clock(clock, stop) is True
    assert stop.waited == [1.0, 1.0, 1.0]
    first, last = caplog.messages
    assert "before 2020" in first
    assert "timedatectl" in first, "the remedy"
    assert "collection begins" in last


def test_the_end_of_the_service_ends_the_wait() -> None:
    stop = threading.Event()
    stop.set()
    assert wait_for_plausible_clock(FakeClock(0), stop) is False


def test_the_token_is_made_once_and_private(files: PrivateFiles) -> None:
    token = files.local_token()
    assert files.local_token().reveal() == token.reveal()
    assert (files.folder / "token").stat().st_mode & 0o777 == 0o600
    assert (files.folder / "token").read_text().strip() == token.reveal()


def test_an_open_token_is_refused(files: PrivateFiles) -> None:
    files.local_token()
    (files.folder / "token").chmod(0o640)
    with pytest.raises(AccessError, match="chmod 600"):
        files.local_token()


def test_a_token_that_a_full_disk_refuses_is_written_later(
    files: PrivateFiles, full_disk: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token = files.local_token()
    assert not (files.folder / "token").exists()
    assert "the disk is full" in caplog.text
    assert token.reveal() not in caplog.text
    files.write_rest()
    assert not (files.folder / "token").exists(), "still full"
    full_disk.undo()
    files.write_rest()
    assert files.local_token().reveal() == token.reveal()
    assert (files.folder / "token").stat().st_mode & 0o777 == 0o600


def test_a_token_that_something_else_refuses_is_said_with_its_file(
    files: PrivateFiles, full_disk: pytest.MonkeyPatch
) -> None:
    full_disk.setattr("barograph.app.lifecycle.read_or_create_token", refuse(errno.EROFS))
    with pytest.raises(StoreError, match=r"/token cannot be written: Read-only file system"):
        files.local_token()


def test_what_was_written_late_is_written_once(
    files: PrivateFiles, full_disk: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert files.write("url", "first\n") is False
    assert files.write("url", "second\n") is False
    assert f"{files.folder / 'url'} could not be written: No space left on device" in caplog.text
    full_disk.undo()
    files.write_rest()
    assert (files.folder / "url").read_text() == "second\n"
    (files.folder / "url").write_text("changed by someone\n")
    files.write_rest()
    assert (files.folder / "url").read_text() == "changed by someone\n"


def link_in(text: str) -> str:
    return next(word for word in text.split() if word.startswith(f"{URL}/login?code="))


def test_a_terminal_sees_the_link_and_no_file_keeps_one(
    files: PrivateFiles, sessions: Sessions, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (files.folder / LINK).write_text("of an earlier start")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with caplog.at_level(logging.DEBUG):
        announce(files, URL, sessions)
    code = link_in(terminal.getvalue()).partition("code=")[2]
    assert isinstance(sessions.redeem(code), SessionOpened)
    assert "once, within 10m" in terminal.getvalue()
    assert not (files.folder / LINK).exists()
    assert code not in caplog.text
    assert (files.folder / "url").read_text() == URL + "\n"


def test_output_that_is_a_terminal_will_do(
    files: PrivateFiles, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", io.StringIO())
    monkeypatch.setattr("sys.stdout", terminal)
    announce(files, URL, sessions)
    assert link_in(terminal.getvalue())
    assert not (files.folder / LINK).exists()


@pytest.fixture
def no_terminal(monkeypatch: pytest.MonkeyPatch) -> tuple[io.StringIO, io.StringIO]:
    streams = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stdout", streams[0])
    monkeypatch.setattr("sys.stderr", streams[1])
    return streams


def test_without_a_terminal_the_link_is_in_a_private_file_and_in_no_log(
    files: PrivateFiles,
    sessions: Sessions,
    no_terminal: tuple[io.StringIO, io.StringIO],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        announce(files, URL, sessions)
    code = link_in((files.folder / LINK).read_text()).partition("code=")[2]
    assert (files.folder / LINK).stat().st_mode & 0o777 == 0o600
    assert code not in caplog.text + no_terminal[0].getvalue() + no_terminal[1].getvalue()
    assert str(files.folder / LINK) in caplog.text
    assert isinstance(sessions.redeem(code), SessionOpened)


@pytest.mark.usefixtures("no_terminal", "full_disk")
def test_a_link_that_cannot_be_written_is_said(
    files: PrivateFiles, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    announce(files, URL, sessions)
    assert "start on a terminal to see one" in caplog.text
    assert "code=" not in caplog.text


def test_a_link_that_cannot_be_removed_is_said(files: PrivateFiles, caplog: pytest.LogCaptureFixture) -> None:
    (files.folder / "login-link").mkdir()
    files.remove_link()
    assert "login-link could not be removed: Is a directory" in caplog.text


def test_more_descriptors_are_allowed_and_never_fewer() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        lifecycle.allow_descriptors()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (min(before[1], 65_536), before[1])
        lifecycle.allow_descriptors()
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(before[1], 65_536)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_what_outlives_a_long_collection_is_not_walked_again() -> None:
    clock, frozen = FakeClock(), list[str]()
    bound = lifecycle.CollectionsBound(clock, lambda: frozen.append("frozen"))
    for generation, took_s in ((1, 0.5), (2, 0.001), (2, 0.05)):
        assert not frozen
        bound("start", {"generation": generation})
        clock.advance(took_s)
        bound("stop", {"generation": generation})
    assert frozen == ["frozen"]
