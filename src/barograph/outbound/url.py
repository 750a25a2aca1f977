"""URLs as the outgoing client takes them: strict, so that what is checked and what is connected to are one. Pure."""

import re
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from barograph.outbound.request import OutboundError, shown_url

_PORTS = {"http": 80, "https": 443}
_VISIBLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a URL leads. `host` has no brackets; `path` is path and query, as they are sent."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: whom a credential is meant for."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """The Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_target(url: str) -> Target:
    """Split a URL.

    Raises:
        OutboundError: It is no URL that is sent to: another scheme, a user inside, a character that cannot be.
    """
    shown = shown_url(url)
    if not _VISIBLE.fullmatch(url):
        raise OutboundError(f"{shown!r}: a URL has visible ASCII characters only; encode the others", permanent=True)
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise OutboundError(f"{shown!r} is no URL: {error}", permanent=True) from error
    if scheme not in _PORTS or not host or "\\" in url:
        raise OutboundError(f"{shown!r} is no URL that is sent to: write https://HOST/PATH", permanent=True)
    if parts.username is not None:
        raise OutboundError(f"{shown!r}: a URL holds no user here; use the authorization setting", permanent=True)
    path = parts.path or "/"
    return Target(
        scheme=scheme, host=host, port=port or _PORTS[scheme], path=f"{path}?{parts.query}" if parts.query else path
    )


def redirected(url: str, location: str) -> str:
    """Return the URL that a redirect leads to.

    Raises:
        OutboundError: It leads to what is none.
    """
    try:
        return urljoin(url, location)
    except ValueError as error:
        raise OutboundError(f"{shown_url(url)} redirects to what is no URL: {error}", permanent=True) from error
