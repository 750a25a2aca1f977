"""Kills what evaluates rules at random instants and looks for what was forgotten or told twice. `make soak S=rules`.

usage: soak_rules.py [--count N] [--seed N] [--results DIR]

A process with the keeper's own parts (store, state.db, alerts, silences, rules from a file) evaluates as fast as it can
on data that is known from the tick's number, acknowledges and silences meanwhile, and says on a pipe what it has done.
It is killed with SIGKILL; state.db must then hold, exactly, what a plain model of rules has at that tick or, since the
word of a tick may not have got out, at the one after it. The next process goes on from there.
"""

import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from barograph.alerts.book import AlertBook
from barograph.alerts.silence_book import SilenceBook
from barograph.app.rule_files import load_rule_files
from barograph.model.alert_state import Acknowledgment, AlertRecord, LifeState, TransitionKind
from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.labels import Labels
from barograph.model.silence import StoredSilence
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.rules.group import GroupDefaults, make_groups
from barograph.rules.runner import RuleRunner, RunnerParts
from barograph.rules.state import RuleSettings
from barograph.rules.template_texts import TemplateTexts
from barograph.state.alerts import SqliteAlerts
from barograph.state.silences import SqliteSilences
from barograph.state.sqlite import open_state
from barograph.tsdb.crossings import HeadCrossings
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments, Segment
from barograph.tsdb.store import Store
from proof import Figure, Options, Proof, conclude, read_options
from soaking import CONFIG, START_MS, TickClock, in_child

KILLS = 1000
KILLS_PER_FOLDER = 50
SERIES = 12
TICK_MS = 1000
RULES = """
groups:
  - name: life
    interval: 1s
    rules:
      - {alert: AtOnce, expr: soak_load > 0, annotations: {summary: "{{ $labels.i }} is at {{ $value }}"}}
      - {alert: Waits, expr: soak_load > 0, for: 5s, labels: {severity: warning}}
      - {alert: Kept, expr: soak_load > 0, for: 2s, keep_firing_for: 4s, labels: {severity: critical}}
"""
TIMES_MS = {"AtOnce": (0, 0), "Waits": (5000, 0), "Kept": (2000, 4000)}
"""`for` and `keep_firing_for` of each rule."""
PROOF = Proof(
    row=28,
    name="rules",
    fault="SIGKILL while rules are evaluated",
    promise="Pending age, firing, keep_firing_for, acknowledgments and silences are exactly what they were; nothing that "
    "fired goes back to pending, and no alert is told twice or forgotten.",
    method="A process with the keeper's parts evaluates rules on known data, acknowledges and silences; it is killed, "
    "and state.db is compared with a plain model of rules, alert by alert; the next process goes on from there.",
)
FAMILY = Family("soak_load", MetricType.GAUGE, "Above 0 now and then.")
SCHEMA = Schema((FAMILY,), tuple(Labels.of("soak_load", i=str(number)) for number in range(SERIES)), (0,) * SERIES)


@dataclass(frozen=True, slots=True)
class Alert:
    """What the plain model knows of an alert."""

    active_ms: int
    fired_ms: int = 0
    kept_ms: int = 0


Alerts = dict[tuple[str, str], Alert]
"""By rule and the label `i`."""


