"""The client over a transport in this process: what it asks, and what it makes of answers."""

import json
import math
from collections.abc import Callable
from urllib.parse import parse_qs

import httpx
import pytest

import barograph
from barograph.client.answer import Answer
from barograph.client.client import Client
from barograph.model.errors import (
    AccessError,
    BarographError,
    ExecutionError,
    LinkError,
    QueryCancelledError,
    QueryError,
    QueryTimeoutError,
    StoreError,
)

URL = "http://127.0.0.1:10132"
Respond = Callable[[httpx.Request], httpx.Response]


def client(respond: Respond, url: str = URL, token: str = "secret") -> Client:
    return Client(url, token, httpx.MockTransport(respond))


def answering(data: object, **fields: object) -> Respond:
    return lambda _: httpx.Response(200, json={"status": "success", "data": data, **fields})


def refusing(status: int, **fields: object) -> Respond:
    return lambda _: httpx.Response(status, json={"status": "error", **fields})


def ask(respond: Respond) -> Answer:
    with client(respond) as asking:
        return asking.query("up")


def test_an_instant_is_asked_with_the_token_and_exact_time() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answering({"resultType": "vector", "result": []})(request)

    client(respond).query("up{a='&'}", 1795403520.123)
    (request,) = seen
    assert (request.method, str(request.url)) == ("POST", f"{URL}/api/v1/query")
    assert request.headers["authorization"] == "Bearer secret"
    assert parse_qs(request.content.decode()) == {"query": ["up{a='&'}"], "time": ["1795403520.123"]}


def test_a_range_is_asked_with_its_step() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answering({"resultType": "matrix", "result": []})(request)

    client(respond, token="").query_range("up", 1.5, 3.0, 0.5)
    assert str(seen[0].url) == f"{URL}/api/v1/query_range"
    assert "authorization" not in seen[0].headers
    assert parse_qs(seen[0].content.decode()) == {"query": ["up"], "start": ["1.5"], "end": ["3.0"], "step": ["0.5"]}


def test_samples_are_asked_with_both_ends() -> None:
    seen: list[bytes] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return answering({"resultType": "matrix", "result": []})(request)

    client(respond).select("up", 1.5, 3.0)
    assert parse_qs(seen[0].decode()) == {"query": ["up[1501ms]"], "time": ["3.0"]}
    with pytest.raises(QueryError, match="no series selector"):
        client(respond).select("up + 1", 1.5, 3.0)


def test_without_a_time_the_server_takes_its_own() -> None:
    seen: list[bytes] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request.content)
        return answering({"resultType": "vector", "result": []})(request)

    client(respond).query("up")
    assert seen == [b"query=up"]


def test_a_vector() -> None:
    answer = ask(answering({"resultType": "vector", "result": [{"metric": {"__name__": "up"}, "value": [1.5, "1"]}]}))
    (series,) = answer.series
    assert (answer.kind, str(series.labels)) == ("vector", "up")
    assert (series.timestamps_ms.tolist(), series.values.tolist()) == ([1500], [1.0])
    assert (str(series.timestamps_ms.dtype), str(series.values.dtype)) == ("int64", "float64")


def test_a_matrix_with_every_kind_of_value() -> None:
    values = [[1, "1e3"], [1.001, "+Inf"], [2, "NaN"], [3, "-Inf"]]
    (series,) = ask(answering({"resultType": "matrix", "result": [{"metric": {}, "values": values}]})).series
    assert series.timestamps_ms.tolist() == [1000, 1001, 2000, 3000]
    assert series.values.tolist()[:2] == [1000.0, math.inf]
    assert math.isnan(series.values[2])
    assert series.values[3] == -math.inf


def test_a_scalar_and_a_string() -> None:
    scalar = ask(answering({"resultType": "scalar", "result": [1, "4"]}))
    assert (scalar.kind, scalar.series[0].values.tolist(), len(scalar.series[0].labels)) == ("scalar", [4.0], 0)
    string = ask(answering({"resultType": "string", "result": [1, "text"]}))
    assert (string.kind, string.series, string.text) == ("string", (), "text")


