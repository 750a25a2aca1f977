import pytest

from barograph.alerts.config import InhibitConfig, IntervalConfig, NamedIntervalConfig, RouteConfig
from barograph.alerts.policy import HOST_DOWN, Way, make_policy
from barograph.alerts.routing import Route
from barograph.model.errors import AlertError

TEAM = {"team": (Way(id="team/webhook[0]", sends_resolved=True),)}
YEARS = NamedIntervalConfig(name="old", time_intervals=(IntervalConfig(years=("1970",)),))


def test_nothing_written_tells_nobody() -> None:
    policy = make_policy(RouteConfig(), {}, (HOST_DOWN,), ())
    assert (policy.root, policy.routed, len(policy.rules)) == (None, frozenset(), 1)


def test_receivers_need_a_route() -> None:
    with pytest.raises(AlertError, match="no route that leads to them"):
        make_policy(RouteConfig(), TEAM, (), ())


def test_mistakes_open_with_their_place() -> None:
    root = RouteConfig(receiver="team")
    with pytest.raises(AlertError, match=r"^inhibit_rules: "):
        make_policy(root, TEAM, (InhibitConfig(source_matchers=("==",)),), ())
    bad = NamedIntervalConfig(name="x", time_intervals=(IntervalConfig(months=("nonth",)),))
    with pytest.raises(AlertError, match=r"^time_intervals: 'nonth' is not a month"):
        make_policy(root, TEAM, (), (bad,))
    with pytest.raises(AlertError, match="two of the name 'old'"):
        make_policy(root, TEAM, (), (YEARS, YEARS))


@pytest.mark.parametrize(("mute", "active", "is_muted"), [((), (), False), (("old",), (), True), ((), ("old",), False)])
def test_times_mute_a_route(mute: tuple[str, ...], active: tuple[str, ...], is_muted: bool) -> None:
    child = RouteConfig(matchers=("a=b",), mute_time_intervals=mute, active_time_intervals=active)
    policy = make_policy(RouteConfig(receiver="team", routes=(child,)), TEAM, (), (YEARS,))
    assert policy.root is not None
    route: Route = policy.root.routes[0]
    assert policy.is_muted(route, 0) is is_muted
    assert policy.is_muted(route, 1_700_000_000_000) is bool(active)
    assert policy.routed == {"team"}
