"""What a proxy in front of us says of a request: where it came from, and whether by TLS. Pure.

Believed of those alone that `web.trusted_proxies` names; of everybody else the same headers are nothing.
"""

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from barograph.web.config import UNIX, WebConfig, parse_networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request comes from, and how: `http` or `https`."""

    source: str
    scheme: str


class Proxies:
    """The proxies of a configuration."""

    def __init__(self, config: WebConfig) -> None:
        self._trusts_unix = UNIX in config.trusted_proxies
        self._networks = tuple(parse_networks(config.trusted_proxies))

    def trusts(self, source: str) -> bool:
        """Tell whether an address is a proxy's."""
        if source == UNIX:
            return self._trusts_unix
        address = _address(source)
        return address is not None and any(address in network for network in self._networks)

    def origin(self, peer: str, scheme: str, headers: dict[bytes, bytes]) -> Origin:
        """Return where a request comes from, given who is at the other end of the connection."""
        if not self.trusts(peer):
            return Origin(source=peer, scheme=scheme)
        source = peer
        # each proxy adds whom it heard from at the end: the first from there that is none of ours is the client
        for part in reversed(headers.get(b"x-forwarded-for", b"").decode("latin-1").split(",")):
            address = _address(part.strip())
            if address is None:
                break
            source = str(address)
            if not self.trusts(source):
                break
        forwarded = headers.get(b"x-forwarded-proto", b"").decode("latin-1").strip().lower()
        return Origin(source=source, scheme=forwarded if forwarded in ("http", "https") else scheme)

    def may_be_plain(self, peer: str) -> bool:
        """Tell whether what comes from there need not be TLS: this machine itself, or a proxy."""
        address = _address(peer)
        return peer == UNIX or (address is not None and address.is_loopback) or self.trusts(peer)


def external_host(config: WebConfig) -> str:
    """Return the name in `web.external_url`, or ""."""
    host = urlsplit(config.external_url).hostname or ""
    return f"[{host}]" if ":" in host else host


def external_origin(config: WebConfig) -> str:
    """Return the origin of pages from `web.external_url` as a browser writes it, or ""."""
    parts = urlsplit(config.external_url.lower())
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
