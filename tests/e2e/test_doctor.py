"""`barograph doctor` beside a server that runs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from helpers.hostile import administer
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
