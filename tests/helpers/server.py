"""A real `barograph serve` on a free port of loopback, for tests that need one."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """An HTTP answer of any status."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        return None


UNMEASURED = {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}
"""An environment without coverage: at the end of a process it writes all that it has seen, and what is promised of that
end is not about it."""
_LAST_WORDS = 20_000
"""Characters of what a server said that are told when it does not end."""
_OPENER = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def eventually(probe: Callable[[], T | None], timeout_s: float = 60.0, what: str = "it") -> T:
    """Ask until the answer is not None (nor False); the pause between two tries is short."""
    end = time.monotonic() + timeout_s
    while True:
        found = probe()
        if found is not None and found is not False:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {timeout_s} s")
        time.sleep(0.02)


class Server:
    """One `barograph serve` process (the keeper) with its front."""

    def __init__(
        self,
        data: Path,
        *arguments: str,
        environment: dict[str, str] | None = None,
        log: Path | None = None,
        before: Sequence[str] = (),
        program: Sequence[str] = ("-m", "barograph"),
    ) -> None:
        """Start it; `before` is a command that starts it in turn, such as `prlimit`; `program` is what Python runs."""
        self.data = data
        self.log = log or data.parent / f"{data.name}.log"
        # of a server that was killed: its port may answer for a moment yet
        (data / "url").unlink(missing_ok=True)
        self._log_file = self.log.open("ab")
        self.process = subprocess.Popen(
            [
                *before,
                sys.executable,
                *program,
                "serve",
                "--data",
                str(data),
                "--listen",
                "127.0.0.1:0",
                *arguments,
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._log_file,
            stderr=self._log_file,
            # where it is when it must be ended by force, it says itself
            env={**os.environ, "PYTHONFAULTHANDLER": "1", **(environment or {})},
        )

    def wait_ready(self, timeout_s: float = 120.0) -> "Server":
        """Wait until it answers.

        Raises:
            AssertionError: It ended, or takes too long; it is stopped then.
        """

        def ready() -> bool | None:
            if self.process.poll() is not None:
                raise AssertionError(f"serve ended with {self.process.returncode}:\n{self.words()}")
            try:
                return self.get("/-/ready", token=None).status == 200
            except (OSError, http.client.HTTPException):  # also of a front that was killed while it answered
                return None

        try:
            eventually(ready, timeout_s, "being ready")
        except BaseException:
            with suppress(AssertionError):
                self.stop()
            raise
        return self

    @property
    def url(self) -> str:
        return (self.data / "url").read_text().strip()

    @property
    def token(self) -> str:
        return (self.data / "token").read_text().strip()

    @property
    def login_link(self) -> str:
        return (self.data / "login-link").read_text().strip()

    @property
    def front_pid(self) -> int:
        """Process id of the keeper's child, the front."""

        def child() -> int | None:
            pids: list[str] = []
            for thread in Path(f"/proc/{self.process.pid}/task").iterdir():
                with suppress(OSError):  # it ended meanwhile
                    pids += (thread / "children").read_text().split()
            return int(pids[0]) if pids else None

        return eventually(child, what="a front")

    def words(self) -> str:
        """What the process has said so far."""
        return self.log.read_text()

    def request(
        self,
        path: str,
        *,
        method: str = "GET",
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
        timeout_s: float = 60.0,
    ) -> Answer:
        """Send a request with exactly these headers (no credential of its own)."""
        body = urllib.parse.urlencode(form).encode() if form is not None else None
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {}, method=method)
        try:
            with _OPENER.open(request, timeout=timeout_s) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read())
        except urllib.error.HTTPError as refusal:
            return Answer(refusal.code, dict(refusal.headers), refusal.read())

    def get(self, path: str, token: str | None = "", **parameters: str) -> Answer:
        """GET with the local administrator's token, or another, or none."""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        headers = {} if token is None else {"Authorization": f"Bearer {token or self.token}"}
        return self.request(path + query, headers=headers)

    def query(self, expression: str, **parameters: str) -> list[dict[str, Any]]:
        """Run an instant query and return its result list."""
        answer = self.get("/api/v1/query", query=expression, **parameters)
        assert answer.status == 200, answer.body
        result: list[dict[str, Any]] = answer.json()["data"]["result"]
        return result

    def value(self, expression: str) -> float | None:
        """Return the value of the only series of an instant query, or None where it is empty."""
        result = self.query(expression)
        return float(result[0]["value"][1]) if result else None

    def stop(self, timeout_s: float = 60.0) -> int:
        """End it as an init system does.

        Raises:
            AssertionError: It did not end in time; it is killed then, and what each of its threads did is told.
        """
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout_s)  # at once where it has ended before
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
            self.process.kill()
            self.process.wait()
            last = self.words()[-_LAST_WORDS:]
            raise AssertionError(f"serve did not end within {timeout_s:g} s of SIGTERM:\n{last}") from None
        finally:
            self._log_file.close()

    def kill(self) -> None:
        """End it as a power-hungry kernel does."""
        self.process.kill()
        self.process.wait()
        self._log_file.close()


@contextmanager
def serving(
    data: Path,
    *arguments: str,
    environment: dict[str, str] | None = None,
    before: Sequence[str] = (),
    ready_s: float = 120.0,
) -> Iterator[Server]:
    """A ready server for the length of a block."""
    server = Server(data, *arguments, environment=environment, before=before)
    try:
        yield server.wait_ready(ready_s)
    finally:
        server.stop()


def newest_second(server: Server) -> tuple[str, int]:
    """Return the host's name and its newest second; a front that has just come has not heard of one yet."""

    def told() -> tuple[str, int] | None:
        status = server.get("/api/barograph/v1/status").json()["data"]
        return (status["instance"], status["tick_ms"] // 1000) if status["tick_ms"] else None

    return eventually(told, what="a second")


def until_heard(server: Server, seconds: int) -> None:
    """Wait until so many seconds of the host are there; a busy machine leaves some out."""
    expression = f'count_over_time(up{{job="node"}}[{4 * seconds}s])'
    eventually(lambda: (server.value(expression) or 0) >= seconds, 60 + 4 * seconds, f"{seconds} seconds")


def store_samples(server: Server, lines: Sequence[str]) -> None:
    """Put samples into a server's store as any Prometheus client may; each line as in the text format, times in ms."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/import/prometheus",
        data="\n".join([*lines, ""]).encode(),
        headers={"Authorization": f"Bearer {server.token}"},
        method="POST",
    )
    with urllib.request.urlopen(request, timeout=120) as answer:
        assert answer.status < 300
