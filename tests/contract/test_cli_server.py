"""The command line beside a real `serve`: the server is found through its folder, asked, and outlived."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from barograph.client.client import Client
from helpers.server import Server, eventually, serving

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("cli") / "data") as running:
        eventually(lambda: running.value("node_load1") is not None, what="a first sample")
        yield running


def barograph(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("BAROGRAPH_")}
    return subprocess.run(
        [sys.executable, "-m", "barograph", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**kept, **environment},
    )


def test_a_folders_server_is_asked(server: Server) -> None:
    query = ("query", 'node_memory_MemTotal_bytes{job="node"}', "--data", str(server.data), "--format", "json")

    def found() -> list[dict[str, Any]] | None:
        done = barograph(*query)
        assert (done.returncode, done.stderr) == (0, "")
        # a collector that is late, as on a busy machine, has no sample for a moment
        return json.loads(done.stdout)["result"] or None

    (row,) = eventually(found, what="a sample")
    assert float(row["value"][1]) == int(Path("/proc/meminfo").read_text().split()[1]) * 1024


def test_a_server_is_found_by_url_and_token(server: Server) -> None:
    done = barograph(
        "query", "up", "--start", "-5s", "--format", "csv", BAROGRAPH_URL=server.url, BAROGRAPH_TOKEN=server.token
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("series,timestamp,value\n")
    assert 'job=""node""' in done.stdout
    with_password = server.url.replace("http://", f"http://x:{server.token}@")
    assert barograph("query", "vector(1)", "--url", with_password).returncode == 0


def test_a_proxy_of_the_environment_is_not_asked(server: Server) -> None:
    nobody = "http://127.0.0.1:1"
    done = barograph(
        "query", "vector(1)", "--data", str(server.data), "--format", "csv", HTTP_PROXY=nobody, ALL_PROXY=nobody
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_without_a_token_it_is_refused_in_words(server: Server, tmp_path: Path) -> None:
    done = barograph("query", "up", "--url", server.url, XDG_STATE_HOME=str(tmp_path), HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("barograph: ")
    assert "Traceback" not in done.stderr


def test_a_wrong_expression_has_the_same_caret_from_server_and_folder(server: Server) -> None:
    expression = "sum(node_load1{a=b})"
    from_server = barograph("query", expression, "--url", server.url, BAROGRAPH_TOKEN=server.token)
    assert from_server.returncode == 2
    lines = from_server.stderr.splitlines()
    assert lines[1:] == [expression, " " * expression.index("b})") + "^"]


def test_the_client_of_the_package_asks_it(server: Server) -> None:
    with Client(server.url, server.token) as client:
        (series,) = client.query('up{job="node"}').series
        assert series.values.tolist() == [1.0]
        now_s = series.timestamps_ms.tolist()[0] / 1000
        (series,) = client.query_range('up{job="node"}', now_s - 1, now_s, 1).series
        assert series.values.tolist()[-1] == 1.0


def test_a_folder_answers_when_its_server_has_gone(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as gone:
        eventually(lambda: (gone.value('count_over_time(up{job="node"}[10m])') or 0) >= 2, what="two samples")
    done = barograph("query", 'count_over_time(up{job="node"}[10m])', "--data", str(gone.data), "--format", "json")
    assert done.returncode == 0
    assert done.stderr == f"barograph: no server answers for {gone.data}: reading the folder itself\n"
    (row,) = json.loads(done.stdout)["result"]
    assert float(row["value"][1]) >= 2
    wrong = barograph("query", "sum(up{a=b})", "--data", str(gone.data))
    assert (wrong.returncode, wrong.stderr.splitlines()[-1]) == (2, " " * 9 + "^")


def state_of(pid: int) -> str:
    """The letter of a process' state, S where it sleeps (proc(5))."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_an_interrupt_while_it_waits_is_130() -> None:
    """A server that takes the request and never answers, and a person who has enough."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        asking = subprocess.Popen(
            [sys.executable, "-m", "barograph", "query", "up", "--url", address],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        asked = threading.Timer(180, asking.kill)
        asked.start()
        connection, _ = silent.accept()
        assert connection.recv(1)
        # a signal between Python's look for signals and its system call would wait for the end of that call
        eventually(lambda: state_of(asking.pid) == "S", what="the wait for an answer")
        asking.send_signal(signal.SIGINT)
        out, err = asking.communicate()
        asked.cancel()
        connection.close()
    assert (asking.returncode, out, err) == (130, "", "")
