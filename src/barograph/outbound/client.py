"""The one HTTP client for what leaves this machine. Async, one connection a request, no cookies, no proxy.

The name is resolved once, each address is checked, and the connection is made to the checked address itself, so that a
name that changes its mind between check and connection (DNS rebinding) gains nothing. The same for every redirect.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from ipaddress import ip_address

from barograph.outbound.address_rules import AddressRules
from barograph.outbound.exchange import exchange
from barograph.outbound.request import Headers, OutboundError, OutboundRequest, OutboundResponse, shown_url
from barograph.outbound.url import Target, parse_target, redirected

Resolve = Callable[[str, int], Awaitable[list[str]]]
_REDIRECTS = (301, 302, 303, 307, 308)
_PRIVATE_HEADERS = frozenset(("authorization", "cookie", "x-api-key"))


async def resolve_host(host: str, port: int) -> list[str]:
    """Return a host's addresses, as the system's resolver orders them; an address is its own."""
    with suppress(ValueError):
        return [str(ip_address(host))]
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))


class OutboundClient:
    """Sends requests within address rules. Used on one event loop; any number at once.

    Args:
        rules: Which addresses may be reached.
        tls: Makes the context of an https connection; the system's authorities by default.
        resolve: Where a host's addresses come from.
    """

    def __init__(
        self,
        rules: AddressRules,
        tls: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        resolve: Resolve = resolve_host,
    ) -> None:
        self._rules = rules
        self._make_tls = tls
        self._resolve = resolve
        self._tls: ssl.SSLContext | None = None

    async def send(self, request: OutboundRequest) -> OutboundResponse:
        """Send a request and return the answer, whatever its status.

        Raises:
            OutboundError: No answer: the address is refused, nobody listens, it took or brought too much.
        """
        shown = shown_url(request.url)
        try:
            async with asyncio.timeout(request.timeout_s):
                return await self._follow(request)
        except TimeoutError as error:
            raise OutboundError(f"{shown} did not answer within {request.timeout_s:g} s") from error
        except ssl.SSLCertVerificationError as error:
            words = f"{shown} shows a certificate that is not trusted: {error.verify_message}"
            raise OutboundError(words) from error
        except (OSError, EOFError) as error:
            raise OutboundError(f"{shown} could not be reached: {str(error) or type(error).__name__}") from error

    async def _follow(self, request: OutboundRequest) -> OutboundResponse:
        url, method, body, headers = request.url, request.method, request.body, request.headers
        for left in range(request.most_redirects, -1, -1):
            target = parse_target(url)
            hop = OutboundRequest(
                method=method, url=url, headers=headers, body=body, max_response_bytes=request.max_response_bytes
            )
            response = await self._send_to(target, hop)
            location = response.header("location")
            if response.status not in _REDIRECTS or not location or left == 0:
                return response
            url = redirected(url, location)
            headers = _headers_for(headers, target, parse_target(url))
            if response.status == 303 or (response.status in (301, 302) and method == "POST"):
                method, body = "GET", b""
        raise AssertionError("the last redirect is returned")

    async def _send_to(self, target: Target, request: OutboundRequest) -> OutboundResponse:
        connection = await self._connect(target)
        context = None
        if target.scheme == "https":
            self._tls = context = self._tls or self._make_tls()
        try:
            reader, writer = await asyncio.open_connection(
                sock=connection, ssl=context, server_hostname=target.host if context else None
            )
        except BaseException:
            connection.close()
            raise
        try:
            return await exchange(reader, writer, target, request)
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):  # the answer is there; how the other end closes is its own affair
                async with asyncio.timeout(1):
                    await writer.wait_closed()

    async def _connect(self, target: Target) -> socket.socket:
        """Connect to the first address that is allowed and answers."""
        addresses = await self._resolve(target.host, target.port)
        refused = ""
        failed: OSError | None = None
        for address in addresses:
            refused = self._rules.refuse(target.host, address)
            if refused:
                break  # one forbidden address among public ones is how rebinding looks
            try:
                return await _open(address, target.port)
            except OSError as error:
                failed = error
        if refused:
            raise OutboundError(
                f"{target.host} is not connected to: {refused}; allow this host in the configuration if it is meant",
                permanent=True,
            )
        raise failed or OSError(f"{target.host} has no address")


async def _open(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    connection.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except BaseException:
        connection.close()
        raise
    return connection


def _headers_for(headers: Headers, before: Target, after: Target) -> Headers:
    """Return the headers for a redirect: what proves who we are goes to no other origin."""
    if before.origin == after.origin:
        return headers
    return tuple((name, value) for name, value in headers if name.lower() not in _PRIVATE_HEADERS)
