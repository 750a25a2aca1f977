import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from barograph.model.errors import LimitError
from barograph.model.labels import Labels
from barograph.promql.value import QueryResult, StepVector
from barograph.web.livefeed import Client, Row, make_row, tick_events

TakeAll = Callable[[Client], list[tuple[str, Any]]]
ONE = [Row(b"[{}]", [1.0])]


@pytest.fixture
def take_all() -> Iterator[TakeAll]:
    """Takes everything that is queued; all on one loop."""

    async def take(client: Client) -> bytes:
        taken = b""
        while True:
            try:
                event = await asyncio.wait_for(client.next(), 0.001)
            except TimeoutError:
                return taken
            if event is None:
                return taken + b"event: end\ndata: null\n\n"
            taken += event

    with asyncio.Runner() as runner:

        def take_all(client: Client) -> list[tuple[str, Any]]:
            blocks = runner.run(take(client)).decode().split("\n\n")[:-1]
            pairs = [block.split("\n", 1) for block in blocks]
            return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in pairs]

        yield take_all


def test_a_client_that_does_not_read_is_told_of_the_gap_and_the_schema_again(take_all: TakeAll) -> None:
    client = Client(("1",), "")
    for at in range(40):
        client.offer(tick_events(at, ONE))
    taken = take_all(client)
    assert taken[0] == ("schema", {"exprs": [[{}]]})
    assert [data[0] for name, data in taken if name == "row"] == list(range(30))
    assert "gap" not in dict(taken)
    client.offer(tick_events(40, ONE))
    assert take_all(client) == [("gap", {}), ("schema", {"exprs": [[{}]]}), ("row", [40, 1.0])]
    client.offer(tick_events(41, ONE))
    assert take_all(client) == [("row", [41, 1.0])]


def test_a_schema_that_changes_during_a_gap_is_not_lost(take_all: TakeAll) -> None:
    client = Client(("1",), "")
    for at in range(30):
        client.offer(tick_events(at, ONE))
    client.offer(tick_events(30, [Row(b'[{"a":"b"}]', [2.0])]))
    take_all(client)
    client.offer(tick_events(31, [Row(b'[{"a":"b"}]', [2.0])]))
    assert take_all(client) == [("gap", {}), ("schema", {"exprs": [[{"a": "b"}]]}), ("row", [31, 2.0])]


def test_the_first_reason_to_end_stands_and_what_is_queued_is_left_out(take_all: TakeAll) -> None:
    client = Client(("1",), "s")
    client.offer(tick_events(1, ONE))
    client.end("session")
    client.end("stopping")
    assert client.end_reason == "session"
    assert take_all(client) == [("end", None)]


def test_only_present_series_are_sent() -> None:
    labels = (Labels.of("a"), Labels.of("b"))
    vector = StepVector(labels, np.array([[1.0], [2.0]]), np.array([[False], [True]]))
    row = make_row(QueryResult(value=vector, times_ms=np.array([0], dtype=np.int64)))
    assert row == Row(b'[{"__name__":"b"}]', [2.0])


def test_a_refused_expression_has_no_series_but_words() -> None:
    row = make_row(LimitError("samples", 2, 1, "query.max_samples"))
    assert row.labels == b"[]"
    assert row.error is not None
    assert "query.max_samples" in row.error


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_json_cannot_say_is_null(take_all: TakeAll, value: float) -> None:
    client = Client(("1",), "")
    client.offer(tick_events(1, [Row(b"[{}]", [value])]))
    assert take_all(client)[1] == ("row", [1, None])


def test_large_ticks_wait_up_to_a_size_and_one_always_may(take_all: TakeAll) -> None:
    client, large = Client(("1",), ""), [Row(b"[]", [0.5] * 300_000)]
    client.offer(tick_events(1, large * 2))
    client.offer(tick_events(2, ONE))
    assert [data[0] for name, data in take_all(client) if name == "row"] == [1]
    for at in range(10):
        client.offer(tick_events(at, large))
    assert [data[0] for name, data in take_all(client) if name == "row"] == [0]
    client.offer(tick_events(10, large))
    assert take_all(client)[0] == ("gap", {})


def test_who_asks_for_the_same_shares_what_waits() -> None:
    first, second, tick = Client(("1",), ""), Client(("1",), ""), tick_events(1, ONE)

    async def events(client: Client) -> bytes | None:
        client.offer(tick)
        await client.next()
        client.offer(tick)
        return await client.next()

    assert asyncio.run(events(first)) is asyncio.run(events(second))