def test_warnings_and_infos_are_kept() -> None:
    assert ask(answering({"resultType": "vector", "result": []}, warnings=["w"], infos=["i"])).warnings == ("w", "i")


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (400, "bad_data", QueryError),
        (422, "execution", ExecutionError),
        (503, "timeout", QueryTimeoutError),
        (503, "canceled", QueryCancelledError),
        (503, "unavailable", StoreError),
        (500, "internal", StoreError),
        (429, "unavailable", StoreError),
        (401, "unauthorized", AccessError),
        (403, "forbidden", AccessError),
        (421, "bad_data", AccessError),
    ],
)
def test_a_refusal_is_an_error_of_its_kind(status: int, kind: str, expected: type[BarographError]) -> None:
    with pytest.raises(BarographError, match="these words") as caught:
        ask(refusing(status, errorType=kind, error="these words"))
    assert type(caught.value) is expected


def test_the_place_in_the_expression_is_kept() -> None:
    with pytest.raises(QueryError) as caught:
        ask(refusing(400, errorType="bad_data", error="x", position=3, end=5))
    assert (caught.value.position, caught.value.end) == (3, 5)


def test_a_refusal_without_words_has_its_status() -> None:
    with pytest.raises(StoreError, match="the server answered with status 502"):
        ask(lambda _: httpx.Response(502, json=[]))


@pytest.mark.parametrize(
    "body", [b"<html>", b"", b"{}", b"[]", b'{"data":{"resultType":"vector","result":[{}]}}', json.dumps("x").encode()]
)
def test_what_is_no_barograph_is_named(body: bytes) -> None:
    with pytest.raises(LinkError, match=r"http://127\.0\.0\.1:10132 is no Barograph: .* status 200"):
        ask(lambda _: httpx.Response(200, content=body))


def test_nobody_there_is_said_without_credentials() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)

    with pytest.raises(LinkError) as caught:
        client(respond, "http://x:hidden@127.0.0.1:1").query("up")
    assert str(caught.value) == "http://127.0.0.1:1 does not answer: [Errno 111] Connection refused"


def test_a_server_that_is_too_slow_is_named() -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("", request=request)

    with pytest.raises(LinkError, match="did not answer within 60 s"):
        ask(respond)


def test_a_token_in_the_url_is_a_basic_password() -> None:
    seen: list[str] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        return answering({"resultType": "vector", "result": []})(request)

    client(respond, "http://x:hidden@127.0.0.1:1", "").query("up")
    assert seen == ["Basic eDpoaWRkZW4="]


def test_the_package_offers_the_client_and_nothing_else() -> None:
    assert barograph.__all__ == ["Client"]
    assert barograph.Client is Client
    with pytest.raises(AttributeError, match="no attribute 'Server'"):
        _ = barograph.Server


def test_who_asks_for_an_instant() -> None:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answering({"at": 5.0, "sampled": 4.0, "interval": 1.0, "rows": []})(request)

    with client(respond) as asking:
        table = asking.who(5.5, against_s=2, by="io", group="unit", limit=3)
        asking.who()
    assert (table.at, table.sampled, table.rows) == (5.0, 4.0, [])
    assert str(seen[0].url) == f"{URL}/api/barograph/v1/processes?by=io&group=unit&limit=3&at=5.5&against=2"
    assert str(seen[1].url) == f"{URL}/api/barograph/v1/processes?by=cpu&group=process&limit=0"
    with (
        pytest.raises(StoreError, match="nothing of that instant"),
        client(refusing(404, error="nothing of that instant")) as asking,
    ):
        asking.who()
    with pytest.raises(LinkError, match="is no Barograph"), client(answering({"at": "x"})) as asking:
        asking.who()
    with pytest.raises(ValueError, match="size"), client(respond) as asking:
        asking.who(by="size")
