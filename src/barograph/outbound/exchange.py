"""One request and its answer on an open connection: HTTP/1.1 by httptools, with the answer's size bounded."""

import asyncio
import re

import httptools

from barograph.outbound.request import OutboundError, OutboundRequest, OutboundResponse, shown_url
from barograph.outbound.url import Target

_READ_BYTES = 65536
_MAX_HEAD_BYTES = 64 * 1024
_OWN = frozenset(("host", "content-length", "connection", "transfer-encoding", "accept-encoding"))
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_METHOD = re.compile(r"[A-Z]+")


async def exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: Target, request: OutboundRequest
) -> OutboundResponse:
    """Send a request and read the whole answer.

    Raises:
        OutboundError: The answer is no HTTP, or too large.
    """
    writer.write(encode_request(target, request))
    await writer.drain()
    shown = shown_url(request.url)
    answer = _Answer(request.max_response_bytes, shown)
    parser = httptools.HttpResponseParser(answer)
    answer.parser = parser
    try:
        while not answer.is_whole:
            data = await reader.read(_READ_BYTES)
            if not data:
                break
            parser.feed_data(data)
            if request.method == "HEAD" and answer.has_head:
                break
    except httptools.HttpParserCallbackError as error:
        raise error.__context__ if isinstance(error.__context__, OutboundError) else error from None
    except httptools.HttpParserUpgrade:
        raise OutboundError(f"{shown} answered with another protocol than HTTP") from None
    except httptools.HttpParserError as error:
        raise OutboundError(f"{shown} did not answer in HTTP: {error}") from error
    return answer.response(cut_is_whole=request.method == "HEAD")


def encode_request(target: Target, request: OutboundRequest) -> bytes:
    """Return a request's bytes.

    Raises:
        OutboundError: The method or a header cannot be sent: it would end the line.
    """
    if not _METHOD.fullmatch(request.method):
        raise OutboundError(f"{request.method!r} is no method", permanent=True)
    lines = [f"{request.method} {target.path} HTTP/1.1", f"Host: {target.authority}"]
    for name, value in request.headers:
        if not _NAME.fullmatch(name) or not all(char == "\t" or " " <= char != "\x7f" for char in value):
            raise OutboundError(f"header {name!r} holds a character that no header may have", permanent=True)
        if name.lower() not in _OWN:
            lines.append(f"{name}: {value}")
    lines += [f"Content-Length: {len(request.body)}", "Connection: close", "Accept-Encoding: identity", "", ""]
    try:
        return "\r\n".join(lines).encode("latin-1") + request.body
    except UnicodeEncodeError as error:
        raise OutboundError("a header holds a character beyond latin-1", permanent=True) from error


class _Answer:
    """What httptools calls back."""

    def __init__(self, most_bytes: int, shown: str) -> None:
        self.parser: httptools.HttpResponseParser | None = None
        self.has_head = False
        self.is_whole = False
        self._most_bytes = most_bytes
        self._shown = shown
        self._head_bytes = 0
        self._headers: list[tuple[str, str]] = []
        self._body = bytearray()
        self._status = 0
        self._ends_with_connection = True

    def on_header(self, name: bytes, value: bytes) -> None:
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > _MAX_HEAD_BYTES:
            raise OutboundError(f"{self._shown} answered with more than {_MAX_HEAD_BYTES} bytes of headers")
        key = name.decode("latin-1").lower()
        self._headers.append((key, value.decode("latin-1")))
        if key in ("content-length", "transfer-encoding"):
            self._ends_with_connection = False

    def on_headers_complete(self) -> None:
        assert self.parser is not None
        self._status = self.parser.get_status_code()
        if self._status >= 200:
            self.has_head = True

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > self._most_bytes:
            raise OutboundError(f"{self._shown} answered with more than {self._most_bytes} bytes")

    def on_message_complete(self) -> None:
        if self._status >= 200:
            self.is_whole = True
            return
        self._headers.clear()  # 100 Continue and its like: the answer is still to come

    def response(self, *, cut_is_whole: bool) -> OutboundResponse:
        if not self.has_head or not (self.is_whole or cut_is_whole or self._ends_with_connection):
            raise OutboundError(f"{self._shown} closed the connection in the middle of its answer")
        return OutboundResponse(status=self._status, headers=tuple(self._headers), body=bytes(self._body))
