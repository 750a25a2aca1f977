from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from barograph.identity.principal import Principal, Role, Scope
from barograph.tsdb.config import ProcessLogConfig
from barograph.tsdb.process_log import ProcessLogWriter
from barograph.web.api.processes import ProcessRoutes
from barograph.web.config import WebConfig
from barograph.web.deps import Facts
from helpers.processes import T0_MS, facts, sample
from unit.web.site import BEARER, START_MS, Site, run

_ROUTE = "/api/barograph/v1/processes"


@pytest.fixture
def recorded(site: Site, tmp_path: Path) -> Site:
    log = ProcessLogWriter(tmp_path, ProcessLogConfig())
    for at_ms in (T0_MS, T0_MS + 1000, START_MS - 500):
        log.write(sample(at_ms, 1, 2, started=(2,)))
    log.close()
    return site


def test_what_is_kept_is_said(recorded: Site) -> None:
    said = {"collectors.process.top": "30", "store.process_log.retention": "7d", "store.process_log.max_size": "300MiB"}
    deps = replace(recorded.deps, facts=Facts(settings=said))
    call = recorded.call(f"{_ROUTE}?at={T0_MS / 1000}")
    call.scope["state"] = {"principal": Principal(name="ann", role=Role.OPERATOR)}
    run(ProcessRoutes(deps).table(call.scope, call.receive, call.send))
    assert call.answer.json()["data"]["kept"] == {"top": 30, "retention": "7d", "max_size": "300MiB"}


def test_who_ended_between(recorded: Site, tmp_path: Path) -> None:
    log = ProcessLogWriter(tmp_path, ProcessLogConfig())
    log.write(sample(T0_MS + 2000, 1, ended=(2,)))
    log.close()
    asked = f"{_ROUTE}?at={T0_MS / 1000 + 2}&against={T0_MS / 1000}"
    rows = {row["pid"]: row for row in recorded.request(asked, headers=BEARER).json()["data"]["rows"]}
    assert (rows[2]["ended"], rows[2]["cpu"]) == (T0_MS / 1000 + 2, None)
    assert rows[1]["before"]["rss"] > 0


def test_an_instant(recorded: Site) -> None:
    answer = recorded.request(f"{_ROUTE}?at={T0_MS / 1000 + 0.5}&limit=1&by=memory", headers=BEARER)
    data = answer.json()["data"]
    assert (answer.status, data["at"], data["sampled"]) == (200, T0_MS / 1000 + 0.5, T0_MS / 1000)
    assert [row["pid"] for row in data["rows"]] == [2]
    assert data["started"][0]["name"] == "worker"
    assert data["against"] is None


def test_now(recorded: Site) -> None:
    data = recorded.request(_ROUTE, headers=BEARER).json()["data"]
    assert (data["at"], data["sampled"]) == (START_MS / 1000, START_MS / 1000 - 0.5)


def test_against_another(recorded: Site) -> None:
    data = recorded.request(f"{_ROUTE}?at={T0_MS / 1000 + 1}&against={T0_MS / 1000}&group=user", headers=BEARER).json()[
        "data"
    ]
    assert data["against"] == T0_MS / 1000
    (row,) = data["rows"]
    assert (row["user"], row["count"]) == ("me", 2)
    assert row["change"] is not None


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("at=5", 404, "nothing of that instant"),
        (f"at={T0_MS / 1000}&against=5", 404, "nothing of the instant to compare with"),
        ("by=size", 400, "parameter 'by': 'size' is none of cpu, memory, io, faults"),
        ("group=x", 400, "parameter 'group': 'x' is none of process, name, unit, container, user"),
        ("at=soon", 400, "parameter 'at'"),
        ("limit=-1", 400, "parameter 'limit'"),
    ],
)
def test_refusals(recorded: Site, query: str, status: int, words: str) -> None:
    answer = recorded.request(f"{_ROUTE}?{query}", headers=BEARER)
    assert answer.status == status
    assert words in answer.json()["error"]


def test_what_is_not_recorded_is_null_for_whoever_says_so(recorded: Site) -> None:
    def data(query: str) -> Any:
        answer = recorded.request(f"{_ROUTE}?{query}&or_null=true", headers=BEARER)
        assert answer.status == 200
        return answer.json()["data"]

    assert data("at=5") is None
    alone = data(f"at={T0_MS / 1000}&against=5")
    assert alone["against"] is None
    assert alone["rows"]
    assert data(f"at={T0_MS / 1000 + 1}&against={T0_MS / 1000}")["against"] == T0_MS / 1000


def test_one_process_over_time(recorded: Site) -> None:
    began = facts(2).start_ms / 1000
    data = recorded.request(
        f"{_ROUTE}/2?began={began}&start={T0_MS / 1000}&end={T0_MS / 1000 + 5}", headers=BEARER
    ).json()["data"]
    assert data["times"] == [T0_MS / 1000, T0_MS / 1000 + 1]
    assert None not in data["cpu"]
    data = recorded.request(f"{_ROUTE}/2?began=1&start={T0_MS / 1000}&end={T0_MS / 1000 + 5}", headers=BEARER).json()[
        "data"
    ]
    assert data["cpu"] == [None, None]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/x?began=1&start=1&end=2", 404),
        ("/2?start=1&end=2", 400),
        ("/2?began=1&start=2&end=1", 400),
        ("/2?began=1&start=1&end=9999", 400),
    ],
)
def test_wrong_histories(recorded: Site, path: str, status: int) -> None:
    assert recorded.request(_ROUTE + path, headers=BEARER).status == status


@pytest.mark.parametrize(
    ("who", "shown", "commands"),
    [
        (Principal(name="ann", role=Role.VIEWER), False, {"/usr/bin/worker"}),
        (Principal(name="ann", role=Role.OPERATOR), False, {"/usr/bin/worker -v"}),
        (Principal(name="ann", role=Role.VIEWER), True, {"/usr/bin/worker -v"}),
        # a token that only reads is nobody's administrator
        (Principal(name="ann", role=Role.ADMIN, scopes=frozenset({Scope.READ})), False, {"/usr/bin/worker"}),
        (Principal(name="ann", role=Role.ADMIN, scopes=frozenset({Scope.ADMIN})), False, {"/usr/bin/worker -v"}),
    ],
)
def test_viewers_see_programs_without_their_arguments(
    recorded: Site, who: Principal, shown: bool, commands: set[str]
) -> None:
    deps = replace(recorded.deps, config=WebConfig(viewers_see_arguments=shown))
    call = recorded.call(f"{_ROUTE}?at={T0_MS / 1000}")
    call.scope["state"] = {"principal": who}
    run(ProcessRoutes(deps).table(call.scope, call.receive, call.send))
    data = call.answer.json()["data"]
    assert {row["cmd"] for row in data["rows"] + data["started"]} == commands


@pytest.mark.parametrize(("role", "command"), [(Role.VIEWER, "/usr/bin/worker"), (Role.OPERATOR, "/usr/bin/worker -v")])
def test_a_history_hides_them_too(recorded: Site, role: Role, command: str) -> None:
    call = recorded.call(f"{_ROUTE}/2?began={facts(2).start_ms / 1000}&start={T0_MS / 1000}&end={T0_MS / 1000 + 5}")
    call.scope["state"] = {"principal": Principal(name="ann", role=role)}
    run(ProcessRoutes(recorded.deps).history(call.scope, call.receive, call.send))
    data = call.answer.json()["data"]
    assert (data["cmd"], data["name"], data["pid"]) == (command, "worker", 2)
