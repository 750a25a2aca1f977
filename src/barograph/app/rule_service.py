"""Rules in the keeper: read from files, run on its ticks, shown to its fronts.

The keeper makes one, hands it each head segment and each new configuration, and gives the ticker its `follower`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from barograph.app.config import Config
from barograph.app.rule_files import load_rule_files
from barograph.app.threshold_rules import threshold_files
from barograph.link.memory import SharedSegment
from barograph.model.alert import AlertSink, RuleName
from barograph.model.alert_replies import RuleShown
from barograph.model.clock import Clock
from barograph.model.protocols import Appender, TickFollower
from barograph.model.rule_commands import RuleCommand, RuleReply, ShowRules
from barograph.model.units import Size
from barograph.promql.engine import Engine
from barograph.rules.group import Group, GroupDefaults, RuleFile, make_groups
from barograph.rules.metrics import report_rules
from barograph.rules.runner import RuleRunner, RunnerParts
from barograph.rules.state import RuleSettings
from barograph.rules.template_texts import TemplateTexts
from barograph.rules.views import show_alerts, show_rule, show_rules
from barograph.telemetry.metrics import Telemetry
from barograph.tsdb.crossings import HeadCrossings
from barograph.tsdb.reader import StoreReader

_DECODED = Size.parse("8MiB")
"""Rules look at the last minutes, which are in the head: little of what is older is worth keeping decoded."""

_PLANS = 4096
"""As many selectors as some thousand rules have, all of them asked for at every tick."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleServiceParts:
    """What a service is built from.

    Attributes:
        data: The data folder.
        appender: The store's write side.
        sink: Takes what changes of alerts, and gives them back at a start.
        telemetry: Our own metrics.
        clock: Where time comes from.
        files_folder: What names of rule files are relative to.
    """

    data: Path
    appender: Appender
    sink: AlertSink
    telemetry: Telemetry
    clock: Clock
    files_folder: Path


class RuleService:
    """Methods are called on the keeper's event loop, `attach` on the ticker's thread too.

    Raises:
        ConfigError: A rule file cannot be used.
    """

    def __init__(self, parts: RuleServiceParts, config: Config) -> None:
        self._parts = parts
        store = msgspec.structs.replace(config.store, decoded_cache=_DECODED)
        self._reader = StoreReader(parts.data, store, plans=_PLANS)
        self._runner = RuleRunner(
            RunnerParts(
                engine=self._engine(config),
                appender=parts.appender,
                sink=parts.sink,
                clock=parts.clock,
                crossings=HeadCrossings(self._reader),
                outage_tolerance_ms=config.rules.outage_tolerance.ms,
            )
        )
        self._first = self.prepare(config)
        report_rules(parts.telemetry, self._runner)

    @property
    def follower(self) -> TickFollower:
        """What runs the rules."""
        return self._runner

    def attach(self, segment: SharedSegment) -> None:
        """Take a new head segment."""
        self._reader.attach(segment.buffer)

    def start(self) -> None:
        """Have the rules run from the first tick on. The store's head has been handed over by now, if there is one."""
        self._runner.replace(self._first, since_ms=self._reader.newest_ms)

    def prepare(self, config: Config) -> Sequence[Group]:
        """Read the rules of a configuration, without running them yet.

        Raises:
            ConfigError: A file cannot be used.
        """
        files = load_rule_files(config.rule_files, self._parts.files_folder)
        return self.groups_of(config, [*threshold_files(config), *files])

    def groups_of(self, config: Config, files: Sequence[RuleFile]) -> Sequence[Group]:
        """Make the rules of files ready to run with the settings of a configuration."""
        engine = self._engine(config)
        settings = RuleSettings(
            external_labels=config.global_.external_labels,
            external_url=config.web.external_url,
            parse_text=TemplateTexts(engine).parse,
            refresh_ms=config.rules.annotations_refresh.ms,
            max_stored=config.rules.max_alert_series,
        )
        defaults = GroupDefaults(
            interval_ms=config.global_.evaluation_interval.ms or config.collectors.interval.ms,
            query_offset_ms=config.global_.rule_query_offset.ms,
        )
        return make_groups(files, engine, settings, defaults)

    def replace(self, groups: Sequence[Group], config: Config) -> None:
        """Run prepared rules from the next tick on; those that stay the same keep their state."""
        self._runner.replace(groups, engine=self._engine(config))

    def execute(self, command: RuleCommand) -> RuleReply:
        """Answer a question about rules."""
        if isinstance(command, ShowRules):
            return show_rules(self._runner.groups)
        return show_alerts(self._runner.groups, command.rule, command.skip, command.limit)

    def rule_of(self, name: RuleName, labels: Mapping[str, str]) -> RuleShown | None:
        """Return the rule that an alert comes of; None where it is not there any more. Any thread may ask."""
        return show_rule(self._runner.groups, name, labels)

    def close(self) -> None:
        """Close the reader, once the ticker has ended."""
        self._reader.close()

    def _engine(self, config: Config) -> Engine:
        return Engine(self._reader, config.query, self._parts.clock)
