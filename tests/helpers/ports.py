"""A port for a program that cannot be told to choose one itself. For tests, tools and benchmarks."""

import socket


def free_port() -> int:
    """Return a TCP port of loopback that nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
