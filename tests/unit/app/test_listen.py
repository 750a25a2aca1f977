import os
import socket
from pathlib import Path

import pytest

from barograph.app.listen import bind, is_loopback, parse_address, port_holder, remove_sockets, url_of
from barograph.model.errors import ConfigError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:10132", ("127.0.0.1", 10132)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:0", ("localhost", 0)),
        (":9090", ("0.0.0.0", 9090)),
    ],
)
def test_address_is_split(text: str, expected: tuple[str, int]) -> None:
    assert parse_address(text) == expected


@pytest.mark.parametrize("text", ["10132", "::1:80", "host:99999", "host:", "[::1]", "http://x:1"])
def test_what_is_no_address_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1:10132") as caught:
        parse_address(text)
    assert caught.value.path == "web.listen"


def test_loopback_is_told_from_the_world() -> None:
    assert [
        is_loopback(text) for text in ("127.0.0.1:1", "[::1]:1", "localhost:1", "0.0.0.0:1", "[::]:1", "10.0.0.1:1")
    ] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_bound_sockets_have_urls() -> None:
    four, six = bind(("127.0.0.1:0", "[::1]:0"))
    try:
        assert url_of(four) == f"http://127.0.0.1:{four.getsockname()[1]}"
        assert url_of(six) == f"http://[::1]:{six.getsockname()[1]}"
    finally:
        four.close()
        six.close()


def test_a_wildcard_is_reached_by_loopback() -> None:
    (listening,) = bind(("0.0.0.0:0",))
    assert url_of(listening).startswith("http://127.0.0.1:")
    listening.close()


def test_a_taken_port_names_its_holder_and_a_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError) as caught:
            bind(("127.0.0.1:0", f"127.0.0.1:{port}"))
    message = str(caught.value)
    assert f"127.0.0.1:{port} is taken by" in message
    assert f"(pid {os.getpid()})" in message
    assert "--listen" in message


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(ConfigError, match="no address of this machine"):
        bind(("192.0.2.1:0",))


def test_a_name_without_an_address_is_refused() -> None:
    with pytest.raises(ConfigError, match="names no address"):
        bind(("no-such-host.invalid:0",))


def test_an_unreadable_proc_names_nobody(tmp_path: Path) -> None:
    assert port_holder(1, tmp_path) == ""


def test_names_that_only_look_like_loopback() -> None:
    assert not any(is_loopback(text) for text in ("localhost.evil.example:1", "[::1:2]:1", "127.evil.example:1"))
    assert is_loopback("unix:/run/x.sock")


def test_a_unix_socket_is_private_to_its_group_and_one_left_behind_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    (first,) = bind((f"unix:{path}",))
    assert path.stat().st_mode & 0o777 == 0o660
    with pytest.raises(ConfigError, match="another program listens there"):
        bind((f"unix:{path}",))
    first.close()
    (second,) = bind((f"unix:{path}",))
    second.close()
    remove_sockets((f"unix:{path}", "127.0.0.1:1"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("x")
    with pytest.raises(ConfigError, match="no socket"):
        bind((f"unix:{path}",))
    assert path.read_text() == "x"
