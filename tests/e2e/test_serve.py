"""The service as a user and an init system meet it: real processes, real HTTP, this machine's own kernel."""

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from helpers.at_best import at_best
from helpers.server import UNMEASURED, Answer, Server, eventually, serving

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("serve") / "data") as running:
        # the host's samples of a tick can be read before the keeper's own are there
        eventually(lambda: running.value('up{job="barograph"} + on() node_load1') is not None, what="a tick")
        yield running


def serve_and_read(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a `serve` that is expected to refuse."""
    return subprocess.run(
        [sys.executable, "-m", "barograph", "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )


def test_a_query_answers_with_this_machines_numbers(server: Server) -> None:
    total_kib = int(Path("/proc/meminfo").read_text().split()[1])
    assert eventually(lambda: server.value('node_memory_MemTotal_bytes{job="node"}')) == total_kib * 1024
    assert server.value('up{job="node"}') == 1
    assert server.value('up{job="barograph"}') == 1
    assert eventually(lambda: server.value("count(node_uname_info)")) == 1


def test_ticks_are_regular_seconds(server: Server) -> None:
    def four_in_a_row() -> list[float] | None:
        """Return the newest ticks once none of them was missed, as a busy machine may."""
        times = [at for series in server.query('up{job="node"}[10s]') for at, _ in series["values"]]
        in_a_row = len(times) >= 4 and all(b - a == 1 for a, b in itertools.pairwise(times[-4:]))
        return times if in_a_row else None

    times = eventually(four_in_a_row, what="four ticks a second apart")
    assert all(at == int(at) for at in times)


def test_a_range_query_and_the_catalogue_answer(server: Server) -> None:
    now = time.time()  # noqa: TID251  the test is a client with a clock of its own
    answer = server.get("/api/v1/query_range", query="node_load1", start=str(now - 60), end=str(now), step="1")
    assert answer.json()["data"]["resultType"] == "matrix"
    assert "__name__" in server.get("/api/v1/labels").json()["data"]
    assert "node_load1" in server.get("/api/v1/label/__name__/values").json()["data"]
    assert server.get("/api/v1/series", **{"match[]": "node_load1"}).json()["data"][0]["job"] == "node"


def test_metrics_are_plain_prometheus_text(server: Server) -> None:
    def complete() -> str | None:
        """Return them once no collector of these is late, as on a busy machine."""
        text = server.get("/metrics").body.decode()
        return text if "# TYPE node_cpu_seconds_total counter\n" in text and "\nnode_load1" in text else None

    text = eventually(complete, what="metrics of processors and load")
    assert "\nnode_load1 " in text, "without job and instance"
    assert "\nbarograph_ticks_total " in text, "the keeper's own"
    assert "barograph_http_requests_total{" in text, "the front's own"


def test_health_needs_no_credential(server: Server) -> None:
    eventually(lambda: server.get("/-/healthy", token=None).status == 200, what="being healthy")
    assert server.get("/-/ready", token=None).status == 200


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/api/v1/query?query=1", "/api/v1/labels", "/api/barograph/v1/live?expr=up", "/nothing"]
)
def test_nothing_else_answers_without_one(server: Server, path: str) -> None:
    assert server.request(path).status == 401
    assert server.get(path, token="wrong").status == 401


def test_a_foreign_host_or_origin_is_refused(server: Server) -> None:
    good = {"Authorization": f"Bearer {server.token}"}
    assert server.request("/metrics", headers=good).status == 200
    assert server.request("/metrics", headers={**good, "Host": "evil.example"}).status in (403, 421)
    assert server.request("/metrics", headers={**good, "Origin": "https://evil.example"}).status == 403
    answer = server.request("/metrics", headers={**good, "Origin": server.url})
    assert answer.status == 200
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


def test_the_page_forbids_inline_script(server: Server) -> None:
    answer = server.get("/")
    assert answer.status == 200
    policy = {name.lower(): value for name, value in answer.headers.items()}["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy


def test_data_folder_and_secrets_are_private(server: Server) -> None:
    assert server.data.stat().st_mode & 0o777 == 0o700
    for name in ("token", "login-link"):
        assert (server.data / name).stat().st_mode & 0o777 == 0o600
    assert server.token not in server.words()
    assert "code=" not in server.words()


def test_a_second_serve_names_the_holder(server: Server) -> None:
    refused = serve_and_read("--data", str(server.data), "--listen", "127.0.0.1:0")
    assert refused.returncode == 2
    assert f"pid {server.process.pid}" in refused.stderr


def test_a_taken_port_is_named(server: Server, tmp_path: Path) -> None:
    address = server.url.removeprefix("http://")
    refused = serve_and_read("--data", str(tmp_path), "--listen", address)
    assert refused.returncode == 2
    assert f"{address} is taken by" in refused.stderr


def log_in(running: Server) -> Answer:
    return running.request(running.login_link.removeprefix(running.url))


def test_the_login_link_opens_one_session_once(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        opened = log_in(running)
        assert opened.status == 303
        cookie = opened.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite" in cookie
        session = {"Cookie": cookie.partition(";")[0]}
        assert running.request("/api/v1/query?query=1", headers=session).status == 200
        assert log_in(running).status == 401, "a link works once"

        logout = "/api/barograph/v1/logout"
        assert running.request(logout, method="POST", headers=session).status == 403, "no Origin: not from our page"
        foreign = {**session, "Origin": "http://evil.example"}
        assert running.request(logout, method="POST", headers=foreign).status == 403
        assert running.request(logout, method="POST", headers={**session, "Origin": running.url}).status < 300
        assert running.request("/api/v1/query?query=1", headers=session).status == 401


def test_a_session_outlives_the_server(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        session = {"Cookie": log_in(running).headers["set-cookie"].partition(";")[0]}
        running.kill()
    with serving(tmp_path / "data") as running:
        assert running.request("/api/v1/query?query=1", headers=session).status == 200


def test_the_live_stream_pushes_a_row_a_tick(server: Server) -> None:
    import http.client

    host = server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=60)
    connection.request(
        "GET", "/api/barograph/v1/live?expr=node_load1&expr=up", headers={"Authorization": f"Bearer {server.token}"}
    )
    answer = connection.getresponse()
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    events: list[bytes] = []
    while sum(event == b"event: row" for event in events) < 3:
        events.append(answer.readline().rstrip())
    connection.close()
    assert b"event: schema" in events


def test_a_front_that_is_killed_comes_back_and_the_keeper_does_not_notice(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:

        def ticks_missed() -> float:
            """Kill the front and return how many ticks there were not, until one that is after its return."""
            (before,) = eventually(lambda: running.query('up{job="node"}[5s]') or None)
            began = before["values"][-1][0]
            first = running.front_pid
            os.kill(first, signal.SIGKILL)
            eventually(lambda: None if running.front_pid == first else True, what="another front")
            running.wait_ready()
            returned = time.time()  # noqa: TID251  the test is a client with a clock of its own
            eventually(lambda: (running.value('timestamp(up{job="node"})') or 0) > returned or None, what="a tick")
            (series,) = running.query('up{job="node"}[5m]')
            times = [at for at, _ in series["values"] if at >= began]
            return float(times[-1] - began + 1 - len(times))

        at_best(ticks_missed, 1, "ticks missed while the front was away")
        assert "starting another" in running.words()


def test_the_front_ends_within_a_second_of_its_keeper(tmp_path: Path) -> None:
    def seconds() -> float:
        with serving(tmp_path / "data", environment=UNMEASURED) as running:
            front = Path(f"/proc/{running.front_pid}/stat")
            killed_s = time.monotonic()
            running.kill()
            eventually(lambda: has_ended(front), what="the front's end")
            return time.monotonic() - killed_s

    at_best(seconds, 1.0, "seconds until the front's end")


def has_ended(stat: Path) -> bool:
    """Tell whether a process is gone, or nothing but its exit status is left."""
    try:
        return stat.read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_every_committed_tick_survives_sigkill(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        (series,) = eventually(
            lambda: ((found := running.query("node_load1[1m]")) and len(found[0]["values"]) >= 4 and found) or None
        )
        running.kill()
    # a tick can be read as soon as it is taken, and is committed before the next one is
    committed = series["values"][:-1]
    with serving(tmp_path / "data") as running:
        (again,) = running.query("node_load1[5m]")
    assert [pair for pair in committed if pair not in again["values"]] == []


def test_sigterm_ends_within_two_seconds_with_everything_stored(tmp_path: Path) -> None:
    def seconds() -> float:
        with serving(tmp_path / "data", environment=UNMEASURED) as running:
            (series,) = eventually(
                lambda: ((found := running.query("node_load1[1m]")) and len(found[0]["values"]) >= 3 and found) or None
            )
            started = time.monotonic()
            assert running.stop() == 0
            took_s = time.monotonic() - started
        query = ("query", "node_load1[5m]", "--data", str(running.data), "--format", "json")
        answer = subprocess.run([sys.executable, "-m", "barograph", *query], capture_output=True, text=True, check=True)
        for _, value in series["values"]:
            assert str(value) in answer.stdout
        return took_s

    at_best(seconds, 2.0, "seconds until the end")


def test_an_interrupt_from_the_terminal_ends_it(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as running:
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(60) in (0, 130)


def test_a_reload_is_all_or_nothing(tmp_path: Path) -> None:
    file = tmp_path / "barograph.yml"
    file.write_text("collectors:\n  loadavg:\n    enabled: true\n")
    with serving(tmp_path / "data", "--config", str(file)) as running:
        eventually(lambda: running.value("node_load1"))
        file.write_text("collectors:\n  loadavg:\n    enabled: no\n  speling: true\n")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: "speling" in running.words() or None, what="the refusal")
        eventually(lambda: running.value("node_load1") is not None, what="what was collected before")
        front = running.front_pid
        file.write_text("web:\n  tls:\n    cert_file: /nowhere/c.pem\n    key_file: /nowhere/k.pem\n")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: "/nowhere/c.pem cannot be read" in running.words() or None, what="the refusal")
        assert running.front_pid == front
        file.write_text("collectors:\n  loadavg:\n    enabled: false\n")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: running.value("node_load1") is None or None, what="the end of node_load1")
        eventually(lambda: running.value("node_memory_MemTotal_bytes") is not None or None)


def test_what_waits_for_the_next_start_is_said_and_not_half_applied(tmp_path: Path) -> None:
    file = tmp_path / "barograph.yml"
    file.write_text("instance: before\n")
    with serving(tmp_path / "data", "--config", str(file)) as running:
        file.write_text("instance: after\npaths:\n  procfs: /nowhere\n")
        running.process.send_signal(signal.SIGHUP)
        eventually(lambda: "read again" in running.words() or None, what="the reload")
        assert "instance has changed" in running.words()
        assert "paths has changed" in running.words()
        at = time.time()  # noqa: TID251  the test is a client with a clock of its own
        eventually(lambda: (running.value('timestamp(node_load1{instance="before"})') or 0) > at + 1 or None)
        assert running.get("/api/barograph/v1/status").json()["data"]["instance"] == "before"


def test_a_wrong_configuration_names_its_place(tmp_path: Path) -> None:
    file = tmp_path / "barograph.yml"
    file.write_text("web:\n  listen:\n    - 127.0.0.1:1\nstore:\n  retentoin: 3d\n")
    refused = serve_and_read("--data", str(tmp_path / "data"), "--config", str(file))
    assert refused.returncode == 2
    assert f"{file}:5:" in refused.stderr
    assert "retention" in refused.stderr


def test_an_open_token_file_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    (data / "token").write_text("x" * 43)
    (data / "token").chmod(0o644)
    refused = serve_and_read("--data", str(data), "--listen", "127.0.0.1:0")
    assert refused.returncode == 2
    assert "chmod 600" in refused.stderr


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder")
    refused = serve_and_read("--data", str(tmp_path / "data"), "--listen", "127.0.0.1:0")
    assert refused.returncode == 2
    assert str(tmp_path / "data") in refused.stderr
    assert "Traceback" not in refused.stderr
