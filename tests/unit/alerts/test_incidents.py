"""Acknowledgments and those to whom a group is one incident, which somebody has or has not."""

import pytest

from barograph.alerts.policy import Way
from barograph.alerts.silence_book import SilenceBook
from barograph.model.errors import StoreError
from unit.alerts.telling_world import TEAM, World, policy_of, silence

PAGER = Way(id="team/pagerduty[0]", sends_resolved=True, is_one_incident=True)


def test_an_acknowledgment_counts_what_nobody_has() -> None:
    world = World()
    world.fire()
    world.fire("borea")
    world.fire("corax")
    world.pass_s(11)
    silence(world, "corax")
    world.acknowledge(1)
    assert world.step() == ["acknowledged atlas"]
    assert world.heard[-1].others == 1
    world.acknowledge(2)
    assert world.step() == ["acknowledged borea"]
    assert world.heard[-1].others == 0


def test_an_acknowledgment_is_told_once_where_the_store_refuses_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    world.fire()
    world.fire("borea")
    world.pass_s(11)
    silence(world, "borea")
    world.acknowledge(1)
    world.end("borea")
    with monkeypatch.context() as broken:
        broken.setattr(SilenceBook, "alerts_ended", failing)
        for _ in range(2):
            with pytest.raises(StoreError):
                world.step()
    assert world.step() == ["acknowledged atlas"]


def failing(*_: object) -> None:
    raise StoreError("disk I/O error")


@pytest.mark.parametrize("is_known", [True, False])
def test_one_incident_is_acknowledged_when_what_nobody_has_ends(is_known: bool) -> None:
    world = World(policy_of(team=(PAGER, *TEAM)))
    world.fire()
    world.pass_s(11)
    world.fire("borea")
    world.pass_s(61 if is_known else 1)
    world.acknowledge(1)
    assert world.step() == ["acknowledged atlas"] * 2
    assert [each.others for each in world.heard[-2:]] == [1, 1]
    world.end("borea")
    if not is_known:
        world.start()
    assert world.step() == ["acknowledged atlas"]
    said = world.heard[-1]
    assert (said.receiver, said.others, said.actor, said.text) == (PAGER.id, 0, "ada", "")
    assert world.pass_s(200) == (["repeat atlas,-borea"] * 2 if is_known else [])


def test_one_incident_is_acknowledged_when_what_nobody_has_becomes_quiet_or_was_told_late() -> None:
    world = World(policy_of(team=(PAGER,)))
    world.fire()
    world.fire("borea")
    world.pass_s(11)
    world.acknowledge(1)
    world.step()
    silence(world, "borea")
    assert world.pass_s(61) == ["acknowledged atlas"]
    world.fire("corax")
    world.step()
    world.acknowledge(3)
    assert world.pass_s(61) == ["firing corax,atlas", "acknowledged corax,atlas"]
    assert world.pass_s(200) == []
