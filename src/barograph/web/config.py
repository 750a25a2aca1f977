"""The `web` section of the configuration. Imports nothing of HTTP: the keeper reads it too."""

import ipaddress
import re
from collections.abc import Iterable

import msgspec

from barograph.model.units import Size

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
UNIX = "unix"
"""The source of what comes through a unix socket; also its name in `web.trusted_proxies`."""
_EXTERNAL_URL = re.compile(r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?/?")


class TlsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The certificate that the server shows. Files that change are read again within seconds.

    Attributes:
        cert_file: The certificate with its chain, PEM.
        key_file: Its key, PEM, without a pass phrase.
    """

    cert_file: str = ""
    key_file: str = ""

    def __post_init__(self) -> None:
        if bool(self.cert_file) != bool(self.key_file):
            name, other = ("cert_file", "key_file") if self.cert_file else ("key_file", "cert_file")
            raise ValueError(f"{name} is given and {other} is not: a certificate needs its key")


class WebConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the page and the API are served.

    Attributes:
        listen: Addresses to listen on, `HOST:PORT`, `[::1]:PORT` or `unix:/PATH`.
        tls: Certificate and key; with them every `HOST:PORT` speaks TLS alone.
        trusted_proxies: Addresses and networks of proxies before us (`unix` for those at a unix socket), whose
            X-Forwarded-For and X-Forwarded-Proto are believed.
        external_url: Where people find this server, such as `https://metrics.example`, where that is another place.
        allowed_hosts: Names, beside localhost, 127.0.0.1 and [::1], that a request's Host header may have.
        viewers_see_arguments: Whether viewers see the arguments of processes, not only their programs.
        max_body: The largest body of a request.
        max_import_body: The largest body of an import, as it is sent.
        max_import_text: The largest body of an import once it is decompressed.
        live_clients: Live streams at once; one user who is no administrator may have a quarter of them.
        live_expressions: Expressions of one live stream.
        live_samples: Samples that the expressions of one live stream may touch at a tick, together.
        waiting_queries: Dear queries that may wait for the one query thread.
    """

    listen: tuple[str, ...] = ("127.0.0.1:10132",)
    tls: TlsConfig = TlsConfig()
    trusted_proxies: tuple[str, ...] = ()
    external_url: str = ""
    allowed_hosts: tuple[str, ...] = ()
    viewers_see_arguments: bool = False
    max_body: Size = Size.parse("1MiB")
    max_import_body: Size = Size.parse("64MiB")
    max_import_text: Size = Size.parse("512MiB")
    live_clients: int = 64
    live_expressions: int = 128
    live_samples: int = 200_000
    waiting_queries: int = 20

    def __post_init__(self) -> None:
        try:
            parse_networks(self.trusted_proxies)
        except ValueError as error:
            raise ValueError(f"trusted_proxies: {error}; addresses, networks and `unix` are expected") from error
        if self.external_url and not _EXTERNAL_URL.fullmatch(self.external_url):
            raise ValueError(
                f"external_url is {self.external_url!r}: write it like https://metrics.example, without a path"
            )


def parse_networks(texts: Iterable[str]) -> list[Network]:
    """Return the networks and addresses of `web.trusted_proxies` but `unix`.

    Raises:
        ValueError: One is none.
    """
    return [ipaddress.ip_network(text) for text in texts if text != UNIX]
