"""The built page: index.html and its hashed files, read once at start, so that no request names a path on disk."""

import gzip
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from barograph.web.parameters import Receive, Scope, Send
from barograph.web.problem import Problem
from barograph.web.reply import Headers, send_body, send_problem

_FOREVER = b"public, max-age=31536000, immutable"
_LEAST_GZIP_BYTES = 512
_MISSING = (
    "the page is not built: run `make setup` in a checkout, or install a released wheel. The API works without it."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    content_type: bytes
    body: bytes
    gzipped: bytes


class Page:
    """Serves the page's own files, and index.html for each of its addresses."""

    def __init__(self, folder: Path) -> None:
        self._files = {path.name: _load(path) for path in sorted((folder / "assets").glob("*")) if path.is_file()}
        index = folder / "index.html"
        self._index = _load(index) if index.is_file() else None

    async def index(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The page at any of its addresses."""
        if self._index is None:
            await send_problem(send, Problem(status=503, kind="unavailable", message=_MISSING))
            return
        await _send(scope, send, self._index, [(b"cache-control", b"no-cache")])

    async def asset(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One of its files, by the name that carries its hash."""
        file = self._files.get(scope["path"].rpartition("/")[2])
        if file is None:
            await send_problem(send, Problem(status=404, kind="not_found", message="the page has no such file"))
            return
        await _send(scope, send, file, [(b"cache-control", _FOREVER)])


def _load(path: Path) -> _File:
    body = path.read_bytes()
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    gzipped = gzip.compress(body, 9, mtime=0) if len(body) >= _LEAST_GZIP_BYTES else b""
    return _File(content_type=kind.encode(), body=body, gzipped=gzipped)


async def _send(scope: Scope, send: Send, file: _File, headers: Headers) -> None:
    accepts = dict(scope["headers"]).get(b"accept-encoding", b"")
    if file.gzipped and b"gzip" in accepts:
        headers = [*headers, (b"content-encoding", b"gzip"), (b"vary", b"accept-encoding")]
        await send_body(send, 200, file.content_type, file.gzipped, headers)
    else:
        await send_body(send, 200, file.content_type, file.body, headers)
