"""Collectors that others write: loaded from packages that are installed, by entry point, and only those that are named.

docs/third-party-collectors.md describes the protocol. What such a collector does is bounded like our own: a budget of
time, a growing pause after failures, and a limit of series.
"""

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

import msgspec

from barograph.collectors.base import SeriesSpec
from barograph.collectors.readings import PlainCollector, Reading
from barograph.model.batch import Family, MetricType
from barograph.model.errors import CollectError, ConfigError
from barograph.model.labels import is_legacy_metric_name, is_legacy_name
from barograph.model.units import Duration

if TYPE_CHECKING:
    from importlib.metadata import EntryPoints

GROUP = "barograph.collectors"
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class ThirdPartyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry of `third_party`.

    Attributes:
        name: The name of its entry point, which is also the collector's.
        interval: How often it samples; unset: `collectors.interval`.
        budget: How long one sample may take before it counts as hung; unset: `collectors.budget`.
        max_series: How many series it may have.
        options: Handed to it as they are.
    """

    name: str
    interval: Duration | None = None
    budget: Duration | None = None
    max_series: int = 1000
    options: dict[str, str] = msgspec.field(default_factory=dict)


class MetricDescription(Protocol):
    """What `describe` returns for each metric; any object with these attributes."""

    name: str
    type: str
    """counter or gauge."""
    help: str


Sample = tuple[str, Mapping[str, str], float]
"""A metric's name, its labels, its value."""


class CollectorPlugin(Protocol):
    """What an entry point gives when it is called with its options."""

    def describe(self) -> Iterable[MetricDescription]:
        """Return every metric that `collect` may give. Called once."""
        ...

    def collect(self) -> Iterable[Sample]:
        """Return the values of now. Called by one thread at a time."""
        ...


class ThirdPartyCollector(PlainCollector):
    """Another's collector behind our protocol.

    Args:
        config: Its entry.
        place: Where that stands in the configuration.
        reserved: Names of our own collectors, and of others that are configured.

    Raises:
        ConfigError: No installed package has it, or it cannot be built or described.
    """

    def __init__(self, config: ThirdPartyConfig, place: str, reserved: frozenset[str]) -> None:
        if not _NAME.fullmatch(config.name) or config.name in reserved:
            raise ConfigError(f"{config.name!r} is no name, or another collector's", path=f"{place}.name")
        self.name = config.name
        super().__init__()
        self._max_series = config.max_series
        self._plugin = _load(config, place)
        self._families = _described(self._plugin, config.name, place)
        self._specs: dict[tuple[str, tuple[tuple[str, str], ...]], SeriesSpec] = {}

    def read(self) -> list[Reading]:
        """See `PlainCollector`."""
        readings: dict[tuple[str, tuple[tuple[str, str], ...]], Reading] = {}
        for sample in self._plugin.collect():
            try:
                name, labels, value = sample
                key = (name, tuple(sorted(labels.items())))
                readings[key] = (self._specs.get(key) or self._spec(key), float(value))
            except (TypeError, ValueError, AttributeError) as error:
                raise CollectError(f"it gave {sample!r:.200}, which is no (name, labels, value): {error}") from error
            if len(readings) > self._max_series:
                raise CollectError(f"it has more than {self._max_series} series: raise its max_series")
        self._specs = {key: spec for key, (spec, _) in readings.items()}
        return list(readings.values())

    def close(self) -> None:
        """Close it, where it can be closed."""
        close = getattr(self._plugin, "close", None)
        if close is not None:
            close()

    def _spec(self, key: tuple[str, tuple[tuple[str, str], ...]]) -> SeriesSpec:
        name, pairs = key
        family = self._families.get(name)
        if family is None:
            raise CollectError(f"it gave the metric {name!r}, which its describe() does not have")
        for label, value in pairs:
            if not is_legacy_name(label) or label.startswith("__") or not isinstance(value, str):
                raise CollectError(
                    f"{name} has the label {label!r} with {value!r}: names are [a-zA-Z_][a-zA-Z0-9_]*, values text"
                )
        return SeriesSpec(family, dict(pairs))


def _entry_points() -> "EntryPoints":
    # four megabytes that only those carry who name such a collector
    from importlib.metadata import entry_points  # noqa: PLC0415

    return entry_points(group=GROUP)


def _load(config: ThirdPartyConfig, place: str) -> CollectorPlugin:
    found = [point for point in _entry_points() if point.name == config.name]
    if not found:
        others = ", ".join(sorted(point.name for point in _entry_points())) or "none"
        raise ConfigError(
            f"no installed package has a collector {config.name!r} (entry points of {GROUP}: {others})",
            path=f"{place}.name",
        )
    try:
        plugin: CollectorPlugin = found[0].load()(dict(config.options))
    except Exception as error:
        raise ConfigError(f"{config.name} could not be built: {type(error).__name__}: {error}", path=place) from error
    return plugin


def _described(plugin: CollectorPlugin, name: str, place: str) -> dict[str, Family]:
    try:
        described = [(metric.name, metric.type, metric.help) for metric in plugin.describe()]
        families = {metric: Family(metric, MetricType(kind), text) for metric, kind, text in described}
    except Exception as error:
        raise ConfigError(f"{name}: describe() failed: {type(error).__name__}: {error}", path=place) from error
    bad = next((metric for metric in families if not is_legacy_metric_name(metric)), None)
    if bad is not None or not families:
        raise ConfigError(f"{name}: describe() gave {bad!r}, which is no metric's name", path=place)
    return families
