"""The notifier's own thread, with a real queue and a real web server that records."""

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

import pytest

from barograph.alerts.dispatch import Dispatcher
from barograph.alerts.policy import Policy
from barograph.app.alert_service import prepare
from barograph.app.heartbeat import Heartbeat
from barograph.app.notifier import Notifier, Telling
from barograph.model.errors import StoreError
from barograph.model.notice import DeliveryState
from barograph.notify.courier import Courier
from helpers.config import config_of
from helpers.hook import Hook, recording
from helpers.server import eventually
from unit.alerts.telling_world import World


def telling_of(hook: Hook, receiver: str = "team") -> Telling:
    return prepare(
        config_of(
            f"""
route: {{receiver: {receiver}, group_wait: 0s, group_by: [alertname]}}
receivers: [{{name: {receiver}, webhook_configs: [{{url: "{hook.url}"}}]}}]
notify: {{allow: [127.0.0.1]}}
"""
        )
    )


@dataclass
class Running:
    """A notifier at work, and how often it said that something changed."""

    world: World
    hook: Hook
    heartbeat: Heartbeat
    notifier: Notifier
    changes: list[int] = field(default_factory=list)

    def fire(self, host: str = "atlas") -> None:
        self.world.fire(host)
        self.notifier.wake()


@pytest.fixture
def running() -> Iterator[Running]:
    with recording() as hook:
        made = make(World(), hook)
        yield made
        made.notifier.close()


def make(world: World, hook: Hook) -> Running:
    heartbeat, changes = Heartbeat(world.clock), list[int]()
    notifier = Notifier(world.parts, telling_of(hook), lambda: changes.append(1), heartbeat)
    return Running(world, hook, heartbeat, notifier, changes)


def failing(error: Exception) -> Callable[..., int]:
    def fail(*_: object) -> int:
        raise error

    return fail


def keep_trying(running: Running, tries: Callable[[], int]) -> None:
    """Let 20 s pass with a try every two; the notifier must see each pass."""
    eventually(tries, what="the first try")

    def is_tried_since(before: int) -> bool:
        return tries() > before

    for _ in range(10):
        before = tries()
        running.world.clock.advance(2)
        running.notifier.wake()
        eventually(partial(is_tried_since, before), what="another try")


def test_what_fires_is_delivered_and_pages_are_told_afterwards(running: Running) -> None:
    running.notifier.start()
    running.fire()
    eventually(lambda: running.hook.kinds() == ["firing"], what="the message")
    eventually(lambda: bool(running.changes), what="the word to pages")
    eventually(lambda: running.world.deliveries.waiting("team/webhook[0]") == 0, what="its note in the log")
    assert running.heartbeat.quiet() == ""


def test_what_waited_goes_out_after_the_next_start(running: Running) -> None:
    running.fire()
    assert running.hook.heard == []
    running.notifier.start()
    eventually(lambda: running.hook.kinds() == ["firing"], what="the message")


