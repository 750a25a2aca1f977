"""`barograph query`: which server or folder is asked, and what is said."""

import functools
import json
from pathlib import Path

import httpx
import pytest

from barograph.client.client import Client
from unit.cli.commands import Commands
from unit.tsdb.stores import T0, Kit, schema_of

AT = str(T0 / 1000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    kit = Kit(tmp_path / "data")
    kit.tick(schema_of("x"), 0, [1.5])
    kit.store.close()
    return kit.folder


class Server(httpx.BaseTransport):
    """Answers in the place of the network: with one vector, or as told."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        data = {"resultType": "vector", "result": [{"metric": {}, "value": [1, "7"]}]}
        self.response = httpx.Response(200, json={"status": "success", "data": data})
        self.is_up = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        if not self.is_up:
            raise httpx.ConnectError("Connection refused", request=request)
        return self.response


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    server = Server()
    monkeypatch.setattr("barograph.cli.where.Client", functools.partial(Client, transport=server))
    return server


def test_a_server_by_url(barograph: Commands, server: Server) -> None:
    said = barograph("query", "up", "--url", "http://h:1", "--at", AT, "--format", "json")
    assert (said.status, said.err) == (0, "")
    assert json.loads(said.out)["result"] == [{"metric": {}, "value": [1.0, "7"]}]
    (request,) = server.requests
    assert str(request.url) == "http://h:1/api/v1/query"
    assert request.content == f"query=up&time={float(AT)!r}".encode()


def test_a_server_by_environment_and_a_range(
    barograph: Commands, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAROGRAPH_URL", "http://h:2")
    server.response = httpx.Response(200, json={"data": {"resultType": "matrix", "result": []}})
    said = barograph("query", "up", "--start", AT, "--end", str(T0 / 1000 + 60), "--step", "15s")
    assert (said.status, said.out, said.err) == (0, "", "barograph: no data\n")
    assert str(server.requests[0].url) == "http://h:2/api/v1/query_range"
    assert b"step=15.0" in server.requests[0].content


def test_a_folders_server_goes_before_the_folder(barograph: Commands, server: Server, folder: Path) -> None:
    (folder / "url").write_text("http://127.0.0.1:9")
    (folder / "token").write_text("t")
    assert barograph("query", "m", "--data", str(folder), "--format", "csv").out.endswith(",7\n")
    assert server.requests[0].headers["authorization"] == "Bearer t"


@pytest.mark.parametrize("has_url", [True, False])
def test_without_its_server_the_folder_is_read(
    barograph: Commands, server: Server, folder: Path, has_url: bool
) -> None:
    server.is_up = False
    if has_url:
        (folder / "url").write_text("http://127.0.0.1:9")
    said = barograph("query", "m", "--data", str(folder), "--at", AT, "--format", "csv")
    assert said.status == 0
    assert said.out == f'series,timestamp,value\n"m{{i=""x""}}",{T0 / 1000},1.5\n'
    assert said.err == f"barograph: no server answers for {folder}: reading the folder itself\n"


def test_a_wrong_expression_has_a_caret_under_it(barograph: Commands, folder: Path) -> None:
    said = barograph("query", "sum(m{i=x})", "--data", str(folder))
    assert (said.status, said.out) == (2, "")
    lines = said.err.splitlines()
    assert lines[1].startswith("barograph: 1:9: ")
    assert lines[2:] == ["sum(m{i=x})", "        ^"]


def test_a_servers_refusal_has_a_caret_too(barograph: Commands, server: Server) -> None:
    server.response = httpx.Response(
        400, json={"errorType": "bad_data", "error": "no such function", "position": 0, "end": 3}
    )
    said = barograph("query", "foo(up)", "--url", "http://h:1")
    assert said.status == 2
    assert said.err == "barograph: 1:1: no such function\nfoo(up)\n^^^\n"


def test_what_only_evaluation_shows_is_1(barograph: Commands, server: Server) -> None:
    server.response = httpx.Response(422, json={"errorType": "execution", "error": "many-to-many"})
    assert barograph("query", "a * b", "--url", "http://h:1").status == 1


def test_a_server_that_is_down_is_1(barograph: Commands, server: Server) -> None:
    server.is_up = False
    said = barograph("query", "up", "--url", "http://h:1")
    assert (said.status, said.err) == (1, "barograph: http://h:1 does not answer: Connection refused\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("up",), "start `barograph serve`, or name one with --url"),
        (("up", "--format", "xml"), "one of table, json, csv"),
        (("up", "--step", "1s"), "give --start too"),
        (("up", "--at", "soon"), "is no time"),
        (("up", "--data", "/no/such"), "/no/such is no folder"),
        (("up", "--url", "h:1"), "write it like http://"),
    ],
)
def test_wrong_use_is_2(barograph: Commands, arguments: tuple[str, ...], said: str) -> None:
    outcome = barograph("query", *arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert said in outcome.err


def test_a_folder_without_a_store_is_1(barograph: Commands, tmp_path: Path) -> None:
    said = barograph("query", "up", "--data", str(tmp_path))
    assert said.status == 1
    assert "holds no Barograph store" in said.err


def test_a_clock_time_is_local(barograph: Commands, server: Server) -> None:
    said = barograph("query", "up", "--url", "http://h:1", "--at", "2026-07-01T12:00:00")
    assert b"time=1782900000.0" in server.requests[0].content
    assert "time (CET)" in said.out  # of the answer's instant, in the winter of 1970


def test_what_each_part_did(barograph: Commands, folder: Path) -> None:
    said = barograph("query", "sum(m) * 2", "--data", str(folder), "--at", AT, "--explain")
    assert said.status == 0
    lines = said.out.splitlines()
    assert lines[0].startswith("1 step, ")
    assert [line for line in lines[1:] if "=" not in line.split('"')[0]] == ["sum(m) * 2", "  sum(m)", "    m"]
    assert any(line.startswith('      < read {__name__="m"}: 1 series, 1 samples in ') for line in lines)
    told = barograph("query", "sum(m)", "--data", str(folder), "--at", AT, "--explain", "--format", "json")
    assert json.loads(told.out)["children"][0]["text"] == "sum(m)"


def test_a_server_is_asked_to_explain(barograph: Commands, server: Server) -> None:
    tree = {"text": "up", "node": "Expression", "steps": 1, "duration_s": 0.001}
    reads = [{"selector": "{}", "start_ms": 0, "end_ms": 1, "series": 2, "samples": 9, "tier_ms": 60000,
              "head_samples": 3, "kept_samples": 4, "chunks_cached": 5, "chunks_decoded": 6}]  # fmt: skip
    data = {"resultType": "vector", "result": [], "explain": tree | {"children": [tree | {"reads": reads}]}}
    server.response = httpx.Response(200, json={"status": "success", "data": data})
    said = barograph("query", "up", "--url", "http://h:1", "--at", AT, "--explain")
    assert b"explain=true" in server.requests[0].content
    words = "2 series, 9 buckets of 1m in 0.00 ms; 3 from memory; 4 still decoded from before; "
    assert said.out.splitlines()[-1] == f"  < read {{}}: {words}6 chunks decoded, 5 from the cache"
