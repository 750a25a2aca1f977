"""Who is told of what, against what people may rely on: silences, inhibition, acknowledgments, restarts."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from barograph.alerts.life import rank_of
from barograph.model.alert import AlertPhase
from barograph.model.errors import AlertError
from barograph.model.notice import NoticeKind
from barograph.model.silence import StoredSilence
from unit.alerts.telling_world import World, policy_of

HOSTS = st.sampled_from(["atlas", "borea"])
NAMES = st.sampled_from(["DiskFull", "HostDown"])
SEVERITIES = st.sampled_from(["warning", "critical"])
Part = tuple[str, str, str]
"""Name, host and severity."""


class Telling(RuleBasedStateMachine):
    """What rules say (`parts`), what is silenced (`silences`, host to its id) and what was heard."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(policy_of({"group_wait": "5s", "group_interval": "20s"}))
        self.parts: set[Part] = set()
        self.silences: dict[str, str] = {}
        self.count = 0
        self.told: set[int] = set()
        self.over: set[int] = set()
        self.owed: set[int] = set()
        self.checked = 0

    def teardown(self) -> None:
        self.world.state.close()

    def quiet(self, name: str, host: str) -> bool:
        """Tell whether an alert must not be told now."""
        inhibited = name != "HostDown" and any(each[:2] == ("HostDown", host) for each in self.parts)
        return host in self.silences or inhibited

    def listen(self) -> None:
        """Examine what was heard since the last time, while things are as they were when it was said."""
        for notice in self.world.heard[self.checked :]:
            for alert in notice.alerts:
                if alert.ended_ms:
                    assert alert.number in self.told, "an end without a firing"
                    assert alert.number not in self.over, "an end told twice"
                    self.over.add(alert.number)
                    continue
                assert alert.number not in self.over, "a firing after its end"
                self.told.add(alert.number)
                if notice.kind is not NoticeKind.ACKNOWLEDGED:
                    assert not self.quiet(alert.labels["alertname"], alert.labels["instance"]), "what is quiet was told"
        self.checked = len(self.world.heard)

    def owe(self, name: str, host: str) -> None:
        """Note that an alert, which may end now, has fired for long enough to be told of, though it may be over."""
        for record in self.world.book.live():
            labels = dict(record.labels)
            is_it = (labels["alertname"], labels["instance"]) == (name, host)
            if is_it and self.world.clock.now_ms() >= record.fired_ms + 5000 and not self.quiet(name, host):
                self.owed.add(record.number)

    @rule(name=NAMES, host=HOSTS, severity=SEVERITIES)
    def fire(self, name: str, host: str, severity: str) -> None:
        self.world.step()
        self.listen()
        if (name, host, severity) not in self.parts:
            self.world.fire(host, severity, name)
            self.parts.add((name, host, severity))
            if name == "HostDown":
                self.owed.clear()  # of what it keeps quiet at its look nothing is told

    @rule(name=NAMES, host=HOSTS, severity=SEVERITIES)
    def end(self, name: str, host: str, severity: str) -> None:
        self.world.step()
        self.listen()
        if (name, host, severity) in self.parts:
            self.owe(name, host)
            self.world.end(host, severity, name)
            self.parts.discard((name, host, severity))

    @rule(number=st.integers(1, 6), sticky=st.booleans())
    def acknowledge(self, number: int, sticky: bool) -> None:
        try:
            self.world.acknowledge(number, is_sticky=sticky)
        except AlertError:
            record = self.world.book.find(number)
            assert record is None or record.ended_ms
        self.world.step()
        self.listen()

    @rule(host=HOSTS)
    def silence(self, host: str) -> None:
        self.world.step()
        self.listen()
        if host in self.silences:
            self.world.silences.expire(self.silences.pop(host), "ada", self.world.clock.now_ms())
            return
        self.owed.clear()
        self.count += 1
        now_ms = self.world.clock.now_ms()
        stored = StoredSilence(
            id=f"s{self.count}",
            matchers=(f'instance="{host}"',),
            author="ada",
            reason="r",
            starts_ms=now_ms,
            ends_ms=now_ms + 10**9,
        )
        self.world.silences.add(stored)
        self.silences[host] = stored.id

    @rule(seconds=st.sampled_from([1, 7, 30]))
    def pass_time(self, seconds: int) -> None:
        self.world.pass_s(seconds)
        self.listen()

    @rule(name=NAMES, host=HOSTS)
    def blink(self, name: str, host: str) -> None:
        """Fire and end, mostly between two messages of the group."""
        self.fire(name, host, "warning")
        self.pass_time(7)
        self.end(name, host, "warning")

    @rule(minutes=st.sampled_from([-60, -5, 3, 480]))
    def set_clock(self, minutes: int) -> None:
        """A time server sets the clock, or the machine slept."""
        self.world.step()
        self.listen()
        if minutes > 0 or not self.count:  # the times of silences are those of the clock, whoever sets it
            self.owed.clear()
            self.world.clock.step_wall(minutes * 60_000)

    @rule()
    def restart(self) -> None:
        self.world.start()

    @rule()
    def reload(self) -> None:
        self.world.dispatcher.replace(self.world.policy)

    @rule()
    def settle(self) -> None:
        """Let everything be told that has to be."""
        self.world.pass_s(60)
        self.listen()
        live = {record.number: record for record in self.world.book.live()}
        assert self.told - live.keys() == self.over, "an end that was never told"
        assert self.owed <= self.told, "what fired and ended between two messages was never told"
        believed = {
            number: severity for told in self.world.deliveries.told() for number, severity in told.firing.items()
        }
        for number, record in live.items():
            labels = dict(record.labels)
            if not self.quiet(labels["alertname"], labels["instance"]):
                assert number in believed, "a firing that was never told"
                assert rank_of(believed[number]) >= rank_of(record.severity), "a rise that was never told"

    @invariant()
    def what_is_kept_quiet_fires_all_the_same(self) -> None:
        said = {
            (each.labels.get("alertname"), each.labels.get("instance"), each.labels.get("severity"))
            for each in self.world.book.active()
        }
        assert said == self.parts
        assert all(each.phase is AlertPhase.FIRING for each in self.world.book.active())


TestTelling = Telling.TestCase
TestTelling.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
