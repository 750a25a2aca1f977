import pytest

from barograph.web.config import WebConfig
from barograph.web.place import own_names, read_headers, refuse_change, refuse_place
from barograph.web.problem import Problem

NAMES = own_names(
    WebConfig(listen=("127.0.0.1:1", "192.168.1.5:80", "[fe80::1]:80", "0.0.0.0:2"), allowed_hosts=("Web-1",))
)


def status(host: str, **headers: str) -> int:
    raw = {b"host": host.encode("latin-1")}
    raw |= {name.replace("_", "-").encode(): value.encode() for name, value in headers.items()}
    problem = refuse_place(raw, "http", NAMES)
    return 200 if problem is None else problem.status


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST:10132",
        "127.0.0.1",
        "127.0.0.1:1",
        "[::1]",
        "[::1]:10132",
        "web-1",
        "WEB-1:443",
        "192.168.1.5:80",
        "[FE80::1]:80",
    ],
)
def test_our_own_names_are_taken_with_any_port(host: str) -> None:
    assert status(host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:10132",
        "localhost.evil.example",
        "localhost:80.evil.example",
        "localhost:evil.example",
        "evil.example@localhost",
        "localhost.",
        "localhost:",
        "127.0.0.1:999999",
        "127.0.0.2",
        "0.0.0.0:2",
        "[::1",
        "::1",
        "localhost localhost",
        "localhöst",
    ],
)
def test_any_other_name_is_refused(host: str) -> None:
    assert status(host) == 421


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        ("localhost:1", "http://localhost:1", 200),
        ("localhost:1", "HTTP://LOCALHOST:1", 200),
        ("localhost:1", "https://localhost:1", 403),
        ("localhost:1", "http://localhost", 403),
        ("localhost:1", "http://localhost:2", 403),
        ("localhost:1", "http://127.0.0.1:1", 403),
        ("localhost:1", "http://localhost:1/", 403),
        ("localhost:1", "http://localhost:1.evil.example", 403),
        ("localhost:1", "null", 403),
        ("localhost:1", "", 403),
        ("web-1", "https://web-1", 200),
        ("web-1", "http://web-1", 200),
        ("web-1", "ftp://web-1", 403),
    ],
)
def test_an_origin_is_our_own_to_the_letter(host: str, origin: str, expected: int) -> None:
    assert status(host, origin=origin) == expected


@pytest.mark.parametrize(
    ("site", "mode", "expected"),
    [
        ("same-origin", "cors", 200),
        ("none", "navigate", 200),
        ("cross-site", "navigate", 200),
        ("same-site", "navigate", 200),
        ("cross-site", "no-cors", 403),
        ("same-site", "no-cors", 403),
        ("same-site", "cors", 403),
        ("anything", "cors", 403),
    ],
)
def test_pages_of_other_sites_may_only_link_here(site: str, mode: str, expected: int) -> None:
    assert status("localhost", sec_fetch_site=site, sec_fetch_mode=mode) == expected


@pytest.mark.parametrize("name", ["host", "origin", "authorization", "content-type", "content-length"])
def test_a_header_that_must_be_single_is(name: str) -> None:
    found = read_headers([(name.encode(), b"a"), (b"accept", b"*/*"), (name.encode(), b"a")])
    assert isinstance(found, Problem)
    assert found.status == 400
    assert name in found.message


def test_other_headers_are_joined() -> None:
    found = read_headers([(b"cookie", b"a=1"), (b"accept", b"x"), (b"cookie", b"b=2"), (b"accept", b"y")])
    assert found == {b"cookie": b"a=1; b=2", b"accept": b"x, y"}


def test_headers_are_bounded() -> None:
    found = read_headers([(b"x-%d" % i, b"v" * 1000) for i in range(33)])
    assert isinstance(found, Problem)
    assert found.status == 431
    assert isinstance(read_headers([(b"x-%d" % i, b"v" * 1000) for i in range(32)]), dict)


def test_a_change_needs_our_own_page() -> None:
    assert refuse_change({b"origin": b"http://localhost"}) is None
    assert refuse_change({b"sec-fetch-site": b"same-origin"}) is None
    for headers in ({}, {b"sec-fetch-site": b"none"}, {b"referer": b"http://localhost/"}):
        problem = refuse_change(headers)
        assert problem is not None
        assert problem.status == 403


@pytest.mark.parametrize(
    ("host", "origin", "expected"),
    [
        # as nginx passes it by `proxy_set_header Host $host`: without the port
        ("Metrics.example", "https://metrics.example:8443", 200),
        ("metrics.example:8443", "https://metrics.example:8443", 200),
        ("metrics.example", "https://metrics.example:9000", 403),
        ("metrics.example", "http://metrics.example:8443", 403),
        # under another name it is a foreign page
        ("localhost", "https://metrics.example:8443", 403),
        ("other.example", "https://metrics.example:8443", 403),
    ],
)
def test_the_page_at_the_external_url_may_ask_where_host_has_no_port(host: str, origin: str, expected: int) -> None:
    names = own_names(WebConfig(external_url="https://Metrics.example:8443", allowed_hosts=("other.example",)))
    problem = refuse_place({b"host": host.encode(), b"origin": origin.encode()}, "http", names)
    assert (200 if problem is None else problem.status) == expected
