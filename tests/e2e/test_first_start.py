"""The first start as a person meets it: what a terminal shows, where it does not, and what is refused in words."""

import http.client
import os
import pty
import re
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from helpers.disk import fill, grow, small_file_system
from helpers.permissions import NOBODY, bow_to_permissions
from helpers.server import Answer, eventually, serving

pytestmark = pytest.mark.e2e

SERVE = [sys.executable, "-m", "barograph", "serve"]


class TerminalServe:
    """A `serve` on a terminal of its own, and what it shows there."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._shown = b""
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*SERVE, "--data", str(data), "--listen", "127.0.0.1:0"],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def text(self) -> str:
        while select.select([self._ours], [], [], 0)[0]:
            try:
                self._shown += os.read(self._ours, 65536)
            except OSError:  # nobody holds the other end any more
                break
        return self._shown.decode()

    def link(self) -> str:
        found = eventually(lambda: re.search(r"http://\S+/login\?code=\S+(?=\s)", self.text()), what="the link")
        return found.group()

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def on_a_terminal(tmp_path: Path) -> Iterator[TerminalServe]:
    running = TerminalServe(tmp_path / "data")
    yield running
    running.close()


class Browser:
    """Opens a log-in link and keeps its cookie."""

    def __init__(self, link: str) -> None:
        parts = urlsplit(link)
        self._place, self._login = parts.netloc, f"{parts.path}?{parts.query}"
        self.cookie = ""

    def get(self, path: str, **parameters: str) -> Answer:
        connection = http.client.HTTPConnection(self._place, timeout=60)
        query = "?" + urlencode(parameters) if parameters else ""
        try:
            connection.request("GET", path + query, headers={"Cookie": self.cookie} if self.cookie else {})
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def log_in(self) -> int:
        answer = self.get(self._login)
        self.cookie = answer.headers.get("set-cookie", "").partition(";")[0]
        return answer.status

    def value(self, expression: str) -> float | None:
        result = self.get("/api/v1/query", query=expression).json()["data"]["result"]
        return float(result[0]["value"][1]) if result else None


def refused(*arguments: str, prepare: Callable[[], Any] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a `serve` that must end by itself."""
    return subprocess.run(
        [*SERVE, "--listen", "127.0.0.1:0", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        preexec_fn=prepare,
    )


def test_a_terminal_shows_a_link_that_works_once(on_a_terminal: TerminalServe) -> None:
    link = on_a_terminal.link()
    browser = Browser(link)
    eventually(lambda: browser.get("/-/ready").status == 200 or None, what="being ready")
    assert browser.log_in() == 303
    assert browser.get("/api/v1/labels").status == 200
    assert Browser(link).log_in() == 401
    data = on_a_terminal.data
    assert not (data / "login-link").exists()
    code = link.partition("code=")[2].encode()
    assert not [file.name for file in data.iterdir() if file.is_file() and code in file.read_bytes()]
    assert on_a_terminal.end() == 0
    shown = on_a_terminal.text()
    assert shown.count("code=") == 1, "shown once, and in no log line"
    assert (data / "token").read_text().strip() not in shown
    assert "\x1b" not in shown


def test_a_terminals_interrupt_ends_it_in_order(on_a_terminal: TerminalServe) -> None:
    on_a_terminal.link()
    on_a_terminal.process.send_signal(signal.SIGINT)
    assert on_a_terminal.process.wait(60) in (0, 130)
    assert "Traceback" not in on_a_terminal.text()


def test_without_a_terminal_the_link_is_in_a_private_file_that_ends_with_the_service(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        file = running.data / "login-link"
        assert file.stat().st_mode & 0o777 == 0o600
        assert "code=" not in running.words()
        assert str(file) in running.words(), "where it is"
        assert Browser(running.login_link).log_in() == 303
    assert not file.exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--interval", "5x"), "--interval"),
        (("--interval", "0s"), "--interval"),
        (("--interval", "-1s"), "--interval"),
        (("--listen", "nonsense"), "--listen"),
        (("--listen", "127.0.0.1:99999"), "--listen"),
        (("--log.level", "loud"), "--log.level"),
        (("--log.format", "xml"), "--log.format"),
        (("--config", "/nowhere/barograph.yml"), "/nowhere/barograph.yml"),
    ],
)
def test_a_wrong_flag_is_named_and_nothing_is_made(tmp_path: Path, flags: tuple[str, ...], said: str) -> None:
    ended = refused("--data", str(tmp_path / "data"), *flags)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("made", [True, False])
def test_a_data_folder_of_another_user_is_refused_in_words(tmp_path: Path, made: bool) -> None:
    if os.geteuid() != 0:
        pytest.skip("giving a folder to another user needs root")
    data = tmp_path / "theirs" / "data"
    (data if made else data.parent).mkdir(mode=0o700, parents=True)
    os.chown(data if made else data.parent, NOBODY, NOBODY)
    ended = refused("--data", str(data), prepare=bow_to_permissions)
    assert ended.returncode == 2, ended.stderr
    assert str(data) in ended.stderr
    assert "Permission denied" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize("made", [True, False])
def test_a_read_only_file_system_is_refused_in_words(tmp_path: Path, made: bool) -> None:
    with small_file_system(tmp_path / "disk", "1m") as disk:
        data = disk / "data"
        if made:
            data.mkdir(mode=0o700)
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        ended = refused("--data", str(data))
    assert ended.returncode == 2, ended.stderr
    assert str(data) in ended.stderr
    assert "ead-only" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_first_start_commits_what_it_collects(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        eventually(lambda: (running.value("barograph_store_commits_total") or 0) >= 1 or None, what="a commit")
        assert running.get("/api/barograph/v1/status").json()["data"]["store_read_only"] is False


def test_on_a_full_disk_the_first_start_answers_from_memory_and_stores_when_there_is_space(tmp_path: Path) -> None:
    with small_file_system(tmp_path / "disk", "300k") as disk:
        (disk / "data").mkdir(mode=0o700)
        ballast = fill(disk)
        running = TerminalServe(disk / "data")
        try:
            browser = Browser(running.link())
            eventually(lambda: browser.get("/-/ready").status == 200 or None, what="being ready")
            eventually(lambda: browser.log_in() == 303 or None, what="the log-in")
            eventually(lambda: browser.value("count_over_time(node_load1[1m])") is not None or None, what="an answer")

            def status() -> dict[str, Any]:
                found: dict[str, Any] = browser.get("/api/barograph/v1/status").json()["data"]
                return found

            # what is in memory can be read before it is known that it cannot be stored
            eventually(lambda: status()["store_read_only"] is True, what="the status")
            assert "full" in status()["store_reason"]
            ballast.unlink()
            grow(disk, "64m")
            eventually(lambda: status()["store_read_only"] is False, what="storing again")
            assert (disk / "data" / "token").stat().st_mode & 0o777 == 0o600
            assert running.end() == 0
        finally:
            running.close()
