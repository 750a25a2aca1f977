"""Imports and exports against the real server, while it ticks; and a server that is killed in the middle of one."""

import gzip
import itertools
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import cramjam
import pytest

from helpers.at_best import at_best
from helpers.server import Answer, Server, eventually, serving

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("import") / "data") as running:
        yield running


def day_ago() -> int:
    return int(time.time()) - 86_400  # noqa: TID251  the test is a client with a clock of its own


def post(server: Server, path: str, body: bytes, token: str = "", **headers: str) -> Answer:
    request = urllib.request.Request(server.url + path, data=body, method="POST")
    for name, value in {"Authorization": f"Bearer {token or server.token}", **headers}.items():
        request.add_header(name, value)
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=120) as answer:
            return Answer(answer.status, dict(answer.headers), answer.read())
    except urllib.error.HTTPError as refusal:
        return Answer(refusal.code, dict(refusal.headers), refusal.read())


def run(*arguments: str, state: Path, server: Server | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "XDG_STATE_HOME": str(state)}
    if server is not None:
        environment["BAROGRAPH_TOKEN"] = server.token
    command = [sys.executable, "-m", "barograph", "store", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=300)


def exposition(name: str, series: int, seconds: int, first: int) -> str:
    lines = [
        f'{name}{{i="{i}"}} {i + second * 0.25} {first + second}' for i in range(series) for second in range(seconds)
    ]
    return "\n".join([f"# TYPE {name} gauge", *lines, "# EOF", ""])


def test_bodies_of_every_format_and_encoding_are_stored(server: Server) -> None:
    first = day_ago()
    text = f"pushed 1 {first}\n".encode()
    packed = {
        "gzip": gzip.compress(text.replace(b"1 ", b"2 ", 1)),
        "zstd": bytes(cramjam.zstd.compress(f"pushed 3 {first + 2}\n".encode())),
        "snappy": bytes(cramjam.snappy.compress_raw(f"pushed 4 {first + 3}\n".encode())),
    }
    assert post(server, "/api/v1/import/prometheus", text).json()["data"] == {"samples": 1, "skipped": 0, "notes": []}
    for encoding, body in packed.items():
        assert post(server, "/api/v1/import/prometheus", body, **{"Content-Encoding": encoding}).status == 200
    csv = f"5,{first + 4}\n".encode()
    assert post(server, "/api/v1/import/csv?format=1:metric:pushed,2:time:unix_s", csv).status == 200
    line = {"metric": {"__name__": "pushed"}, "values": [6], "timestamps": [1000 * (first + 5)]}
    assert post(server, "/api/v1/import", json.dumps(line).encode()).status == 200
    exported = server.get("/api/v1/export", **{"match[]": "pushed"}).json()
    assert exported["values"] == [2, 3, 4, 5, 6]
    assert exported["timestamps"] == [1000 * (first + i) for i in (0, 2, 3, 4, 5)]
    openmetrics = server.get("/api/v1/export", **{"match[]": "pushed", "format": "openmetrics"}).body
    assert openmetrics.startswith(b"# TYPE pushed unknown\npushed 2 ") and openmetrics.endswith(b"# EOF\n")
    assert server.get("/api/v1/export/csv", **{"match[]": "pushed"}).body.startswith(b"metric,timestamp_ms,value\n")


def test_what_is_refused_stores_nothing_and_says_why(server: Server) -> None:
    good = f"refused 1 {day_ago()}\n".encode()
    for body, headers, status, words in (
        (good + b"refused x 1\n", {}, 400, "line 2: 'x' is no value"),
        (f"refused 1 {day_ago() + 200_000}\n".encode(), {}, 400, "store.future_limit"),
        (good, {"Content-Encoding": "br"}, 415, "send gzip, zstd, snappy or none"),
        (good, {"Content-Encoding": "gzip"}, 400, "the body is no gzip"),
    ):
        answer = post(server, "/api/v1/import/prometheus", body, **headers)
        assert (answer.status, words in answer.json()["error"]) == (status, True), answer.body
    assert server.get("/api/v1/export", **{"match[]": "refused"}).body == b""
    assert post(server, "/api/v1/import/prometheus", good, token="wrong").status == 401
    skipped = post(server, "/api/v1/import/prometheus?skip_bad=1", good + b"bad\n").json()["data"]
    assert (skipped["samples"], skipped["skipped"]) == (1, 1) and skipped["notes"][0].startswith("line 2: ")


