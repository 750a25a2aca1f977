"""Who is told what and when: Alertmanager's timing, and what is ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from barograph.alerts.policy import Way
from barograph.model.alert import AlertPhase
from barograph.model.errors import StoreError
from barograph.state.frozen import FrozenTables
from unit.alerts.telling_world import START_MS, World, policy_of, silence


@pytest.fixture
def world() -> World:
    return World()


def test_a_group_waits_is_told_repeats_and_is_resolved(world: World) -> None:
    world.fire()
    assert world.pass_s(9.9) == []
    world.fire("borea", "critical")
    assert world.pass_s(0.2) == ["firing borea,atlas"]
    assert world.pass_s(3500) == []
    assert world.pass_s(200) == ["repeat borea,atlas"]
    world.end()
    assert world.pass_s(60) == ["repeat borea,-atlas"]
    world.end("borea", "critical")
    assert world.pass_s(60) == ["resolved -borea"]
    assert world.pass_s(10_000) == []
    assert list(world.deliveries.told()) == []


def test_one_that_joins_waits_for_the_interval(world: World) -> None:
    world.fire()
    assert world.pass_s(11) == ["firing atlas"]
    world.fire("borea")
    assert world.pass_s(50) == []
    assert world.pass_s(10) == ["firing borea,atlas"]


def test_one_that_is_over_before_its_time_came_is_not_told(world: World) -> None:
    world.fire()
    world.pass_s(5)
    world.end()
    assert world.pass_s(100) == []


def end_between_two_messages(world: World) -> None:
    """The first message is told at the 10th second; what fires after it ends at the 56th."""
    world.fire()
    world.pass_s(11)
    world.fire("borea")
    world.pass_s(45)
    world.end("borea")


def test_one_that_is_over_before_the_next_message_of_its_group_is_told_with_it_and_ends_with_the_one_after(
    world: World,
) -> None:
    end_between_two_messages(world)
    assert world.pass_s(13.9) == []
    assert world.pass_s(0.2) == ["firing borea,atlas"]
    assert world.pass_s(59.8) == []
    assert world.pass_s(0.2) == ["repeat atlas,-borea"]
    assert world.pass_s(600) == []


def test_one_that_is_over_before_it_was_told_is_owed_across_a_restart_and_a_change(world: World) -> None:
    end_between_two_messages(world)
    assert world.step() == []
    world.start()
    world.dispatcher.replace(policy_of({"repeat_interval": "2h"}))
    assert world.pass_s(1) == ["firing borea,atlas"]
    world.start()
    world.end()
    assert world.pass_s(61) == ["resolved -borea,-atlas"]
    assert world.deliveries.told() == []


def test_one_that_is_over_and_quiet_when_its_time_comes_is_not_told(world: World) -> None:
    end_between_two_messages(world)
    silence(world, "borea", lasts_s=3600)
    assert world.pass_s(600) == []
    world.end()
    assert world.pass_s(60) == ["resolved -atlas"]
    assert world.deliveries.told() == []


def test_one_that_is_over_before_it_was_told_outlives_its_group_and_its_receiver_may_go(world: World) -> None:
    end_between_two_messages(world)
    world.end()
    assert world.pass_s(15) == ["firing borea,-atlas"]
    assert world.pass_s(60) == ["resolved -borea"]
    assert world.deliveries.told() == []
    end_between_two_messages(world)
    world.step()
    other = Way(id="other/webhook[0]", sends_resolved=True)
    world.dispatcher.replace(policy_of({"receiver": "other"}, team=(), other=(other,)))
    world.step()
    assert [told.receiver for told in world.deliveries.told()] == ["other/webhook[0]"]


def test_one_that_gets_worse_is_told_at_once_and_breaks_the_acknowledgment(world: World) -> None:
    world.fire()
    world.pass_s(11)
    world.acknowledge()
    assert world.step() == ["acknowledged atlas"]
    assert (world.heard[-1].actor, world.heard[-1].text) == ("ada", "")
    world.fire(severity="critical")
    assert world.step() == ["worse atlas"]
    world.end(severity="critical")
    assert world.pass_s(1) == []
    world.fire(severity="critical")
    assert world.pass_s(1) == ["worse atlas"]


def test_an_acknowledged_alert_is_not_repeated_but_resolved(world: World) -> None:
    world.fire()
    world.pass_s(11)
    world.acknowledge(until_ms=0)
    world.step()
    assert world.pass_s(9000) == []
    world.end()
    assert world.pass_s(60) == ["resolved -atlas"]


def test_what_was_acknowledged_for_a_time_is_told_again_after_it(world: World) -> None:
    world.fire()
    world.pass_s(11)
    world.acknowledge(until_ms=world.clock.now_ms() + 7_000_000)
    world.step()
    assert world.pass_s(6990) == []
    assert world.pass_s(80) == ["repeat atlas"]


def test_a_clock_that_is_set_back_keeps_nobody_from_being_told(world: World) -> None:
    world.fire()
    world.pass_s(11)
    world.clock.step_wall(-86_400_000)
    world.fire("borea", "critical")
    assert world.pass_s(61) == ["firing borea,atlas"]
    assert world.pass_s(3500) == []
    world.clock.step_wall(-86_400_000)
    assert world.pass_s(161) == ["repeat borea,atlas"]


def test_a_clock_that_was_set_back_between_two_processes_delays_no_message(world: World) -> None:
    world.fire()
    world.pass_s(11)
    world.fire("creon", name="Other")
    world.clock.step_wall(-86_400_000)
    world.start()
    assert world.pass_s(11) == ["firing creon"]
    assert sorted(world.pass_s(3700)) == ["repeat atlas", "repeat creon"]


def test_a_silence_keeps_messages_back_and_never_the_end_of_what_was_told(world: World) -> None:
    world.fire()
    world.fire("borea")
    silence(world)
    assert world.pass_s(11) == ["firing borea"]
    world.end()
    assert world.pass_s(60) == []
    silence(world, "borea", id_="s2")
    world.pass_s(1)
    world.end("borea")
    assert world.pass_s(60) == ["resolved -borea"]


def test_an_end_beside_a_silenced_alert_is_told_as_an_end(world: World) -> None:
    world.fire()
    world.fire("borea")
    world.pass_s(11)
    silence(world, "borea")
    world.end()
    assert world.pass_s(60) == ["resolved -atlas"]
    assert world.heard[-1].others == 1
    world.end("borea")
    assert world.pass_s(60) == ["resolved -borea"]
    assert world.heard[-1].others == 0


def test_when_a_silence_ends_what_still_fires_is_told(world: World) -> None:
    silence(world, lasts_s=100)
    world.fire()
    assert world.pass_s(99) == []
    assert world.pass_s(60) == ["firing atlas"]


def test_a_silence_until_resolved_ends_with_its_alert(world: World) -> None:
    silence(world)
    world.fire()
    world.pass_s(20)
    world.end()
    world.pass_s(1)
    world.fire()
    assert world.pass_s(70) == ["firing atlas"]


def test_a_silence_until_resolved_that_is_yet_to_begin_outlives_the_alert_of_now(world: World) -> None:
    silence(world, in_s=3600)
    world.fire()
    assert world.pass_s(20) == ["firing atlas"]
    world.end()
    assert world.pass_s(3700) == ["resolved -atlas"]
    world.fire()
    assert world.pass_s(70) == []


def test_of_a_host_that_is_down_nothing_else_is_told(world: World) -> None:
    world.fire(name="HostDown")
    world.fire()
    world.fire("borea")
    told = world.pass_s(11)
    assert sorted(told) == ["firing atlas", "firing borea"]
    assert {notice.alerts[0].labels["alertname"] for notice in world.heard} == {"HostDown", "DiskFull"}
    world.end(name="HostDown")
    assert sorted(world.pass_s(120)) == ["firing atlas,borea", "resolved -atlas"]


def test_a_restart_at_any_moment_tells_each_thing_once() -> None:
    world = World()
    world.fire()
    world.start()
    assert world.pass_s(11) == ["firing atlas"]
    world.start()
    assert world.pass_s(30) == []
    world.end()
    world.start()
    assert world.pass_s(60) == ["resolved -atlas"]
    world.start()
    assert world.pass_s(100) == []


def test_what_fired_and_ended_while_nobody_was_there_is_told_all_the_same() -> None:
    world = World(policy_of({"group_wait": "0s"}))
    world.fire()
    world.clock.advance(0.1)
    world.end()
    world.start()
    assert world.pass_s(0) == ["firing atlas"]
    assert world.pass_s(60) == ["resolved -atlas"]
    world.fire("borea")
    world.step()
    world.end("borea")
    world.fire("creon")
    world.clock.advance(1)
    world.end("creon")
    world.start()
    assert world.pass_s(120) == ["firing creon,-borea", "resolved -creon"]


def test_one_that_waited_for_its_look_when_the_process_died_is_told() -> None:
    world = World(policy_of({"group_wait": "0s"}))
    world.fire()
    world.step()
    world.fire("borea")
    world.fire("creon", name="Other")
    assert world.step() == ["firing creon"]
    world.end("borea")
    world.start()
    assert world.pass_s(60) == ["firing atlas,borea", "repeat atlas,-borea"]


def test_a_fall_that_was_read_is_remembered_across_a_restart() -> None:
    world = World()
    world.fire(severity="critical")
    world.fire()
    world.pass_s(11)
    world.end(severity="critical")
    world.pass_s(1)
    world.start()
    world.fire(severity="critical")
    assert world.pass_s(1) == ["worse atlas"]


def test_routes_choose_receivers_and_a_worse_alert_comes_to_more_of_them() -> None:
    pager = Way(id="pager/ntfy[0]", sends_resolved=False)
    routes = [{"matchers": ['severity="critical"'], "receiver": "pager"}]
    world = World(policy_of({"routes": routes}, pager=(pager,)))
    world.fire()
    world.pass_s(11)
    world.fire(severity="critical")
    told = world.pass_s(11)
    assert sorted(told) == ["firing atlas", "worse atlas"]
    assert sorted(notice.receiver for notice in world.heard) == ["pager/ntfy[0]"] + ["team/webhook[0]"] * 2
    world.end(severity="critical")
    world.end()
    assert world.pass_s(60) == ["resolved -atlas"]
    assert world.heard[-1].receiver == "team/webhook[0]"
    assert world.deliveries.told() == []


def test_another_policy_goes_on_where_the_first_was() -> None:
    world = World()
    world.fire()
    world.pass_s(11)
    other = Way(id="other/webhook[0]", sends_resolved=True)
    world.policy = policy_of({"receiver": "other"}, other=(other,))
    world.dispatcher.replace(world.policy)
    assert world.pass_s(1) == ["firing atlas"]
    assert world.heard[-1].receiver == "other/webhook[0]"
    world.end()
    told = world.pass_s(120)
    assert told == ["resolved -atlas", "resolved -atlas"]
    assert {notice.receiver for notice in world.heard[-2:]} == {"team/webhook[0]", "other/webhook[0]"}


def test_by_a_route_that_is_another_now_only_the_end_is_told(world: World) -> None:
    world.fire()
    world.pass_s(11)
    world.dispatcher.replace(policy_of({"group_by": ["instance"]}))
    assert world.pass_s(100) == ["firing atlas"]
    world.start()
    world.dispatcher.replace(policy_of({"group_by": ["instance"]}))
    assert world.pass_s(3600) == ["repeat atlas"]
    world.fire(severity="critical")
    assert world.pass_s(100) == ["worse atlas"]
    world.end(severity="critical")
    world.end()
    assert world.pass_s(100) == ["resolved -atlas"] * 2
    assert {notice.group_key for notice in world.heard[-2:]} == {
        '{}:{alertname="DiskFull"}',
        '{}:{instance="atlas"}',
    }
    assert world.deliveries.told() == []


def test_what_became_graver_and_took_another_route_is_told_by_its_first_one_after_a_restart_too() -> None:
    pager = Way(id="pager/ntfy[0]", sends_resolved=True)
    routes = [{"matchers": ['severity="critical"'], "receiver": "pager"}]
    world = World(policy_of({"routes": routes}, pager=(pager,)))
    world.fire()
    world.pass_s(11)
    world.fire(severity="critical")
    world.pass_s(11)
    world.start()
    assert world.pass_s(3700) == ["repeat atlas"] * 2
    assert {notice.receiver for notice in world.heard[-2:]} == {"pager/ntfy[0]", "team/webhook[0]"}


def test_a_receiver_that_is_gone_is_forgotten() -> None:
    world = World()
    world.fire()
    world.pass_s(11)
    from barograph.alerts.policy import Policy

    world.dispatcher.replace(Policy())
    world.dispatcher.step()
    assert world.deliveries.told() == []
    assert world.dispatcher.step() is None


def test_times_of_routes_keep_messages_back() -> None:
    from barograph.alerts.config import IntervalConfig, NamedIntervalConfig, RouteConfig
    from barograph.alerts.policy import make_policy
    from unit.alerts.telling_world import TEAM

    night = NamedIntervalConfig(name="always", time_intervals=(IntervalConfig(),))
    for key in ("mute_time_intervals", "active_time_intervals"):
        child = msgspec.structs.replace(RouteConfig(matchers=('instance="atlas"',)), **{key: ("always",)})
        root = RouteConfig(receiver="team", routes=(child,))
        world = World(make_policy(root, {"team": TEAM}, (), (night,)))
        world.fire()
        assert world.pass_s(40) == (["firing atlas"] if key.startswith("active") else [])


def test_a_storm_is_split_for_programs_and_counted_for_people() -> None:
    people = Way(id="people/email[0]", sends_resolved=True, most=2)
    programs = Way(id="people/webhook[0]", sends_resolved=True, most=2, splits=True)
    world = World(policy_of({"receiver": "people"}, people=(people, programs)))
    for host in "abcde":
        world.fire(host)
    told = world.pass_s(11)
    assert told == ["firing a,b", "firing a,b", "firing c,d", "firing e"]
    assert [notice.alert_count for notice in world.heard] == [5, 2, 2, 1]
    assert len({notice.key for notice in world.heard}) == 4
    assert world.heard[0].alerts[0].who == ("postgres: 2 cores",)
    assert world.heard[0].alerts[0].url == "https://b.example/alerts/1"
    assert world.dispatcher.told_of(1) == [(way, world.heard[0].at_ms) for way in (people.id, programs.id)]


def test_what_has_ended_is_counted_though_it_is_not_listed() -> None:
    world = World(policy_of(team=(Way(id="team/email[0]", sends_resolved=True, most=2),)))
    for host in ("atlas", "borea", "corax"):
        world.fire(host)
    world.pass_s(11)
    world.end("corax")
    assert world.pass_s(61) == ["repeat atlas,borea"]
    said = world.heard[-1]
    assert (said.alert_count, said.ended_count) == (3, 1)


@contextmanager
def refusing(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have the store keep no message meanwhile."""

    def refuse(*_: object) -> None:
        raise StoreError("not now")

    with monkeypatch.context() as patch:
        patch.setattr(world.deliveries, "enqueue", refuse)
        yield


