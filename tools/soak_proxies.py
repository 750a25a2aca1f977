"""Sends requests that end at two places through real proxies: `make soak S=proxies`.

usage: soak_proxies.py [--count N] [--seed N] [--results DIR]

Debian's nginx and haproxy stand before the server with one kept connection between them. After each variant somebody
else asks through the same proxy: an answer that is not theirs would be what the variant had hidden (a desync).
"""

import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from proof import SECURITY, Figure, Proof, conclude, read_options
from soak_framing import HIDDEN, VARIANTS, WORDS, variants

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from helpers.hostile import address_of
from helpers.ports import free_port
from helpers.server import eventually, serving

Address = tuple[str, int]
PROOF = Proof(
    row=40,
    name="proxies",
    fault="The same requests through nginx and haproxy, which keep one connection to us for everybody",
    promise="The next one to ask through the proxy gets the answer to their own question.",
    method="After each variant another client asks through the same proxy; the words of its answer tell whose it is. "
    "Control: a relay that joins everybody's bytes and counts none is found out by the same question.",
)
_PROBE = b"GET /-/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
_OWN = b"Barograph is ready"
_NOBODY = (b"HTTP/1.1 502", b"HTTP/1.1 503", b"HTTP/1.1 504")
_TRIES = 5
_NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream barograph {{ server {host}:{port}; keepalive 1; }}
  server {{
    listen 127.0.0.1:{own};
    location / {{
      proxy_pass http://barograph; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_request_buffering off; proxy_next_upstream off;
    }}
  }}
}}
"""
_HAPROXY = """
global
  maxconn 64
defaults
  mode http
  timeout connect 60s
  timeout client 60s
  timeout server 60s
  http-reuse always
frontend all
  bind 127.0.0.1:{own}
  default_backend barograph
backend barograph
  server one {host}:{port} pool-max-conn 1
"""
PROXIES = {
    "nginx": (_NGINX, ("nginx", "-p", "{folder}", "-c", "{file}")),
    "haproxy": (_HAPROXY, ("haproxy", "-db", "-q", "-f", "{file}")),
}


@contextmanager
def proxied(name: str, server: Address, folder: Path) -> Iterator[Address]:
    """Run a proxy before a server; yields where it listens."""
    text, command = PROXIES[name]
    folder.mkdir()
    file, own = folder / "conf", ("127.0.0.1", free_port())
    file.write_text(text.format(folder=folder, host=server[0], port=server[1], own=own[1]))
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [part.format(folder=folder, file=file) for part in command], stdout=out, stderr=subprocess.STDOUT
        )
    try:
        eventually(lambda: _OWN in ask(own, _PROBE), what=f"{name} before the server")
        yield own
    finally:
        process.kill()
        process.wait()


@contextmanager
def relayed(server: Address) -> Iterator[Address]:
    """Run the control: all clients' bytes go out on one connection, and each gets whatever answer comes next."""
    upstream = socket.create_connection(server, timeout=60)
    answers = upstream.makefile("rb")
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with client:
                upstream.sendall(client.recv(65536).replace(b"connection: close\r\n", b""))
                head = b"".join(iter(answers.readline, b"\r\n"))
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                client.sendall(head + b"\r\n" + answers.read(length))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)
        upstream.close()


def ask(address: Address, data: bytes, wait_s: float = 30.0) -> bytes:
    """Send bytes on a connection of their own; returns what came back until it closed, or nothing more came."""
    answer = b""
    try:
        with socket.create_connection(address, timeout=wait_s) as connection:
            connection.sendall(data)
            while piece := connection.recv(65536):
                answer += piece
    except OSError:
        pass  # refused, reset or silent: what came until then counts
    return answer


def is_own(answer: bytes) -> bool:
    """Whether somebody who asked for readiness was told of it, and of nothing else."""
    return answer.count(b"HTTP/1.1 ") == 1 and _OWN in answer and WORDS not in answer


def own_answer(address: Address) -> bytes:
    """Ask for readiness and return what came; again where that is nothing, or the proxy says that nobody answers it.

    Such an answer is nobody else's: the proxy may have chosen a connection that was just being closed.
    """
    answer = b""
    for _ in range(_TRIES):
        answer = ask(address, _PROBE)
        if answer and not answer.startswith(_NOBODY):
            break
    return answer


def desyncs(address: Address, sent: list[bytes], report: Callable[[bytes, bytes], None]) -> int:
    """Send every variant, and ask after each; returns how many askers got what is not theirs."""
    found = 0
    for data in sent:
        ask(address, data, 0.15)
        answer = own_answer(address)
        if not is_own(answer):
            found += 1
            report(data, answer)
    return found


def figures(count: int, seed: int, place: Path) -> list[Figure]:
    """Run the proof."""
    sent = variants(count, seed)

    def report(data: bytes, answer: bytes) -> None:
        print(data[:200], answer[:200], file=sys.stderr)

    found = []
    with ExitStack() as stack:
        server = address_of(stack.enter_context(serving(place / "data")).url)
        for name in PROXIES:
            proxy = stack.enter_context(proxied(name, server, place / name))
            found.append(Figure(name=f"desyncs behind {name}", value=desyncs(proxy, sent, report), must_be=0))
        relay = stack.enter_context(relayed(server))
        control = desyncs(relay, [_PROBE.replace(b"connection: close\r\n", b"") + HIDDEN], lambda *_: None)
    return [
        Figure(name="variants through each proxy", value=len(sent)),
        *found,
        Figure(name="control: desyncs behind a relay that counts no bytes", value=control, must_be=1),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Send requests that end at two places through real proxies.", VARIANTS, SECURITY)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options.count, options.seed, Path(temporary)), options)


if __name__ == "__main__":
    sys.exit(main())
