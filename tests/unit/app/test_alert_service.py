"""Everything of alerts in one keeper: commands, what fronts are told, receivers, a reload, and signs of life."""

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from barograph.app.alert_service import prepare
from barograph.app.config import Config
from barograph.model.alert_commands import AcknowledgeAlerts, ListAlerts, ListReceivers, TestReceiver
from barograph.model.alert_replies import AlertsListed, ReceiversListed, ReceiverTested
from barograph.model.commands import Refused
from barograph.model.errors import ConfigError, StoreError
from barograph.state.deliveries import SqliteDeliveries
from helpers.config import config_of
from helpers.hook import Hook, recording
from helpers.server import eventually
from unit.app.alerting import ADA, START_MS, Alerting


def team(hook: Hook) -> Config:
    return config_of(
        f"""
route: {{receiver: team, group_wait: 0s}}
receivers: [{{name: team, webhook_configs: [{{url: "{hook.url}"}}]}}, {{name: spare}}]
notify: {{allow: [127.0.0.1]}}
"""
    )


@pytest.fixture
def hook() -> Iterator[Hook]:
    with recording() as made:
        yield made


@pytest.fixture
def alerting(tmp_path: Path, hook: Hook) -> Iterator[Alerting]:
    made = Alerting(tmp_path, team(hook))
    yield made
    made.close()


def running(alerting: Alerting, seconds: float = 0.05) -> None:
    """Let it run for a moment, as the keeper does."""

    async def run() -> None:
        task = asyncio.create_task(alerting.service.run())
        await asyncio.sleep(seconds)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(run())


def test_what_fires_is_told_shown_as_told_and_its_acknowledgment_too(alerting: Alerting, hook: Hook) -> None:
    running(alerting)
    alerting.fire()
    eventually(lambda: hook.kinds() == ["firing"], what="the message")
    listed = alerting.do(ListAlerts())
    assert isinstance(listed, AlertsListed) and not listed.nobody_told
    assert [(told.receiver, told.at) for told in listed.alerts[0].told] == [("team/webhook[0]", START_MS / 1000)]
    alerting.do(AcknowledgeAlerts(numbers=(1,), reason="mine"))
    eventually(lambda: hook.kinds() == ["firing", "acknowledged"], what="the acknowledgment")
    eventually(
        lambda: alerting.published and alerting.published[-1].counts.acknowledged == 1, what="the word to fronts"
    )


def test_questions_wake_nobody(alerting: Alerting, monkeypatch: pytest.MonkeyPatch) -> None:
    alerting.fire()
    woken: list[str] = []
    monkeypatch.setattr(alerting.service._notifier, "wake", lambda: woken.append(""))
    alerting.do(ListAlerts())
    alerting.do(AcknowledgeAlerts(numbers=(7,)))
    assert woken == []
    alerting.do(AcknowledgeAlerts(numbers=(1,)))
    # by the change itself, and by the command, which may have changed what no transition tells
    assert len(woken) == 2


def test_signs_of_life_say_which_part_is_quiet(alerting: Alerting) -> None:
    running(alerting)
    assert alerting.living and set(alerting.living) == {""}
    alerting.service.heartbeat.pulse("ticks")
    alerting.clock.advance(16)
    alerting.service._loop_pulse.beat()
    assert alerting.service.heartbeat.quiet() == "ticks: quiet for 16 s"


def test_fronts_are_told_once_of_each_state_and_of_a_storm_once_a_second(
    alerting: Alerting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("barograph.app.alert_service._LARGE", 1)
    service = alerting.service
    service.announce()
    service.announce()
    assert len(alerting.published) == 1
    alerting.fire("a")
    alerting.fire("b")
    service.announce()
    alerting.fire("c")
    service.announce()
    assert [each.counts.needs for each in alerting.published] == [0, 2]
    alerting.clock.advance(1)
    service.announce()
    assert [each.counts.needs for each in alerting.published] == [0, 2, 3]


def test_receivers_are_listed_with_what_they_answered_and_tested(alerting: Alerting, hook: Hook) -> None:
    running(alerting)
    alerting.fire()
    deliveries = SqliteDeliveries(alerting.state)
    eventually(lambda: hook.kinds() == ["firing"] and not deliveries.waiting("team/webhook[0]"), what="the message")
    listed = alerting.do(ListReceivers())
    assert isinstance(listed, ReceiversListed)
    assert [(each.name, each.kinds, each.is_routed, each.waiting, each.answer) for each in listed.receivers] == [
        ("team", ("webhook",), True, 0, "200"),
        ("spare", (), False, 0, ""),
    ]
    assert not listed.heartbeat
    tested = alerting.do(TestReceiver(name="team"))
    assert isinstance(tested, ReceiverTested) and tested.outcomes[0].delivered
    unknown = alerting.do(TestReceiver(name="x"))
    assert unknown == Refused(kind="not_found", message="there is no receiver 'x': team, spare")


def test_a_store_that_fails_is_said_to_fail(alerting: Alerting, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr(SqliteDeliveries, "log", fail)
    assert alerting.do(ListReceivers(), ADA) == Refused(kind="store", message="disk I/O error")


def test_what_a_full_disk_keeps_in_memory_is_written_back_now_and_then(
    alerting: Alerting, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = list[int]()

    def is_told(count: int) -> bool:
        return bool(alerting.published) and alerting.published[-1].counts.needs == count

    monkeypatch.setattr(alerting.state, "_trouble", "the disk is full")
    monkeypatch.setattr(alerting.state, "return_to_disk", lambda: tries.append(1))
    running(alerting)
    for count, host in enumerate(("atlas", "borea", "creon"), 1):
        # fronts are told at the end of each step: at that of the third the second is over
        alerting.fire(host)
        eventually(partial(is_told, count), what="the word to fronts")
    assert tries == [1]
    alerting.clock.advance(2)
    alerting.fire("dorian")
    eventually(lambda: tries == [1, 1], what="another try")


def test_another_configuration_counts_at_once(alerting: Alerting) -> None:
    running(alerting)
    alerting.service.replace(prepare(Config()))
    listed = alerting.do(ListAlerts())
    assert isinstance(listed, AlertsListed) and listed.nobody_told
    assert alerting.do(TestReceiver(name="team")) == Refused(
        kind="not_found", message="there is no receiver 'team': none is configured"
    )


def test_what_cannot_be_told_so_is_refused_at_its_place() -> None:
    with pytest.raises(ConfigError) as refusal:
        config_of("route: {receiver: nobody}")
    assert refusal.value.path == "route.receiver"
