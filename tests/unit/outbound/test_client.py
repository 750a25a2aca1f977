import asyncio
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient, resolve_host
from barograph.outbound.request import OutboundError, OutboundRequest
from helpers.eventually_async import end_server
from unit.outbound.server import OK, client_of, peer


def post(url: str, **more: Any) -> OutboundRequest:
    return OutboundRequest(method="POST", url=url, body=b"{}", **more)


def refusal(client: OutboundClient, request: OutboundRequest) -> OutboundError:
    with pytest.raises(OutboundError) as caught:
        asyncio.run(client.send(request))
    return caught.value


def test_a_request_arrives_and_its_answer_returns() -> None:
    async def check() -> None:
        async with peer() as heard:
            request = post(f"http://allowed:{heard.port}/hook?a=1", headers=(("X-Key", "5"), ("Host", "evil")))
            answer = await client_of().send(request)
        assert (answer.status, answer.body, answer.header("content-length")) == (200, b"ok", "2")
        head = heard.heard[0].decode()
        assert head.startswith(f"POST /hook?a=1 HTTP/1.1\r\nHost: allowed:{heard.port}\r\nX-Key: 5\r\n")
        assert "evil" not in head
        assert head.endswith("\r\n\r\n{}")

    asyncio.run(check())


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "8.8.8.8 127.0.0.1"])
def test_a_name_of_a_private_address_is_never_connected_to(address: str) -> None:
    async def check() -> None:
        async with peer() as heard:
            with pytest.raises(OutboundError, match="is not connected to") as caught:
                resolved = address.replace("8.8.8.8 ", "")
                await client_of(public=resolved).send(post(f"http://public:{heard.port}/"))
        assert caught.value.permanent
        assert heard.heard == []

    asyncio.run(check())


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[::1]:1/", "http://2130706433:1/", "http://0x7f.1:1/"])
def test_no_notation_of_loopback_gets_through(url: str) -> None:
    assert refusal(OutboundClient(AddressRules()), post(url, timeout_s=5)).permanent


def test_a_redirect_is_checked_as_the_first_address_was() -> None:
    async def check() -> None:
        async with peer() as inner:
            to = f"http://inner:{inner.port}/secret"
            answer = f"HTTP/1.1 302 Found\r\nlocation: {to}\r\ncontent-length: 0\r\n\r\n".encode()
            async with peer(answer) as outer:
                url = f"http://allowed:{outer.port}/"
                with pytest.raises(OutboundError, match="inner is not connected to"):
                    await client_of().send(post(url, most_redirects=3))
                assert (await client_of().send(post(url))).status == 302
        assert inner.heard == []

    asyncio.run(check())


@pytest.mark.parametrize(("status", "method"), [(302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_a_credential_does_not_follow_to_another_origin(status: int, method: str) -> None:
    async def check() -> None:
        async with peer() as second:
            to = f"http://other:{second.port}/b"
            answer = f"HTTP/1.1 {status} Moved\r\nLocation: {to}\r\ncontent-length: 0\r\n\r\n".encode()
            async with peer(answer) as first:
                headers = (("Authorization", "Bearer CANARY"), ("X-Other", "1"))
                request = post(f"http://allowed:{first.port}/a", headers=headers, most_redirects=1)
                assert (await client_of().send(request)).status == 200
        assert b"CANARY" in first.heard[0]
        assert b"CANARY" not in second.heard[0]
        assert b"X-Other: 1" in second.heard[0]
        assert second.heard[0].startswith(method.encode() + b" /b ")

    asyncio.run(check())


def test_redirects_without_end_end() -> None:
    async def check() -> int:
        def again(head: bytes) -> bytes:
            return b"HTTP/1.1 307 Again\r\nlocation: /more\r\ncontent-length: 0\r\n\r\n"

        async with peer(again) as heard:
            answer = await client_of().send(post(f"http://allowed:{heard.port}/", most_redirects=4))
            assert answer.status == 307
            return len(heard.heard)

    assert asyncio.run(check()) == 5


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n" + b"x" * 9999, "more than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 9999, "more than 1000 bytes"),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\n\r\n", "of headers"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "did not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx", "in the middle"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", "in the middle"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "in the middle"),
        (b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", "another protocol"),
    ],
)
def test_an_answer_that_cannot_be_used(answer: bytes, words: str) -> None:
    async def check() -> None:
        async with peer(answer) as heard:
            with pytest.raises(OutboundError, match=words) as caught:
                await client_of().send(post(f"http://allowed:{heard.port}/CANARY", max_response_bytes=1000))
        assert not caught.value.permanent
        assert "CANARY" not in str(caught.value)

    asyncio.run(check())


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    ],
)
def test_every_framing_of_an_answer(answer: bytes) -> None:
    async def check() -> bytes:
        async with peer(answer) as heard:
            return (await client_of().send(post(f"http://allowed:{heard.port}/"))).body

    assert asyncio.run(check()) == b"ok"


