"""Who is told of what, ready to decide: the settings of routes, inhibition and times, and the ways of each receiver.

Made once of a configuration; a new one takes the place of the whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from barograph.alerts.config import InhibitConfig, NamedIntervalConfig, RouteConfig
from barograph.alerts.inhibition import InhibitRule, make_rule
from barograph.alerts.intervals import Interval, any_contains, make_interval
from barograph.alerts.routing import Route, make_routes
from barograph.model.errors import AlertError

_C = TypeVar("_C")
_M = TypeVar("_M")
HOST_DOWN = InhibitConfig(
    source_matchers=('alertname=~"HostDown|InstanceDown|NodeDown"', 'instance!=""'),
    target_matchers=('alertname!~"HostDown|InstanceDown|NodeDown"',),
    equal=("instance",),
)
"""The default of `inhibit_rules`: of a host that is down nothing else is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One of the ways in which a receiver is told.

    Attributes:
        id: `RECEIVER/KIND[i]`: names its queue, and stays with the way wherever it stands in its list.
        sends_resolved: Whether the end is told.
        most: How many alerts one message lists.
        splits: Whether more of them go into further messages; else they are counted.
        is_one_incident: Whether a group is one thing there, which somebody has or has not.
    """

    id: str
    sends_resolved: bool
    most: int = 50
    splits: bool = False
    is_one_incident: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """See the module. Without a root route nobody is told."""

    root: Route | None = None
    ways: Mapping[str, tuple[Way, ...]] = field(default_factory=dict)
    rules: Sequence[InhibitRule] = ()
    intervals: Mapping[str, tuple[Interval, ...]] = field(default_factory=dict)
    external_url: str = ""

    def is_muted(self, route: Route, at_ms: int) -> bool:
        """Tell whether a route's times say that nothing is told now."""
        if any(any_contains(self.intervals[name], at_ms) for name in route.mute_intervals):
            return True
        active = route.active_intervals
        return bool(active) and not any(any_contains(self.intervals[name], at_ms) for name in active)

    @property
    def routed(self) -> frozenset[str]:
        """The receivers that a route leads to."""
        return frozenset() if self.root is None else frozenset(route.receiver for route in self.root.walk())


def make_policy(
    route: RouteConfig,
    ways: Mapping[str, tuple[Way, ...]],
    inhibit_rules: Sequence[InhibitConfig],
    time_intervals: Sequence[NamedIntervalConfig],
    external_url: str = "",
) -> Policy:
    """Return what decides, of what was written; nobody is told where nothing is written of routes.

    Raises:
        AlertError: Something in it cannot be; opens with the setting's path.
    """
    intervals: dict[str, tuple[Interval, ...]] = {}
    for named in time_intervals:
        if named.name in intervals:
            raise AlertError(f"time_intervals: there are two of the name {named.name!r}")
        intervals[named.name] = tuple(_made("time_intervals", make_interval, each) for each in named.time_intervals)
    rules = tuple(_made("inhibit_rules", make_rule, each) for each in inhibit_rules)
    is_empty = route == RouteConfig()
    if is_empty and ways:
        raise AlertError("route: there are receivers, but no route that leads to them: write `route: {receiver: NAME}`")
    root = None if is_empty else make_routes(route, ways, intervals)
    return Policy(root=root, ways=ways, rules=rules, intervals=intervals, external_url=external_url)


def _made(path: str, make: Callable[[_C], _M], config: _C) -> _M:
    try:
        return make(config)
    except AlertError as error:
        raise AlertError(f"{path}: {error}") from error
