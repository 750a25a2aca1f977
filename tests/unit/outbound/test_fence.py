"""What a fenced thread may connect to, on real sockets."""

import socket
import threading
from collections.abc import Iterator

import pytest

from barograph.outbound.address_rules import AddressRules
from barograph.outbound.fence import Fence


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "::ffff:127.0.0.1"])
def test_no_notation_and_no_name_leads_inside(port: int, host: str) -> None:
    with Fence(AddressRules()) as fence, pytest.raises(PermissionError, match="this machine itself"):
        socket.create_connection((host, port))
    assert "allow this host" in fence.refused


def test_nor_does_a_name_that_the_socket_itself_looks_up(port: int) -> None:
    with Fence(AddressRules()), socket.socket() as one, pytest.raises(PermissionError):
        one.connect(("localhost", port))
    with Fence(AddressRules()), socket.socket(type=socket.SOCK_DGRAM) as one, pytest.raises(PermissionError):
        one.sendto(b"x", ("127.0.0.1", port))
    with Fence(AddressRules()), socket.socket(socket.AF_UNIX) as one, pytest.raises(PermissionError):
        one.connect("/run/docker.sock")


@pytest.mark.parametrize(
    ("allowed", "host"), [("localhost", "localhost"), ("127.0.0.0/8", "localhost"), ("127.0.0.1", "127.0.0.1")]
)
def test_what_the_configuration_names_is_reached(port: int, allowed: str, host: str) -> None:
    with Fence(AddressRules([allowed])) as fence, socket.create_connection((host, port)):
        assert fence.refused == ""


def test_a_name_that_is_allowed_stands_for_no_other(port: int) -> None:
    with Fence(AddressRules(["localhost"])):
        socket.create_connection(("localhost", port)).close()
        with pytest.raises(PermissionError):
            socket.create_connection(("127.0.0.1", port))


def test_other_threads_and_what_comes_after_are_free(port: int) -> None:
    def connect() -> None:
        socket.create_connection(("127.0.0.1", port)).close()
        done.append(True)

    done: list[bool] = []
    with Fence(AddressRules()):
        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
    connect()
    assert done == [True, True]
