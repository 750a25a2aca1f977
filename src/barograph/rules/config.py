"""The settings of rules: Prometheus' `global` with the keys that rules have there, and our own `rules`."""

import msgspec

from barograph.model.labels import METRIC_NAME
from barograph.model.units import Duration


class GlobalConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `global` section: what holds for all groups of rules that say nothing else.

    Attributes:
        evaluation_interval: How often groups of rules are evaluated; 0s: as often as is collected.
        rule_query_offset: How far behind the instant of an evaluation its queries look.
        external_labels: Labels that every alert leaves with which lacks them.
    """

    evaluation_interval: Duration = Duration(0)
    rule_query_offset: Duration = Duration(0)
    external_labels: dict[str, str] = {}

    def __post_init__(self) -> None:
        for name in self.external_labels:
            if not name or name == METRIC_NAME:
                raise ValueError(f"external_labels: {name!r} is no name for a label")


class ThresholdTexts(msgspec.Struct, frozen=True, kw_only=True):
    """Those keys of a threshold that are texts, whatever they look like; see `threshold_reading` for all of them."""

    labels: dict[str, str] = {}
    summary: str = ""
    description: str = ""
    runbook: str = ""


class RulesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `rules` section.

    Attributes:
        outage_tolerance: After a longer time without evaluations pending alerts begin anew. As set at the start.
        annotations_refresh: How often annotations of an alert that goes on are rendered anew.
        max_alert_series: The most alerts of one rule whose series `ALERTS` and `ALERTS_FOR_STATE` are stored. For
            the others `clear` of a threshold does not count.
    """

    outage_tolerance: Duration = Duration(3_600_000)
    annotations_refresh: Duration = Duration(60_000)
    max_alert_series: int = 5_000
