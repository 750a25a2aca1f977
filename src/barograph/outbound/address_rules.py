"""Which addresses may be connected to. Pure; asked with the address that a connection is about to be made to.

By default only public ones: what names this machine, its own network or a cloud's metadata service is refused unless
the configuration names the host or its network, since whoever writes a webhook's URL need not be an administrator.
"""

import ipaddress
from collections.abc import Iterable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_TRANSLATED = (
    ipaddress.IPv6Network("64:ff9b::/96"),
    ipaddress.IPv6Network("64:ff9b:1::/48"),
    ipaddress.IPv6Network("::/96"),
    ipaddress.IPv6Network("::ffff:0:0:0/96"),
)
"""NAT64, the old IPv4-compatible form, and translated addresses (RFC 2765): the last 32 bits are an IPv4 address."""
_ALSO_RESERVED = (
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
    ipaddress.IPv6Network("fec0::/10"),
    ipaddress.IPv6Network("3fff::/20"),
    ipaddress.IPv6Network("5f00::/16"),
)
"""Protocol assignments (RFC 6890), 6to4 relays (RFC 7526), site-local addresses (RFC 3879), documentation (RFC 9637)
and segment routing (RFC 9602), of which Python calls parts public."""


class AddressRules:
    """Refuses addresses that are not public, but for hosts and networks that were allowed.

    Args:
        allowed: Host names (`hooks.lan`), addresses and networks (`10.1.0.0/16`).

    Raises:
        ValueError: A network has bits set behind its prefix.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._names: set[str] = set()
        self._networks: list[Network] = []
        for text in allowed:
            entry = text.strip().lower().rstrip(".")
            if entry.count("/") or _is_address(entry):
                self._networks.append(ipaddress.ip_network(entry))
            else:
                self._names.add(entry)

    def refuse(self, host: str, address: str) -> str:
        """Return why a host may not be reached at this address, or ""."""
        found = ipaddress.ip_address(address.partition("%")[0])
        meant = _inside(found) or found
        if host.lower().rstrip(".") in self._names:
            return ""
        if any(
            one.version == network.version and one in network for network in self._networks for one in (found, meant)
        ):
            return ""
        kind = _kind(meant)
        return f"{address} is {kind}" if kind else ""


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _inside(address: Address) -> Address | None:
    """Return the IPv4 address that an IPv6 one stands for."""
    if not isinstance(address, ipaddress.IPv6Address):
        return None
    if int(address) > 1 and any(address in network for network in _TRANSLATED):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _kind(address: Address) -> str:
    """Return what an address is that is not public, or ""."""
    if address.is_unspecified or address.is_loopback:
        return "this machine itself"
    if address.is_link_local:
        return "link-local, where clouds keep their metadata service"
    if address.is_multicast:
        return "a multicast address"
    is_reserved = any(one.version == address.version and address in one for one in _ALSO_RESERVED)
    if address.is_private or not address.is_global or is_reserved:
        return "a private or reserved address"
    return ""
