"""Host names and ports, cut as Prometheus' stripPort and stripDomain cut them. Pure."""

import ipaddress


def strip_port(address: str) -> str:
    """Return the host of `host:port`; what is no such pair stays as it is."""
    pair = _split(address)
    return address if pair is None else pair[0]


def strip_domain(address: str) -> str:
    """Return the first part of a host's name, and the port where there is one; addresses stay as they are."""
    host, port = _split(address) or (address, "")
    if _is_address(host):
        return address
    host = host.split(".")[0]
    if not port:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _split(address: str) -> tuple[str, str] | None:
    """Cut as Go's net.SplitHostPort; None where that is an error."""
    host, colon, port = address.rpartition(":")
    if not colon:
        return None
    if address.startswith("["):
        end = address.find("]")
        if end < 0 or end + 1 != len(host):
            return None
        inside = address[1:end]
        return None if "[" in inside or "]" in port or "[" in port else (inside, port)
    return None if ":" in host or any(bracket in address for bracket in "[]") else (host, port)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host
