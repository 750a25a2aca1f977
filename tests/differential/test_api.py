"""The same requests to Debian's Prometheus and to our server: equal statuses, error types and shapes of answers."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from helpers.server import Server, eventually, serving
from peers import Peer, prometheus

pytestmark = pytest.mark.e2e
START, END = "1700000000", "1700000060"
RANGE = {"start": START, "end": END, "step": "10"}


class Asked(NamedTuple):
    """One request."""

    path: str
    parameters: dict[str, str]
    method: str = "GET"


def asked(path: str, method: str = "GET", **parameters: str) -> Asked:
    """A request, its parameters by keyword; `match` stands for `match[]`."""
    return Asked(path, {"match[]" if k == "match" else k: v for k, v in parameters.items()}, method)


SAME = (
    asked("query", query="up"),
    asked("query", "POST", query="up"),
    asked("query", query="1"),
    asked("query", query='"a"'),
    asked("query", query="vector(1)"),
    asked("query", query="up[5s] offset 1h"),
    asked("query", query="up", time="x"),
    asked("query", query="sum("),
    asked("query"),
    asked("query", query="up", timeout="x"),
    asked("query", query='label_replace(up, "", "", "", "(")'),
    asked("query", query="up", time="2026-01-01T00:00:00Z"),
    asked("query_range", query="vector(1)", **RANGE),
    asked("query_range", "POST", query="vector(1)", **RANGE),
    asked("query_range", query="1", **RANGE | {"step": "1m"}),
    asked("query_range", query="up", start=END, end=START, step="1"),
    asked("query_range", query="up", **RANGE | {"step": "0"}),
    asked("query_range", query="up", **RANGE | {"step": "-1"}),
    asked("query_range", query="up", start="x", end=END, step="1"),
    asked("query_range", query="up", end=END, step="1"),
    asked("query_range", query="up", start="0", end=END, step="1"),
    asked("query_range", query="up[1m]", **RANGE),
    asked("query_range", query='"a"', **RANGE),
    asked("series"),
    asked("series", match="up"),
    asked("series", match="{}"),
    asked("series", match="up{"),
    asked("series", match='{__name__=~".*"}'),
    asked("series", "POST", match="up"),
    asked("series", match="up", start="x"),
    asked("labels"),
    asked("labels", "POST"),
    asked("labels", match="up"),
    asked("labels", match="{"),
    asked("labels", start="x"),
    asked("label/job/values"),
    asked("label/__name__/values"),
    asked("label/none/values"),
    asked("label/job/values", match="{"),
    asked("metadata", metric="none"),
    asked("metadata", limit="x"),
    asked("targets/metadata", match_target="{"),
    asked("rules"),
    asked("rules", type="x"),
    asked("rules", type="alert"),
    asked("alerts"),
    asked("alertmanagers"),
    asked("query_exemplars", query="up", start=START, end=END),
    asked("query_exemplars", query="sum(", start="1", end="2"),
    asked("query_exemplars", query="up", start="2", end="1"),
    asked("query_exemplars", query="up", start=START + "000", end=END + "000"),
    asked("status/config"),
    asked("format_query", query="sum by(a)(up)"),
    asked("format_query", query="sum("),
    asked("format_query"),
    asked("format_query", "POST", query="up"),
    asked("nothing"),
    asked("query", "DELETE", query="up"),
)
WITH_MORE = (
    asked("targets"), asked("targets", state="dropped"), asked("status/runtimeinfo"), asked("status/buildinfo"),
    asked("status/tsdb"), asked("status/walreplay"),
)  # fmt: skip
"""Where ours has all of theirs and, as Prometheus 3 has, more."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Peer, Server]]:
    folder = tmp_path_factory.mktemp("api")
    with prometheus(folder) as peer:
        if peer is None:
            pytest.skip("prometheus is not installed")
        own = f"static_configs: [{{targets: ['{peer.url.removeprefix('http://')}']}}]"
        config = folder / "prometheus.yml"
        config.write_text(f"global: {{scrape_interval: 1s}}\nscrape_configs:\n- job_name: node\n  {own}\n")
        peer.process.send_signal(1)
        settings = folder / "barograph.yml"
        settings.write_text("thresholds: {stock: false}\n")  # Prometheus has no rules of its own
        with serving(folder / "data", "--config", str(settings)) as server:
            eventually(
                lambda: json.loads(peer.get("/api/v1/query?query=up"))["data"]["result"] or None, what="a scrape"
            )
            # of the host, and, a moment later, of the server itself
            eventually(lambda: len(server.query("up")) == 2, what="a tick")
            yield peer, server


def ask(base: str, request: Asked, token: str = "") -> tuple[int, Any]:
    """Send a request; its status and its answer as JSON, None where it is none."""
    form = urllib.parse.urlencode(request.parameters)
    url = f"{base}/api/v1/{request.path}" + (f"?{form}" if request.method != "POST" else "")
    body = form.encode() if request.method == "POST" else None
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    try:
        sent = urllib.request.Request(url, data=body, method=request.method, headers=headers)
        with urllib.request.urlopen(sent, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        text = refusal.read()
        return refusal.code, json.loads(text) if text.startswith(b"{") else None


def shape(value: object) -> object:
    """The keys and types of an answer; of a list its first; a number is a number."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items() if key not in ("features", "metric")}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) else type(value).__name__


@pytest.mark.parametrize("request_", SAME, ids=str)
def test_answers_have_the_same_shape(both: tuple[Peer, Server], request_: Asked) -> None:
    peer, server = both
    (their_status, theirs), (our_status, ours) = ask(peer.url, request_), ask(server.url, request_, server.token)
    assert our_status == their_status
    if theirs is not None and their_status != 200:
        assert ours["errorType"] == theirs["errorType"]
        assert ours["error"]
    elif theirs is not None:
        assert shape(ours) == shape(theirs), (ours, theirs)


@pytest.mark.parametrize("request_", WITH_MORE, ids=str)
def test_answers_have_at_least_theirs(both: tuple[Peer, Server], request_: Asked) -> None:
    peer, server = both
    (their_status, theirs), (our_status, ours) = ask(peer.url, request_), ask(server.url, request_, server.token)
    assert their_status == our_status == 200
    assert theirs["data"].keys() <= ours["data"].keys()
