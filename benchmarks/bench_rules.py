"""Rules per CPU second: the keeper's runner beside Debian's Prometheus, same rules and samples, an evaluation a second.

usage: bench_rules.py [--rules 1000] [--series 1000] [--seconds 30] [--alerts 100000]

Prometheus is charged with the CPU time that its process takes beyond what it takes for the same samples without rules.
"""

import argparse
import gc
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from barograph.alerts.book import AlertBook
from barograph.app.lifecycle import CollectionsBound
from barograph.app.rule_files import load_rule_files
from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.clock import SystemClock
from barograph.model.labels import Labels
from barograph.model.sample import FloatArray
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.rules.group import GroupDefaults, make_groups
from barograph.rules.runner import RuleRunner, RunnerParts
from barograph.rules.state import RuleSettings
from barograph.rules.template_texts import TemplateTexts
from barograph.state.alerts import SqliteAlerts
from barograph.state.sqlite import open_state
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.crossings import HeadCrossings
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments, Segment
from barograph.tsdb.store import Store
from peers import Peer, prometheus
from report import Row, report

_FAMILY = Family("m", MetricType.GAUGE, "A value.")
_HISTORY_S = 310
"""Enough for the lookback and for rates."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A set of rules. `expr` makes the expression of rule `number` of `rules` over `series`."""

    name: str
    expr: Callable[[int, int], str]


SHAPES = (
    Shape("all with one selector of all series", lambda number, _: f"m > {10_000 + number}"),
    Shape("10 selectors of a tenth of the series", lambda number, _: f'm{{g="{number % 10}"}} > {10_000 + number}'),
    Shape("each with a series of its own", lambda number, series: f'm{{i="{number % series}"}} > 10000'),
    Shape("rates, 10 selectors", lambda number, _: f'rate(m{{g="{number % 10}"}}[1m]) > {10_000 + number}'),
    Shape("sums of 10 selectors", lambda number, _: f'sum by (g) (m{{g="{number % 10}"}}) > {10_000_000 + number}'),
    Shape("rates of a series each", lambda number, series: f'rate(m{{i="{number % series}"}}[1m]) > 10000'),
    Shape("sums of a rate each", lambda number, series: f'sum(rate(m{{i="{number % series}"}}[1m])) > 10000'),
    # an alert of each goes on firing
    Shape("a series each, firing", lambda number, series: f'm{{i="{number % series}"}} > 0'),
    Shape("sums of 10 selectors, firing", lambda number, _: f'sum by (g) (m{{g="{number % 10}"}}) > {number % 100}'),
    Shape("rates of a series each, firing", lambda number, series: f'rate(m{{i="{number % series}"}}[1m]) > -1'),
)


class _Segments(MemorySegments):
    reader: StoreReader

    def publish(self, segment: Segment) -> None:
        super().publish(segment)
        self.reader.attach(segment.buffer)


class World:
    """A store, the alerts' own state.db, and rules over both, as in the keeper; instants are given."""

    def __init__(self, folder: Path, series: int) -> None:
        folder.mkdir()
        self.clock = SystemClock()
        config = StoreConfig()
        segments = _Segments()
        self.reader = segments.reader = StoreReader(folder, config, plans=4096)
        self.store = Store.open(folder, config, self.clock, segments)
        self.state = open_state(folder)
        self.book = AlertBook(SqliteAlerts(self.state))
        self.engine = Engine(self.reader, QueryConfig(max_series=1_000_000), self.clock)
        self.runner = RuleRunner(
            RunnerParts(
                engine=self.engine,
                appender=self.store,
                sink=self.book,
                clock=self.clock,
                crossings=HeadCrossings(self.reader),
            )
        )
        labels = tuple(Labels.of("m", i=str(number), g=str(number % 10)) for number in range(series))
        self.schema = Schema((_FAMILY,), labels, (0,) * series)
        self.now_ms = self.clock.now_ms() // 1000 * 1000

    def load(self, file: Path) -> None:
        settings = RuleSettings(parse_text=TemplateTexts(self.engine).parse)
        files = load_rule_files([file.name], file.parent)
        self.runner.replace(make_groups(files, self.engine, settings, GroupDefaults(interval_ms=1000)))

    def append(self, values: FloatArray) -> None:
        self.now_ms += 1000
        self.store.append(Batch("host/1s", self.schema, self.now_ms, values), own=True)
        self.store.commit()

    def close(self) -> None:
        self.store.close()
        self.reader.close()
        self.state.close()


def write_rules(folder: Path, shape: Shape, rules: int, series: int) -> Path:
    """Write a rule file of one group."""
    lines = ["groups:", "- name: g", "  interval: 1s", "  rules:"]
    lines += [f"  - {{alert: 'A{number}', expr: '{shape.expr(number, series)}'}}" for number in range(rules)]
    file = folder / "rules.yml"
    file.write_text("\n".join(lines) + "\n")
    return file


def samples(series: int, seconds: int) -> FloatArray:
    """Return counters that rise by less than 10 a second, `[series, seconds]`."""
    chance = np.random.default_rng(7)
    return chance.integers(0, 10, (series, seconds)).cumsum(axis=1).astype(np.float64)


def ours_per_cpu_s(folder: Path, file: Path, series: int, seconds: int, rules: int) -> tuple[float, float]:
    """Return rules per CPU second, and the part of a core that they take each second."""
    world = World(folder, series)
    values = samples(series, _HISTORY_S + seconds)
    for second in range(_HISTORY_S):
        world.append(np.ascontiguousarray(values[:, second]))
    world.load(file)
    world.runner.follow(world.now_ms, 1000.0)
    spent_s = 0.0
    for second in range(_HISTORY_S, _HISTORY_S + seconds):
        world.append(np.ascontiguousarray(values[:, second]))
        before_s = time.process_time()
        world.runner.follow(world.now_ms, 1000.0)
        spent_s += time.process_time() - before_s
    assert world.runner.counts.failures == 0, world.runner.groups[0].rules[0].rule.status
    assert world.runner.counts.evaluations == (seconds + 1) * rules
    world.close()
    return rules * seconds / spent_s, spent_s / seconds


