import pytest

from barograph.outbound.request import OutboundError, OutboundRequest, shown_url
from barograph.outbound.url import parse_target, redirected


@pytest.mark.parametrize(
    ("url", "host", "port", "path", "authority"),
    [
        ("http://a.example", "a.example", 80, "/", "a.example"),
        ("https://A.example:8443/x?y=1#z", "a.example", 8443, "/x?y=1", "a.example:8443"),
        ("https://[2606:4700::1]/", "2606:4700::1", 443, "/", "[2606:4700::1]"),
        ("http://a.example./", "a.example", 80, "/", "a.example"),
    ],
)
def test_a_url_leads_somewhere(url: str, host: str, port: int, path: str, authority: str) -> None:
    target = parse_target(url)
    assert (target.host, target.port, target.path, target.authority) == (host, port, path, authority)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "a.example",
        "ftp://a.example/",
        "file:///etc/passwd",
        "gopher://a.example/",
        "http://",
        "http:///x",
        "http://user:pass@a.example/",
        "http://a.example@127.0.0.1/",
        "http://a.example:99999/",
        "http://[::1/",
        "http://a.example/x y",
        "http://a.example/\r\nX-Evil: 1",
        "http://a.example\\@127.0.0.1/",
        "http://ä.example/",
    ],
)
def test_what_is_no_plain_url_is_refused_for_good(url: str) -> None:
    with pytest.raises(OutboundError) as caught:
        parse_target(url)
    assert caught.value.permanent


def test_errors_and_reprs_show_no_path_and_no_user() -> None:
    url = "https://user:CANARY@hooks.example/services/CANARY?token=CANARY"
    assert shown_url(url) == "https://hooks.example"
    assert "CANARY" not in repr(OutboundRequest(method="POST", url=url, headers=(("authorization", "CANARY"),)))
    assert shown_url("nonsense") == "(no URL)"


def test_a_redirect_may_be_relative() -> None:
    assert redirected("https://a.example/x/y", "../z") == "https://a.example/z"


def test_a_redirect_to_no_url_is_an_error_of_ours() -> None:
    with pytest.raises(OutboundError, match="redirects to what is no URL") as caught:
        redirected("https://a.example/secret", "http://[::1")
    assert "secret" not in str(caught.value)
