"""A recording web server of loopback, for tests of what is sent: takes each request, and answers as it is told."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from barograph.model.clock import SystemClock


@dataclass
class Hook:
    """What came; `answers` are used up before 200 is answered, `delay_s` is waited before each; `begun` counts."""

    port: int = 0
    heard: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    at_s: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    delay_s: float = 0.0
    begun: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def kinds(self) -> list[str]:
        """Return what each message told."""
        return [body["barograph"]["kind"] for body in self.heard]


@contextmanager
def recording(port: int = 0) -> Iterator[Hook]:
    """A server for the length of a block."""
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            arrived_s = SystemClock().now_s()
            hook.begun += 1
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            time.sleep(hook.delay_s)
            status = hook.answers.pop(0) if body and hook.answers else 200
            hook.at_s.append(arrived_s)
            hook.paths.append(self.path)
            if status == 200 and body:
                # whoever sees the message finds its key
                hook.keys.append(self.headers.get("idempotency-key", ""))
                hook.heard.append(json.loads(body))
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        do_POST = do_GET = _answer  # noqa: N815  names of the library

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    hook.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hook
    finally:
        server.shutdown()
        server.server_close()
