import pytest

from barograph.alerts import life
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.alert_state import Acknowledgment, AlertRecord, LifeState, TransitionKind
from barograph.model.errors import AlertError
from barograph.model.labels import Labels

K = TransitionKind
HOUR_MS = 3_600_000


def said(phase: AlertPhase, severity: str = "warning", *, at_ms: int = 1000, rule: str = "DiskFull") -> RuleAlert:
    firing = phase is AlertPhase.FIRING
    return RuleAlert(
        rule=RuleName(file="a.yml", group="g", rule=rule),
        labels=Labels([("alertname", "DiskFull"), ("host", "atlas"), ("severity", severity)]),
        annotations={"summary": "Disk full"},
        phase=phase,
        value=97.5,
        active_ms=1000,
        fired_ms=at_ms if firing else None,
        ended_ms=at_ms if phase in (AlertPhase.RESOLVED, AlertPhase.DROPPED) else None,
    )


def fired(severity: str = "warning") -> AlertRecord:
    return life.begin(1, said(AlertPhase.FIRING, severity), 1000).record


def acknowledged(record: AlertRecord, *, until_ms: int = 0, is_sticky: bool = False) -> AlertRecord:
    held = Acknowledgment(by="ada", at_ms=2000, reason="mine", until_ms=until_ms, is_sticky=is_sticky)
    return life.acknowledge(record, held).record


def kinds(step: life.Step) -> list[TransitionKind]:
    return [transition.kind for transition in step.transitions]


def test_pending_fires_and_is_resolved() -> None:
    pending = life.begin(7, said(AlertPhase.PENDING), 1000)
    assert (pending.record.state, kinds(pending)) == (LifeState.PENDING, [K.PENDING])
    assert pending.record.labels == (("alertname", "DiskFull"), ("host", "atlas"))
    firing = life.take(pending.record, said(AlertPhase.FIRING, at_ms=5000), 5000)
    assert (firing.record.state, firing.record.fired_ms, kinds(firing)) == (LifeState.FIRING, 5000, [K.FIRED])
    resolved = life.take(firing.record, said(AlertPhase.RESOLVED, at_ms=9000), 9001)
    assert (resolved.record.state, resolved.record.ended_ms, kinds(resolved)) == (
        LifeState.RESOLVED,
        9000,
        [K.RESOLVED],
    )
    assert resolved.record.parts == firing.record.parts


def test_what_pends_is_as_grave_as_the_worst_that_pends_and_rises_only_once_it_fires() -> None:
    pending = life.begin(1, said(AlertPhase.PENDING), 1000)
    assert (pending.record.severity, pending.transitions[0].severity) == ("warning", "warning")
    worse = life.take(pending.record, said(AlertPhase.PENDING, "critical"), 2000)
    assert (worse.record.severity, kinds(worse)) == ("critical", [])
    milder = life.take(worse.record, said(AlertPhase.DROPPED, "critical", at_ms=3000), 3000)
    assert (milder.record.severity, kinds(milder)) == ("warning", [])
    firing = life.take(worse.record, said(AlertPhase.FIRING, at_ms=3000), 3000)
    assert (firing.record.severity, kinds(firing)) == ("warning", [K.FIRED])


def test_what_never_fired_is_dropped() -> None:
    pending = life.begin(1, said(AlertPhase.PENDING), 1000).record
    step = life.take(pending, said(AlertPhase.DROPPED, at_ms=2000), 2000)
    assert (step.record.state, kinds(step)) == (LifeState.DROPPED, [K.DROPPED])


def test_new_annotations_alone_are_no_transition() -> None:
    assert kinds(life.take(fired(), said(AlertPhase.FIRING, at_ms=3000), 3000)) == []


def test_a_rise_breaks_an_acknowledgment() -> None:
    step = life.take(acknowledged(fired()), said(AlertPhase.FIRING, "critical"), 3000)
    assert kinds(step) == [K.ROSE, K.ACK_BROKEN]
    assert (step.record.state, step.record.severity) == (LifeState.FIRING, "critical")


def test_a_sticky_acknowledgment_outlives_a_rise_but_not_the_end() -> None:
    risen = life.take(acknowledged(fired(), is_sticky=True), said(AlertPhase.FIRING, "critical"), 3000)
    assert (risen.record.state, kinds(risen)) == (LifeState.ACKNOWLEDGED, [K.ROSE])
    one = life.take(risen.record, said(AlertPhase.RESOLVED, "critical", at_ms=4000), 4000)
    assert (one.record.state, kinds(one)) == (LifeState.ACKNOWLEDGED, [K.FELL])
    both = life.take(one.record, said(AlertPhase.RESOLVED, at_ms=5000), 5000)
    assert (both.record.state, both.record.acknowledgment, kinds(both)) == (LifeState.RESOLVED, None, [K.RESOLVED])


