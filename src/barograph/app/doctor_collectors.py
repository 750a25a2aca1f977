"""What the doctor says of collecting and of being told: which collectors give something, and who hears of alerts."""

import os
from collections.abc import Iterable
from typing import Any

from barograph.app.config import Config
from barograph.app.finding import Finding, advice, fact, good, problem
from barograph.collectors.config import build_collectors
from barograph.collectors.procfs import Paths
from barograph.collectors.registry import COLLECTORS
from barograph.model.clock import Clock
from barograph.model.commands import CollectorHealth
from barograph.model.errors import CollectError, NoDataError
from barograph.model.protocols import Collector

OK, NO_DATA = "ok", "no_data"
Row = dict[str, Any]


def sample_once(config: Config, paths: Paths, clock: Clock) -> list[CollectorHealth]:
    """Take one sample of each collector that is on; nothing is stored."""
    return [
        _sample(scheduled.collector, scheduled.interval_ms, clock.now_ms())
        for scheduled in build_collectors(config.collectors, paths, clock)
    ]


def examine_collectors(healths: Iterable[CollectorHealth], *, is_root: bool) -> list[Finding]:
    """Return which collectors work, which have nothing to say, which fail, and what a privilege would add."""
    healths = list(healths)
    works = [health.name for health in healths if health.state == OK]
    quiet = [health for health in healths if health.state == NO_DATA]
    found = [good("collectors", f"{len(works)} give samples: {', '.join(sorted(works))}")]
    if quiet:
        shown = ", ".join(sorted(health.name for health in quiet))
        found.append(fact("collectors", f"{len(quiet)} have nothing to say here (no such device or service): {shown}"))
    found += [
        problem("collectors", f"{health.name}: {health.reason or health.state}", _remedy(health.name))
        for health in healths
        if health.state not in (OK, NO_DATA)
    ]
    on = {health.name for health in healths}
    more = [f"{name} ({entry.privileges})" for name, entry in COLLECTORS.items() if name in on and entry.privileges]
    if more and not is_root:
        found.append(advice("collectors", f"privileges would add to {', '.join(more)}", "see docs/collectors.md"))
    return found


def examine_alerting(receivers: Iterable[Row], *, has_heartbeat: bool) -> list[Finding]:
    """Return who is told of alerts, and who would notice that this server is silent.

    Args:
        receivers: As the API has them: `name`, `is_routed`, `waiting` and `answer` of each.
        has_heartbeat: Whether a dead-man's switch is set.
    """
    found = [_receiver(row) for row in receivers]
    if not found:
        remedy = "add `receivers:` and `route:` to the configuration; docs/configuration.md"
        found = [advice("receivers", "nobody is told of alerts", remedy)]
    if has_heartbeat:
        return [*found, good("heartbeat", "somebody outside notices when this server falls silent")]
    words = "when this machine or this server dies, nobody is told: no dead-man's switch is set"
    remedy = "set `notify.heartbeat.url`: an outside service that expects a ping and tells you when none comes"
    return [*found, advice("heartbeat", words, remedy)]


def _receiver(row: Row) -> Finding:
    name = row["name"]
    if not row["is_routed"]:
        return advice(
            "receivers", f"{name}: no route leads there", f"add a route with `receiver: {name}`, or remove it"
        )
    if row["waiting"]:
        words = f"{name}: {row['waiting']} messages wait: {row['answer'] or 'not tried yet'}"
        return advice("receivers", words, f"barograph notify test {name}")
    return good("receivers", f"{name}; `barograph notify test {name}` sends a message")


def _sample(collector: Collector, interval_ms: int, now_ms: int) -> CollectorHealth:
    name = collector.name
    state, reason = OK, ""
    try:
        collector.collect(now_ms)
    except NoDataError as error:
        state, reason = NO_DATA, str(error)
    except (CollectError, OSError) as error:
        state, reason = "failing", str(error)
    finally:
        collector.close()
    return CollectorHealth(name=name, state=state, reason=reason, interval_ms=interval_ms)


def _remedy(name: str) -> str:
    privileges = COLLECTORS[name].privileges if name in COLLECTORS else ""
    if privileges and os.geteuid():
        return f"it needs {privileges}"
    return f"`barograph collect {name} --explain` shows it; `collectors.{name}.enabled: false` turns it off"
