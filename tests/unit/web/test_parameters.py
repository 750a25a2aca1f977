import asyncio
from typing import Any

import pytest

from barograph.web.errors import RequestError
from barograph.web.parameters import (
    one,
    parse_duration_ms,
    parse_limit,
    parse_parameters,
    parse_time_ms,
    read_parameters,
    unescape_name,
)


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("0", 0),
        ("1700000000", 1_700_000_000_000),
        ("1700000000.123", 1_700_000_000_123),
        ("1.7e9", 1_700_000_000_000),
        ("-1.5", -1500),
        (".5", 500),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000),
        ("2023-11-14T22:13:20.5Z", 1_700_000_000_500),
        ("2023-11-14T22:13:20.123456789Z", 1_700_000_000_123),
        ("2023-11-14T23:13:20+01:00", 1_700_000_000_000),
        ("2023-11-14T22:13:20", 1_700_000_000_000),
    ],
)
def test_times_are_seconds_or_rfc_3339(text: str, ms: int) -> None:
    assert parse_time_ms(text, "time") == ms


@pytest.mark.parametrize(
    "text", ["", "now", "NaN", "Inf", "1_000", "1e400", "1700000000000000", "0x10", "2023-13-01T00:00:00Z"]
)
def test_other_times_are_refused_by_name(text: str) -> None:
    with pytest.raises(RequestError, match=r"parameter 'start'") as refused:
        parse_time_ms(text, "start")
    assert refused.value.status == 400


def test_milliseconds_are_recognised() -> None:
    with pytest.raises(RequestError, match="seconds are expected, not milliseconds"):
        parse_time_ms("9007199254740993", "time")


@pytest.mark.parametrize(
    ("text", "ms"), [("15", 15_000), ("0.5", 500), ("1.5e1", 15_000), ("15s", 15_000), ("1h30m", 5_400_000), ("1ms", 1)]
)
def test_durations_are_seconds_or_units(text: str, ms: int) -> None:
    assert parse_duration_ms(text, "step") == ms


@pytest.mark.parametrize("text", ["", "0", "0s", "-1", "15x", "1e400", "0.0001", "s", "1s1h", "NaN"])
def test_other_durations_are_refused_by_name(text: str) -> None:
    with pytest.raises(RequestError, match=r"parameter 'step'"):
        parse_duration_ms(text, "step")


def test_limits_are_whole_numbers() -> None:
    assert parse_limit({}) == 0
    assert parse_limit({"limit": ["25"]}) == 25
    assert parse_limit({"limit": ["000000000000000000025"]}) == 25
    # a database takes no number that large, and nothing is that many
    assert parse_limit({"limit": ["9" * 5000]}) == 10**15
    for text in ("-1", "1.5", "all", "٣"):
        with pytest.raises(RequestError, match="parameter 'limit'"):
            parse_limit({"limit": [text]})


def test_a_parameter_has_its_first_value_or_a_default() -> None:
    assert one({"a": ["1", "2"]}, "a") == "1"
    assert one({}, "a", "x") == "x"
    with pytest.raises(RequestError, match="'a' is missing"):
        one({}, "a")


def test_query_strings_are_read_as_forms() -> None:
    assert parse_parameters(b"a=1&a=2&b=x+y%3D&c=&d=%C3%A9") == {"a": ["1", "2"], "b": ["x y="], "c": [""], "d": ["é"]}


@pytest.mark.parametrize("query", [b"a=%FF", b"a=\xc3\xa9", b"&".join([b"a=1"] * 1001)])
def test_what_cannot_be_read_is_refused(query: bytes) -> None:
    with pytest.raises(RequestError, match="cannot be read"):
        parse_parameters(query)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("job", "job"),
        ("U__http_2e_status__code", "http.status_code"),
        ("U__a_2f_b", "a/b"),
        ("U___1f600_", "😀"),
        ("U__", ""),
        ("u__a_2e_b", "u__a_2e_b"),
    ],
)
def test_names_may_be_escaped(text: str, name: str) -> None:
    assert unescape_name(text) == name


@pytest.mark.parametrize("text", ["U__a_2e", "U__a.b", "U___zz_", "U___d800_", "U___110000_", "U___1234567_"])
def test_badly_escaped_names_are_refused(text: str) -> None:
    with pytest.raises(RequestError, match="is no"):
        unescape_name(text)


def read(
    messages: list[dict[str, Any]], content_type: str = "application/x-www-form-urlencoded", limit: int = 100
) -> Any:
    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    headers = [(b"content-type", content_type.encode())] if content_type else []
    scope = {"method": "POST", "query_string": b"a=query", "headers": headers}
    return asyncio.run(read_parameters(scope, receive, limit))


def test_a_body_may_come_in_pieces_and_joins_the_query_string() -> None:
    pieces: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"b=1&c", "more_body": True},
        {"type": "http.request", "body": b"=2"},
    ]
    assert read(pieces, "application/x-www-form-urlencoded; charset=utf-8") == {"a": ["query"], "b": ["1"], "c": ["2"]}


def test_a_body_without_a_type_is_a_form() -> None:
    assert read([{"type": "http.request", "body": b"b=1"}], "") == {"a": ["query"], "b": ["1"]}


@pytest.mark.parametrize(
    ("messages", "content_type", "status"),
    [
        ([{"type": "http.request", "body": b"x" * 101}], "application/x-www-form-urlencoded", 413),
        (
            [{"type": "http.request", "body": b"x" * 60, "more_body": True}] * 3,
            "application/x-www-form-urlencoded",
            413,
        ),
        ([{"type": "http.request", "body": b"{}"}], "application/json", 415),
        ([{"type": "http.disconnect"}], "application/x-www-form-urlencoded", 400),
    ],
)
def test_bodies_that_are_refused(messages: list[dict[str, Any]], content_type: str, status: int) -> None:
    with pytest.raises(RequestError) as refused:
        read(list(messages), content_type)
    assert refused.value.status == status


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.web.parameters._BODY_TIMEOUT_S", 0.0)

    async def receive() -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    with pytest.raises(RequestError, match="did not come") as refused:
        asyncio.run(read_parameters({"method": "POST", "query_string": b"", "headers": []}, receive, 9))
    assert refused.value.status == 408