def test_what_still_pends_when_an_alert_is_resolved_is_left_for_a_new_one() -> None:
    risen = life.take(fired("critical"), said(AlertPhase.PENDING, "warning"), 2000).record
    step = life.take(risen, said(AlertPhase.RESOLVED, "critical", at_ms=3000), 3000)
    assert step.record.state is LifeState.RESOLVED
    assert [dict(part.labels)["severity"] for part in step.left] == ["warning"]


def test_the_end_of_another_rules_part_ends_nothing() -> None:
    step = life.take(fired(), said(AlertPhase.RESOLVED, at_ms=3000, rule="Other"), 3000)
    assert (step.record, step.transitions) == (fired(), ())


def test_an_acknowledgment_of_a_time_expires_at_it() -> None:
    held = acknowledged(fired(), until_ms=5000)
    assert life.expire(held, 4999).transitions == ()
    over = life.expire(held, 5000)
    assert (over.record.state, over.transitions[0].at_ms, kinds(over)) == (LifeState.FIRING, 5000, [K.ACK_EXPIRED])
    assert life.expire(acknowledged(fired()), 10**15).transitions == ()


def test_the_first_acknowledgment_counts_for_the_time_to_acknowledge() -> None:
    again = life.acknowledge(acknowledged(fired()), Acknowledgment(by="bob", at_ms=3000)).record
    assert (again.acknowledged_ms, again.acknowledgment and again.acknowledgment.by) == (2000, "bob")


@pytest.mark.parametrize(
    ("held", "words"),
    [
        (Acknowledgment(by="", at_ms=2000), "nobody is named"),
        (Acknowledgment(by="ada", at_ms=2000, until_ms=2000), "over already"),
        (Acknowledgment(by="ada", at_ms=2000, until_ms=2001 + 2 * HOUR_MS), "need a reason"),
    ],
)
def test_what_cannot_be_acknowledged_so_is_said(held: Acknowledgment, words: str) -> None:
    with pytest.raises(AlertError, match=words):
        life.acknowledge(fired(), held)


def test_two_hours_need_no_reason() -> None:
    held = Acknowledgment(by="ada", at_ms=2000, until_ms=2000 + 2 * HOUR_MS)
    assert life.acknowledge(fired(), held).record.state is LifeState.ACKNOWLEDGED


def test_what_pends_cannot_be_acknowledged() -> None:
    pending = life.begin(1, said(AlertPhase.PENDING), 1000).record
    with pytest.raises(AlertError, match="is pending"):
        life.acknowledge(pending, Acknowledgment(by="ada", at_ms=2000))


def test_an_acknowledgment_is_taken_back_once() -> None:
    step = life.withdraw(acknowledged(fired()), "bob", 3000)
    assert (kinds(step), step.transitions[0].actor) == ([K.ACK_WITHDRAWN], "bob")
    with pytest.raises(AlertError, match="not acknowledged"):
        life.withdraw(step.record, "bob", 3000)


def test_an_alert_is_assigned_and_commented() -> None:
    step = life.assign(fired(), "bob", "ada", 3000)
    assert (step.record.assignee, kinds(step), step.transitions[0].text) == ("bob", [K.ASSIGNED], "bob")
    ended = life.take(step.record, said(AlertPhase.RESOLVED, at_ms=4000), 4000).record
    assert kinds(life.comment(ended, "a cable", "ada", 5000)) == [K.COMMENTED]
    with pytest.raises(AlertError, match="is empty"):
        life.comment(ended, " ", "ada", 5000)
    with pytest.raises(AlertError, match="is resolved"):
        life.assign(ended, "bob", "ada", 5000)


def test_severities_have_an_order_and_unknown_ones_count_as_warnings() -> None:
    order = ["", "info", "warning", "error", "CRITICAL", "emergency"]
    assert sorted(order, key=life.rank_of) == order
    assert life.rank_of("page") == life.rank_of("warning")
    assert life.rank_of("") == life.rank_of("none")


def test_what_a_rule_said_comes_back_as_it_was() -> None:
    for phase in (AlertPhase.PENDING, AlertPhase.FIRING):
        assert life.said_by(life.part_of(said(phase))) == said(phase)
