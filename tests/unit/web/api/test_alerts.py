"""Alerts, silences and deliveries over HTTP, with the keeper's real alerts behind."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from barograph.analysis.frozen import freeze
from barograph.model.acting import NOBODY
from barograph.model.alert import AlertPhase, RuleAlert, RuleName
from barograph.model.commands import Done
from barograph.model.labels import Labels
from barograph.state.deliveries import SqliteDeliveries
from helpers.processes import sample
from unit.web.site import BEARER, START_MS, Site, run

API = "/api/barograph/v1"
S = START_MS / 1000


def said(phase: AlertPhase, host: str = "atlas", severity: str = "warning", at_ms: int = START_MS) -> RuleAlert:
    return RuleAlert(
        rule=RuleName(file="a.yml", group="g", rule="DiskFull"),
        labels=Labels([("alertname", "DiskFull"), ("instance", host), ("severity", severity)]),
        annotations={"summary": f"Disk full on {host}", "description": "97 %", "runbook_url": "https://r.example"},
        phase=phase,
        value=97.5 if phase is AlertPhase.FIRING else float("nan"),
        active_ms=at_ms,
        fired_ms=at_ms if phase is AlertPhase.FIRING else None,
        ended_ms=at_ms if phase is AlertPhase.RESOLVED else None,
    )


def get(site: Site, path: str, *pairs: tuple[str, str], status: int = 200, **parameters: str) -> Any:
    query = urlencode([*pairs, *parameters.items()])
    answer = site.request(f"{API}{path}" + (f"?{query}" if query else ""), headers=BEARER)
    assert answer.status == status, answer.body
    return answer.json().get("data", answer.json())


def post(site: Site, path: str, *pairs: tuple[str, str], status: int = 200, **form: str) -> Any:
    headers = {**BEARER, "content-type": "application/x-www-form-urlencoded"}
    body = urlencode([*pairs, *form.items()]).encode()
    answer = site.request(f"{API}{path}", "POST", headers, body)
    assert answer.status == status, answer.body
    return answer.json().get("data", answer.json())


@pytest.fixture
def firing(site: Site) -> Site:
    book = site.alerts.book
    book.receive([said(AlertPhase.FIRING), said(AlertPhase.FIRING, "borea", "critical")], START_MS)
    book.receive([said(AlertPhase.PENDING, "creon")], START_MS)
    return site


def test_live_alerts_have_what_a_row_needs_the_most_urgent_first(firing: Site) -> None:
    data = get(firing, "/alerts")
    assert [(each["id"], each["part"]) for each in data["alerts"]] == [(2, "needs"), (1, "needs"), (3, "pending")]
    assert data["counts"] == {"needs": 2, "acknowledged": 0, "silenced": 0, "pending": 1, "worst": "critical"}
    assert (data["total"], data["nobody_told"], "reply" in data) == (3, True, False)
    row = data["alerts"][0]
    assert row["title"] == "Disk full on borea"
    assert row["rule"]["file"] == "a.yml"
    assert (row["value"], row["since"], row["host"], row["severity"]) == (97.5, S, "borea", "critical")
    assert row["runbook"] == "https://r.example"
    assert data["alerts"][2]["value"] is None


def test_live_alerts_are_filtered_and_paged(firing: Site) -> None:
    post(firing, "/alerts/1/assign", to="ada")
    assert [each["id"] for each in get(firing, "/alerts", assignee="ada")["alerts"]] == [1]
    found = get(firing, "/alerts", ("match[]", 'severity="critical"'), ("part", "needs"))
    assert [each["id"] for each in found["alerts"]] == [2]
    page = get(firing, "/alerts", offset="1", limit="1")
    assert ([each["id"] for each in page["alerts"]], page["total"]) == ([1], 3)
    assert "is no part" in get(firing, "/alerts", part="x", status=400)["error"]
    assert "list of matchers" in get(firing, "/alerts", ("match[]", "=="), status=400)["error"]
    assert "limit" in get(firing, "/alerts", limit="-1", status=400)["error"]


def test_an_alert_is_acknowledged_with_who_and_why_and_taken_back(firing: Site) -> None:
    post(firing, "/alerts/1/ack", until="30m", reason="on it")
    row = get(firing, "/alerts/1")["alert"]
    assert row["acknowledgment"] == {
        "by": "local administrator",
        "at": S,
        "reason": "on it",
        "until": S + 1800,
        "sticky": False,
    }
    assert (row["state"], row["part"]) == ("acknowledged", "acknowledged")
    post(firing, "/alerts/1/unack")
    post(firing, "/alerts/unack", ("id", "1"), ("id", "2"))
    assert [each["kind"] for each in get(firing, "/alerts/1")["timeline"]] == ["ack_withdrawn", "acknowledged", "fired"]


def test_a_command_that_is_repeated_changes_nothing_twice(firing: Site) -> None:
    for _ in range(2):
        post(firing, "/alerts/ack", ("id", "1"), ("id", "2"), reason="both")
        post(firing, "/alerts/1/assign", to="ada")
        post(firing, "/alerts/1/comment", text="look here")
        post(firing, "/silences/add", id="s1", matcher="instance=atlas", reason="r", ends="1h")
        firing.request(f"{API}/silences/s1", "DELETE", BEARER)
    kinds = [each["kind"] for each in get(firing, "/alerts/1")["timeline"]]
    assert kinds == ["commented", "assigned", "acknowledged", "fired"]


def test_several_alerts_are_acknowledged_all_or_none(firing: Site) -> None:
    assert "is pending" in post(firing, "/alerts/ack", ("id", "1"), ("id", "3"), status=400)["error"]
    assert get(firing, "/alerts/1")["alert"]["state"] == "firing"
    assert "need a reason" in post(firing, "/alerts/1/ack", until="3h", status=400)["error"]
    assert "there is no alert 9" in post(firing, "/alerts/9/ack", status=404)["error"]
    assert "no alert" in post(firing, "/alerts/x/ack", status=404)["error"]
    assert "neither a time" in post(firing, "/alerts/1/ack", until="soon", status=400)["error"]
    assert post(firing, "/alerts/1/comment", text=" ", status=400)["error"].endswith("the comment is empty")
    assert "10,000 are the most" in post(firing, "/alerts/1/comment", text="x" * 10_001, status=400)["error"]


def test_changes_are_audited_and_questions_are_not(firing: Site) -> None:
    get(firing, "/alerts")
    get(firing, "/silences")
    post(firing, "/alerts/1/ack", reason="on it")
    lines = get(firing, "/audit")
    assert [each["action"] for each in lines] == ["acknowledge_alerts"]
    assert "on it" in lines[0]["target"]


def test_history_has_counts_and_times_and_pages(firing: Site) -> None:
    firing.clock.advance(60)
    post(firing, "/alerts/2/ack")
    firing.alerts.book.receive([said(AlertPhase.RESOLVED, "borea", "critical", START_MS + 90_000)], START_MS + 90_000)
    data = get(firing, "/alerts/history", limit="2")
    assert [(each["kind"], each["title"]) for each in data["transitions"]] == [
        ("resolved", "Disk full on borea"),
        ("acknowledged", "Disk full on borea"),
    ]
    assert data["counts"] == {"pending": 1, "fired": 2, "acknowledged": 1, "resolved": 1}
    assert data["acknowledge"] == {"count": 1, "mean": 60.0, "longest": 60.0}
    assert data["resolve"] == {"count": 1, "mean": 90.0, "longest": 90.0}
    rest = get(firing, "/alerts/history", before=str(data["next"]), counts="0")
    assert ([each["number"] for each in rest["transitions"]], rest["next"], rest["counts"]) == ([3, 2, 1], None, {})
    rare = get(firing, "/alerts/history", ("kind", "resolved"), ("kind", "acknowledged"), ("limit", "1"))
    assert [each["kind"] for each in rare["transitions"]] == ["resolved"]
    span = get(firing, "/alerts/history", start=str(S + 1), end=str(S + 80))
    assert [each["kind"] for each in span["transitions"]] == ["acknowledged"]
    assert span["counts"] == {"acknowledged": 1}
    assert [each["kind"] for each in get(firing, "/alerts/history", alert="2", kind="fired")["transitions"]] == [
        "fired"
    ]
    assert "no kind of transition" in get(firing, "/alerts/history", kind="x", status=400)["error"]


def test_an_alert_shows_when_it_fired_before(firing: Site) -> None:
    firing.alerts.book.receive([said(AlertPhase.RESOLVED, at_ms=START_MS + 5000)], START_MS + 5000)
    firing.alerts.book.receive([said(AlertPhase.FIRING, at_ms=START_MS + 9000)], START_MS + 9000)
    data = get(firing, "/alerts/4")
    assert data["firings"] == [
        {"id": 4, "start": S + 9, "end": None, "severity": "warning"},
        {"id": 1, "start": S, "end": S + 5, "severity": "warning"},
    ]
    assert get(firing, "/alerts/1")["alert"]["part"] == "ended"
    assert "there is no alert 99" in get(firing, "/alerts/99", status=404)["error"]


def test_who_did_it_comes_without_arguments_for_viewers(firing: Site) -> None:
    frozen = freeze(sample(START_MS, 1, 2), START_MS, sample(START_MS - 60_000, 1))
    SqliteDeliveries(firing.state).enqueue([], frozen={START_MS: msgspec.json.encode(frozen)})
    assert get(firing, "/alerts/1")["processes"]["tables"]["cpu"]["rows"][0]["cmd"] == "/usr/bin/worker -v"
    assert get(firing, "/alerts/3")["processes"] is None
    made = post(firing, "/tokens", name="x", scope="read")
    assert made["token"]
    viewer = firing.request(f"{API}/alerts/1", headers={"authorization": f"Bearer {made['token']}"})
    assert viewer.status == 200


def test_silences_are_made_previewed_listed_and_ended(firing: Site) -> None:
    assert get(firing, "/silences/preview", matcher="instance=~'a.*|borea'".replace("'", '"'))["count"] == 2
    made = post(firing, "/silences/add", matcher='instance="atlas"', reason="move", ends="1h")
    listed = get(firing, "/silences")
    assert listed["total"] == 1
    shown = listed["silences"][0]
    assert (shown["id"], shown["matchers"], shown["alerts"], shown["state"]) == (
        made["id"],
        ['instance="atlas"'],
        1,
        "active",
    )
    assert (shown["author"], shown["reason"], shown["ends"]) == ("local administrator", "move", S + 3600)
    row = get(firing, "/alerts", part="silenced")["alerts"][0]
    assert (row["id"], row["silenced_by"]) == (1, [made["id"]])
    assert firing.request(f"{API}/silences/{made['id']}", "DELETE", BEARER).status == 200
    assert get(firing, "/silences")["silences"] == []
    ended = get(firing, "/silences", ended="1")["silences"][0]
    assert (ended["state"], ended["ended_by"]) == ("expired", "local administrator")
    assert get(firing, "/alerts", part="silenced")["alerts"] == []


def test_a_silence_needs_an_end_a_reason_and_a_matcher(firing: Site) -> None:
    full: Any = {"matcher": "instance=atlas", "reason": "r"}
    assert "needs an end" in post(firing, "/silences/add", **full, status=400)["error"]
    assert (
        "needs an end" in post(firing, "/silences/add", **full, ends="1h", until_resolved="true", status=400)["error"]
    )
    assert "'reason'" in post(firing, "/silences/add", matcher="a=b", ends="1h", status=400)["error"]
    assert "'matcher'" in post(firing, "/silences/add", reason="r", ends="1h", status=400)["error"]
    words = post(firing, "/silences/add", **full, windows="[{]", status=400)["error"]
    assert "windows" in words
    windows = '[{"times":[{"start_time":"00:00","end_time":"24:00"}]}]'
    for_ever = post(firing, "/silences/add", **full, windows=windows, until_resolved="true", status=400)["error"]
    assert "`until_resolved` and `windows` exclude each other" in for_ever
    post(firing, "/silences/add", **full, windows=windows)
    post(firing, "/silences/add", **full, until_resolved="true")
    assert sorted(each["until_resolved"] for each in get(firing, "/silences")["silences"]) == [False, True]
    answer = firing.request(f"{API}/silences/none", "DELETE", BEARER)
    assert (answer.status, "there is no silence" in answer.json()["error"]) == (404, True)


def test_nobody_is_told_where_there_is_no_receiver(firing: Site) -> None:
    assert get(firing, "/deliveries") == {"deliveries": [], "next": None}
    assert get(firing, "/receivers") == {"receivers": [], "heartbeat": False}
    assert "no receiver" in post(firing, "/receivers/team/test", status=404)["error"]


def test_viewers_read_and_operators_act(firing: Site) -> None:
    read, act = (post(firing, "/tokens", name="x", scope=scope)["token"] for scope in ("read", "acknowledge"))
    form = {"content-type": "application/x-www-form-urlencoded"}
    for token, status in ((read, 403), (act, 200)):
        headers = {"authorization": f"Bearer {token}", **form}
        assert firing.request(f"{API}/alerts/1/ack", "POST", headers, b"reason=x").status == status
    assert firing.request(f"{API}/alerts", headers={"authorization": f"Bearer {read}"}).status == 200
    headers = {"authorization": f"Bearer {act}", **form}
    assert firing.request(f"{API}/receivers/x/test", "POST", headers, b"").status == 403


def test_pages_hear_of_changes_as_events(firing: Site) -> None:
    async def listen() -> list[tuple[str, Any]]:
        call = firing.call(f"{API}/alerts/stream", headers=BEARER)
        task = asyncio.ensure_future(firing.app(call.scope, call.receive, call.send))
        while not call.sent or not call.events():
            await asyncio.sleep(0)
        firing.alerts.book.assign(1, "ada", "me", START_MS)
        firing.alerts.announce()
        while len(call.events()) < 2:
            await asyncio.sleep(0)
        call.gone.set()
        await task
        return call.events()

    firing.alerts.announce()
    events = run(listen())
    assert [name for name, _ in events] == ["alerts", "alerts"]
    assert events[0][1]["counts"]["needs"] == 2
    assert events[1][1]["version"] > events[0][1]["version"]


def test_the_keeper_answers_what_it_cannot_store(firing: Site) -> None:
    firing.state.close()
    assert get(firing, "/alerts/history", status=503)["errorType"] == "unavailable"


def test_commands_outside_of_a_request_have_nobody(firing: Site) -> None:
    from barograph.model.alert_commands import AcknowledgeAlerts

    refused = run(firing.alerts.execute(AcknowledgeAlerts(numbers=(1,)), NOBODY))
    assert not isinstance(refused, Done)
