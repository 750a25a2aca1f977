"""A store with rules over it, whose time is told: for tests of rules from file to alert."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from barograph.app.yaml_source import parse_yaml
from barograph.model.alert import AlertPhase, RuleAlert
from barograph.model.batch import Batch, Family, MetricType, Schema
from barograph.model.errors import StoreError
from barograph.model.labels import Labels
from barograph.promql.config import QueryConfig
from barograph.promql.engine import Engine
from barograph.promql.value import StepVector
from barograph.rules.group import GroupDefaults, RuleFile, make_groups
from barograph.rules.rulefile import check_rule_file
from barograph.rules.runner import RuleRunner, RunnerParts
from barograph.rules.state import RuleSettings
from barograph.rules.template_texts import TemplateTexts
from barograph.rules.texts import RowText
from barograph.tsdb.config import StoreConfig
from barograph.tsdb.crossings import HeadCrossings
from barograph.tsdb.reader import StoreReader
from barograph.tsdb.segment import MemorySegments, Segment
from barograph.tsdb.store import Store
from helpers.clock import FakeClock

START_MS = 1_700_000_040_000
"""A whole minute."""
_FAMILY = Family("m", MetricType.GAUGE, "A value.")


class BracedValue:
    """A template of tests: `{{value}}` and `{{label}}` are put in, `{{bad}}` fails."""

    def __init__(self, text: str, _: str = "") -> None:
        self._text = text

    def render(self, row: RowText) -> str:
        if "{{bad}}" in self._text:
            raise StoreError("bad template")
        text = self._text.replace("{{value}}", f"{row.value:g}")
        for name, value in row.labels:
            text = text.replace("{{" + name + "}}", value)
        return text


class FakeSink:
    """An `AlertSink` that keeps what it is given; `is_failing` makes it refuse."""

    def __init__(self) -> None:
        self.changes: list[RuleAlert] = []
        self.instants: list[int] = []
        self.before: list[RuleAlert] = []
        self.is_failing = False

    def receive(self, changes: Sequence[RuleAlert], at_ms: int) -> None:
        if self.is_failing:
            raise StoreError("the disk is full")
        self.changes += changes
        self.instants.append(at_ms)

    def active(self) -> Sequence[RuleAlert]:
        return self.before

    def take(self) -> list[tuple[str, AlertPhase]]:
        """Return, and forget, what changed: the label `i` of each alert, or its name, and its phase."""
        found = [(change.labels.get("i") or change.labels.get("alertname"), change.phase) for change in self.changes]
        self.changes = []
        return found

    def last(self) -> dict[Labels, RuleAlert]:
        """Return what a store would hold: the alerts that are pending or fire."""
        held = {alert.labels: alert for alert in self.before}
        for change in self.changes:
            if change.phase in (AlertPhase.PENDING, AlertPhase.FIRING):
                held[change.labels] = change
            else:
                held.pop(change.labels, None)
        return held


class RuleWorld:
    """A store in a folder, an engine over it, and a runner of rules."""

    def __init__(self, folder: Path, settings: RuleSettings | None = None) -> None:
        self.clock = FakeClock(START_MS)
        self.now_ms = START_MS
        segments = _Segments()
        config = StoreConfig()
        self.reader = StoreReader(folder, config)
        segments.reader = self.reader
        self.store = Store.open(folder, config, self.clock, segments)
        self.engine = Engine(self.reader, QueryConfig(), self.clock)
        self.sink = FakeSink()
        self.settings = settings or RuleSettings(parse_text=TemplateTexts(self.engine).parse)
        self.runner = RuleRunner(
            RunnerParts(
                engine=self.engine,
                appender=self.store,
                sink=self.sink,
                clock=self.clock,
                crossings=HeadCrossings(self.reader),
            )
        )
        self._schemas: dict[tuple[str, ...], Schema] = {}

    def load(self, text: str, *, since_ms: int = 0, interval_ms: int = 1000, file: str = "r.yml") -> None:
        """Have the rules of a text run from the next tick on."""
        document = parse_yaml(text, file, as_texts=True)
        checked = check_rule_file(document.values, document.error)
        assert not checked.findings, checked.findings
        files = [RuleFile(name=file, groups=checked.groups)]
        groups = make_groups(files, self.engine, self.settings, GroupDefaults(interval_ms=interval_ms))
        self.runner.replace(groups, since_ms=since_ms)

    def tick(self, values: Mapping[str, float], *, step_ms: int = 1000, budget_s: float = 10.0) -> None:
        """Append `m{i=KEY}` of each value, commit, and evaluate; then time goes on."""
        keys = tuple(values)
        if keys not in self._schemas:
            series = tuple(Labels.of("m", i=key) for key in keys)
            self._schemas[keys] = Schema((_FAMILY,), series, (0,) * len(keys))
        batch = Batch("host", self._schemas[keys], self.now_ms, np.array(list(values.values()), np.float64))
        if keys:
            self.store.append(batch, own=True)
        self.store.commit()
        self.runner.follow(self.now_ms, budget_s)
        self.now_ms += step_ms
        self.clock.advance(step_ms / 1000)

    def query(self, text: str, ago_ms: int = 1000) -> dict[str, float]:
        """Return the values of an expression at the last tick, by labels as text."""
        value = self.engine.instant(text, self.now_ms - ago_ms).value
        assert isinstance(value, StepVector)
        return {str(labels): float(row[0]) for labels, row in zip(value.labels, value.values, strict=True)}

    def close(self) -> None:
        self.reader.close()
        self.store.close()


class _Segments(MemorySegments):
    reader: StoreReader

    def publish(self, segment: Segment) -> None:
        super().publish(segment)
        self.reader.attach(segment.buffer)
