"""From a tick to a webhook: how long until the message about an alert arrives, of the running server; and a storm.

usage: bench_alert_latency.py [--count N] [--storm N] [--alone]

A rule that fires every other tick is told at once to a web server on loopback. Latency is from the planned instant of
the tick, as the alert itself says, and from its commit, to the arrival of the request; the parts of the way are what
`traced_keeper.py` notes, each since the one before it. Prometheus with Alertmanager, where installed, evaluate the
same rule every second beside it. The storm fires many alerts at once in one process: stored, grouped, delivered, while
a thread like the ticker's wants to run every 10 ms.
"""

import argparse
import asyncio
import gc
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))

from barograph.app.keeper import SWITCH_S
from barograph.app.lifecycle import CollectionsBound, go_first
from barograph.model.alert import AlertPhase, RuleAlert
from barograph.model.clock import SystemClock
from barograph.model.labels import Labels
from barograph.model.secret import Secret
from barograph.notify.courier import Courier
from barograph.notify.receivers import WebhookReceiver
from barograph.notify.sending import over_http
from barograph.outbound.address_rules import AddressRules
from barograph.outbound.client import OutboundClient
from helpers.hook import Hook, recording
from helpers.ports import free_port
from helpers.server import Server
from report import Row, percentile, report
from telling import RULE, Played, policy_of
from traced_keeper import PARTS, TRACE

Trace = list[tuple[str, float]]
_FLOOR_MS = 30.0
_AFTER_COMMIT = "after the commit"
_RULES = (
    "groups: [{{name: g, rules: [{{alert: Beat, expr: 'vector(time()) % {period} < {half}', "
    "annotations: {{summary: beat}}}}]}}]\n"
)


@dataclass(frozen=True, slots=True)
class Told:
    """The instant at which an alert fired, and when the message about it came, in seconds since the epoch."""

    fired_s: float
    came_s: float

    @property
    def late_ms(self) -> float:
        return (self.came_s - self.fired_s) * 1000


def told_of(hook: Hook, first: int) -> list[Told]:
    """Return each firing that was told, from message `first` on."""
    found = []
    for body, at_s in list(zip(hook.heard, hook.at_s, strict=False))[first:]:
        fired = [each for each in body["alerts"] if each["status"] == "firing"]
        if fired and body.get("barograph", {"kind": "firing"})["kind"] == "firing":
            begun = max(datetime.fromisoformat(each["startsAt"].replace("Z", "+00:00")) for each in fired)
            found.append(Told(begun.timestamp(), at_s))
    return found


def own(place: Path, interval: str, seconds: float, count: int) -> tuple[list[Told], Trace]:
    """Return the firings of our own server at an interval, and what it noted of its parts."""
    place.mkdir()
    (place / "rules.yml").write_text(_RULES.format(period=2 * seconds, half=seconds))
    with recording() as hook:
        (place / "b.yml").write_text(
            "rule_files: [rules.yml]\nnotify: {allow: [127.0.0.1]}\n"
            "route: {receiver: r, group_wait: 0s, group_interval: 20ms}\n"
            f"receivers: [{{name: r, webhook_configs: [{{url: '{hook.url}'}}]}}]\n"
        )
        trace = place / "trace.json"
        server = Server(
            place / "data",
            "--config",
            str(place / "b.yml"),
            "--interval",
            interval,
            environment={TRACE: str(trace)},
            program=[str(Path(__file__).with_name("traced_keeper.py"))],
        ).wait_ready()
        try:
            _wait(lambda: len(told_of(hook, 6)) >= count, count * seconds * 4 + 60)
        finally:
            server.stop()
        return told_of(hook, 6), json.loads(trace.read_text())


def parts_of(told: Sequence[Told], trace: Trace) -> dict[str, list[float]]:
    """Return how long each part of the way took, in ms: since the part before it, the first since the instant."""
    took: dict[str, list[float]] = {part: [] for part in (*PARTS, "received", _AFTER_COMMIT)}
    for each in told:
        before_s = each.fired_s
        for part in PARTS:
            at_s = next((at for name, at in trace if name == part and before_s <= at <= each.came_s), None)
            if at_s is None:
                continue
            took[part].append((at_s - before_s) * 1000)
            before_s = at_s
            if part == "committed":
                took[_AFTER_COMMIT].append((each.came_s - at_s) * 1000)
        took["received"].append((each.came_s - before_s) * 1000)
    return took


def latencies_ms(hook: Hook, first: int) -> list[float]:
    """Return how long after its instant each firing was told, from message `first` on."""
    return [each.late_ms for each in told_of(hook, first)]


