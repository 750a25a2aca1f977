"""The alert book against a plain model of what people may rely on, with restarts at any moment."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from barograph.alerts.book import AlertBook
from barograph.alerts.life import rank_of
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.alert_state import Acknowledgment, LifeState, TransitionKind
from barograph.model.errors import AlertError
from barograph.model.labels import Labels
from barograph.state.alerts import SqliteAlerts
from barograph.state.sqlite import connect_memory

HOSTS = st.sampled_from(["atlas", "borea"])
SEVERITIES = st.sampled_from(["info", "warning", "critical"])
Part = tuple[str, str]
"""Host and severity."""


class AlertLives(RuleBasedStateMachine):
    """What rules say (`parts`) and who has what (`held`: host to when it expires and whether it is sticky)."""

    def __init__(self) -> None:
        super().__init__()
        self.state = connect_memory()
        self.book = AlertBook(SqliteAlerts(self.state))
        self.now_ms = 1000
        self.parts: dict[Part, RuleAlert] = {}
        self.held: dict[str, tuple[int, bool]] = {}
        self.fired = 0
        self.resolved = 0

    def teardown(self) -> None:
        self.state.close()

    def worst(self, host: str) -> int:
        """Return the rank of the worst that fires on a host; -1 where nothing does."""
        firing = [part[1] for part, said in self.parts.items() if part[0] == host and said.phase is AlertPhase.FIRING]
        return max((rank_of(severity) for severity in firing), default=-1)

    def say(self, part: Part, phase: AlertPhase) -> None:
        before = self.parts.get(part)
        worst = self.worst(part[0])
        ends = phase in (AlertPhase.RESOLVED, AlertPhase.DROPPED)
        change = RuleAlert(
            rule=RuleName(file="f", group="g", rule="r"),
            labels=Labels([("alertname", "A"), ("host", part[0]), ("severity", part[1])]),
            annotations={},
            phase=phase,
            value=float("nan") if ends else 1.5,
            active_ms=before.active_ms if before else self.now_ms,
            fired_ms=self.now_ms if phase is AlertPhase.FIRING else None,
            ended_ms=self.now_ms if ends else None,
        )
        self.book.receive([change], self.now_ms)
        self.parts.pop(part, None)
        if not ends:
            self.parts[part] = change
        after = self.worst(part[0])
        self.fired += worst < 0 <= after
        self.resolved += after < 0 <= worst
        if after < 0 or (after > worst and not self.held.get(part[0], (0, True))[1]):
            self.held.pop(part[0], None)

    @rule(host=HOSTS, severity=SEVERITIES)
    def pend(self, host: str, severity: str) -> None:
        if (host, severity) not in self.parts:
            self.say((host, severity), AlertPhase.PENDING)

    @rule(host=HOSTS, severity=SEVERITIES)
    def fire(self, host: str, severity: str) -> None:
        self.say((host, severity), AlertPhase.FIRING)

    @rule(host=HOSTS, severity=SEVERITIES)
    def end(self, host: str, severity: str) -> None:
        said = self.parts.get((host, severity))
        if said is not None:
            fires = said.phase is AlertPhase.FIRING
            self.say((host, severity), AlertPhase.RESOLVED if fires else AlertPhase.DROPPED)

    @rule(host=HOSTS, lasts_ms=st.sampled_from([0, 500, 3000]), sticky=st.booleans())
    def acknowledge(self, host: str, lasts_ms: int, sticky: bool) -> None:
        record = next((each for each in self.book.live() if dict(each.labels)["host"] == host), None)
        if record is None:
            return
        until_ms = self.now_ms + lasts_ms if lasts_ms else 0
        held = Acknowledgment(by="ada", at_ms=self.now_ms, until_ms=until_ms, is_sticky=sticky)
        try:
            self.book.acknowledge(record.number, held)
        except AlertError:
            assert self.worst(host) < 0
        else:
            assert self.worst(host) >= 0
            self.held[host] = (until_ms, sticky)

    @precondition(lambda self: self.held)
    @rule()
    def withdraw(self) -> None:
        host = min(self.held)
        record = next(each for each in self.book.live() if dict(each.labels)["host"] == host)
        self.book.withdraw(record.number, "bob", self.now_ms)
        del self.held[host]

    @rule(passed_ms=st.sampled_from([1, 500, 2500]))
    def pass_time(self, passed_ms: int) -> None:
        self.now_ms += passed_ms
        following = self.book.expire(self.now_ms)
        self.held = {host: held for host, held in self.held.items() if not 0 < held[0] <= self.now_ms}
        assert following == min((until for until, _ in self.held.values() if until), default=None)

    @rule()
    def restart(self) -> None:
        self.book = AlertBook(SqliteAlerts(self.state))

    @invariant()
    def rules_find_again_what_they_said(self) -> None:
        assert {(said.labels, said.phase, said.active_ms, said.fired_ms) for said in self.book.active()} == {
            (said.labels, said.phase, said.active_ms, said.fired_ms) for said in self.parts.values()
        }

    @invariant()
    def each_alert_is_in_the_state_it_must_be_in(self) -> None:
        states = {dict(record.labels)["host"]: record.state for record in self.book.live()}
        expected = {}
        for host, _ in self.parts:
            firing = LifeState.ACKNOWLEDGED if host in self.held else LifeState.FIRING
            expected[host] = firing if self.worst(host) >= 0 else LifeState.PENDING
        assert states == expected

    @invariant()
    def each_is_as_grave_as_its_worst_part_that_counts(self) -> None:
        for record in self.book.live():
            parts = [part.labels for part in record.parts if part.is_firing or not record.fired_ms]
            assert rank_of(record.severity) == max(rank_of(dict(labels)["severity"]) for labels in parts)

    @invariant()
    def every_firing_has_its_end_in_the_history(self) -> None:
        counts = {each.kind: each.count for each in SqliteAlerts(self.state).counts(0, 1 << 60)}
        assert counts.get(TransitionKind.FIRED, 0) == self.fired
        assert counts.get(TransitionKind.RESOLVED, 0) == self.resolved


TestAlertLives = AlertLives.TestCase
TestAlertLives.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
