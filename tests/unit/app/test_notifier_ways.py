"""Messages that wait while the ways of their receiver are written in another order, or in another version."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from barograph.app.alert_service import prepare
from barograph.app.heartbeat import Heartbeat
from barograph.app.notifier import Notifier, Telling
from barograph.model.errors import StoreError
from barograph.state.deliveries import SqliteDeliveries
from barograph.state.migrations import MIGRATIONS
from barograph.state.sqlite import FILE
from helpers.config import config_of
from helpers.hook import Hook, recording
from helpers.server import eventually
from unit.alerts.telling_world import World


def telling_of(*hooks: Hook, name: str = "team") -> Telling:
    urls = ", ".join(f'{{url: "{hook.url}"}}' for hook in hooks)
    return prepare(
        config_of(
            f"""
route: {{receiver: {name}, group_wait: 0s, group_by: [alertname]}}
receivers: [{{name: {name}, webhook_configs: [{urls}]}}]
notify: {{allow: [127.0.0.1]}}
"""
        )
    )


@pytest.fixture
def hooks() -> Iterator[tuple[Hook, Hook]]:
    with recording() as refusing, recording() as taking:
        refusing.answers += [503] * 99
        yield refusing, taking


def notifier_of(world: World, *hooks: Hook, name: str = "team") -> Notifier:
    return Notifier(world.parts, telling_of(*hooks, name=name), lambda: None, Heartbeat(world.clock))


def renamed(world: World, notifier: Notifier, hook: Hook, *, is_begun_anew: bool) -> Notifier:
    """Let the receiver be called crew from now on."""
    if is_begun_anew:
        notifier.close()
        world.start()
        notifier = notifier_of(world, hook, name="crew")
        notifier.start()
    else:
        notifier.replace(telling_of(hook, name="crew"))
        eventually(lambda: list(world.deliveries.ways()) == ["crew/webhook[0]"], what="the other name")
    return notifier


def let_arrive(world: World, notifier: Notifier, refusing: Hook) -> None:
    """Refuse nothing any more, and let time go on until nothing waits.

    It goes on, since an attempt that is under way when the time is moved is refused later, and due again later still.
    """

    def is_over() -> bool:
        world.clock.advance(1)
        notifier.wake()
        return world.deliveries.waited_for() == []

    refusing.answers.clear()
    world.clock.advance(60)
    eventually(is_over, what="the end of all waiting")


def told_once_each(world: World, notifier: Notifier, hooks: tuple[Hook, Hook]) -> None:
    refusing, taking = hooks
    let_arrive(world, notifier, refusing)
    assert (refusing.kinds(), taking.kinds()) == (["firing"], ["firing"])


@pytest.mark.parametrize("is_begun_anew", [False, True])
def test_a_message_that_waits_goes_its_own_way_when_the_order_changes(
    hooks: tuple[Hook, Hook], is_begun_anew: bool
) -> None:
    refusing, taking = hooks
    world = World()
    notifier = notifier_of(world, refusing, taking)
    notifier.start()
    try:
        world.fire()
        notifier.wake()
        eventually(lambda: taking.kinds() == ["firing"] and len(refusing.paths) > 0, what="the message to one of two")
        eventually(lambda: world.deliveries.waited_for() == ["team/webhook[0]"], what="its note")
        if is_begun_anew:
            notifier.close()
            world.start()
            notifier = notifier_of(world, taking, refusing)
            notifier.start()
        else:
            notifier.replace(telling_of(taking, refusing))
            eventually(lambda: notifier.telling.ways["team"][0].id == "team/webhook[1]", what="the other order")
        told_once_each(world, notifier, hooks)
    finally:
        notifier.close()


@pytest.mark.parametrize("is_begun_anew", [False, True])
def test_what_waits_for_a_receiver_that_is_given_another_name_is_told_all_the_same(
    hooks: tuple[Hook, Hook], is_begun_anew: bool
) -> None:
    hook, _ = hooks
    world = World()
    notifier = notifier_of(world, hook)
    notifier.start()
    try:
        world.fire()
        notifier.wake()
        eventually(lambda: world.deliveries.waiting("team/webhook[0]") == 1 and hook.paths, what="the first refusal")
        world.end()
        world.clock.advance(400)
        notifier.wake()
        eventually(lambda: world.deliveries.waiting("team/webhook[0]") == 2, what="the end")
        notifier = renamed(world, notifier, hook, is_begun_anew=is_begun_anew)
        let_arrive(world, notifier, hook)
    finally:
        notifier.close()
    # an attempt that was under way at the change is made twice, with one key
    kinds = dict(zip(hook.keys, hook.kinds(), strict=True))
    assert list(kinds.values()) == ["firing", "resolved"]
    assert hook.heard[-1]["receiver"] == "crew"


@pytest.mark.parametrize("is_begun_anew", [False, True])
def test_a_receiver_that_is_given_another_name_knows_what_it_was_told(
    hooks: tuple[Hook, Hook], is_begun_anew: bool
) -> None:
    _, hook = hooks
    world = World()
    notifier = notifier_of(world, hook)
    notifier.start()
    try:
        world.fire()
        notifier.wake()
        eventually(lambda: hook.kinds() == ["firing"] and not world.deliveries.waited_for(), what="the message")
        notifier = renamed(world, notifier, hook, is_begun_anew=is_begun_anew)
        world.end()
        world.clock.advance(400)
        notifier.wake()
        eventually(lambda: hook.kinds()[1:] != [], what="the end")
    finally:
        notifier.close()
    assert hook.kinds() == ["firing", "resolved"]
    assert world.deliveries.told() == []


def test_a_message_of_an_older_version_goes_the_way_of_its_place(hooks: tuple[Hook, Hook], tmp_path: Path) -> None:
    before = World(policy=telling_of(*hooks).policy)
    before.fire()
    before.dispatcher.step()
    rows = {
        table: before.state.rows(f"SELECT * FROM {table}")
        for table in ("alert", "alert_transition", "delivery", "told", "told_up_to")
    }
    connection = apsw.Connection(str(tmp_path / FILE))
    for step in MIGRATIONS[:8]:
        connection.execute(step)
    connection.pragma("user_version", 8)
    for table, found in rows.items():
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(found[0]))})", found)
    connection.close()
    world = World(folder=tmp_path)
    notifier = notifier_of(world, *hooks)
    try:
        assert world.deliveries.waited_for() == ["team/webhook[0]", "team/webhook[1]"]
        assert list(world.deliveries.ways()) == ["team/webhook[0]", "team/webhook[1]"]
        notifier.start()
        told_once_each(world, notifier, hooks)
    finally:
        notifier.close()
        world.state.close()


def test_where_it_cannot_be_kept_which_way_is_which_all_are_told_all_the_same(
    hooks: tuple[Hook, Hook], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise StoreError("disk I/O error")

    for name, words in (("ways", "go by their places"), ("keep_ways", "leave their order as it is")):
        with monkeypatch.context() as broken:
            broken.setattr(SqliteDeliveries, name, refuse)
            notifier = notifier_of(World(), *hooks)
        notifier.close()
        assert [way.id for way in notifier.telling.ways["team"]] == ["team/webhook[0]", "team/webhook[1]"]
        assert words in caplog.text
