"""What is sent out, what comes back, and what can go wrong on the way. Values only."""

from dataclasses import dataclass

from barograph.model.errors import BarographError

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundRequest:
    """A request to somebody else's server.

    Attributes:
        method: Such as `POST`.
        url: `http://` or `https://`.
        headers: Beside Host, Content-Length, Connection, which are set here. Credentials go to this URL's origin only.
        body: Sent whole.
        timeout_s: For all of it: name, connection, every redirect, the answer.
        max_response_bytes: A longer answer is refused.
        most_redirects: How many are followed; 0 hands a redirect back as it is.
    """

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""
    timeout_s: float = 10.0
    max_response_bytes: int = 256 * 1024
    most_redirects: int = 0

    def __repr__(self) -> str:
        # the path of a webhook is often its password
        return f"OutboundRequest({self.method} {shown_url(self.url)}, {len(self.body)} bytes)"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundResponse:
    """An answer of any status. `headers` have lower-case names, in the order in which they came."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """Return the first header of that name, or ""."""
        return next((value for key, value in self.headers if key == name), "")


class OutboundError(BarographError):
    """Nothing usable came back.

    Args:
        message: Names the host, never the path, and what to do.
        permanent: A repeat cannot help: the URL or the configuration has to change.
    """

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent


def shown_url(url: str) -> str:
    """Return scheme and host of a URL; user, path and query may hold secrets."""
    scheme, _, rest = url.partition("://")
    authority = rest.split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]
    return f"{scheme}://{authority.rpartition('@')[2]}" if rest else "(no URL)"
