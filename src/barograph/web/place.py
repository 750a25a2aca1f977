"""Where a request comes from, before anybody asks who sends it: Host, Origin, fetch metadata, doubled headers. Pure.

Host keeps out a foreign name that points here (DNS rebinding), Origin and Sec-Fetch-Site keep out pages of other
origins, of which other ports of this machine are some: browsers share cookies among them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from barograph.web.config import WebConfig
from barograph.web.problem import Problem
from barograph.web.proxies import external_host, external_origin

RawHeaders = Iterable[tuple[bytes, bytes]]
_LOCAL = frozenset(("localhost", "127.0.0.1", "[::1]"))
_SINGLE = frozenset((b"host", b"origin", b"authorization", b"content-type", b"content-length"))
_MAX_BYTES = 32 * 1024
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]/@\s]+)(?::\d{1,5})?")
_LISTEN = re.compile(r"(\[.+\]|[^:]+):\d+")
_EVERYWHERE = frozenset(("0.0.0.0", "[::]", ""))  # noqa: S104  names that are no address of ours
_OWN_SITE = (b"same-origin", b"none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names that this server goes by.

    Attributes:
        plain: Those we listen on ourselves.
        configured: Those of `web.allowed_hosts`, where something before us may speak TLS.
        external: The name in `web.external_url` and the origin of pages from there; "" where there is none.
    """

    plain: frozenset[str]
    configured: frozenset[str]
    external: tuple[str, str] = ("", "")


def own_names(config: WebConfig) -> Names:
    """Return the names of a configuration: the loopback ones, every address listened on, and those that it allows."""
    listening = {found[1].lower() for address in config.listen if (found := _LISTEN.fullmatch(address))}
    return Names(
        plain=_LOCAL | frozenset(listening - _EVERYWHERE),
        configured=frozenset(name.lower() for name in (*config.allowed_hosts, external_host(config)) if name),
        external=(external_host(config).lower(), external_origin(config)),
    )


def read_headers(raw: RawHeaders) -> dict[bytes, bytes] | Problem:
    """Return the headers by name; cookies of several lines are joined, and a header that must be single is."""
    headers: dict[bytes, bytes] = {}
    size_bytes = 0
    for name, value in raw:
        size_bytes += len(name) + len(value)
        if name not in headers:
            headers[name] = value
        elif name in _SINGLE:
            # two readers may take different ones for true: that is how requests are smuggled
            words = f"there are two headers {name.decode('latin-1')!r} where one may be"
            return Problem(status=400, kind="bad_data", message=words)
        else:
            headers[name] += (b"; " if name == b"cookie" else b", ") + value
    if size_bytes > _MAX_BYTES:
        words = f"the headers have {size_bytes} bytes, more than {_MAX_BYTES}"
        return Problem(status=431, kind="bad_data", message=words)
    return headers


def refuse_place(headers: dict[bytes, bytes], scheme: str, names: Names) -> Problem | None:
    """Return why a request may not come from where it comes, or None."""
    host = headers.get(b"host", b"").decode("latin-1").lower()
    found = _HOST.fullmatch(host)
    name = found[1] if found else host
    if found is None or (name not in names.plain and name not in names.configured):
        words = f"this server does not go by the name {name!r}: add it to web.allowed_hosts if it should"
        return Problem(status=421, kind="forbidden", message=words)
    origin = headers.get(b"origin")
    if origin is not None:
        schemes = (scheme, "https") if name in names.configured else (scheme,)
        own = [f"{one}://{host}" for one in schemes]
        if name == names.external[0]:
            # a proxy may leave the port out of Host: that of the page is known
            own.append(names.external[1])
        if origin.decode("latin-1").lower() not in own:
            return Problem(status=403, kind="forbidden", message="a page of another origin may not ask here")
    site = headers.get(b"sec-fetch-site")
    if site is not None and site not in _OWN_SITE and headers.get(b"sec-fetch-mode") != b"navigate":
        return Problem(status=403, kind="forbidden", message="a page of another site may not ask here")
    return None


def refuse_change(headers: dict[bytes, bytes]) -> Problem | None:
    """Return why a change that is asked with a cookie may not be made, or None.

    It must come from our own page. With a token no such thing is needed: no browser sends one by itself.
    """
    if b"origin" in headers or headers.get(b"sec-fetch-site") == b"same-origin":
        return None
    words = "a change needs the Origin header of this server's own page"
    return Problem(status=403, kind="forbidden", message=words)