def test_the_commands_import_and_export_through_the_server_while_it_ticks(server: Server, tmp_path: Path) -> None:
    names = itertools.count()

    def ticks_missed() -> float:
        """Import and export a file, and return how many ticks were missed meanwhile."""
        name = f"bulk{next(names)}"
        source, out = tmp_path / f"{name}.om", tmp_path / "out.om"
        source.write_text(exposition(name, 40, 3000, day_ago()))
        missed = counted(server, "barograph_ticks_missed_total")
        done = run("import", str(source), "--data", str(server.data), state=tmp_path)
        stored = f"barograph: {source}: 120,000 samples of 120,002 lines are stored\n"
        assert (done.returncode, done.stderr) == (0, stored)
        for place in (("--url", server.url), ("--data", str(server.data))):
            done = run("export", *place, "--match", name, "-o", str(out), state=tmp_path, server=server)
            assert done.returncode == 0, done.stderr
            # series are sorted, and numbers written as short as they can be
            assert sorted(out.read_text().split("\n")) == sorted(source.read_text().replace(".0 ", " ").split("\n"))
        ticks = counted(server, "barograph_ticks_total")
        eventually(lambda: counted(server, "barograph_ticks_total") > ticks + 1, what="more ticks")
        return counted(server, "barograph_ticks_missed_total") - missed

    at_best(ticks_missed, 1, "ticks missed meanwhile")
    eventually(lambda: not list((server.data / "incoming").iterdir()), what="no body being left")


def counted(server: Server, name: str) -> float:
    """Return a counter of the keeper's own; its first samples come just after the host's."""
    return eventually(lambda: server.value(name), what=name)


def test_a_server_killed_while_it_imports_has_lost_nothing_it_acknowledged(tmp_path: Path) -> None:
    data, first = tmp_path / "data", day_ago()
    acknowledged: list[int] = []
    big = tmp_path / "big.om"
    for round_number in range(2):
        with serving(data) as running:
            for number in range(3):
                body = exposition(f"k{round_number}{number}", 20, 500, first).encode()
                assert post(running, "/api/v1/import/prometheus", body).status == 200
                acknowledged.append(10 * round_number + number)
            big.write_text(exposition("interrupted", 100, 3000, first))
            environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
            command = [sys.executable, "-m", "barograph", "store", "import", str(big), "--data", str(data)]
            client = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            # or, where nobody has looked meanwhile, it is done
            incoming = (data / "incoming").glob
            eventually(lambda: bool(list(incoming("*"))) or client.poll() is not None, what="a body")  # noqa: B023
            running.process.kill()
            running.process.wait()
            client.kill()
            client.wait()
    (data / "incoming" / "left.body").parent.mkdir(exist_ok=True)
    (data / "incoming" / "left.body").write_bytes(b"x")
    with serving(data) as running:
        assert not (data / "incoming").exists()
        for number in acknowledged:
            name = f"k{number // 10}{number % 10}"
            text = running.get("/api/v1/export", **{"match[]": name, "format": "openmetrics"}).body.decode()
            assert text.count(f"{name}{{") == 10_000
        done = run("import", str(big), "--data", str(data), state=tmp_path)
        assert done.returncode == 0, done.stderr
        exported = running.get("/api/v1/export", **{"match[]": "interrupted"}).body.splitlines()
        assert sum(len(json.loads(line)["values"]) for line in exported) == 300_000


def test_an_import_into_a_folder_that_is_killed_goes_on(tmp_path: Path) -> None:
    source, first = tmp_path / "in.om", day_ago()
    source.write_text(exposition("killed_in_the_middle_of_a_long_import", 300, 5000, first))
    arguments = ("import", str(source), "--data", str(tmp_path / "data"))
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "barograph", "store", *arguments]
    client = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    eventually(lambda: list((tmp_path / "barograph" / "imports").glob("*.json")) or None, 120)
    client.kill()
    client.wait()
    done = run(*arguments, state=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "going on after line" in done.stderr and "1,500,000 samples of 1,500,002 lines are stored" in done.stderr
    done = run("export", "--data", str(tmp_path / "data"), "-o", str(tmp_path / "out.om"), state=tmp_path)
    assert "1,500,000 samples of 300 series were exported" in done.stderr