def test_another_configuration_counts_from_the_next_step_on(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    events = list[str]()
    step, replace = Dispatcher.step, Dispatcher.replace

    def noting_step(dispatcher: Dispatcher) -> int | None:
        events.append("step")
        return step(dispatcher)

    def noting_replace(dispatcher: Dispatcher, policy: Policy, moved: Mapping[str, str]) -> None:
        events.append("policy")
        replace(dispatcher, policy, moved)

    monkeypatch.setattr(Dispatcher, "step", noting_step)
    monkeypatch.setattr(Dispatcher, "replace", noting_replace)
    # no step of its own accord comes between what was seen and the change
    monkeypatch.setattr("barograph.app.notifier._BEAT_S", 600.0)
    running.notifier.start()
    eventually(lambda: bool(running.changes), what="the first step")
    with recording() as other:
        seen = len(events)
        running.notifier.replace(telling_of(other, "others"))
        assert list(running.notifier.telling.ways) == ["others"]
        eventually(lambda: "step" in events[seen:], what="a step after it")
        running.fire()
        eventually(lambda: other.kinds() == ["firing"], what="the message")
    assert events[seen] == "policy"
    assert running.hook.heard == []


def test_a_message_that_is_on_its_way_is_sent_once_through_a_change_and_an_end(running: Running) -> None:
    running.hook.delay_s = 0.5
    running.notifier.start()
    running.fire()
    eventually(lambda: running.hook.begun == 1, what="the attempt")
    running.notifier.replace(telling_of(running.hook))
    eventually(lambda: running.world.deliveries.waiting("team/webhook[0]") == 0, what="its outcome")
    running.world.fire(name="Other")
    running.notifier.wake()
    eventually(lambda: running.hook.begun == 2, what="another attempt")
    running.notifier.close()
    assert running.world.deliveries.waiting("team/webhook[0]") == 0
    assert running.hook.kinds() == ["firing", "firing"]


def test_a_receiver_is_tested_each_of_its_ways(running: Running) -> None:
    running.notifier.start()
    (outcome,) = asyncio.run(running.notifier.test("team"))
    assert (outcome.kind, outcome.delivered, outcome.answer) == ("webhook", True, "200")
    assert running.hook.heard[0]["alerts"][0]["labels"]["alertname"] == "Test"
    running.hook.answers.append(404)
    (outcome,) = asyncio.run(running.notifier.test("team"))
    assert (outcome.delivered, outcome.answer) == (False, "404")


def test_a_dispatcher_that_fails_is_tried_again_and_is_quiet_meanwhile(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Dispatcher, "step", failing(RuntimeError("broken")))
        running.notifier.start()
        eventually(lambda: "the dispatcher failed" in caplog.text, what="its failure")
        running.world.clock.advance(31)
        assert running.heartbeat.quiet() == "notifier: quiet for 31 s"
    running.fire()
    eventually(lambda: running.hook.kinds() == ["firing"], what="the message")
    eventually(lambda: running.heartbeat.quiet() == "", what="a sign of life")


def test_a_store_that_cannot_be_read_is_no_death_but_lets_the_switch_go(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(Dispatcher, "step", failing(StoreError("disk I/O error")))
        running.notifier.start()
        keep_trying(running, lambda: caplog.text.count("disk I/O error"))
        assert running.heartbeat.quiet() == ""
        assert asyncio.run(running.heartbeat.failure()).startswith("messages: the store cannot be read, for ")
    running.fire()
    eventually(lambda: running.hook.kinds() == ["firing"], what="the message")


def test_messages_that_cannot_be_stored_let_the_switch_go(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(running.world.deliveries, "enqueue", failing(StoreError("disk is full")))
        running.notifier.start()
        running.fire()
        keep_trying(running, lambda: caplog.text.count("disk is full"))
        assert asyncio.run(running.heartbeat.failure()).startswith("messages: messages cannot be stored")
    running.notifier.wake()
    eventually(lambda: running.hook.kinds() == ["firing"], what="the message")


def test_a_configuration_that_cannot_be_taken_over_for_now_is_taken_later(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    running.notifier.start()
    with recording() as other:
        with monkeypatch.context() as broken:
            broken.setattr(Dispatcher, "replace", failing(StoreError("disk I/O error")))
            running.notifier.replace(telling_of(other, "others"))
            eventually(lambda: "could not be taken over, and is tried again: disk I/O error" in caplog.text, what="it")
            assert list(running.notifier.telling.ways) == ["others"]
        running.fire()
        eventually(lambda: other.kinds() == ["firing"], what="the message")
    assert running.hook.heard == []


def test_delivery_that_fails_begins_again(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(running.world.deliveries, "heads", failing(StoreError("disk I/O error")))
        running.notifier.start()
        eventually(lambda: "delivery to team/webhook[0] failed, and is tried again" in caplog.text, what="its failure")
    running.fire()
    eventually(lambda: running.hook.kinds() == ["firing"], what="the message")


def test_no_message_waits_for_a_receiver_that_is_gone(running: Running) -> None:
    running.hook.answers += [503] * 9
    running.notifier.start()
    running.fire()
    deliveries = running.world.deliveries
    eventually(lambda: bool(deliveries.log(0, 1)), what="the refusal")
    with recording() as other:
        running.notifier.replace(telling_of(other, "other"))
    eventually(lambda: "team/webhook[0]" not in deliveries.waited_for(), what="the end of its wait")
    (last,) = deliveries.log(0, 1, receiver="team/webhook[0]")
    assert (last.state, last.answer) == (DeliveryState.FAILED, "not sent: this receiver is not there any more")


def test_a_thread_that_ends_says_so_and_harms_nobody(
    running: Running, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Courier, "__init__", failing(RuntimeError("broken")))
    running.notifier.start()
    eventually(lambda: "nobody is told any more" in caplog.text, what="its end")
    running.world.clock.advance(31)
    assert running.heartbeat.quiet() == "notifier: quiet for 31 s"
    caplog.set_level(logging.DEBUG)
    eventually(lambda: "notifier" not in [each.name for each in threading.enumerate()], what="the thread's end")
    running.notifier.wake()
    assert "the notifier has ended" in caplog.text


def test_the_log_of_deliveries_is_kept_for_as_long_as_was_said(running: Running) -> None:
    running.notifier.start()
    deliveries = running.world.deliveries
    for count, name in enumerate(["DiskFull", "HostBusy"], start=1):
        running.world.fire(name=name)
        running.notifier.wake()
        eventually(partial(_has_delivered, running, count), what="the message")
    running.world.clock.advance(89 * 86_400)
    running.notifier.wake()
    eventually(partial(_has_delivered, running, 4), what="repeats")
    assert [each.number for each in deliveries.log(0, 10)][-2:] == [2, 1]
    running.world.clock.advance(2 * 86_400)
    running.notifier.wake()
    eventually(lambda: all(each.number != 1 for each in deliveries.log(0, 10)), what="the end of old notes")


def _has_delivered(running: Running, count: int) -> bool:
    states = [each.state for each in running.world.deliveries.log(0, 10)]
    return states == [DeliveryState.DELIVERED] * count
