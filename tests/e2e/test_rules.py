"""Rules of a real server: they fire, survive SIGKILL as they were, and are read again all or nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from helpers.server import Server, eventually

pytestmark = pytest.mark.e2e
RULES = """
groups:
- name: g
  rules:
  - {record: doubled, expr: test_load * 2}
  - {alert: Fires, expr: doubled > 1, annotations: {summary: '{{ $labels.i }} at {{ $value }}'}}
  - {alert: Pends, expr: doubled > 1, for: 1h}
  - {alert: Kept, expr: test_load > 5, keep_firing_for: 1h}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "texts").mkdir()
    (tmp_path / "rules.yml").write_text(RULES)
    (tmp_path / "barograph.yml").write_text(
        "rule_files: [rules.yml]\n"
        # a file that a busy machine reads late has not gone
        f"collectors: {{interval: 200ms, textfile: {{directory: [{tmp_path}/texts], budget: 1m}}}}\n"
    )
    load(tmp_path, a=9, b=1)
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    running = start(folder)
    yield running
    running.stop()


def start(folder: Path) -> Server:
    return Server(folder / "data", "--config", str(folder / "barograph.yml")).wait_ready()


def load(folder: Path, **values: float) -> None:
    lines = "".join(f'test_load{{i="{key}"}} {value}\n' for key, value in values.items())
    (folder / "texts/load.new").write_text(lines)
    (folder / "texts/load.new").rename(folder / "texts/load.prom")


def alerts(server: Server) -> dict[tuple[str, str], dict[str, Any]]:
    """Return the alerts of our rules by rule and series."""
    found = server.get("/api/v1/alerts").json()["data"]["alerts"]
    return {(each["labels"]["alertname"], each["labels"]["i"]): each for each in found if "i" in each["labels"]}


def evaluated(server: Server) -> str:
    """Return when our rules were evaluated last."""
    groups = server.get("/api/v1/rules").json()["data"]["groups"]
    return str(next(group["lastEvaluation"] for group in groups if group["name"] == "g"))


def times(server: Server) -> dict[tuple[str, str], tuple[str, str, str]]:
    """Return what must survive of each alert."""
    found = alerts(server).items()
    return {key: (each["state"], each["activeAt"], each.get("keepFiringSince", "")) for key, each in found}


def test_alerts_fire_and_survive_a_kill_exactly_as_they_were(server: Server, folder: Path) -> None:
    eventually(lambda: len(alerts(server)) == 5, what="alerts of five")
    load(folder, a=1, b=1)
    eventually(lambda: "keepFiringSince" in alerts(server)["Kept", "a"], what="an alert that is kept")
    # what an evaluation comes to can be read at once, and is kept before the next one begins
    seen = evaluated(server)
    eventually(lambda: evaluated(server) != seen, what="the next evaluation")
    before = times(server)
    assert {key: state for key, (state, _, _) in before.items()} == {
        ("Fires", "a"): "firing",
        ("Fires", "b"): "firing",
        ("Pends", "a"): "pending",
        ("Pends", "b"): "pending",
        ("Kept", "a"): "firing",
    }
    assert alerts(server)["Fires", "b"]["annotations"] == {"summary": "b at 2"}
    running = server
    for _ in range(3):
        running.kill()
        running = start(folder)
        try:
            # the first word of it that there is must be the old one: nothing goes back to pending
            found = eventually(lambda: times(running) or None, what="alerts after the kill")  # noqa: B023
            assert found == before
            stored = running.get("/api/v1/query", query='count by (alertstate) (ALERTS{i!=""})').json()["data"]
            assert stored["result"]
        except BaseException:
            running.stop()
            raise
    running.stop()


def test_rules_are_read_again_all_or_nothing(server: Server, folder: Path) -> None:
    eventually(lambda: len(alerts(server)) == 5, what="alerts of five")
    before = times(server)
    bearer = {"Authorization": f"Bearer {server.token}"}
    (folder / "rules.yml").write_text(RULES.replace("doubled > 1,", "doubled >,"))
    refused = server.request("/-/reload", method="POST", headers=bearer)
    assert refused.status != 200
    assert b"rules.yml:6" in refused.body
    assert times(server) == before
    (folder / "rules.yml").write_text(RULES.replace("alert: Pends", "alert: Other"))
    assert server.request("/-/reload", method="POST", headers=bearer).status == 200
    eventually(lambda: ("Other", "a") in alerts(server) and ("Pends", "a") not in alerts(server), what="the new rule")
    after = times(server)
    assert {key: after[key] for key in before if key[0] != "Pends"} == {
        key: each for key, each in before.items() if key[0] != "Pends"
    }