def test_what_could_not_be_kept_is_kept_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.fire()
    world.clock.advance(11)
    with refusing(world, monkeypatch):
        assert world.dispatcher.step() == world.clock.now_ms() + 1000
    assert world.step() == ["firing atlas"]


def test_what_could_not_be_kept_goes_to_its_receiver_by_another_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.fire()
    world.clock.advance(11)
    with refusing(world, monkeypatch):
        world.dispatcher.step()
    crew = Way(id="crew/webhook[0]", sends_resolved=True)
    world.policy = policy_of({"receiver": "crew"}, team=(), crew=(crew,))
    world.dispatcher.replace(world.policy, {"team/webhook[0]": crew.id})
    assert world.step() == ["firing atlas"]
    assert (world.heard[-1].receiver, [told.receiver for told in world.deliveries.told()]) == (crew.id, [crew.id])
    assert world.deliveries.waited_for() == []


def test_instants_of_firing_are_told_once_each(world: World) -> None:
    world.fire()
    world.fire("borea")
    world.say(AlertPhase.PENDING, "creon")
    world.step()
    assert world.fired == [START_MS]


def test_processes_are_kept_with_the_message_or_neither_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    frozen = FrozenTables(world.state)

    def break_off(*_: object) -> None:
        raise StoreError("not now")

    world.dispatcher.replace(policy_of({"group_wait": "0s"}))
    world.fire()
    with monkeypatch.context() as patch:
        # as the last of what the transaction writes
        patch.setattr(world.deliveries, "_last", break_off)
        world.dispatcher.step()
    assert (frozen.find(START_MS), world.deliveries.up_to()) == (b"", 0)
    assert world.step() == ["firing atlas"]
    assert frozen.find(START_MS) == b"who"


def test_processes_are_kept_where_nobody_is_told_yet(world: World) -> None:
    world.dispatcher.replace(policy_of({"group_wait": "1h"}))
    world.fire()
    assert world.step() == []
    assert FrozenTables(world.state).find(START_MS) == b"who"
