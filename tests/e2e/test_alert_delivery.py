"""An alert from the kernel's figure to somebody's webhook: with a real server, acknowledged, killed, resolved."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from helpers.hook import Hook, recording
from helpers.server import Server, eventually, serving

API = "/api/barograph/v1"
RULES = """
groups:
- name: files
  interval: 1s
  rules:
  - alert: FlagIsUp
    expr: barograph_test_flag > 1
    labels: {severity: warning}
    annotations: {summary: "The flag is up", description: "{{ $value }}, limit 1"}
  - alert: FlagIsUp
    expr: barograph_test_flag > 5
    labels: {severity: critical}
    annotations: {summary: "The flag is far up"}
"""


class Place:
    """A data folder, rules, and a figure that a test may set."""

    def __init__(self, folder: Path, hook: Hook) -> None:
        self.folder = folder
        self.flags = folder / "text"
        self.flags.mkdir()
        (folder / "rules.yml").write_text(RULES)
        self.config = folder / "barograph.yml"
        self.config.write_text(
            f"""
rule_files: [rules.yml]
thresholds: {{stock: false}}
collectors: {{textfile: {{directory: ["{self.flags}"], budget: 1m}}}}
route: {{receiver: team, group_wait: 0s, group_interval: 1s, repeat_interval: 1h, group_by: [alertname]}}
receivers: [{{name: team, webhook_configs: [{{url: "{hook.url}"}}]}}]
notify: {{allow: [127.0.0.1], heartbeat: {{url: "http://127.0.0.1:{hook.port}/alive", interval: 1s}}}}
"""
        )
        self.set(0)

    def set(self, value: int) -> None:
        whole = self.flags / "flag.tmp"
        whole.write_text(f"barograph_test_flag {value}\n")
        whole.rename(self.flags / "flag.prom")


def post(server: Server, path: str, **form: str) -> Any:
    answer = server.request(
        f"{API}{path}", method="POST", headers={"Authorization": f"Bearer {server.token}"}, form=form
    )
    assert answer.status == 200, answer.body
    return answer.json()["data"]


def get(server: Server, path: str, **parameters: str) -> Any:
    answer = server.get(f"{API}{path}", **parameters)
    assert answer.status == 200, answer.body
    return answer.json()["data"]


def see_processes(server: Server) -> None:
    """Wait until processes are known, as they must be when an alert fires for it to show them."""
    seen = 'barograph_collector_success{collector="process"}'
    eventually(lambda: server.value(seen) == 1, what="a sample of processes")


def states_told(server: Server, number: int) -> set[str]:
    return {each["state"] for each in get(server, f"/alerts/{number}")["deliveries"]}


@pytest.mark.e2e
def test_an_alert_is_told_acknowledged_and_told_when_it_gets_worse_across_a_kill(tmp_path: Path) -> None:
    with recording() as hook:
        place = Place(tmp_path, hook)
        flags = ("--config", str(place.config))
        server = Server(tmp_path / "data", *flags).wait_ready()
        try:
            see_processes(server)
            place.set(2)
            eventually(lambda: hook.kinds() == ["firing"], what="the first message")
            row = eventually(lambda: get(server, "/alerts")["alerts"] or None, what="the alert")[0]
            assert (row["title"], row["state"], row["severity"]) == ("The flag is up", "firing", "warning")
            assert (row["rule"]["expression"], row["rule"]["limit"]) == ("barograph_test_flag > 1", 1.0)
            assert [each["receiver"] for each in row["told"]] == ["team/webhook[0]"]
            post(server, f"/alerts/{row['id']}/ack", reason="on it")
            eventually(lambda: hook.kinds() == ["firing", "acknowledged"], what="the acknowledgment")
            assert hook.heard[1]["barograph"] == {
                "kind": "acknowledged",
                "actor": "local administrator",
                "text": "on it",
            }
            # what was heard and is not kept yet would be told again
            eventually(lambda: states_told(server, row["id"]) == {"delivered"}, what="both being kept")
            server.kill()

            server = Server(tmp_path / "data", *flags).wait_ready()
            assert get(server, f"/alerts/{row['id']}")["alert"]["state"] == "acknowledged"
            place.set(9)
            eventually(lambda: hook.kinds() == ["firing", "acknowledged", "worse"], what="the rise")
            detail = get(server, f"/alerts/{row['id']}")
            assert (detail["alert"]["state"], detail["alert"]["severity"]) == ("firing", "critical")
            eventually(lambda: states_told(server, row["id"]) == {"delivered"}, what="all being kept")
            assert detail["processes"]["tables"]["cpu"]["rows"]
            place.set(0)
            eventually(lambda: hook.kinds()[-1] == "resolved", what="the end")
            kinds = [each["kind"] for each in get(server, f"/alerts/{row['id']}")["timeline"]]
            assert kinds == ["resolved", "ack_broken", "rose", "acknowledged", "fired"]
            assert len(set(hook.keys)) == len(hook.keys) == 4
            eventually(lambda: "/alive" in hook.paths, what="the heartbeat")
            assert hook.heard[-1]["alerts"][0]["status"] == "resolved"
        finally:
            server.stop()


@pytest.mark.e2e
def test_a_receiver_is_tested_and_a_bad_reload_changes_nothing(tmp_path: Path) -> None:
    with recording() as hook:
        place = Place(tmp_path, hook)
        with serving(tmp_path / "data", "--config", str(place.config)) as server:
            assert post(server, "/receivers/team/test")["outcomes"] == [
                {"kind": "webhook", "delivered": True, "answer": "200"}
            ]
            assert hook.heard[0]["alerts"][0]["labels"]["alertname"] == "Test"
            text = place.config.read_text()
            place.config.write_text(text.replace("receiver: team", "receiver: nobody"))
            headers = {"Authorization": f"Bearer {server.token}"}
            refused = server.request("/-/reload", method="POST", headers=headers)
            assert refused.status >= 400
            assert b"there is no receiver" in refused.body
            shown = get(server, "/receivers")
            assert [each["name"] for each in shown["receivers"]] == ["team"]
            place.config.write_text(
                text.replace("name: team", "name: crew").replace("receiver: team", "receiver: crew")
            )
            assert server.request("/-/reload", method="POST", headers=headers).status == 200
            eventually(lambda: [each["name"] for each in get(server, "/receivers")["receivers"]] == ["crew"])
            place.set(2)
            eventually(lambda: "firing" in hook.kinds()[1:], what="the message")
            assert hook.heard[-1]["receiver"] == "crew"
            config = server.get("/api/v1/status/config")
            assert hook.url.encode() not in config.body


def barograph(server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "barograph", *words, "--data", str(server.data)]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


@pytest.mark.e2e
def test_the_command_line_has_the_same_powers(tmp_path: Path) -> None:
    with recording() as hook:
        place = Place(tmp_path, hook)
        with serving(tmp_path / "data", "--config", str(place.config)) as server:
            see_processes(server)
            place.set(2)
            eventually(lambda: hook.kinds() == ["firing"], what="the first message")
            listed = barograph(server, "alerts", "list", "--match", 'alertname="FlagIsUp"')
            assert "The flag is up" in listed.stdout
            number = json.loads(barograph(server, "alerts", "list", "--format", "json").stdout)[0]["id"]
            for words in (
                ("assign", str(number), "ann"),
                ("comment", str(number), "look"),
                ("ack", str(number), "--until", "30m", "--reason", "on it"),
                ("unack", str(number)),
            ):
                done = barograph(server, "alerts", *words)
                assert (done.returncode, done.stderr) == (0, ""), words
            eventually(lambda: states_told(server, number) == {"delivered"}, what="all being kept")
            shown = barograph(server, "alerts", "show", str(number)).stdout
            assert "assigned to: ann" in shown
            assert "acknowledged local administrator on it" in shown
            assert "team/webhook[0] firing: delivered, 200" in shown
            assert "who did it, by CPU:" in shown
            history = barograph(server, "alerts", "history", "--kind", "acknowledged", "--start", "-1h")
            assert history.stdout.count("on it") == 1
            added = barograph(server, "silence", "add", 'alertname="FlagIsUp"', "--for", "1h", "--reason", "known")
            assert (added.returncode, added.stderr) == (0, "it matches 1 alerts now\n")
            assert added.stdout.strip() in barograph(server, "silence", "list").stdout
            assert "silenced by" in barograph(server, "alerts", "list").stdout
            assert barograph(server, "silence", "expire", added.stdout.strip()).returncode == 0
            assert added.stdout.strip() not in barograph(server, "silence", "list").stdout
            dry = barograph(server, "silence", "add", 'alertname="x"', "--reason", "r", "--dry-run")
            assert "it matches 0 alerts" in dry.stderr
            assert "yes" in barograph(server, "notify", "test", "team").stdout
            assert "team/webhook[0]" in barograph(server, "notify", "log").stdout
            assert "webhook" in barograph(server, "notify", "list").stdout
            assert "there is no receiver" in barograph(server, "notify", "test", "x").stderr
            eventually(lambda: states_told(server, number) == {"delivered"}, what="nothing on its way")
            hook.answers += [404]
            assert barograph(server, "notify", "test", "team").returncode == 1
            missing = barograph(server, "alerts", "ack", "99")
            assert (missing.returncode, "there is no alert 99" in missing.stderr) == (1, True)
