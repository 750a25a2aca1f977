"""A storm of alerts in a running server: from a sample each to messages received, and whether ticks stayed on time.

usage: bench_storm.py [--alerts N]

As many series as alerts are imported at once; a rule of one second fires for each. A web server on loopback takes the
messages, while the list of alerts is asked for as a page does.
"""

import argparse
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

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


def measure(server: Server, hook: Hook, count: int) -> list[Row]:
    """Blow, wait for the end of it, and ask the server how its ticks did."""
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
    span = f"{int(told_s) + steady_s}s"
    return [
        Row(name=f"{count:,} alerts from imported to kept", figure=fired_s, unit="s"),
        Row(name="messages about all of them received", figure=told_s, unit="s"),
        Row(name="messages", figure=len(hook.heard), unit="of at most 1,000 alerts"),
        Row(name="the first 200 of the list, median", figure=percentile(lists_ms, 0.5), unit="ms"),
        Row(name="the first 200 of the list, longest", figure=max(lists_ms), unit="ms"),
        Row(name="ticks missed meanwhile", figure=server.value("barograph_ticks_missed_total") or 0.0, unit="ticks"),
        Row(
            name="a tick's start late by at most",
            figure=1000 * (server.value(f"max_over_time(barograph_tick_start_late_seconds[{span}])") or 0.0),
            unit="ms",
        ),
    ]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--alerts", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-storm-") as name, recording() as hook:
        folder = Path(name)
        (folder / "rules.yml").write_text(_RULES)
        (folder / "barograph.yml").write_text(_CONFIG.format(url=hook.url))
        server = Server(folder / "data", "--config", str(folder / "barograph.yml")).wait_ready()
        try:
            rows = measure(server, hook, options.alerts)
        finally:
            server.stop()
    report("storm", rows)


if __name__ == "__main__":
    main()