class Feed:
    """Samples that a Prometheus gets each second as it comes."""

    def __init__(self, peer: Peer, series: int, seconds: int) -> None:
        self._peer = peer
        self._labels = [Labels.of("m", i=str(number), g=str(number % 10)) for number in range(series)]
        self._values = samples(series, _HISTORY_S + seconds)
        start_ms = SystemClock().now_ms() - _HISTORY_S * 1000
        self._stamps = np.arange(start_ms, start_ms + 1000 * self._values.shape[1], 1000, dtype=np.int64)
        self._pushed = 0
        self._push(_HISTORY_S)

    def live(self, duration_s: float) -> None:
        """Send each sample once its second has come, for so long."""
        until_s = time.monotonic() + duration_s
        while time.monotonic() < until_s:
            if SystemClock().now_ms() >= self._stamps[self._pushed]:
                self._push(1)
            else:
                time.sleep(0.02)

    def _push(self, count: int) -> None:
        some = slice(self._pushed, self._pushed + count)
        self._peer.push(self._labels, self._stamps[some], self._values[:, some])
        self._pushed += count


def theirs_per_cpu_s(folder: Path, file: Path, series: int, seconds: int) -> float | None:
    """Return Prometheus' rules per CPU second; None where it is not installed."""
    spent: list[float] = []
    evaluated = 0.0
    for number, rules in enumerate(("", str(file))):
        with prometheus(folder / f"peer-{number}", rules=rules) as peer:
            if peer is None:
                return None
            feed = Feed(peer, series, 4 * seconds + 60)
            feed.live(5)
            before, before_s = _evaluations(peer.get("/metrics")), _cpu_s(peer.process.pid)
            feed.live(seconds)
            spent.append(_cpu_s(peer.process.pid) - before_s)
            evaluated = _evaluations(peer.get("/metrics")) - before
    return evaluated / (spent[1] - spent[0])


def _evaluations(metrics: bytes) -> float:
    """Return how many rules were evaluated."""
    lines = [line for line in metrics.decode().splitlines() if line.startswith("prometheus_rule_evaluations_total{")]
    return sum(float(line.rpartition(" ")[2]) for line in lines)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def compare(folder: Path, shape: Shape, options: argparse.Namespace) -> list[Row]:
    """Measure one shape on both."""
    folder.mkdir()
    file = write_rules(folder, shape, options.rules, options.series)
    per_cpu_s, part = ours_per_cpu_s(folder / "ours", file, options.series, options.seconds, options.rules)
    theirs = None if options.alone else theirs_per_cpu_s(folder, file, options.series, options.seconds)
    return [
        Row(
            name=f"{options.rules:,} alerting rules, {shape.name} ({options.series:,})",
            figure=per_cpu_s,
            unit="rules per CPU second",
            reference="Prometheus",
            ratio=None if theirs is None else per_cpu_s / theirs,
        ),
        Row(name=f"{options.rules:,} of them each second, {shape.name}", figure=100 * part, unit="% of a core"),
    ]


def storm(folder: Path, count: int) -> list[Row]:
    """Measure one rule whose every series crosses its limit at once, with a second's time for each tick."""
    world = World(folder, count)
    # as the keeper has it
    bound = CollectionsBound(world.clock)
    gc.callbacks.append(bound)
    file = folder / "rules.yml"
    file.write_text(
        "groups:\n- name: g\n  interval: 1s\n  rules:\n"
        '  - {alert: Full, expr: m > 1, annotations: {summary: "{{ $labels.i }} has {{ $value | humanize }}"}}\n'
    )
    world.load(file)
    world.append(np.zeros(count))
    world.runner.follow(world.now_ms, 0.95)
    longest_s, ticks, spent_s = 0.0, 0, 0.0
    while len(world.book.live()) < count or world.runner.undelivered:
        world.append(np.full(count, 2.0))
        began_s = time.perf_counter()
        world.runner.follow(world.now_ms, 0.95)
        took_s = time.perf_counter() - began_s
        longest_s, ticks, spent_s = max(longest_s, took_s), ticks + 1, spent_s + took_s
    world.append(np.full(count, 2.0))
    began_s = time.perf_counter()
    world.runner.follow(world.now_ms, 0.95)
    steady_s = time.perf_counter() - began_s
    world.close()
    gc.callbacks.remove(bound)
    return [
        Row(name=f"{count:,} alerts fire at once: until all are kept", figure=spent_s, unit="s"),
        Row(name="ticks that this is spread over", figure=ticks, unit="ticks"),
        Row(name="longest time between two ticks that rules took (0.95 s are theirs)", figure=longest_s, unit="s"),
        Row(name=f"an evaluation while {count:,} go on firing", figure=steady_s, unit="s"),
    ]


@contextmanager
def folder_of() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="bench-rules-") as name:
        yield Path(name)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rules", type=int, default=1000)
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--shapes", type=int, nargs="*", default=list(range(len(SHAPES))))
    parser.add_argument("--alone", action="store_true", help="without Prometheus")
    options = parser.parse_args(arguments)
    rows: list[Row] = []
    with folder_of() as folder:
        for number in options.shapes:
            rows += compare(folder / str(number), SHAPES[number], options)
        if options.alerts:
            rows += storm(folder / "storm", options.alerts)
    report("rules", rows)


if __name__ == "__main__":
    main()
