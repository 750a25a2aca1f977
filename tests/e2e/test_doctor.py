"""`barograph doctor` beside a server that runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.hostile import administer, session_of
from helpers.server import serving

pytestmark = pytest.mark.e2e


def doctor(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "barograph", "doctor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_server_says_what_works_and_what_is_open(tmp_path: Path) -> None:
    with serving(tmp_path / "data") as server:
        administer(server, "POST", "/users", name="ann", role="operator")
        administer(server, "POST", "/tokens", name="for ever", scope="read", expires="never")
        answer = doctor("--data", str(server.data), "--format", "json")
        found = json.loads(answer.stdout)["findings"]
        words = "\n".join(row["words"] for row in found)
        assert f"pid {server.process.pid}" in words
        assert "operator: ann" in words
        assert "never ends" in words
        assert "whose chain of hashes holds" in words
        assert server.url.removeprefix("http://") in words
        assert server.token not in answer.stdout + answer.stderr
        elsewhere = doctor("--url", server.url, "--data", str(server.data))
        assert "Works" in elsewhere.stdout
        assert "SQLite" not in elsewhere.stdout, "that is this machine's"
        session_of(server, "ann")
    offline = doctor("--data", str(tmp_path / "data"), "--format", "json")
    assert "1 open: ann from 127.0.0.1" in offline.stdout, "sessions outlive the server"


def test_a_servers_receivers_and_heartbeat_are_seen_and_their_secrets_are_not(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(
        "receivers: [{name: ops, webhook_configs: [{url: 'https://hooks.example/canary-81'}]}, {name: idle}]\n"
        "route: {receiver: ops}\n"
        "notify: {heartbeat: {url: 'https://beat.example/canary-82'}}\n"
    )
    with serving(tmp_path / "data", "--config", str(config)) as server:
        answer = doctor("--data", str(server.data), "--format", "json")
        found = {row["topic"]: row for row in json.loads(answer.stdout)["findings"]}
    assert "ops; `barograph notify test ops` sends a message" in answer.stdout
    assert found["heartbeat"]["level"] == "good"
    offline = doctor("--data", str(tmp_path / "other"), "--config", str(config), "--format", "json")
    assert "ops" in offline.stdout
    assert "idle" in offline.stdout
    assert "no route" in offline.stdout
    assert "canary" not in answer.stdout + answer.stderr + offline.stdout + offline.stderr
