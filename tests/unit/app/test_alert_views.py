"""In which order and how alerts are shown."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from barograph.alerts.life import title_of
from barograph.app.alert_views import AlertViews, show_delivery, show_silence, show_transition
from barograph.model.alert import AlertPhase
from barograph.model.alert_commands import AcknowledgeAlerts, AddSilence, ExpireSilence
from barograph.model.alert_replies import AlertCounts, RuleShown, ToldShown
from barograph.model.alert_state import NumberedTransition, Transition, TransitionKind
from barograph.model.notice import Delivery, DeliveryState, Notice, NoticeAlert, NoticeKind
from unit.app.alerting import ADA, START_MS, Alerting

S = START_MS / 1000


@pytest.fixture
def alerting(tmp_path: Path) -> Iterator[Alerting]:
    made = Alerting(tmp_path)
    yield made
    made.close()


@pytest.fixture
def views(alerting: Alerting) -> AlertViews:
    return alerting.service.views


def test_who_needs_someone_comes_first_then_the_worst_then_the_newest(alerting: Alerting, views: AlertViews) -> None:
    for host, severity in (("a", "warning"), ("b", "critical"), ("c", "info"), ("d", "critical")):
        alerting.fire(host, severity)
        alerting.clock.advance(1)
    alerting.say(AlertPhase.PENDING, "e", "critical")
    alerting.say(AlertPhase.PENDING, "f", "warning")
    alerting.do(AcknowledgeAlerts(numbers=(4,)))
    alerting.do(AddSilence(id="s", matchers=("instance=c",), reason="r", starts_ms=alerting.clock.now_ms()))
    page = views.page()
    assert [(placed.record.number, placed.part) for placed in page.alerts] == [
        (2, "needs"),
        (1, "needs"),
        (4, "acknowledged"),
        (3, "silenced"),
        (5, "pending"),
        (6, "pending"),
    ]
    assert page.counts == AlertCounts(needs=2, acknowledged=1, silenced=1, pending=2, worst="critical")
    assert views.newest is page


def test_a_page_is_made_once_a_state_and_second(alerting: Alerting, views: AlertViews) -> None:
    alerting.fire()
    page = views.page()
    assert views.page() is page
    alerting.clock.advance(1)
    later = views.page()
    assert later is not page
    alerting.fire("borea")
    assert len(views.page().alerts) == 2


def test_what_keeps_alerts_quiet_comes_and_goes(alerting: Alerting, views: AlertViews) -> None:
    def parts() -> dict[str, str]:
        return {placed.record.labels[1][1]: placed.part for placed in views.page().alerts}

    alerting.fire("atlas")
    alerting.fire("borea")
    assert parts() == {"atlas": "needs", "borea": "needs"}
    alerting.say(AlertPhase.FIRING, "atlas", "critical", name="HostDown")
    inhibited = [placed.quiet.inhibited_by for placed in views.page().alerts]
    assert sorted(inhibited) == [0, 0, 3]
    assert views.page().counts == AlertCounts(needs=2, silenced=1, worst="critical")
    alerting.do(AddSilence(id="s", matchers=("instance=borea",), reason="r", starts_ms=alerting.clock.now_ms()))
    assert views.page().counts == AlertCounts(needs=1, silenced=2, worst="critical")
    alerting.say(AlertPhase.RESOLVED, "atlas", "critical", name="HostDown")
    alerting.do(ExpireSilence(id="s"))
    assert parts() == {"atlas": "needs", "borea": "needs"}


def test_what_has_not_changed_is_not_looked_at_again(alerting: Alerting, views: AlertViews) -> None:
    alerting.fire("atlas")
    alerting.fire("borea")
    before = {placed.record.number: placed for placed in views.page().alerts}
    alerting.fire("borea", "critical")
    after = {placed.record.number: placed for placed in views.page().alerts}
    assert after[1] is before[1]
    assert after[2] is not before[2]
    assert after[2].record.severity == "critical"


def test_an_alert_that_pends_has_the_worst_severity_that_pends(alerting: Alerting, views: AlertViews) -> None:
    alerting.say(AlertPhase.PENDING, severity="warning")
    alerting.say(AlertPhase.PENDING, severity="critical", value=99.0)
    (record,) = alerting.service.book.live()
    shown = views.show(record)
    assert (shown.state, shown.severity, shown.value, shown.labels["severity"]) == (
        "pending",
        "critical",
        99,
        "critical",
    )
    alerting.fire(severity="warning")
    (record,) = alerting.service.book.live()
    assert (views.show(record).severity, views.show(record).value) == ("warning", 97.5)


def test_an_alert_is_shown_with_who_has_it_who_was_told_and_why_it_is_quiet(
    alerting: Alerting, views: AlertViews
) -> None:
    alerting.fire()
    alerting.do(AcknowledgeAlerts(numbers=(1,), reason="mine", until_ms=START_MS + 60_000, is_sticky=True))
    alerting.do(AddSilence(id="s", matchers=("instance=atlas",), reason="r", starts_ms=START_MS))
    views.told_of = lambda number: (ToldShown(receiver=f"team {number}", what="firing", at=S),)
    views.rule_of = lambda name, _labels: RuleShown(file=name.file, group=name.group, name=name.rule, line=7)
    (record,) = alerting.service.book.live()
    shown = views.show(record, views.quiet_now().reason(record))
    held = shown.acknowledgment
    assert held is not None
    assert (held.by, held.at, held.reason, held.until, held.sticky) == ("ada", S, "mine", S + 60, True)
    assert (shown.silenced_by, shown.inhibited_by, shown.rule.line) == (("s",), None, 7)
    assert [told.receiver for told in shown.told] == ["team 1"]
    assert (shown.title, shown.host, shown.since, shown.fired, shown.ended) == (
        "Disk full on atlas",
        "atlas",
        S,
        S,
        None,
    )


def test_an_ended_alert_and_a_value_that_is_none(alerting: Alerting, views: AlertViews) -> None:
    alerting.say(AlertPhase.FIRING, value=float("inf"))
    (record,) = alerting.service.book.live()
    assert views.show(record).value is None
    alerting.clock.advance(5)
    alerting.say(AlertPhase.RESOLVED)
    ended = alerting.service.book.find(1)
    assert ended is not None
    shown = views.show(ended)
    assert (shown.part, shown.state, shown.since, shown.ended) == ("ended", "resolved", S + 5, S + 5)
    assert title_of(ended) == "Disk full on atlas"


def test_silences_are_shown_with_how_they_stand(alerting: Alerting) -> None:
    alerting.do(AddSilence(id="s", matchers=('a="b"',), reason="r", starts_ms=START_MS, ends_ms=START_MS + 60_000))
    alerting.do(ExpireSilence(id="s"))
    (kept,) = alerting.service.views._silences.silences()
    shown = show_silence(kept, 3, alerting.clock.now_ms())
    assert (shown.id, shown.matchers, shown.author, shown.reason) == ("s", ('a="b"',), "ada", "r")
    assert (shown.state, shown.ended_by, shown.alerts, shown.starts) == ("expired", ADA.name, 3, S)


def test_transitions_and_attempts_are_shown_in_seconds() -> None:
    transition = Transition(alert=1, at_ms=START_MS, kind=TransitionKind.ROSE, severity="critical", actor="a", text="t")
    shown = show_transition(NumberedTransition(number=4, transition=transition), "Disk full")
    assert (shown.number, shown.at, shown.kind, shown.title) == (4, S, "rose", "Disk full")
    titled = msgspec.structs.replace(transition, title="Disk 90 % full")
    assert show_transition(NumberedTransition(number=4, transition=titled), "Disk full").title == "Disk 90 % full"
    alert = NoticeAlert(labels={"alertname": "A"}, annotations={"summary": "Full"}, fired_ms=START_MS, number=9)
    notice = Notice(
        key="k", kind=NoticeKind.FIRING, receiver="w", group_key="g", group_labels={}, alerts=(alert,), at_ms=START_MS
    )
    waiting = Delivery(
        number=2,
        notice=notice,
        state=DeliveryState.WAITING,
        attempts=3,
        tried_ms=START_MS,
        next_ms=START_MS + 4000,
        answer="503",
    )
    attempt = show_delivery(waiting)
    assert (attempt.at, attempt.next, attempt.attempts, attempt.alerts, attempt.key) == (S, S + 4, 3, (9,), "k")
    done = show_delivery(Delivery(number=2, notice=notice, state=DeliveryState.DELIVERED, next_ms=START_MS))
    assert (done.state, done.next) == ("delivered", None)
