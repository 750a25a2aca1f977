import pytest

from barograph.web.config import UNIX, TlsConfig, WebConfig
from barograph.web.proxies import Origin, Proxies, external_host

CONFIG = WebConfig(trusted_proxies=("10.0.0.0/24", "192.0.2.7", "::1"), external_url="https://metrics.example")


@pytest.mark.parametrize(
    ("peer", "forwarded", "proto", "expected"),
    [
        ("10.0.0.5", "203.0.113.9", "https", Origin(source="203.0.113.9", scheme="https")),
        ("192.0.2.7", "1.1.1.1, 203.0.113.9, 10.0.0.9", "https", Origin(source="203.0.113.9", scheme="https")),
        ("::ffff:10.0.0.5", "203.0.113.9", "http", Origin(source="203.0.113.9", scheme="http")),
        ("10.0.0.5", "", "", Origin(source="10.0.0.5", scheme="http")),
        ("10.0.0.5", "10.0.0.6", "gopher", Origin(source="10.0.0.6", scheme="http")),
        ("10.0.0.5", "203.0.113.9, nonsense", "https", Origin(source="10.0.0.5", scheme="https")),
        ("203.0.113.1", "127.0.0.1", "https", Origin(source="203.0.113.1", scheme="http")),
        ("127.0.0.1", "8.8.8.8", "https", Origin(source="127.0.0.1", scheme="http")),
        (UNIX, "8.8.8.8", "https", Origin(source=UNIX, scheme="http")),
    ],
)
def test_only_a_trusted_proxy_is_believed(peer: str, forwarded: str, proto: str, expected: Origin) -> None:
    headers = {b"x-forwarded-for": forwarded.encode(), b"x-forwarded-proto": proto.encode()}
    assert Proxies(CONFIG).origin(peer, "http", headers) == expected


def test_a_proxy_at_a_unix_socket_is_named_so() -> None:
    proxies = Proxies(WebConfig(trusted_proxies=(UNIX,)))
    headers = {b"x-forwarded-for": b"8.8.8.8", b"x-forwarded-proto": b"https"}
    assert proxies.origin(UNIX, "http", headers) == Origin(source="8.8.8.8", scheme="https")


@pytest.mark.parametrize(
    ("peer", "expected"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        (UNIX, True),
        ("10.0.0.9", True),
        ("10.0.1.9", False),
        ("", False),
    ],
)
def test_who_may_come_without_tls(peer: str, expected: bool) -> None:
    assert Proxies(CONFIG).may_be_plain(peer) is expected


@pytest.mark.parametrize(
    ("url", "host"),
    [("", ""), ("https://metrics.example:8443/", "metrics.example"), ("http://[2001:db8::1]", "[2001:db8::1]")],
)
def test_the_external_name(url: str, host: str) -> None:
    assert external_host(WebConfig(external_url=url)) == host


@pytest.mark.parametrize(
    "url", ["metrics.example", "ftp://x", "https://x/path", "https://u@x", "https://x?y", "https://"]
)
def test_an_external_url_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="external_url"):
        WebConfig(external_url=url)


@pytest.mark.parametrize("proxy", ["proxy.example", "10.0.0.1/24", ""])
def test_a_proxy_that_is_no_address(proxy: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        WebConfig(trusted_proxies=(proxy,))


@pytest.mark.parametrize("half", [{"cert_file": "x"}, {"key_file": "x"}])
def test_half_a_certificate(half: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="a certificate needs its key"):
        TlsConfig(**half)
