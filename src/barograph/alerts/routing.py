"""Routes: who is told of an alert, in which group, and how often. The tree is made once of the settings; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from barograph.alerts.config import RouteConfig
from barograph.alerts.matchers import equal_matchers, parse_all, sort_matchers
from barograph.model.errors import AlertError
from barograph.model.labels import Labels, escape_value
from barograph.model.matcher import Matcher, matches_all

ALL_LABELS = "..."
_GROUP_WAIT_MS = 30_000
_GROUP_INTERVAL_MS = 300_000
_REPEAT_INTERVAL_MS = 4 * 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A node of the tree, with what it has from its parents."""

    key: str
    """The matchers from the root to here, as Alertmanager writes them into `groupKey`."""
    place: str
    """Where it stands in the settings, such as `route.routes[0]`."""
    receiver: str
    group_by: tuple[str, ...]
    group_wait_ms: int
    group_interval_ms: int
    repeat_interval_ms: int
    matchers: tuple[Matcher, ...]
    goes_on: bool
    mute_intervals: tuple[str, ...]
    active_intervals: tuple[str, ...]
    routes: tuple["Route", ...]
    is_gone: bool = False
    """It is no more in the settings: of what was told by it only the end is told."""

    def match(self, labels: Labels) -> "list[Route]":
        """Return the routes that an alert takes: the deepest of each branch; none where the matchers refuse it."""
        if not matches_all(self.matchers, labels):
            return []
        found: list[Route] = []
        for route in self.routes:
            taken = route.match(labels)
            found += taken
            if taken and not route.goes_on:
                break
        return found or [self]

    def group_labels(self, labels: Labels) -> Labels:
        """Return the labels that an alert's group has."""
        return labels if ALL_LABELS in self.group_by else labels.keep(self.group_by)

    def group_key(self, labels: Labels) -> str:
        """Return the group's name, as Alertmanager writes it."""
        inside = ", ".join(f'{name}="{escape_value(value)}"' for name, value in self.group_labels(labels))
        return f"{self.key}:{{{inside}}}"

    def walk(self) -> "Iterator[Route]":
        """Yield this route and all below it."""
        yield self
        for route in self.routes:
            yield from route.walk()


_DEFAULTS = Route(
    key="",
    place="",
    receiver="",
    group_by=(),
    group_wait_ms=_GROUP_WAIT_MS,
    group_interval_ms=_GROUP_INTERVAL_MS,
    repeat_interval_ms=_REPEAT_INTERVAL_MS,
    matchers=(),
    goes_on=False,
    mute_intervals=(),
    active_intervals=(),
    routes=(),
)


def make_routes(config: RouteConfig, receivers: Mapping[str, object], intervals: Mapping[str, object]) -> Route:
    """Return the root of the tree.

    Args:
        config: What was written.
        receivers: By their names.
        intervals: By their names.

    Raises:
        AlertError: The root has none or matchers, or a receiver, interval, duration or matcher is not what it must be.
    """
    root = config
    if root.receiver is None:
        raise AlertError("route.receiver: the root route must name a receiver")
    if root.matchers or root.match or root.match_re:
        raise AlertError("route.matchers: the root route must take every alert, so it can have no matchers")
    if root.mute_time_intervals or root.active_time_intervals:
        raise AlertError("route: the root route can have no mute_time_intervals or active_time_intervals")
    made = _make(root, _DEFAULTS, "route")
    for route in made.walk():
        _check(route, receivers, intervals)
    return made


def _make(config: RouteConfig, parent: Route, place: str) -> Route:
    matchers = sort_matchers([*parse_all(config.matchers), *equal_matchers(config.match, config.match_re)])
    inside = ",".join(map(str, matchers))
    here = f"{{{inside}}}"
    route = Route(
        key=f"{parent.key}/{here}" if parent.key else here,
        place=place,
        receiver=config.receiver or parent.receiver,
        group_by=parent.group_by if config.group_by is None else config.group_by,
        group_wait_ms=parent.group_wait_ms if config.group_wait is None else config.group_wait.ms,
        group_interval_ms=parent.group_interval_ms if config.group_interval is None else config.group_interval.ms,
        repeat_interval_ms=parent.repeat_interval_ms if config.repeat_interval is None else config.repeat_interval.ms,
        matchers=matchers,
        goes_on=config.continue_,
        mute_intervals=config.mute_time_intervals,
        active_intervals=config.active_time_intervals,
        routes=(),
    )
    children = tuple(_make(each, route, f"{place}.routes[{i}]") for i, each in enumerate(config.routes))
    return replace(route, routes=children)


def route_as_told(root: Route, receiver: str, group_key: str, labels: Labels) -> Route:
    """Return the route by which a receiver was told of an alert; one that is gone where it is not there any more."""
    # not only those that the alert takes now: one that became graver may have left its own
    for route in root.walk():
        if route.receiver == receiver and route.group_key(labels) == group_key:
            return route
    return replace(root, place=f"told {receiver}", receiver=receiver, routes=(), is_gone=True)


def _check(route: Route, receivers: Mapping[str, object], intervals: Mapping[str, object]) -> None:
    if route.receiver not in receivers:
        raise AlertError(f"{route.place}.receiver: there is no receiver {route.receiver!r}")
    for name in (*route.mute_intervals, *route.active_intervals):
        if name not in intervals:
            raise AlertError(f"{route.place}: there is no time interval {name!r}")
    if len(set(route.group_by)) != len(route.group_by):
        raise AlertError(f"{route.place}.group_by: a label is given twice")
    if ALL_LABELS in route.group_by and len(route.group_by) > 1:
        raise AlertError(f"{route.place}.group_by: `...` stands for all labels, so it stands alone")
    if not route.group_interval_ms:
        raise AlertError(f"{route.place}.group_interval: must be longer than 0s")
    if not route.repeat_interval_ms:
        raise AlertError(f"{route.place}.repeat_interval: must be longer than 0s")
