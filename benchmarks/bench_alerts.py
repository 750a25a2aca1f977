"""A storm of alerts taken at once, routed and inhibited, and answers from a long history; beside a bare SQLite insert.

usage: bench_alerts.py [--alerts 100000] [--transitions 1000000]
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import apsw
import msgspec

from barograph.alerts.book import AlertBook
from barograph.alerts.config import InhibitConfig, RouteConfig
from barograph.alerts.inhibition import Inhibitor, make_rule
from barograph.alerts.routing import make_routes
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.alert_state import AlertRecord, HistoryQuestion, Transition, TransitionKind
from barograph.model.labels import Labels
from barograph.state.alerts import SqliteAlerts
from barograph.state.sqlite import open_state
from report import Row, report

_RULE = RuleName(file="rules.yml", group="g", rule="DiskFull")
_BATCH = 100_000
_MINUTE_MS = 60_000
_KINDS = (TransitionKind.PENDING, TransitionKind.FIRED, TransitionKind.ACKNOWLEDGED, TransitionKind.RESOLVED)


def alert(number: int) -> RuleAlert:
    """Return one alert of a fleet that has lost something common."""
    labels = (
        ("alertname", f"Rule{number % 50}"),
        ("instance", f"host-{number // 50:05d}.example.com:9100"),
        ("job", "node"),
        ("severity", ("warning", "critical")[number % 2]),
    )
    return RuleAlert(
        rule=_RULE,
        labels=Labels.from_sorted(labels),
        annotations={"summary": "Disk full", "description": "97 % of /srv are used, limit 90 %"},
        phase=AlertPhase.FIRING,
        value=97.0,
        active_ms=1000,
        fired_ms=1000,
    )


def spent_s(work: Callable[[], object]) -> float:
    """Return how long something takes, in seconds."""
    started_s = time.perf_counter()
    work()
    return time.perf_counter() - started_s


def least_ms(work: Callable[[], object], times: int = 5) -> float:
    """Return the least of some runs, in milliseconds."""
    return min(1000 * spent_s(work) for _ in range(times))


def bare_insert_s(folder: Path, records: list[AlertRecord]) -> float:
    """Return how long SQLite takes for the same documents alone, already encoded, in one synced transaction."""
    rows = [(record.number, msgspec.msgpack.encode(record)) for record in records]
    connection = apsw.Connection(str(folder / "bare.db"))
    connection.pragma("journal_mode", "wal")
    connection.pragma("synchronous", "full")
    connection.execute("CREATE TABLE alert (number BIGINT PRIMARY KEY, record BYTEA)")

    def insert() -> None:
        with connection:
            connection.executemany("INSERT INTO alert VALUES (?, ?)", rows)

    took_s = spent_s(insert)
    connection.close()
    return took_s


def storm(folder: Path, count: int) -> list[Row]:
    """Measure one evaluation that fires all alerts, and what is decided of them."""
    folder.mkdir()
    state = open_state(folder)
    book = AlertBook(SqliteAlerts(state))
    changes = [alert(number) for number in range(count)]
    took_s = spent_s(lambda: book.receive(changes, 1000))
    bare_s = bare_insert_s(folder, book.live())
    again_s = spent_s(lambda: AlertBook(SqliteAlerts(state)))
    routes = make_routes(
        RouteConfig(
            receiver="all",
            group_by=("alertname",),
            routes=(
                RouteConfig(receiver="db", matchers=('job=~"mysql|pg.*"',)),
                RouteConfig(receiver="page", matchers=("severity=critical",)),
            ),
        ),
        dict.fromkeys(("all", "db", "page")),
        {},
    )
    firing = {number: change.labels for number, change in enumerate(changes, 1)}
    rule = make_rule(
        InhibitConfig(source_matchers=("alertname=Rule1",), target_matchers=("alertname!=Rule1",), equal=("instance",))
    )

    def route() -> None:
        for labels in firing.values():
            for taken in routes.match(labels):
                taken.group_key(labels)

    def inhibit() -> None:
        inhibitor = Inhibitor([rule], firing)
        if sum(inhibitor.inhibited_by(labels) > 0 for labels in firing.values()) != count - count // 50:
            raise SystemExit("not every alert of a host that is down was inhibited")

    state_rows = [
        Row(
            name=f"{count:,} alerts fire in one evaluation, kept and synced",
            figure=took_s,
            unit="s",
            reference="the same documents into bare SQLite",
            ratio=took_s / bare_s,
        ),
        Row(name="read again at a start", figure=again_s, unit="s"),
        Row(name="routed and grouped", figure=spent_s(route), unit="s"),
        Row(name="inhibited by host", figure=spent_s(inhibit), unit="s"),
    ]
    state.close()
    return state_rows


def long_history(folder: Path, count: int) -> list[Row]:
    """Measure what is asked of a history of many transitions."""
    folder.mkdir()
    state = open_state(folder)
    store = SqliteAlerts(state)
    for first in range(0, count, _BATCH):
        numbers = range(first, min(first + _BATCH, count))
        store.keep(
            [],
            [
                Transition(alert=i // 4 + 1, at_ms=i * _MINUTE_MS, kind=_KINDS[i % 4], severity="warning", actor="ada")
                for i in numbers
            ],
        )
    month_ms = 30 * 86_400_000
    end_ms = count * _MINUTE_MS
    rows = [
        Row(
            name=f"newest 100 of {count:,} transitions",
            figure=least_ms(lambda: store.history(HistoryQuestion(limit=100))),
            unit="ms",
        ),
        Row(name="times to acknowledge and resolve", figure=least_ms(lambda: store.times(0, 1 << 62)), unit="ms"),
        Row(
            name="100 from the middle",
            figure=least_ms(lambda: store.history(HistoryQuestion(before=count // 2))),
            unit="ms",
        ),
        Row(
            name="all of one alert",
            figure=least_ms(lambda: store.history(HistoryQuestion(alert=count // 8))),
            unit="ms",
        ),
        Row(name="counts of 30 days", figure=least_ms(lambda: store.counts(end_ms - month_ms, end_ms)), unit="ms"),
        Row(name=f"counts of all {count:,}", figure=least_ms(lambda: store.counts(0, end_ms)), unit="ms"),
    ]
    state.close()
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--alerts", type=int, default=100_000)
    parser.add_argument("--transitions", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-alerts-") as name:
        folder = Path(name)
        rows = storm(folder / "storm", options.alerts) + long_history(folder / "history", options.transitions)
    report("alerts", rows)


if __name__ == "__main__":
    main()
