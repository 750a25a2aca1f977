"""The `web` section of the configuration. Imports nothing of HTTP: the keeper reads it too."""

import msgspec

from barograph.model.units import Size


class WebConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the page and the API are served.

    Attributes:
        listen: Addresses to listen on, `HOST:PORT` or `[::1]:PORT`.
        allowed_hosts: Names, beside localhost, 127.0.0.1 and [::1], that a request's Host header may have.
        max_body: The largest body of a request.
        max_import_body: The largest body of an import, as it is sent.
        max_import_text: The largest body of an import once it is decompressed.
        live_clients: Live streams at once.
        live_expressions: Expressions of one live stream.
        live_samples: Samples that the expressions of one live stream may touch at a tick, together.
        waiting_queries: Dear queries that may wait for the one query thread.
    """

    listen: tuple[str, ...] = ("127.0.0.1:10132",)
    allowed_hosts: tuple[str, ...] = ()
    max_body: Size = Size.parse("1MiB")
    max_import_body: Size = Size.parse("64MiB")
    max_import_text: Size = Size.parse("512MiB")
    live_clients: int = 64
    live_expressions: int = 64
    live_samples: int = 200_000
    waiting_queries: int = 20
