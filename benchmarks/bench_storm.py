"""A storm of alerts in a running server: from a sample each to messages received, and whether ticks stayed on time.

usage: bench_storm.py [--alerts N] [--alone]

As many series as alerts are imported at once; a rule of one second fires for each. A web server on loopback takes the
messages, while the list of alerts is asked for as a page does. Prometheus, where installed, gets the same series in one
request afterwards, and the rule. Other figures stand beside the tick's interval.
"""

import argparse
import json
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import peers
from barograph.model.clock import SystemClock
from barograph.model.labels import Labels
from helpers.hook import Hook, recording
from helpers.server import Server, eventually
from report import Row, percentile, report

_RULES = """
groups:
  - name: storm
    interval: 1s
    rules:
      - alert: Full
        expr: storm > 1
        annotations: {summary: "{{ $labels.host }} has {{ $value | humanize }}"}
"""
_CONFIG = """
rule_files: [rules.yml]
thresholds: {{stock: false}}
query: {{max_series: 1000000}}
route: {{receiver: team, group_wait: 1s, group_by: [alertname]}}
receivers: [{{name: team, webhook_configs: [{{url: "{url}"}}]}}]
notify: {{allow: [127.0.0.1]}}
"""
_LONGEST_S = 120.0
_INTERVAL_S = 1.0


def told(hook: Hook) -> int:
    """Return of how many alerts messages have come."""
    return sum(len(message["alerts"]) for message in hook.heard)


def blow(server: Server, count: int) -> None:
    """Import a sample of each series, all of them beyond the limit."""
    body = "".join(f'storm{{host="host-{number:06d}"}} 2\n' for number in range(count)).encode()
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "text/plain"}
    request = urllib.request.Request(f"{server.url}/api/v1/import/prometheus", body, headers, method="POST")
    with urllib.request.urlopen(request, timeout=_LONGEST_S) as answer:
        answer.read()


def measure(server: Server, hook: Hook, count: int) -> tuple[float, list[Row]]:
    """Blow, wait for the end of it, and ask the server how its ticks did.

    Returns:
        After how many seconds all alerts were kept, and the rest.
    """
    blow(server, count)
    began_s = time.perf_counter()
    lists_ms: list[float] = []
    fired_s = 0.0

    def is_over() -> bool:
        nonlocal fired_s
        asked_s = time.perf_counter()
        found = server.request(
            "/api/barograph/v1/alerts?limit=200", headers={"Authorization": f"Bearer {server.token}"}, timeout_s=60
        ).json()["data"]
        lists_ms.append(1000 * (time.perf_counter() - asked_s))
        if not fired_s and found["total"] == count:
            fired_s = time.perf_counter() - began_s
        return bool(fired_s) and told(hook) >= count

    eventually(is_over, _LONGEST_S, "the end of the storm")
    told_s = time.perf_counter() - began_s
    steady_s = 5
    time.sleep(steady_s)
    span_s = int(told_s) + steady_s
    late_s = server.value(f"max_over_time(barograph_tick_start_late_seconds[{span_s}s])") or 0.0
    missed = server.value("barograph_ticks_missed_total") or 0.0
    return fired_s, [
        of_interval("messages about all of them received", told_s, "s"),
        Row(name="messages", figure=len(hook.heard), unit="of at most 1,000 alerts"),
        of_interval("the first 200 of the list, median", percentile(lists_ms, 0.5) / 1000),
        of_interval("the first 200 of the list, longest", max(lists_ms) / 1000),
        Row(
            name="ticks missed meanwhile",
            figure=missed,
            unit="ticks",
            reference="the ticks of that time",
            ratio=missed * _INTERVAL_S / span_s,
        ),
        of_interval("a tick's start late by at most", late_s),
    ]


def of_interval(name: str, took_s: float, unit: str = "ms") -> Row:
    """Return a row of a time beside the interval of ticks."""
    figure = took_s if unit == "s" else 1000 * took_s
    return Row(name=name, figure=figure, unit=unit, reference="the tick's interval", ratio=took_s / _INTERVAL_S)


def prometheus_s(folder: Path, count: int) -> float | None:
    """Return after how many seconds all of them fire in Prometheus; None where it is not installed."""
    folder.mkdir()
    rules = folder / "rules.yml"
    rules.write_text(_RULES)
    labels = [Labels.of("storm", host=f"host-{number:06d}") for number in range(count)]
    with peers.prometheus(folder, rules=str(rules)) as peer:
        if peer is None:
            return None
        now_ms = np.array([SystemClock().now_ms()])
        peer.push(labels, now_ms, np.full((count, 1), 2.0), together=count)
        began_s = time.perf_counter()
        query = urllib.parse.urlencode({"query": 'count(ALERTS{alertstate="firing"})'})

        def have_fired() -> bool:
            found = json.loads(peer.get(f"/api/v1/query?{query}"))["data"]["result"]
            return bool(found) and float(found[0]["value"][1]) == count

        eventually(have_fired, _LONGEST_S, "the firing of all alerts in Prometheus")
        return time.perf_counter() - began_s


def kept(count: int, own_s: float, peer_s: float | None) -> list[Row]:
    """Return how long it took until all alerts were kept, beside Prometheus or else the interval of ticks."""
    name = f"{count:,} alerts from imported to kept"
    if peer_s is None:
        return [of_interval(name, own_s, "s")]
    return [
        Row(name=name, figure=own_s, unit="s", reference="Prometheus", ratio=own_s / peer_s),
        of_interval(f"{count:,} alerts from received to firing in Prometheus", peer_s, "s"),
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--alone", action="store_true", help="without Prometheus")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-storm-") as name, recording() as hook:
        folder = Path(name)
        (folder / "rules.yml").write_text(_RULES)
        (folder / "barograph.yml").write_text(_CONFIG.format(url=hook.url))
        server = Server(folder / "data", "--config", str(folder / "barograph.yml")).wait_ready()
        try:
            own_s, rows = measure(server, hook, options.alerts)
        finally:
            server.stop()
        peer_s = None if options.alone else prometheus_s(folder / "peers", options.alerts)
    report("storm", kept(options.alerts, own_s, peer_s) + rows)


if __name__ == "__main__":
    main()