def is_loaded(series: int, tick: int) -> bool:
    """Tell whether a series is above its limit: in runs of some ticks, of its own."""
    return random.Random(series * 1_000_003 + (tick + 3 * series) // (2 + series % 7)).random() < 0.55


def instant_ms(tick: int) -> int:
    """Return when a tick is."""
    return START_MS + tick * TICK_MS


def after_tick(alerts: Alerts, tick: int) -> Alerts:
    """Return what alerts there are after an evaluation, as Prometheus' documents have it."""
    now_ms, after = instant_ms(tick), {}
    for rule, (for_ms, keep_ms) in TIMES_MS.items():
        for series in range(SERIES):
            key = rule, str(series)
            alert = alerts.get(key)
            if is_loaded(series, tick):
                alert = Alert(now_ms) if alert is None else replace(alert, kept_ms=0)
                if not alert.fired_ms and now_ms - alert.active_ms >= for_ms:
                    alert = replace(alert, fired_ms=now_ms)
            elif alert is not None:
                kept_ms = alert.kept_ms or now_ms
                is_kept = alert.fired_ms and keep_ms and now_ms - kept_ms < keep_ms
                alert = replace(alert, kept_ms=kept_ms) if is_kept else None
            if alert is not None:
                after[key] = alert
    return after


class _Segments(MemorySegments):
    reader: StoreReader

    def publish(self, segment: Segment) -> None:
        super().publish(segment)
        self.reader.attach(segment.buffer)


@dataclass(slots=True, kw_only=True)
class Evaluator:
    """The process that is killed."""

    folder: Path
    first_tick: int
    seed: int
    says: int

    def run(self) -> None:
        """Never returns while nobody kills."""
        clock, chance = TickClock(), random.Random(self.seed)
        clock.now = instant_ms(self.first_tick)
        segments = _Segments()
        segments.reader = reader = StoreReader(self.folder, CONFIG)
        store = Store.open(self.folder, CONFIG, clock, segments)
        state = open_state(self.folder)
        book, silences = AlertBook(SqliteAlerts(state)), SilenceBook(SqliteSilences(state))
        engine = Engine(reader, QueryConfig(), clock)
        crossings = HeadCrossings(reader)
        runner = RuleRunner(RunnerParts(engine=engine, appender=store, sink=book, clock=clock, crossings=crossings))
        settings = RuleSettings(parse_text=TemplateTexts(engine).parse)
        files = load_rule_files(["rules.yml"], self.folder)
        groups = make_groups(files, engine, settings, GroupDefaults(interval_ms=TICK_MS))
        runner.replace(groups, since_ms=reader.newest_ms)
        os.write(self.says, b"open\n")
        for tick in range(self.first_tick, self.first_tick + 100_000):
            clock.now = instant_ms(tick)
            values = np.array([float(is_loaded(series, tick)) for series in range(SERIES)])
            store.append(Batch("soak/1s", SCHEMA, clock.now, values), own=True)
            store.commit()
            runner.follow(clock.now, 60.0)
            assert not runner.counts.failures, [each.rule.status for each in groups[0].rules]
            os.write(self.says, b"tick %d\n" % tick)
            self._act(tick, chance, book, silences)
            store.maintain(0.002)

    def _act(self, tick: int, chance: random.Random, book: AlertBook, silences: SilenceBook) -> None:
        """Acknowledge an alert now and then, and make a silence."""
        firing = [record for record in book.live() if record.state is LifeState.FIRING]
        if firing and chance.random() < 0.3:
            number = chance.choice(firing).number
            book.acknowledge(number, Acknowledgment(by="ada", at_ms=instant_ms(tick), is_sticky=True))
            os.write(self.says, b"acknowledged %d\n" % number)
        if chance.random() < 0.1:
            name = f"{tick}-{self.seed}"
            silences.add(
                StoredSilence(
                    id=name, matchers=("i=1",), author="ada", reason="soak", starts_ms=instant_ms(tick), ends_ms=1 << 50
                )
            )
            os.write(self.says, b"silenced %s\n" % name.encode())


@dataclass(slots=True, kw_only=True)
class Expected:
    """What a folder must hold."""

    tick: int = 0
    alerts: Alerts = field(default_factory=dict)
    acknowledged: set[int] = field(default_factory=set)
    silenced: set[str] = field(default_factory=set)

    def hear(self, line: bytes) -> bool:
        """Take in what the evaluator said; tells whether it was a tick."""
        word, _, rest = line.decode().strip().partition(" ")
        if word == "tick":
            self.alerts = after_tick(self.alerts, int(rest))
            self.tick = int(rest)
        elif word == "acknowledged":
            self.acknowledged.add(int(rest))
        elif word == "silenced":
            self.silenced.add(rest)
        return word == "tick"


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What a run found."""

    kills: int = 0
    ticks: int = 0
    in_flight: int = 0
    alerts: int = 0
    transitions: int = 0
    mismatches: int = 0
    acknowledgments_lost: int = 0
    silences_lost: int = 0
    told_twice: int = 0
    failed_opens: int = 0


def kill_once(folder: Path, expected: Expected, chance: random.Random, outcome: Outcome) -> None:
    """Start an evaluator, kill it, and take in what it said."""
    read_end, write_end = os.pipe()
    seed = chance.randrange(1 << 30)
    child = in_child(Evaluator(folder=folder, first_tick=expected.tick + 1, seed=seed, says=write_end).run)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as words:
        if words.readline() != b"open\n":
            outcome.failed_opens += 1
        for _ in range(chance.randrange(0, 60)):
            line = words.readline()
            if not line:
                outcome.failed_opens += 1
                break
            outcome.ticks += expected.hear(line)
        # somewhere in the next evaluation, or in what is done after it
        time.sleep(chance.random() * 0.004)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        for line in words:
            if line.endswith(b"\n"):
                outcome.ticks += expected.hear(line)
    outcome.kills += 1


def check(folder: Path, expected: Expected, outcome: Outcome) -> None:
    """Compare state.db with what it must hold; where the tick in flight was kept too, go on from it."""
    state = open_state(folder)
    store = SqliteAlerts(state)
    records = store.live()
    kept = alerts_of(records)
    if kept != expected.alerts:
        following = after_tick(expected.alerts, expected.tick + 1)
        if kept == following:
            outcome.in_flight += 1
        else:
            outcome.mismatches += 1
            print(f"kill {outcome.kills}: {kept} instead of {expected.alerts} or {following}", file=sys.stderr)
        expected.alerts, expected.tick = following, expected.tick + 1
    live = {record.number: record for record in records}
    lost = [number for number in expected.acknowledged if number in live and live[number].acknowledgment is None]
    outcome.acknowledgments_lost += len(lost)
    outcome.silences_lost += len(expected.silenced - {each.id for each in SqliteSilences(state).silences()})
    outcome.alerts += len(kept)
    state.close()


def alerts_of(records: list[AlertRecord]) -> Alerts:
    """Return the alerts of state.db as the model has them."""
    return {
        (part.rule, dict(part.labels)["i"]): Alert(part.active_ms, part.fired_ms, part.keep_firing_ms)
        for record in records
        for part in record.parts
    }


def count_twice(folder: Path, outcome: Outcome) -> None:
    """Count transitions of each alert: it fires once, and is resolved once."""
    state = open_state(folder)
    seen: set[tuple[int, TransitionKind]] = set()
    last = 0
    while page := SqliteAlerts(state).after(last, 1000):
        last = page[-1].number
        for each in page:
            key = each.transition.alert, each.transition.kind
            if each.transition.kind in (TransitionKind.FIRED, TransitionKind.RESOLVED, TransitionKind.PENDING):
                outcome.told_twice += key in seen
                seen.add(key)
        outcome.transitions += len(page)
    state.close()


def soak(folder: Path, kills: int, seed: int) -> Outcome:
    """Kill that many evaluators."""
    chance = random.Random(seed)
    outcome, expected = Outcome(), Expected()
    while outcome.kills < kills:
        if outcome.kills % KILLS_PER_FOLDER == 0:
            if folder.exists():
                count_twice(folder, outcome)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            (folder / "rules.yml").write_text(RULES)
            expected = Expected()
        kill_once(folder, expected, chance, outcome)
        check(folder, expected, outcome)
    count_twice(folder, outcome)
    return outcome


def figures(options: Options, folder: Path) -> list[Figure]:
    """Run the proof."""
    outcome = soak(folder, options.count, options.seed)
    return [
        Figure(name="kills", value=outcome.kills),
        Figure(name="evaluations acknowledged", value=outcome.ticks),
        Figure(name="kills after the state was kept and before that was said", value=outcome.in_flight),
        Figure(name="alerts compared", value=outcome.alerts),
        Figure(name="transitions", value=outcome.transitions),
        Figure(name="states that are not the model's", value=outcome.mismatches, must_be=0),
        Figure(name="acknowledgments lost", value=outcome.acknowledgments_lost, must_be=0),
        Figure(name="silences lost", value=outcome.silences_lost, must_be=0),
        Figure(name="transitions told twice", value=outcome.told_twice, must_be=0),
        Figure(name="failed starts", value=outcome.failed_opens, must_be=0),
    ]


def main() -> int:
    """Run and print."""
    options = read_options("Kill what evaluates rules at random instants.", KILLS)
    with tempfile.TemporaryDirectory(prefix="barograph-soak-") as temporary:
        return conclude(PROOF, figures(options, Path(temporary) / "data"), options)


if __name__ == "__main__":
    sys.exit(main())