def test_an_answer_to_head_has_no_body() -> None:
    async def check() -> None:
        async with peer(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n") as heard:
            request = OutboundRequest(method="HEAD", url=f"http://allowed:{heard.port}/")
            assert (await client_of().send(request)).body == b""

    asyncio.run(check())


def test_who_does_not_answer_is_not_waited_for() -> None:
    async def check() -> None:
        async with peer(b"") as heard:
            with pytest.raises(OutboundError, match=r"within 0\.05 s"):
                await client_of().send(post(f"http://allowed:{heard.port}/", timeout_s=0.05))

    asyncio.run(check())


def test_nobody_listens() -> None:
    error = refusal(client_of(), post("http://allowed:1/"))
    assert "could not be reached" in str(error)
    assert not error.permanent


def test_a_name_without_an_address() -> None:
    assert "has no address" in str(refusal(client_of(nowhere=""), post("http://nowhere/")))


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET /x HTTP/1.1\r\nX", ()),
        ("POST", (("x", "1\r\ny: 2"),)),
        ("POST", (("x\r\ny", "1"),)),
        ("POST", (("x", "日"),)),
    ],
)
def test_nothing_ends_a_line_early(method: str, headers: tuple[tuple[str, str], ...]) -> None:
    async def check() -> None:
        async with peer() as heard:
            request = OutboundRequest(method=method, url=f"http://allowed:{heard.port}/", headers=headers)
            with pytest.raises(OutboundError):
                await client_of().send(request)
        assert heard.heard == []

    asyncio.run(check())


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    cert, key = folder / "cert.pem", folder / "key.pem"
    subject = ["-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    subprocess.run([*command, "-keyout", key, "-out", cert, *subject], check=True, capture_output=True)
    return cert, key


@pytest.mark.parametrize(("host", "ok"), [("allowed", True), ("other", False)])
def test_a_certificate_must_be_trusted_and_the_hosts_own(tmp_path: Path, host: str, ok: bool) -> None:
    cert, key = certificate(tmp_path, "allowed")
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(cert, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        writer.close()
        await writer.wait_closed()

    async def resolve(name: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async def check() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=serving)
        port = server.sockets[0].getsockname()[1]
        rules = AddressRules(["allowed", "other"])
        trusting = OutboundClient(rules, lambda: ssl.create_default_context(cafile=cert), resolve)
        request = OutboundRequest(method="GET", url=f"https://{host}:{port}/")
        if ok:
            assert (await trusting.send(request)).body == b"ok"
            with pytest.raises(OutboundError, match="not trusted"):
                await OutboundClient(rules, resolve=resolve).send(request)
        else:
            with pytest.raises(OutboundError, match="not trusted"):
                await trusting.send(request)
        await end_server(server)

    asyncio.run(check())


def test_the_systems_resolver_gives_each_address_once() -> None:
    assert asyncio.run(resolve_host("127.0.0.1", 80)) == ["127.0.0.1"]
    assert "127.0.0.1" in asyncio.run(resolve_host("localhost", 80))


def test_an_address_is_asked_of_no_resolver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio.AbstractEventLoop, "getaddrinfo", None)
    assert asyncio.run(resolve_host("2001:0db8::1", 443)) == ["2001:db8::1"]