def peers(place: Path, count: int) -> list[float]:
    """Return the latencies of Prometheus with Alertmanager at 1 s; none where they are not installed."""
    prometheus, alertmanager = (
        shutil.which("prometheus"),
        shutil.which("prometheus-alertmanager") or shutil.which("alertmanager"),
    )
    if not prometheus or not alertmanager:
        return []
    place.mkdir()
    (place / "rules.yml").write_text(_RULES.format(period=8, half=4))
    ports = [free_port() for _ in range(2)]
    with recording() as hook:
        (place / "am.yml").write_text(
            "route: {receiver: r, group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
            f"receivers: [{{name: r, webhook_configs: [{{url: '{hook.url}'}}]}}]\n"
        )
        (place / "p.yml").write_text(
            "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
            f"alerting: {{alertmanagers: [{{static_configs: [{{targets: ['127.0.0.1:{ports[1]}']}}]}}]}}\n"
        )
        commands = [
            [
                prometheus,
                f"--config.file={place}/p.yml",
                f"--storage.tsdb.path={place}/p",
                f"--web.listen-address=127.0.0.1:{ports[0]}",
            ],
            [
                alertmanager,
                f"--config.file={place}/am.yml",
                f"--storage.path={place}/am",
                f"--web.listen-address=127.0.0.1:{ports[1]}",
                "--cluster.listen-address=",
            ],
        ]
        running = [subprocess.Popen(each, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for each in commands]
        try:
            _wait(lambda: len(latencies_ms(hook, 2)) >= count, count * 20 + 60)
        finally:
            for process in running:
                process.terminate()
                process.wait()
        return latencies_ms(hook, 2)


def storm(place: Path, count: int) -> list[Row]:
    """Return how long many alerts at once take."""
    place.mkdir()
    clock = SystemClock()
    played = Played(place, policy_of("team", interval="60s"), clock)
    now_ms = clock.now_ms()
    changes = [
        RuleAlert(
            rule=RULE,
            labels=Labels([("alertname", "Storm"), ("instance", f"h{i}"), ("severity", "warning")]),
            annotations={"summary": f"storm on h{i}"},
            phase=AlertPhase.FIRING,
            value=1.0,
            active_ms=now_ms,
            fired_ms=now_ms,
        )
        for i in range(count)
    ]
    late: list[float] = []
    stop = threading.Event()
    ticker = threading.Thread(target=_tick, args=(late, stop))
    # as the keeper has it
    sys.setswitchinterval(SWITCH_S)
    bound = CollectionsBound(clock)
    gc.callbacks.append(bound)
    ticker.start()
    took = {"stored": _timed(lambda: played.book.receive(changes, now_ms))}
    took["grouped and queued"] = _timed(played.dispatcher.step)
    with recording() as hook:
        receiver = WebhookReceiver(url=Secret(hook.url))
        client = OutboundClient(AddressRules(["127.0.0.1"]))
        way = "team/webhook[0]"
        courier = Courier(played.deliveries, {way: over_http(receiver, client, clock)}, clock, lambda: 0.5)
        took["delivered"] = _timed(lambda: asyncio.run(courier.step(way)))
        told = sum(len(body["alerts"]) for body in hook.heard)
    stop.set()
    ticker.join()
    gc.callbacks.remove(bound)
    assert told == count, told
    rows = [Row(name=f"{count:,} alerts at once, {what}", figure=figure, unit="s") for what, figure in took.items()]
    return [*rows, Row(name="a tick beside them late by at most", figure=max(late) * 1000, unit="ms")]


def _tick(late: list[float], stop: threading.Event) -> None:
    go_first()
    while not stop.is_set():
        due_s = time.monotonic() + 0.01
        time.sleep(0.01)
        late.append(time.monotonic() - due_s)


def _timed(work: Callable[[], object]) -> float:
    start_s = time.perf_counter()
    work()
    return time.perf_counter() - start_s


def _wait(is_done: Callable[[], bool], timeout_s: float) -> None:
    end_s = time.monotonic() + timeout_s
    while not is_done() and time.monotonic() < end_s:
        time.sleep(0.2)


def _rows(name: str, found: Sequence[float], median_of_peer: float = 0.0) -> list[Row]:
    if not found:
        return []
    median, p99 = percentile(found, 0.5), percentile(found, 0.99)
    peer = "Prometheus with Alertmanager" if median_of_peer else ""
    ratio = median / median_of_peer if median_of_peer else None
    return [
        Row(name=f"{name}, median of {len(found)}", figure=median, unit="ms", reference=peer, ratio=ratio),
        Row(name=f"{name}, p99", figure=p99, unit="ms", reference="30 ms", ratio=p99 / _FLOOR_MS),
    ]


def _own_rows(name: str, told: Sequence[Told], trace: Trace, median_of_peer: float = 0.0) -> list[Row]:
    rows = _rows(f"planned tick to webhook {name}", [each.late_ms for each in told], median_of_peer)
    took = parts_of(told, trace)
    rows += _rows(f"committed tick to webhook {name}", took.pop(_AFTER_COMMIT))
    for part, found in took.items():
        if found:
            rows.append(Row(name=f"of these, {name}, {part}, median", figure=percentile(found, 0.5), unit="ms"))
            rows.append(Row(name=f"of these, {name}, {part}, p99", figure=percentile(found, 0.99), unit="ms"))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description="From a tick to a webhook.")
    parser.add_argument("--count", type=int, default=100, help="how many firings of each")
    parser.add_argument("--storm", type=int, default=100_000, help="how many alerts at once")
    parser.add_argument("--alone", action="store_true", help="without Prometheus and Alertmanager")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="barograph-") as temporary:
        place = Path(temporary)
        beside = [] if options.alone else peers(place / "peers", max(options.count // 5, 3))
        median = percentile(beside, 0.5) if beside else 0.0
        rows = [
            *_own_rows("at 1 s", *own(place / "slow", "1s", 1, options.count), median),
            *_own_rows("at 10 Hz", *own(place / "fast", "100ms", 0.1, options.count * 3)),
            *_rows("Prometheus with Alertmanager at 1 s", beside),
            *storm(place / "storm", options.storm),
        ]
        report("alert_latency", rows)


if __name__ == "__main__":
    main()
