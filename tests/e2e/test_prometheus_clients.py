"""Clients made for Prometheus, against the real server: Debian's promtool, its Prometheus, and what Grafana asks."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_api_client import PrometheusConnect
from prometheus_api_client.exceptions import PrometheusApiClientException
from prometheus_api_client.utils import parse_datetime

from helpers.ports import free_port
from helpers.server import Server, eventually, serving

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("clients") / "data") as running:
        # the host's samples of a tick can be read before the keeper's own are there
        eventually(lambda: running.value('up{job="barograph"} + on() node_load1') is not None, what="samples")
        yield running


def promtool(server: Server, *arguments: str) -> str:
    """Run promtool's `query` with the token in the address; returns what it prints."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed")
    address = server.url.replace("http://", f"http://x:{server.token}@")
    command = [program, "query", *(address if each == "URL" else each for each in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_promtool_queries(server: Server) -> None:
    assert "up{" in promtool(server, "instant", "URL", "up")
    now = int(time.time())  # noqa: TID251  the test is a client with a clock of its own
    ranged = promtool(server, "range", f"--start={now - 60}", f"--end={now}", "--step=1s", "URL", "node_load1")
    assert "node_load1" in ranged
    assert "node_load1" in promtool(server, "series", "--match=node_load1", "URL")
    assert "node" in promtool(server, "labels", "URL", "job")


def test_prometheus_federates_from_us(server: Server, tmp_path: Path) -> None:
    program = shutil.which("prometheus")
    if program is None:
        pytest.skip("prometheus is not installed")
    port = free_port()
    config = tmp_path / "prometheus.yml"
    config.write_text(
        f"""
scrape_configs:
- job_name: barograph
  scrape_interval: 1s
  honor_labels: true
  metrics_path: /federate
  params: {{'match[]': ['node_load1']}}
  authorization: {{credentials: {server.token}}}
  static_configs: [{{targets: ['{server.url.removeprefix("http://")}']}}]
"""
    )
    arguments = [f"--config.file={config}", f"--storage.tsdb.path={tmp_path / 'tsdb'}"]
    address = f"127.0.0.1:{port}"
    peer = subprocess.Popen(
        [program, *arguments, f"--web.listen-address={address}", "--log.level=error"], stderr=subprocess.DEVNULL
    )
    try:

        def taken() -> str | None:
            command = ["promtool", "query", "instant", f"http://{address}", 'node_load1{job="node"}']
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
            return done.stdout if "node_load1" in done.stdout else None

        assert 'job="node"' in str(eventually(taken, what="a federated sample"))
    finally:
        peer.terminate()
        peer.wait()


def test_what_grafana_asks_when_a_data_source_is_saved_and_looked_at(server: Server) -> None:
    """As Grafana's Prometheus data source does: the health check, what it may ask, the query editor, a panel."""
    assert server.get("/api/v1/query", query="1+1").json()["data"]["result"][1] == "2"
    info = server.get("/api/v1/status/buildinfo").json()["data"]
    assert info["features"] == {}
    milliseconds = {"query": "up", "start": "1700000000000", "end": "1700000300000"}
    assert server.get("/api/v1/query_exemplars", **milliseconds).json() == {"status": "success", "data": []}
    assert {group["file"] for group in server.get("/api/v1/rules").json()["data"]["groups"]} == {"stock"}
    now = int(time.time())  # noqa: TID251  the test is a client with a clock of its own
    window = {"start": str(now - 3600), "end": str(now)}
    assert "job" in server.get("/api/v1/labels", **window).json()["data"]
    assert "node_load1" in server.get("/api/v1/label/__name__/values", **window).json()["data"]
    assert "node_load1" in server.get("/api/v1/metadata").json()["data"]
    assert server.get("/api/v1/series", **window, **{"match[]": 'up{job="node"}'}).json()["data"]
    form = {"query": "node_load1", "start": str(now - 3600), "end": str(now), "step": "15"}
    bearer = {"Authorization": f"Bearer {server.token}"}
    panel = server.request("/api/v1/query_range", method="POST", headers=bearer, form=form)
    assert panel.json()["data"]["result"][0]["metric"]["__name__"] == "node_load1"
    wrong = server.request("/api/v1/query_range", method="POST", headers=bearer, form={**form, "query": "node_load1("})
    assert (wrong.status, wrong.json()["errorType"]) == (400, "bad_data")
    # a 400 to a POST is repeated as GET
    assert server.get("/api/v1/query_range", **{**form, "query": "node_load1("}).status == 400


def test_targets_are_up(server: Server) -> None:
    def active() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = server.get("/api/v1/targets").json()["data"]["activeTargets"]
        return found

    up = [("node", "up"), ("barograph", "up")]
    # samples can be read a moment before the tick is told
    eventually(lambda: [(each["scrapePool"], each["health"]) for each in active()] == up, what="targets that are up")

    def is_that_of_the_collectors() -> bool:
        took_s, said_s = server.value("sum(barograph_collector_duration_seconds)"), active()[0]["lastScrapeDuration"]
        return bool(took_s) and said_s == pytest.approx(took_s)

    # the two are of one second now and then
    eventually(is_that_of_the_collectors, what="the duration of a sample")


def test_the_python_client_of_prometheus(server: Server) -> None:
    client = PrometheusConnect(url=server.url, headers={"Authorization": f"Bearer {server.token}"})
    assert client.check_prometheus_connection()
    names = client.all_metrics()
    assert {"up", "node_load1"} <= set(names)
    assert set(client.get_label_names()) >= {"__name__", "instance", "job"}
    assert client.get_label_values("job") == ["barograph", "node"]

    def newest() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = client.get_current_metric_value("node_load1", label_config={"job": "node"})
        return found

    (load,) = eventually(lambda: newest() or None, what="a sample")
    assert float(load["value"][1]) >= 0
    ranged = client.get_metric_range_data(
        "node_load1", start_time=parse_datetime("1m"), end_time=parse_datetime("now"), chunk_size=timedelta(minutes=1)
    )
    assert ranged[0]["metric"]["__name__"] == "node_load1"

    def rates() -> list[dict[str, object]]:
        end = parse_datetime("now")
        expression = "sum(rate(node_cpu_seconds_total[10s]))"
        found: list[dict[str, object]] = client.custom_query_range(expression, end - timedelta(seconds=20), end, "5s")
        return found

    # a server that has just started has no two samples yet
    (rate,) = eventually(lambda: rates() or None, what="a rate")
    assert rate["values"]
    assert eventually(lambda: client.get_metric_aggregation("node_load1", ["max", "min"]), what="an aggregation")
    with pytest.raises(PrometheusApiClientException, match="400"):
        client.custom_query("sum(")
