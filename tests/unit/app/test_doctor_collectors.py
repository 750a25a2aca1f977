import pytest

from barograph.app.config import Config
from barograph.app.doctor_collectors import examine_alerting, examine_collectors, sample_once
from barograph.app.finding import Level
from barograph.collectors.procfs import Paths
from barograph.model.clock import SystemClock
from barograph.model.commands import CollectorHealth


def health(name: str, state: str, reason: str = "") -> CollectorHealth:
    return CollectorHealth(name=name, state=state, reason=reason, interval_ms=1000)


def test_what_works_what_is_quiet_and_what_fails() -> None:
    healths = [
        health("cpu", "ok"),
        health("zfs", "no_data", "no pools"),
        health("hwmon", "hung", "it did not answer"),
        health("rapl", "ok"),
    ]
    works, quiet, failing, more = examine_collectors(healths, is_root=False)
    assert works.words == "2 give samples: cpu, rapl"
    assert quiet.level == Level.FACT
    assert "zfs" in quiet.words
    assert failing.level == Level.PROBLEM
    assert failing.words == "hwmon: it did not answer"
    assert "collectors.hwmon.enabled" in failing.remedy
    assert more.level == Level.ADVICE
    assert "rapl (" in more.words
    assert len(examine_collectors(healths, is_root=True)) == 3


def test_who_needs_a_privilege_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("barograph.app.doctor_collectors.os.geteuid", lambda: 1000)
    found = examine_collectors([health("rapl", "failing", "not readable")], is_root=True)[-1]
    assert found.remedy.startswith("it needs ")


def test_one_sample_of_this_machine() -> None:
    healths = {one.name: one.state for one in sample_once(Config(), Paths(), SystemClock())}
    assert healths["cpu"] == healths["meminfo"] == "ok"
    assert set(healths.values()) <= {"ok", "no_data", "failing"}


def test_a_collector_that_fails_is_said(tmp_path: object) -> None:
    paths = Paths(procfs=Paths().procfs / "self" / "no such folder")
    found = {one.name: one for one in sample_once(Config(), paths, SystemClock())}
    assert found["stat"].state in ("failing", "no_data")
    assert found["stat"].reason


def test_who_is_told_of_alerts() -> None:
    assert [one.level for one in examine_alerting([], has_heartbeat=False)] == [Level.ADVICE, Level.ADVICE]
    rows = [
        {"name": "ops", "is_routed": True, "waiting": 0, "answer": ""},
        {"name": "old", "is_routed": False, "waiting": 0, "answer": ""},
        {"name": "mail", "is_routed": True, "waiting": 3, "answer": "connection refused"},
    ]
    told, unrouted, waiting, beat = examine_alerting(rows, has_heartbeat=True)
    assert told.words.startswith("ops; ")
    assert unrouted.words == "old: no route leads there"
    assert waiting.words == "mail: 3 messages wait: connection refused"
    assert [one.level for one in (told, unrouted, waiting, beat)] == [
        Level.GOOD,
        Level.ADVICE,
        Level.ADVICE,
        Level.GOOD,
    ]
